"""Every store reads from the middle of an object, and of the very object that is meant."""

import pytest

from steno_store import ObjectChangedError, ObjectNotFoundError, ObjectStore, StoreError
from support.s3_buckets import StoreUnderTest

BODY = bytes(range(256)) * (5 << 12)
"""5 MiB."""


@pytest.mark.parametrize("start_bytes", [0, 1, 1_000_003, len(BODY) - 1])
def test_a_read_may_begin_in_the_middle(store: ObjectStore, start_bytes: int) -> None:
    """What is asked for comes, from that byte to the end."""
    store.put("talk", BODY)

    assert BODY[start_bytes:] == b"".join(store.stream("talk", start_bytes=start_bytes))


@pytest.mark.parametrize("start_bytes", [0, 1_000_003])
def test_the_object_that_was_seen_is_read(store: ObjectStore, start_bytes: int) -> None:
    """The etag of a look at the object, and of the list, names it."""
    store.put("talk", BODY)
    (listed,) = store.list("talk")

    for etag in (store.head("talk").etag, listed.etag):
        chunks = store.stream("talk", start_bytes=start_bytes, if_match=etag)
        assert BODY[start_bytes:] == b"".join(chunks)


def test_an_object_that_was_uploaded_in_parts_is_named_too(store: ObjectStore) -> None:
    """The etag of such an object is no digest of its bytes, and names it all the same."""
    upload = store.start_upload("talk")
    upload.send(1, BODY)
    upload.send(2, b"end")
    upload.complete()

    chunks = store.stream("talk", start_bytes=len(BODY) - 1, if_match=store.head("talk").etag)

    assert BODY[-1:] + b"end" == b"".join(chunks)


@pytest.mark.parametrize("start_bytes", [0, 3])
def test_an_object_that_was_replaced_is_not_read(store: ObjectStore, start_bytes: int) -> None:
    """Another object at the same key is told from the one that is meant, before any byte comes."""
    store.put("talk", b"first")
    etag = store.head("talk").etag
    store.put("talk", b"second")

    with pytest.raises(ObjectChangedError, match="talk") as caught:
        store.stream("talk", start_bytes=start_bytes, if_match=etag)

    assert ObjectChangedError is caught.type


@pytest.mark.parametrize("start_bytes", [0, 3])
def test_an_object_that_was_deleted_is_missing_rather_than_changed(store: ObjectStore, start_bytes: int) -> None:
    """Nothing at the key is told as such, though it was asked for under a condition."""
    store.put("talk", b"first")
    etag = store.head("talk").etag
    store.delete("talk")

    with pytest.raises(ObjectNotFoundError, match="talk"):
        store.stream("talk", start_bytes=start_bytes, if_match=etag)


@pytest.mark.parametrize("start_bytes", [5, 6])
def test_a_read_beyond_the_end_is_refused(store: ObjectStore, start_bytes: int) -> None:
    """A range of nothing is no read; the caller knows the size."""
    store.put("talk", b"words")

    with pytest.raises(StoreError, match="InvalidRange") as caught:
        store.stream("talk", start_bytes=start_bytes)

    assert StoreError is caught.type


def test_another_bucket_is_read_from_the_middle(subject: StoreUnderTest) -> None:
    """Ranges and conditions hold for a user's own bucket too."""
    bucket = subject.put_in("talk", b"RIFF....WAVE")
    etag = subject.store.head("talk", bucket=bucket).etag

    chunks = subject.store.stream("talk", bucket=bucket, start_bytes=8, if_match=etag)

    assert b"WAVE" == b"".join(chunks)
    with pytest.raises(ObjectChangedError):
        subject.store.stream("talk", bucket=bucket, if_match="another")
