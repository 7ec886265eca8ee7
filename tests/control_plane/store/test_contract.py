"""What every store keeps to: the one in memory, MinIO, Versity's gateway."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from steno_store import (
    PART_BYTES,
    BucketNotFoundError,
    Deleted,
    ObjectNotFoundError,
    ObjectStore,
    claim_outcome,
    read_manifest,
)
from steno_types import FailureStatus, JobIdentity, Manifest, Outcome, Reason
from support.s3_buckets import StoreUnderTest

SMALLEST_PART_BYTES = 5 << 20
"""S3's minimum for every part but the last."""


def keys_under(store: ObjectStore, prefix: str) -> list[str]:
    """What the store lists."""
    return [found.key for found in store.list(prefix)]


def test_what_is_written_is_read(store: ObjectStore) -> None:
    """An object comes back byte by byte, whatever its key looks like."""
    store.put("ns/jobs/a talk+ä/ü.json", b"\x00words\xff")

    assert b"\x00words\xff" == store.get("ns/jobs/a talk+ä/ü.json")


def test_a_second_write_replaces_the_first(store: ObjectStore) -> None:
    """`put` writes over whatever is there."""
    store.put("k", b"one")
    store.put("k", b"two")

    assert b"two" == store.get("k")


def test_head_tells_size_and_etag(store: ObjectStore) -> None:
    """A look at an object gives its key, its size and its bare etag, as the list does."""
    store.put("talk", b"12345")

    found = store.head("talk")

    assert ("talk", 5) == (found.key, found.size_bytes)
    assert '"' not in found.etag
    assert [found] == list(store.list("talk"))


def test_exists_tells_presence_from_absence(store: ObjectStore) -> None:
    """Only a whole key counts as present, neither a prefix nor a longer one."""
    store.put("a/b", b"")

    assert [True, False, False] == [store.exists(key) for key in ("a/b", "a", "a/bc")]


def test_the_bucket_answers(store: ObjectStore) -> None:
    """A check of a bucket that is there raises nothing."""
    store.check()


@pytest.mark.parametrize(
    "read",
    [
        pytest.param(lambda store, _: store.head("none"), id="head"),
        pytest.param(lambda store, _: store.get("none"), id="get"),
        pytest.param(lambda store, _: store.stream("none"), id="stream"),
        pytest.param(lambda store, folder: store.download("none", folder / "none"), id="download"),
    ],
)
def test_a_missing_object_is_told_at_once(
    store: ObjectStore, tmp_path: Path, read: Callable[[ObjectStore, Path], Any]
) -> None:
    """Every read of a key that is not there raises when called, not when the first byte is taken."""
    with pytest.raises(ObjectNotFoundError, match="none") as caught:
        read(store, tmp_path)

    assert ObjectNotFoundError is caught.type


def test_a_missing_bucket_is_told_from_a_missing_object(store: ObjectStore) -> None:
    """A read from a bucket that is not there says so."""
    with pytest.raises(BucketNotFoundError, match="no-such-bucket"):
        store.stream("talk", bucket="no-such-bucket")


def test_other_buckets_are_read(subject: StoreUnderTest, tmp_path: Path) -> None:
    """Head, stream and download reach a bucket that is a user's own."""
    bucket = subject.put_in("talks/one.wav", b"RIFF")
    path = tmp_path / "one.wav"

    assert 4 == subject.store.head("talks/one.wav", bucket=bucket).size_bytes
    assert b"RIFF" == b"".join(subject.store.stream("talks/one.wav", bucket=bucket))
    assert 4 == subject.store.download("talks/one.wav", path, bucket=bucket)
    assert b"RIFF" == path.read_bytes()
    assert not subject.store.exists("talks/one.wav")


def test_a_stream_comes_in_chunks(store: ObjectStore) -> None:
    """A larger object is streamed in several chunks that make up the whole."""
    body = bytes(range(256)) * (3 << 12)
    store.put("talk", body)

    chunks = list(store.stream("talk"))

    assert 1 < len(chunks)
    assert body == b"".join(chunks)


def test_a_conditional_write_leaves_what_is_there(store: ObjectStore) -> None:
    """The second conditional write says False and changes nothing."""
    assert store.put_if_absent("manifest.json", b"first")
    assert not store.put_if_absent("manifest.json", b"second")
    assert b"first" == store.get("manifest.json")


def test_one_of_many_conditional_writers_wins(store: ObjectStore) -> None:
    """Of sixteen threads that write the same key conditionally, one is told True, and its bytes are there."""
    with ThreadPoolExecutor(16) as pool:
        won = list(pool.map(lambda name: store.put_if_absent("manifest.json", b"%d" % name), range(16)))

    assert 1 == won.count(True)
    assert b"%d" % won.index(True) == store.get("manifest.json")


