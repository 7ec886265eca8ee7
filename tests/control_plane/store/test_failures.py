"""What goes wrong with a real store reaches callers as one of the project's errors, and without credentials."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from botocore.exceptions import EndpointConnectionError

from local_cluster import loopback
from local_cluster.object_stores import MinioServer
from steno_store import (
    BucketNotFoundError,
    ObjectStore,
    StoreError,
    StoreForbiddenError,
    StoreUnavailableError,
    read_manifest,
)
from support.kubernetes_api import wait_for
from support.s3_buckets import S3Account

Call = Callable[[ObjectStore], object]

CALLS = [
    pytest.param(lambda store: store.check(), id="check"),
    pytest.param(lambda store: store.head("k"), id="head"),
    pytest.param(lambda store: store.exists("k"), id="exists"),
    pytest.param(lambda store: store.get("k"), id="get"),
    pytest.param(lambda store: store.stream("k"), id="stream"),
    pytest.param(lambda store: store.download("k", Path("/dev/null")), id="download"),
    pytest.param(lambda store: store.put("k", b""), id="put"),
    pytest.param(lambda store: store.put_if_absent("k", b""), id="put_if_absent"),
    pytest.param(lambda store: store.start_upload("k"), id="start_upload"),
    pytest.param(lambda store: next(store.list("")), id="list"),
    pytest.param(lambda store: store.delete("k"), id="delete"),
    pytest.param(lambda store: store.delete_prefix("k/"), id="delete_prefix"),
    pytest.param(lambda store: store.is_empty("k/"), id="is_empty"),
]
"""Every call that reaches the store."""


def raised_by(call: Call, store: ObjectStore) -> StoreError:
    """Give the error that `call` ends in."""
    with pytest.raises(StoreError) as caught:
        call(store)
    return caught.value


@pytest.fixture
def store(account: S3Account) -> Iterator[ObjectStore]:
    """A store upon an empty bucket."""
    with closing(account.store(account.new_bucket())) as store:
        yield store


@pytest.mark.parametrize("call", CALLS)
def test_a_missing_bucket(account: S3Account, call: Call) -> None:
    """Every call tells a bucket that is not there from an object that is not."""
    with closing(account.store("no-such-bucket")) as store:
        found = raised_by(call, store)

    assert BucketNotFoundError is type(found)
    assert "no-such-bucket" in str(found)


def test_a_missing_bucket_is_no_missing_manifest(account: S3Account) -> None:
    """That the whole bucket is gone does not read as "no outcome is claimed yet"."""
    with closing(account.store("no-such-bucket")) as store, pytest.raises(BucketNotFoundError):
        read_manifest(store, "ns/jobs/talk-6f3d1c6e/")


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "keys",
    [
        pytest.param({"secret_key": "not-the-secret-of-this-key"}, id="wrong secret"),
        pytest.param({"access_key": "NOSUCHACCESSKEY", "secret_key": "nor-a-secret-of-it"}, id="unknown key"),
    ],
)
def test_wrong_keys(account: S3Account, store: ObjectStore, keys: dict[str, str], call: Call) -> None:
    """Wrong keys are refused as forbidden by every call, and the message holds neither of them."""
    stranger = replace(account, **keys)
    with closing(stranger.store(store.bucket)) as strange_store:
        found = raised_by(call, strange_store)

    assert StoreForbiddenError is type(found)
    assert not [key for key in (stranger.secret_key, stranger.access_key) if key in str(found) and key != "steno"]


@pytest.mark.parametrize("call", CALLS)
def test_a_store_that_is_down(call: Call) -> None:
    """A refused connection is an unavailable store for every call; the message names bucket and address, no keys."""
    (port,) = loopback.free_ports(1)
    account = S3Account(f"http://127.0.0.1:{port}", access_key="THEACCESSKEY", secret_key="the-secret-key")
    with closing(account.store("recordings", tries=1)) as store:
        found = raised_by(call, store)

    assert StoreUnavailableError is type(found)
    assert EndpointConnectionError is type(found.__cause__)
    assert "recordings" in str(found)
    assert f"127.0.0.1:{port}" in str(found)
    assert not [key for key in ("THEACCESSKEY", "the-secret-key") if key in str(found)]


def test_a_store_that_goes_down_and_comes_back(own_minio: MinioServer) -> None:
    """In the midst of a stream, and between calls, the outage is told; the same store works again afterwards."""
    body = bytes(64 << 20)  # more than the kernel's buffers hold
    account = S3Account(own_minio.endpoint, own_minio.access_key, own_minio.secret_key)
    with closing(account), closing(account.store(account.new_bucket(), tries=1)) as store:
        store.put("talk", body)
        chunks = store.stream("talk")
        next(chunks)
        own_minio.stop()

        with pytest.raises(StoreUnavailableError, match="talk"):
            list(chunks)
        with pytest.raises(StoreUnavailableError, match="talk"):
            store.head("talk")

        own_minio.start()

        def answers() -> int | None:
            try:
                return store.head("talk").size_bytes
            except StoreUnavailableError:
                return None  # for a moment after its start it says so itself

        assert len(body) == wait_for(answers, "the store to answer again")


@pytest.mark.parametrize(
    "walk",
    [
        pytest.param(lambda store: store.list("talks/"), id="list"),
        pytest.param(lambda store: store.stream("talks/1"), id="stream"),
    ],
)
def test_a_consumers_own_error_stays_its_own(
    store: ObjectStore, walk: Callable[[ObjectStore], Iterator[object]]
) -> None:
    """An error that the loop over a store's answer raises is not taken for the store's, even one of botocore's."""
    store.put("talks/1", b"words")
    own = EndpointConnectionError(endpoint_url="http://elsewhere.invalid")

    def consume() -> None:
        for _ in walk(store):
            raise own

    with pytest.raises(EndpointConnectionError) as caught:
        consume()

    assert own is caught.value


def test_streams_that_are_left_early_block_nobody(store: ObjectStore) -> None:
    """More abandoned streams than the pool has connections leave the store usable."""
    store.put("talk", bytes(4 << 20))
    for _ in range(40):
        next(store.stream("talk"))
        store.stream("talk")

    assert 4 << 20 == store.head("talk").size_bytes
