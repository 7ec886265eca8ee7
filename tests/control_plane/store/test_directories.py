"""What lies one step below a prefix, and what was begun there, on every store."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from local_cluster.object_stores import MinioServer
from steno_store import ObjectStore
from support.s3_buckets import S3Account


def test_directories_are_one_step_deep(store: ObjectStore) -> None:
    """Each is told once, with its slash and in order, however much lies in it; objects beside them are not."""
    for key in ("ns/jobs/b/1", "ns/jobs/a/1", "ns/jobs/a/2/3", "ns/jobs/a-1/1", "ns/jobs/c", "ns/uploads/d/1"):
        store.put(key, b"1")

    assert ["ns/jobs/a-1/", "ns/jobs/a/", "ns/jobs/b/"] == [*store.list_directories("ns/jobs/")]
    assert ["ns/jobs/", "ns/uploads/"] == [*store.list_directories("ns/")]
    assert [] == [*store.list_directories("ns/jobs/b/")]
    assert [] == [*store.list_directories("other/")]


def test_a_directory_goes_with_its_last_object(store: ObjectStore) -> None:
    """There are no directories but what keys make of them."""
    store.put("ns/jobs/a/1", b"1")
    store.delete_prefix("ns/jobs/a/")

    assert [] == [*store.list_directories("ns/jobs/")]


def test_a_prefix_without_its_slash_is_refused(store: ObjectStore) -> None:
    """A name that others begin with too is no directory."""
    with pytest.raises(ValueError, match="does not end with a slash"):
        next(iter(store.list_directories("ns/jobs")))


def test_more_directories_than_a_page_holds(account: S3Account) -> None:
    """Two pages of directories are walked to the end."""
    with closing(account.store(account.new_bucket())) as store:
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda number: store.put(f"ns/jobs/{number:05}/manifest.json", b"1"), range(1050)))

        assert [f"ns/jobs/{number:05}/" for number in range(1050)] == [*store.list_directories("ns/jobs/")]


def test_unfinished_uploads_are_told_by_their_keys(store: ObjectStore) -> None:
    """Each key once, while any upload at it is neither completed nor given up; those of other prefixes are not."""
    for key in ("ns/uploads/a", "ns/uploads/a", "ns/uploads/b", "ns/jobs/x/y", "ns2/uploads/a"):
        store.start_upload(key)
    finished = store.start_upload("ns/uploads/c")
    finished.send(1, b"1")
    finished.complete()
    store.start_upload("ns/uploads/d").abort()

    assert {"ns/uploads/a", "ns/uploads/b"} == store.unfinished_keys("ns/uploads/")
    assert {"ns/uploads/a", "ns/uploads/b", "ns/jobs/x/y"} == store.unfinished_keys("ns/")


def test_a_restarted_minio_tells_no_unfinished_keys(own_minio: MinioServer) -> None:
    """What MinIO forgets to list the sweep does not see, and MinIO removes by itself after a day."""
    with closing(S3Account(own_minio.endpoint, own_minio.access_key, own_minio.secret_key)) as account:
        bucket = account.new_bucket()
        with closing(account.store(bucket)) as store:
            store.start_upload("ns/uploads/a")
            assert {"ns/uploads/a"} == store.unfinished_keys("ns/uploads/")
        own_minio.stop()
        own_minio.start()
        with closing(account.store(bucket)) as store:
            # The limitation that the docstring of steno_store.deletion states; should this fail, it is gone.
            assert frozenset() == store.unfinished_keys("ns/uploads/")
