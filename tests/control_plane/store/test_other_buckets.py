"""What lies in a bucket that is not Steno's, and behind a key, on every store."""

from itertools import islice

import pytest

from steno_store import BucketNotFoundError, ObjectStore
from support.s3_buckets import StoreUnderTest


def test_the_objects_of_another_bucket_are_listed(subject: StoreUnderTest) -> None:
    """Those of one's own are not among them."""
    subject.store.put("talks/own.wav", b"1")
    bucket = subject.put_in("talks/theirs.wav", b"12")

    found = [*subject.store.list("talks/", bucket=bucket)]

    assert [("talks/theirs.wav", 2)] == [(each.key, each.size_bytes) for each in found]


def test_a_list_goes_on_behind_a_key(store: ObjectStore) -> None:
    """In the order of the keys' bytes, whether or not there is such a key."""
    keys = ["t/A", "t/a", "t/a b", "t/b", "t/é", "t/🎙"]
    for key in keys:
        store.put(key, b"")

    assert keys == [each.key for each in store.list("t/")]
    assert keys[2:] == [each.key for each in store.list("t/", after="t/a")]
    assert keys[3:] == [each.key for each in store.list("t/", after="t/aa")]
    assert [] == [*store.list("t/", after=keys[-1])]
    assert keys[:2] == [each.key for each in islice(store.list("t/"), 2)]


def test_a_bucket_that_is_not_there_is_said_so(store: ObjectStore) -> None:
    """It is not taken for an empty one."""
    with pytest.raises(BucketNotFoundError):
        next(iter(store.list("t/", bucket="nowhere-at-all")))
