"""Real S3 servers on loopback, one of each kind for the session, and the store in memory beside them."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from local_cluster.object_stores import MinioServer, VersityServer
from steno_store import ObjectStore
from support.object_store import InMemoryObjectStore
from support.s3_buckets import S3Account, StoreUnderTest


def _account(server: MinioServer | VersityServer) -> S3Account:
    return S3Account(server.endpoint, server.access_key, server.secret_key)


@pytest.fixture(scope="session")
def minio() -> Iterator[S3Account]:
    """A MinIO that every test may use and none may stop."""
    with MinioServer() as server, closing(_account(server)) as account:
        yield account


@pytest.fixture(scope="session")
def versity() -> Iterator[S3Account]:
    """A Versity gateway that every test may use and none may stop."""
    with VersityServer() as server, closing(_account(server)) as account:
        yield account


@pytest.fixture
def own_minio() -> Iterator[MinioServer]:
    """A MinIO of this test alone, which may be stopped."""
    with MinioServer() as server:
        yield server


@pytest.fixture(params=["minio", "versity"])
def account(request: pytest.FixtureRequest) -> S3Account:
    """Each real server in turn."""
    found: S3Account = request.getfixturevalue(request.param)
    return found


@pytest.fixture(params=["memory", "minio", "versity"])
def subject(request: pytest.FixtureRequest) -> Iterator[StoreUnderTest]:
    """Each implementation of the store in turn, empty."""
    if request.param == "memory":
        fake = InMemoryObjectStore()

        def put_in(key: str, body: bytes) -> str:
            fake.put_in("recordings", key, body)
            return "recordings"

        yield StoreUnderTest(fake, put_in)
        return
    account: S3Account = request.getfixturevalue(request.param)

    def put_in_new_bucket(key: str, body: bytes) -> str:
        bucket = account.new_bucket()
        account.client.put_object(Bucket=bucket, Key=key, Body=body)
        return bucket

    with closing(account.store(account.new_bucket())) as store:
        yield StoreUnderTest(store, put_in_new_bucket)


@pytest.fixture
def store(subject: StoreUnderTest) -> ObjectStore:
    """Each implementation of the store in turn, where its users' buckets do not matter."""
    return subject.store