def test_a_list_is_in_the_order_of_the_keys_bytes(store: ObjectStore) -> None:
    """Keys come sorted by their UTF-8 bytes, and none from outside the prefix."""
    for key in ("p/b", "p/a/2", "p/a/10", "p/ä", "p/B", "q/a", "p"):
        store.put(key + ".txt", b"")

    assert ["p/B.txt", "p/a/10.txt", "p/a/2.txt", "p/b.txt", "p/ä.txt"] == keys_under(store, "p/")


def test_a_list_of_nothing_is_empty(store: ObjectStore) -> None:
    """A prefix that nothing lies under lists nothing and is empty."""
    assert [] == keys_under(store, "none/")
    assert store.is_empty("none/")


def test_delete_takes_one_key(store: ObjectStore) -> None:
    """Deleting an upload takes neither its marker nor what lies under a longer key."""
    for key in ("u/ab", "u/ab.condemned", "u/abc"):
        store.put(key, b"123")

    assert Deleted(objects=1, size_bytes=3) == store.delete("u/ab")
    assert ["u/ab.condemned", "u/abc"] == keys_under(store, "u/")


def test_delete_of_nothing_is_no_error(store: ObjectStore) -> None:
    """What is not there counts as deleted, so that a duty may be repeated."""
    assert Deleted(objects=0, size_bytes=0) == store.delete("none")
    assert Deleted(objects=0, size_bytes=0) == store.delete_prefix("none/")


def test_delete_prefix_spares_the_neighbours(store: ObjectStore) -> None:
    """Releasing talk-1 leaves talk-10 alone, and counts objects and bytes."""
    for key in ("jobs/talk-1/a", "jobs/talk-1/b/c", "jobs/talk-10/a", "jobs/talk-1.txt"):
        store.put(key, b"1234")

    assert Deleted(objects=2, size_bytes=8) == store.delete_prefix("jobs/talk-1/")
    assert ["jobs/talk-1.txt", "jobs/talk-10/a"] == keys_under(store, "jobs/")
    assert store.is_empty("jobs/talk-1/")


def test_delete_prefix_wants_a_slash(store: ObjectStore) -> None:
    """A prefix that could be the beginning of another job's name is refused."""
    with pytest.raises(ValueError, match="slash"):
        store.delete_prefix("jobs/talk-1")


def test_a_copy_has_the_bytes_and_may_be_made_again(subject: StoreUnderTest) -> None:
    """The store copies by itself, also into another bucket, over whatever is there."""
    store = subject.store
    elsewhere = subject.put_in("notes/talk.md", b"old")
    store.put("jobs/t/transcript.md", b"# Words", content_type="text/markdown")

    for _ in range(2):
        store.copy("jobs/t/transcript.md", "notes/talk.md", to_bucket=elsewhere)
        store.copy("jobs/t/transcript.md", "copies/ü.md")

    assert b"# Words" == b"".join(store.stream("notes/talk.md", bucket=elsewhere))
    assert b"# Words" == store.get("copies/ü.md")


def test_a_copy_of_nothing_and_into_no_bucket_is_refused(store: ObjectStore) -> None:
    """Who copies hears what is missing."""
    store.put("talk", b"words")

    with pytest.raises(ObjectNotFoundError):
        store.copy("absent", "copy")
    with pytest.raises(BucketNotFoundError):
        store.copy("talk", "copy", to_bucket="no-such-bucket-anywhere")


def test_a_check_whether_something_may_be_written_writes_nothing(store: ObjectStore) -> None:
    """It is asked before work is done, and leaves neither an object nor an unfinished upload."""
    store.check_writable("jobs/t/probe")

    assert store.is_empty("jobs/t/", upload_keys=["jobs/t/probe"])
    with pytest.raises(BucketNotFoundError):
        store.check_writable("probe", bucket="no-such-bucket-anywhere")


def test_an_upload_is_seen_when_complete(store: ObjectStore) -> None:
    """Parts sent in any order, one of them twice, make the object in the order of their numbers; not before."""
    upload = store.start_upload("u/talk")
    upload.send(2, b"end")
    upload.send(1, b"x" * SMALLEST_PART_BYTES)
    upload.send(1, b"y" * SMALLEST_PART_BYTES)
    assert not store.exists("u/talk")

    upload.complete()

    assert b"y" * SMALLEST_PART_BYTES + b"end" == store.get("u/talk")
    assert Deleted(objects=1, size_bytes=SMALLEST_PART_BYTES + 3) == store.delete("u/talk")


def test_parts_may_be_sent_at_once(store: ObjectStore) -> None:
    """Several threads may send parts of one upload."""
    upload = store.start_upload("u/talk")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: upload.send(number, bytes([number]) * SMALLEST_PART_BYTES), range(1, 5)))

    upload.complete()

    assert b"".join(bytes([number]) * SMALLEST_PART_BYTES for number in range(1, 5)) == store.get("u/talk")


