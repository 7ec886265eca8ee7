"""Deletion leaves nothing, on the real servers: many objects, versions, delete markers, uploads that nobody lists."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from local_cluster.object_stores import MinioServer
from steno_store import Deleted, ObjectStore
from support.s3_buckets import S3Account

PREFIX = "ns/jobs/talk-6f3d1c6e/"


@pytest.fixture
def versioned(account: S3Account) -> Iterator[ObjectStore]:
    """A store upon a bucket with versions."""
    with closing(account.store(account.new_bucket(versioned=True))) as store:
        yield store


def put_many(store: ObjectStore, prefix: str, count: int) -> None:
    """Write `count` objects of one byte."""
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda number: store.put(f"{prefix}{number:05}", b"1"), range(count)))


def versions_in(account: S3Account, bucket: str) -> int:
    """Count versions and delete markers behind the store's back."""
    page = account.client.list_object_versions(Bucket=bucket)
    return len(page.get("Versions", [])) + len(page.get("DeleteMarkers", []))


def test_more_objects_than_a_page_holds(account: S3Account) -> None:
    """All 1,050 objects of a job go, two pages of them, and none of its neighbour's."""
    with closing(account.store(account.new_bucket())) as store:
        put_many(store, PREFIX, 1050)
        put_many(store, "ns/jobs/talk-6f3d1c6f/", 3)

        assert 1050 == sum(1 for _ in store.list(PREFIX))
        assert Deleted(objects=1050, size_bytes=1050) == store.delete_prefix(PREFIX)
        assert store.is_empty(PREFIX)
        assert 3 == sum(1 for _ in store.list("ns/"))


def test_versions_and_delete_markers_go_too(account: S3Account, versioned: ObjectStore) -> None:
    """Overwritten and deleted objects keep a prefix from being empty until they are really gone."""
    for body in (b"1", b"22", b"333"):
        versioned.put(PREFIX + "manifest.json", body)
    account.client.delete_object(Bucket=versioned.bucket, Key=PREFIX + "manifest.json")
    versioned.put("ns/other", b"stays")
    assert [] == list(versioned.list(PREFIX))
    assert not versioned.is_empty(PREFIX)

    assert Deleted(objects=4, size_bytes=6) == versioned.delete_prefix(PREFIX)
    assert versioned.is_empty(PREFIX)
    assert 1 == versions_in(account, versioned.bucket)


def test_more_versions_than_a_page_holds(account: S3Account, versioned: ObjectStore) -> None:
    """More than a thousand versions of two keys are all found, though a page ends in the midst of a key's."""
    for key in ("a", "b"):
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda _, key=key: versioned.put(PREFIX + key, b"1"), range(510)))

    assert Deleted(objects=1020, size_bytes=1020) == versioned.delete_prefix(PREFIX)
    assert 0 == versions_in(account, versioned.bucket)


def test_delete_takes_one_keys_versions(account: S3Account, versioned: ObjectStore) -> None:
    """All versions of the key go, and none of a longer key's."""
    for key in ("u/ab", "u/ab", "u/ab.condemned", "u/abc"):
        versioned.put(key, b"1")

    assert Deleted(objects=2, size_bytes=2) == versioned.delete("u/ab")
    assert 2 == versions_in(account, versioned.bucket)


def test_a_key_that_was_deleted_may_be_claimed_again(versioned: ObjectStore) -> None:
    """A deleted marker leaves no history that a conditional write could meet."""
    assert versioned.put_if_absent("u/ab.condemned", b"")
    versioned.delete("u/ab.condemned")

    assert versioned.put_if_absent("u/ab.condemned", b"")


def test_one_key_with_more_unfinished_uploads_than_a_page_holds(account: S3Account) -> None:
    """All unfinished uploads of one key go, though they fill more than a page."""
    with closing(account.store(account.new_bucket())) as store:
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda _: store.start_upload("u/ab"), range(1010)))

        assert Deleted(objects=1010, size_bytes=0) == store.delete("u/ab")
        assert store.is_empty("u/", upload_keys=["u/ab"])


def test_more_unfinished_uploads_than_a_page_holds(account: S3Account) -> None:
    """More than a thousand unfinished uploads of a prefix are all aborted."""
    with closing(account.store(account.new_bucket())) as store:
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda number: store.start_upload(f"{PREFIX}{number:05}"), range(1100)))

        assert Deleted(objects=1100, size_bytes=0) == store.delete_prefix(PREFIX)
        assert store.is_empty(PREFIX)


def test_a_restarted_minio_tells_uploads_by_key_alone(own_minio: MinioServer) -> None:
    """An upload begun before MinIO's restart escapes a prefix, and not a key that the caller names."""
    with closing(S3Account(own_minio.endpoint, own_minio.access_key, own_minio.secret_key)) as account:
        bucket = account.new_bucket()
        with closing(account.store(bucket)) as store:
            store.start_upload(PREFIX + "checkpoint").send(1, b"words")
        own_minio.stop()
        own_minio.start()
        with closing(account.store(bucket)) as store:
            # The limitation that the docstring of steno_store.deletion states; should this fail, it is gone.
            assert store.is_empty(PREFIX)

            assert not store.is_empty(PREFIX, upload_keys=[PREFIX + "checkpoint"])
            assert Deleted(objects=1, size_bytes=0) == store.delete_prefix(
                PREFIX, upload_keys=[PREFIX + "checkpoint"]
            )
            assert store.is_empty(PREFIX, upload_keys=[PREFIX + "checkpoint"])


def test_a_restarted_minio_deletes_a_keys_unfinished_uploads(own_minio: MinioServer) -> None:
    """The operator's deletion of an upload takes what a gateway that died left unfinished, restart or none."""
    with closing(S3Account(own_minio.endpoint, own_minio.access_key, own_minio.secret_key)) as account:
        bucket = account.new_bucket()
        with closing(account.store(bucket)) as store:
            store.start_upload("ns/uploads/ab").send(1, b"words")
        own_minio.stop()
        own_minio.start()
        with closing(account.store(bucket)) as store:
            assert Deleted(objects=1, size_bytes=0) == store.delete("ns/uploads/ab")
            assert Deleted(objects=0, size_bytes=0) == store.delete("ns/uploads/ab")
