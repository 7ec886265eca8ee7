"""Fresh buckets on a real S3 server, and stores upon them, for the control plane's tests.

Takes endpoint and keys, so it serves whatever server a test holds. Credentials go in as arguments: the environment of
the test run stays as it is.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from steno_store import ObjectStore, StoreSettings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class S3Account:
    """A server and the keys to it; any bucket may be made."""

    endpoint: str
    access_key: str
    secret_key: str
    region: str = "us-east-1"

    @cached_property
    def session(self) -> boto3.session.Session:
        """Credentials for `ObjectStore.from_settings`."""
        return boto3.session.Session(aws_access_key_id=self.access_key, aws_secret_access_key=self.secret_key)

    @cached_property
    def client(self) -> "S3Client":
        """The bare client, to prepare and to look behind the store's back."""
        config = Config(s3={"addressing_style": "path"}, request_checksum_calculation="when_required")
        client: S3Client = self.session.client(
            "s3", endpoint_url=self.endpoint, region_name=self.region, config=config
        )
        return client

    def new_bucket(self, *, versioned: bool = False) -> str:
        """Make an empty bucket and give its name."""
        bucket = f"steno-{secrets.token_hex(6)}"
        self.client.create_bucket(Bucket=bucket)
        if versioned:
            self.client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        return bucket

    def store(self, bucket: str, *, public_endpoint: str | None = None, tries: int = 2) -> ObjectStore:
        """Connect to a bucket as Steno does."""
        settings = StoreSettings.model_validate(
            {
                "bucket": bucket,
                "endpoint": self.endpoint,
                "public_endpoint": public_endpoint,
                "region": self.region,
            }
        )
        return ObjectStore.from_settings(settings, connections=32, tries=tries, session=self.session)

    def close(self) -> None:
        """Drop the bare client's connections."""
        self.client.close()


@dataclass(frozen=True)
class StoreUnderTest:
    """One implementation of the store, and its users' own buckets."""

    store: ObjectStore
    put_in: Callable[[str, bytes], str]
    """Lay an object into another bucket that is its owner's; gives the bucket's name."""