def test_an_upload_of_nothing_is_an_empty_object(store: ObjectStore) -> None:
    """An upload without parts leaves an object without bytes."""
    store.start_upload("u/empty").complete()

    assert b"" == store.get("u/empty")


def test_completing_twice_is_no_error(store: ObjectStore) -> None:
    """A repeated completion, as after a lost answer, finds the object and is content."""
    upload = store.start_upload("u/talk")
    upload.send(1, b"words")
    upload.complete()

    upload.complete()

    assert b"words" == store.get("u/talk")


def test_an_aborted_upload_leaves_nothing(store: ObjectStore) -> None:
    """After an abort nothing is there, a second abort is no error, and the upload is over."""
    upload = store.start_upload("u/talk")
    upload.send(1, b"words")
    assert not store.is_empty("u/", upload_keys=["u/talk"])

    upload.abort()
    upload.abort()

    assert store.is_empty("u/", upload_keys=["u/talk"])
    with pytest.raises(ObjectNotFoundError):
        upload.send(2, b"more")
    with pytest.raises(ObjectNotFoundError):
        upload.complete()


@pytest.mark.parametrize("number", [0, 10_001])
def test_part_numbers_are_bounded(store: ObjectStore, number: int) -> None:
    """A part number that S3 would refuse is refused before anything is sent."""
    upload = store.start_upload("u/talk")

    with pytest.raises(ValueError, match="10000"):
        upload.send(number, b"")


def test_unfinished_uploads_go_with_their_key(store: ObjectStore) -> None:
    """Deleting a key takes its unfinished uploads, and not those of longer keys."""
    for key in ("u/ab", "u/ab", "u/abc"):
        store.start_upload(key).send(1, b"words")

    assert Deleted(objects=2, size_bytes=0) == store.delete("u/ab")
    assert not store.is_empty("u/", upload_keys=["u/abc"])
    assert Deleted(objects=1, size_bytes=0) == store.delete("u/abc")
    assert store.is_empty("u/", upload_keys=["u/ab", "u/abc"])


def test_unfinished_uploads_go_with_their_prefix(store: ObjectStore) -> None:
    """Deleting a prefix takes the unfinished uploads under it, and no others."""
    store.start_upload("jobs/talk-1/checkpoint").send(1, b"words")
    store.start_upload("jobs/talk-10/checkpoint").send(1, b"words")
    assert not store.is_empty("jobs/talk-1/")

    assert Deleted(objects=1, size_bytes=0) == store.delete_prefix("jobs/talk-1/")
    assert store.is_empty("jobs/talk-1/")
    assert not store.is_empty("jobs/talk-10/")


def test_a_part_is_the_size_that_the_gateway_sends(store: ObjectStore) -> None:
    """A part of `PART_BYTES` is taken by every store."""
    upload = store.start_upload("u/talk")
    upload.send(1, bytes(PART_BYTES))
    upload.complete()

    assert PART_BYTES == store.head("u/talk").size_bytes


def test_addresses_name_bucket_and_key(store: ObjectStore) -> None:
    """The address and a signed URL both tell where the object is."""
    url = store.presigned_url("jobs/talk-1/transcript.json", expires_seconds=60, file_name="talk.json")

    assert f"s3://{store.bucket}/jobs/talk-1/transcript.json" == store.uri("jobs/talk-1/transcript.json")
    assert f"/{store.bucket}/jobs/talk-1/transcript.json?" in url
    assert "talk.json" in unquote(url.partition("?")[2])


def a_failure(attempt: str) -> Manifest:
    """A manifest that needs no outputs."""
    return Manifest(
        job=JobIdentity(namespace="ns", name="talk", uid="6f3d1c6e-0000-4000-8000-000000000000"),
        attempt=attempt,
        outcome=Outcome.FAILED,
        time=datetime(2026, 1, 31, 12, tzinfo=UTC),
        failure=FailureStatus(reason=Reason.NO_AUDIO_STREAM, message="no audio", exit_code=65, retryable=False),
    )


def test_the_first_claim_of_an_outcome_counts(store: ObjectStore) -> None:
    """The second claimant is given the winner's manifest, the winner its own again when it repeats the claim."""
    prefix = "ns/jobs/talk-6f3d1c6e/"
    assert read_manifest(store, prefix) is None

    assert a_failure("pod-a") == claim_outcome(store, prefix, a_failure("pod-a"))
    assert a_failure("pod-a") == claim_outcome(store, prefix, a_failure("operator"))
    assert a_failure("pod-a") == claim_outcome(store, prefix, a_failure("pod-a"))
    assert a_failure("pod-a") == read_manifest(store, prefix)
