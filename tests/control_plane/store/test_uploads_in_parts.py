"""What the store tells of an upload in parts, on each real server and in memory."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from steno_store import ObjectNotFoundError, ObjectStore
from support.s3_buckets import S3Account

SMALLEST = 5 << 20


def test_an_upload_is_resumed_by_its_id(store: ObjectStore) -> None:
    """Whoever has the id sees the parts that came, sends more, and makes it whole, metadata and all."""
    begun = store.start_upload("u/talk", metadata={"file-name": "a%20b.mp3"})
    begun.send(1, bytearray(b"x" * SMALLEST))
    resumed = store.resume_upload("u/talk", begun.upload_id)

    received = resumed.received()
    resumed.send(2, b"end")
    again = store.resume_upload("u/talk", begun.upload_id)
    assert {1: SMALLEST, 2: 3} == again.received()
    again.complete()

    assert {1: SMALLEST} == received
    assert b"x" * SMALLEST + b"end" == store.get("u/talk")
    assert {"file-name": "a%20b.mp3"} == store.head("u/talk").metadata


@pytest.mark.parametrize("end", ["complete", "abort"])
def test_an_upload_that_is_over_has_no_parts(store: ObjectStore, end: str) -> None:
    """Whoever asks hears that there is none."""
    begun = store.start_upload("u/talk")
    begun.send(1, b"sound")
    getattr(begun, end)()

    with pytest.raises(ObjectNotFoundError):
        store.resume_upload("u/talk", begun.upload_id).received()


def test_more_parts_than_a_page_holds_are_all_told(account: S3Account) -> None:
    """S3 lists a thousand at once."""
    store = account.store(account.new_bucket())
    begun = store.start_upload("u/talk")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: begun.send(number, b"x"), range(1, 1012)))

    received = store.resume_upload("u/talk", begun.upload_id).received()
    begun.abort()
    store.close()

    assert dict.fromkeys(range(1, 1012), 1) == received


def test_an_object_keeps_what_was_to_be_kept_with_it(store: ObjectStore) -> None:
    """By a PUT; a list does not tell."""
    store.put("u/talk", bytearray(b"sound"), metadata={"sha256": "ab" * 32})
    store.put("u/other", b"sound")

    assert [{"sha256": "ab" * 32}, {}] == [store.head(key).metadata for key in ("u/talk", "u/other")]
    assert [{}, {}] == [found.metadata for found in store.list("u/")]
