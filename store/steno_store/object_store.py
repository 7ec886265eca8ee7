"""One bucket of an S3 store, as the rest of the project sees it.

Called by the worker directly and by gateway and operator from threads: every method blocks, and boto3's clients
may be shared between threads. Knows buckets, keys and bytes; must not know jobs, formats or manifests. Whatever a
method raises is a `StoreError`.
"""

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self, cast
from urllib.parse import quote

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from steno_store import cors, deletion, lifecycle
from steno_store.breaker import Breaker
from steno_store.cors import CorsRule
from steno_store.deletion import Deleted
from steno_store.errors import (
    BucketNotFoundError,
    ObjectNotFoundError,
    StoreUnavailableError,
    error_status,
    translated,
)
from steno_store.lifecycle import LifecycleRule
from steno_store.settings import StoreSettings
from steno_store.upload import MultipartUpload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectRequestTypeDef, ListObjectsV2RequestPaginateTypeDef

DOWNLOAD_CHUNK_BYTES: Final = 1 << 20
"""Read at once while streaming an object; the most that a download holds in memory."""

CONFLICT_TRIES: Final = 5
"""Tries of a conditional PUT that another one to the same key gets in the way of (409)."""

CONFLICT_PAUSE_SECONDS: Final = 0.1
"""Pause after the first such try; the n-th is n times as long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """What the store says of one object."""

    key: str
    size_bytes: int
    etag: str
    """Without quotes."""
    modified: datetime = field(compare=False)
    """When it was last written, by the store's clock; aware. A list may tell fractions of a second, a HEAD does not:
    only what one and the same list told can be compared."""
    metadata: Mapping[str, str] = field(default_factory=dict, compare=False)
    """What its writer had the store keep with it, by name in lower case; empty in a list, which does not tell."""


def _configuration(*, connections: int, tries: int, answer_seconds: float) -> Config:
    return Config(
        connect_timeout=5,
        read_timeout=answer_seconds,
        max_pool_connections=connections,
        retries={"mode": "standard", "total_max_attempts": tries},
        # AWS is asked for the bucket as a host name, other stores, which rarely answer to one, by path.
        s3={"addressing_style": "auto"},
        # AWS's newer default, trailing checksums in chunked bodies, is not understood by every S3.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        signature_version="s3v4",
    )


class ObjectStore:
    """One bucket, and reads from others that the same credentials reach."""

    def __init__(
        self,
        client: "S3Client",
        *,
        bucket: str,
        signer: "S3Client | None" = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._signer = signer or client
        self._pause = pause
        self.bucket: Final = bucket
        """The bucket that every key without one lies in."""

    @classmethod
    def from_settings(
        cls,
        settings: StoreSettings,
        *,
        connections: int = 10,
        tries: int = 5,
        answer_seconds: float = 60,
        breaker: Breaker | None = None,
        session: boto3.session.Session | None = None,
    ) -> Self:
        """Connect as `settings` say.

        Parameters
        ----------
        settings
            Where the store is.
        connections
            Connections kept open for the next call; more threads than that at once open further ones for one call.
        tries
            Of each call that the store does not answer, or answers with an error of its own; waits up to 1, 2, 4, ...
            seconds between them.
        answer_seconds
            For which a try may wait for the next piece of its answer; 60 is botocore's default.
        breaker
            Stands before every request; default: none does.
        session
            Brings the credentials; default: what boto3 finds in the environment.
        """
        session = session or boto3.session.Session()
        endpoint = str(settings.endpoint) if settings.endpoint else None
        public = str(settings.public_endpoint) if settings.public_endpoint else endpoint

        config = _configuration(connections=connections, tries=tries, answer_seconds=answer_seconds)

        def connect(url: str | None) -> "S3Client":
            client: S3Client = session.client("s3", region_name=settings.region, endpoint_url=url, config=config)
            return client

        client = connect(endpoint)
        if breaker is not None:
            breaker.guard(client)
        return cls(client, bucket=settings.bucket, signer=connect(public))

    def uri(self, key: str) -> str:
        """Spell the address of `key`."""
        return f"s3://{self.bucket}/{key}"

    def check(self) -> None:
        """Raise unless the bucket is there and answers."""
        with translated(f"reach the bucket {self.bucket}"):
            try:
                self._client.head_bucket(Bucket=self.bucket)
            except ClientError as error:
                if error_status(error) != HTTPStatus.NOT_FOUND:
                    raise
                # The answer to a HEAD has no body to say what is missing, or that the keys are wrong; this one has.
                self._client.list_objects_v2(Bucket=self.bucket, MaxKeys=1)

    def head(self, key: str, *, bucket: str | None = None) -> StoredObject:
        """Look at an object without reading it; `ObjectNotFoundError` when it is not there."""
        bucket = bucket or self.bucket
        with translated(f"look at s3://{bucket}/{key}"):
            try:
                answer = self._client.head_object(Bucket=bucket, Key=key)
                size_bytes, etag, modified = answer["ContentLength"], answer["ETag"], answer["LastModified"]
                metadata = answer.get("Metadata", {})
            except ClientError as error:
                if error_status(error) != HTTPStatus.NOT_FOUND:
                    raise
                # As in `check`; should the object be there by now, this tells of it just as well.
                read = self._client.get_object(Bucket=bucket, Key=key)
                read["Body"].close()
                size_bytes, etag, modified = read["ContentLength"], read["ETag"], read["LastModified"]
                metadata = read.get("Metadata", {})
        return StoredObject(
            key=key,
            size_bytes=size_bytes,
            etag=etag.strip('"'),
            modified=modified,
            metadata={name.lower(): value for name, value in metadata.items()},
        )

    def exists(self, key: str) -> bool:
        """Whether there is an object at `key`."""
        try:
            self.head(key)
        except BucketNotFoundError:
            raise
        except ObjectNotFoundError:
            return False
        return True

    def get(self, key: str) -> bytes:
        """Read a small object whole."""
        return b"".join(self.stream(key))

    def stream(
        self, key: str, *, bucket: str | None = None, start_bytes: int = 0, if_match: str | None = None
    ) -> Iterator[bytes]:
        """Read an object in chunks of at most `DOWNLOAD_CHUNK_BYTES`; the request is made before the first.

        Parameters
        ----------
        key, bucket
            Which object; default: of the own bucket.
        start_bytes
            Bytes to leave out at its beginning: fewer than it has, or none.
        if_match
            Etag without quotes, as `head` gives it; `ObjectChangedError` when the object has another one by now.
        """
        bucket = bucket or self.bucket
        action = f"read s3://{bucket}/{key}"
        request: GetObjectRequestTypeDef = {"Bucket": bucket, "Key": key}
        if start_bytes:
            request["Range"] = f"bytes={start_bytes}-"
        if if_match is not None:
            request["IfMatch"] = f'"{if_match}"'
        with translated(action):
            answer = self._client.get_object(**request)
        body = answer["Body"]
        if start_bytes and not answer.get("ContentRange", "").startswith(f"bytes {start_bytes}-"):
            body.close()
            raise StoreUnavailableError(f"cannot {action}: asked for bytes {start_bytes} and on, others came")

        def chunks() -> Iterator[bytes]:
            with body, translated(action):
                yield from body.iter_chunks(DOWNLOAD_CHUNK_BYTES)

        return chunks()

    def download(self, key: str, path: Path, *, bucket: str | None = None) -> int:
        """Copy an object into the file `path`; gives the bytes written."""
        written = 0
        with path.open("wb") as file:
            for chunk in self.stream(key, bucket=bucket):
                written += file.write(chunk)
        return written

    def put(
        self,
        key: str,
        body: bytes | bytearray,
        *,
        content_type: str = "application/octet-stream",
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        """Write a small object, over whatever is there; the store keeps `metadata`, short ASCII text, with it."""
        with translated(f"write {self.uri(key)}"):
            self._client.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=cast("bytes", body),  # botocore takes a bytearray; its stubs forgot
                ContentType=content_type,
                Metadata=metadata or {},
            )

    def put_if_absent(self, key: str, body: bytes, *, content_type: str = "application/octet-stream") -> bool:
        """Write a small object unless one is there; exactly one of many callers gets True.

        False may also mean that an earlier try of this same call got through and its answer was lost: who must
        know the difference reads the object and looks for its own name.
        """
        with translated(f"write {self.uri(key)} unless it exists"):
            for attempt in range(1, CONFLICT_TRIES + 1):
                try:
                    self._client.put_object(
                        Bucket=self.bucket, Key=key, Body=body, ContentType=content_type, IfNoneMatch="*"
                    )
                except ClientError as error:
                    if error_status(error) == HTTPStatus.PRECONDITION_FAILED:
                        return False
                    if error_status(error) != HTTPStatus.CONFLICT or attempt == CONFLICT_TRIES:
                        raise
                    self._pause(CONFLICT_PAUSE_SECONDS * attempt)
                else:
                    return True
        raise AssertionError("unreachable: the last try returns or raises")

    def copy(self, key: str, to_key: str, *, to_bucket: str | None = None) -> None:
        """Have the store copy an object, of 5 GiB at most, with its media type; over whatever is there."""
        to_bucket = to_bucket or self.bucket
        with translated(f"copy {self.uri(key)} to s3://{to_bucket}/{to_key}"):
            self._client.copy_object(Bucket=to_bucket, Key=to_key, CopySource={"Bucket": self.bucket, "Key": key})

    def check_writable(self, key: str, *, bucket: str | None = None) -> None:
        """Raise unless an object may be written at `key`; writes none.

        An upload that is begun and given up needs the same right as a PUT.
        """
        MultipartUpload.start(
            self._client,
            signer=self._signer,
            bucket=bucket or self.bucket,
            key=key,
            content_type="application/octet-stream",
        ).abort()

    def start_upload(
        self,
        key: str,
        *,
        content_type: str = "application/octet-stream",
        metadata: Mapping[str, str] | None = None,
    ) -> MultipartUpload:
        """Begin to write an object of unknown size, part by part; `metadata` as for `put`."""
        return MultipartUpload.start(
            self._client,
            signer=self._signer,
            bucket=self.bucket,
            key=key,
            content_type=content_type,
            metadata=metadata,
        )

    def resume_upload(self, key: str, upload_id: str) -> MultipartUpload:
        """Go on with an upload that was begun before, under the id that the store gave it; asks nobody."""
        return MultipartUpload(
            client=self._client, signer=self._signer, bucket=self.bucket, key=key, upload_id=upload_id
        )

    def presigned_url(self, key: str, *, expires_seconds: int, file_name: str | None = None) -> str:
        """Sign a URL that reads `key` without credentials; `file_name` is what a browser saves it as."""
        parameters = {"Bucket": self.bucket, "Key": key}
        if file_name:
            parameters["ResponseContentDisposition"] = _attachment(file_name)
        with translated(f"sign {self.uri(key)}"):
            return self._signer.generate_presigned_url("get_object", Params=parameters, ExpiresIn=expires_seconds)

    def list(self, prefix: str, *, bucket: str | None = None, after: str | None = None) -> Iterator[StoredObject]:
        """Walk the objects under `prefix`, in the order of their keys; with `after`, those behind that key."""
        bucket = bucket or self.bucket
        request: ListObjectsV2RequestPaginateTypeDef = {"Bucket": bucket, "Prefix": prefix}
        if after is not None:
            request["StartAfter"] = after
        with translated(f"list s3://{bucket}/{prefix}"):
            for page in self._client.get_paginator("list_objects_v2").paginate(**request):
                for entry in page.get("Contents", []):
                    yield StoredObject(
                        key=entry["Key"],
                        size_bytes=entry["Size"],
                        etag=entry["ETag"].strip('"'),
                        modified=entry["LastModified"],
                    )

    def list_directories(self, prefix: str) -> Iterator[str]:
        """Walk what lies one step below `prefix`: the prefixes up to the next slash, each with its slash, in order.

        The store sums the objects below each up, so a thousand of them are one request, however many those are. What
        only old versions or unfinished uploads are left of is not among them.
        """
        if not prefix.endswith("/"):
            raise ValueError(f"{prefix!r} does not end with a slash")
        with translated(f"list {self.uri(prefix)}"):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=prefix, Delimiter="/"
            )
            for page in pages:
                for entry in page.get("CommonPrefixes", []):
                    yield entry["Prefix"]

    def unfinished_keys(self, prefix: str) -> frozenset[str]:
        """Give the keys under `prefix` at which an upload was begun and not finished, as far as the store tells.

        Not every store tells of all: MinIO, once restarted, does not (`steno_store.deletion`).
        """
        with translated(f"list {self.uri(prefix)}"):
            return frozenset(deletion.unfinished_keys(self._client, self.bucket, prefix))

    def delete(self, key: str) -> Deleted:
        """Delete one object with its versions and unfinished uploads; nothing there is no error."""
        with translated(f"delete {self.uri(key)}"):
            return deletion.delete_area(self._client, self.bucket, deletion.Area(key, exact=True))

    def delete_prefix(self, prefix: str, *, upload_keys: Iterable[str] = ()) -> Deleted:
        """Delete all under `prefix`: objects, versions, delete markers, unfinished multipart uploads.

        `prefix` must end with a slash, so that ``jobs/talk-1/`` never takes ``jobs/talk-10/`` along. `upload_keys`
        are keys at which the caller knows that an upload may have been begun: not every store lists unfinished
        uploads by prefix, and MinIO, once restarted, tells only those it is asked for by key
        (`steno_store.deletion`).
        """
        if not prefix.endswith("/"):
            raise ValueError(f"{prefix!r} does not end with a slash")
        with translated(f"delete {self.uri(prefix)}"):
            area = deletion.Area(prefix, upload_keys=frozenset(upload_keys))
            return deletion.delete_area(self._client, self.bucket, area)

    def is_empty(self, prefix: str, *, upload_keys: Iterable[str] = ()) -> bool:
        """Whether nothing is left under `prefix`: no object, no version, no delete marker, no unfinished upload.

        `upload_keys` as for `delete_prefix`, and with its limit.
        """
        with translated(f"list {self.uri(prefix)}"):
            area = deletion.Area(prefix, upload_keys=frozenset(upload_keys))
            return deletion.is_area_empty(self._client, self.bucket, area)

    def put_lifecycle_rule(self, rule: LifecycleRule) -> bool:
        """Have the bucket's lifecycle hold `rule` and whatever else it holds; False when it did so already.

        Raises
        ------
        LifecycleUnsupportedError
            The store has no lifecycle rules.
        """
        with translated(f"set the lifecycle rule {rule.rule_id} of the bucket {self.bucket}"):
            return lifecycle.put_rule(self._client, self.bucket, rule)

    def has_lifecycle_rule(self, rule_id: str) -> bool:
        """Whether the bucket's lifecycle holds a rule of that id; False on a store that has none of it."""
        with translated(f"read the lifecycle of the bucket {self.bucket}"):
            return lifecycle.has_rule(self._client, self.bucket, rule_id)

    def put_cors_rule(self, rule: CorsRule) -> bool:
        """Have the bucket let pages of other origins in, as `rule` says; False when it did so already.

        Raises
        ------
        CorsUnsupportedError
            The store has no rules of a bucket; it may have settings of its own.
        """
        with translated(f"set the CORS rule {rule.rule_id} of the bucket {self.bucket}"):
            return cors.put_rule(self._client, self.bucket, rule)

    def close(self) -> None:
        """Drop the connections; the store is of no use afterwards."""
        self._client.close()
        self._signer.close()


def _attachment(file_name: str) -> str:
    """Spell a Content-Disposition that saves as `file_name`: RFC 6266, with RFC 8187 where ASCII does not do."""
    file_name = re.sub(r"[\x00-\x1f\x7f]", "_", file_name)
    plain = re.sub(r'[^ -~]|["\\]', "_", file_name)
    header = f'attachment; filename="{plain}"'
    return header if plain == file_name else f"{header}; filename*=UTF-8''{quote(file_name, safe='')}"
