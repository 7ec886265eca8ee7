"""A recording comes whole from real stores, over connections that break and stall."""

import hashlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from botocore.config import Config

from control_plane.store.cutting_proxy import CuttingProxy, Fault
from steno_store import ObjectStore
from steno_types import SourceObject
from steno_worker.errors import SourceNotFoundError, StorageUnavailableError
from steno_worker.intake import Fetched, s3
from steno_worker.intake.patience import TRIES
from support.s3_buckets import S3Account

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BODY = bytes(range(256)) * (12 << 12)
"""12 MiB."""


@dataclass
class FarStore:
    """A store at the other end of a bad line."""

    account: S3Account
    bucket: str
    proxy: CuttingProxy
    store: ObjectStore
    """Reaches it through the proxy, waits a second for each byte and asks once."""
    into: Path
    pauses: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    def put(self, body: bytes) -> None:
        """Lay the recording there, by another line."""
        self.account.client.put_object(Bucket=self.bucket, Key="talk", Body=body)

    def delete(self) -> None:
        """Take it away again."""
        self.account.client.delete_object(Bucket=self.bucket, Key="talk")

    def fetch(self) -> Fetched:
        """Fetch it over the bad line."""
        source = SourceObject(bucket=self.bucket, key="talk")
        return s3.fetch(self.store, source, into=self.into, on_bytes=self.sizes.append, pause=self.pauses.append)


@pytest.fixture
def far(account: S3Account, tmp_path: Path) -> Iterator[FarStore]:
    """Each real server in turn, behind a proxy that breaks connections."""
    address = urlsplit(account.endpoint)
    bucket = account.new_bucket()
    config = Config(
        read_timeout=1,
        retries={"total_max_attempts": 1},
        s3={"addressing_style": "path"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    with CuttingProxy(address.hostname or "", address.port or 0) as proxy:
        client: S3Client = account.session.client(
            "s3", endpoint_url=proxy.url, region_name=account.region, config=config
        )
        with closing(ObjectStore(client, bucket=bucket)) as store:
            far = FarStore(account, bucket, proxy, store, tmp_path / "recording")
            far.put(BODY)
            yield far


def test_a_read_survives_cuts_and_stalls(far: FarStore) -> None:
    """Three connections break or fall silent in the middle, and the file is the recording, byte by byte."""
    far.proxy.faults = [
        Fault(after_bytes=3 << 20),
        Fault(after_bytes=4 << 20, stalls=True),
        Fault(after_bytes=1 << 20),
    ]

    fetched = far.fetch()

    assert hashlib.sha256(BODY).hexdigest() == fetched.sha256
    assert BODY == far.into.read_bytes()
    assert [1.0, 2.0, 4.0] == far.pauses
    assert sorted(far.sizes) == far.sizes  # never began anew
    assert 4 == far.proxy.bodies


def test_a_recording_that_is_replaced_during_a_cut_is_read_anew(far: FarStore) -> None:
    """The store refuses the rest of an object that is no more, and the file is the new one alone."""
    far.proxy.faults = [Fault(after_bytes=3 << 20, meanwhile=lambda: far.put(BODY[::-1]))]

    assert hashlib.sha256(BODY[::-1]).hexdigest() == far.fetch().sha256
    assert 0 in far.sizes


def test_a_recording_that_is_deleted_during_a_cut_is_not_found(far: FarStore) -> None:
    """The store says that there is nothing any more, and no half file stays."""
    far.proxy.faults = [Fault(after_bytes=3 << 20, meanwhile=far.delete)]

    with pytest.raises(SourceNotFoundError, match="talk"):
        far.fetch()
    assert not far.into.exists()


def test_a_line_that_always_breaks_is_given_up(far: FarStore) -> None:
    """Tries are bounded on a real connection too."""
    far.proxy.faults = [Fault(after_bytes=1 << 20) for _ in range(TRIES)]

    with pytest.raises(StorageUnavailableError, match=f"s3://{far.bucket}/talk could not be read"):
        far.fetch()
    assert TRIES == far.proxy.bodies
    assert not far.into.exists()
