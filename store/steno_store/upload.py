"""Write an object of unknown size in bounded memory: S3's multipart upload, one part at a time.

Made by `ObjectStore.start_upload` and `resume_upload`; driven by the gateway, which decides how many parts are in
flight and what to do when its client goes away, or hands out URLs that clients send the parts to themselves. Blocks;
parts of one upload may be sent from several threads.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Self, cast

from steno_store.errors import ObjectNotFoundError, translated

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

PART_BYTES: Final = 16 << 20
"""Size of every part but the last: 10,000 parts, S3's limit, make 156 GiB; S3's minimum is 5 MiB."""

MAX_PARTS: Final = 10_000
"""S3's limit on the parts of one upload."""

MIN_PART_BYTES: Final = 5 << 20
"""S3's least size of every part but the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    etag: str
    size_bytes: int


@dataclass(slots=True, kw_only=True)
class MultipartUpload:
    """An unfinished object; nothing is to be seen at its key before `complete`."""

    client: "S3Client"
    signer: "S3Client"
    """Signs for the address that clients outside the cluster know the store by."""
    bucket: str
    key: str
    upload_id: str
    _parts: "dict[int, _Part]" = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def start(
        cls,
        client: "S3Client",
        *,
        signer: "S3Client",
        bucket: str,
        key: str,
        content_type: str,
        metadata: Mapping[str, str] | None = None,
    ) -> Self:
        """Ask the store for an upload."""
        with translated(f"begin to write s3://{bucket}/{key}"):
            answer = client.create_multipart_upload(
                Bucket=bucket, Key=key, ContentType=content_type, Metadata=metadata or {}
            )
        return cls(client=client, signer=signer, bucket=bucket, key=key, upload_id=answer["UploadId"])

    def sign(self, number: int, *, size_bytes: int, expires_seconds: int) -> str:
        """Sign a URL that takes part `number` by PUT, of exactly that size, from whoever has it."""
        with translated(f"sign part {number} of s3://{self.bucket}/{self.key}"):
            return self.signer.generate_presigned_url(
                "upload_part",
                Params={
                    "Bucket": self.bucket,
                    "Key": self.key,
                    "UploadId": self.upload_id,
                    "PartNumber": number,
                    "ContentLength": size_bytes,
                },
                ExpiresIn=expires_seconds,
            )

    def received(self) -> dict[int, int]:
        """Ask the store which parts it has, whoever sent them: their sizes in bytes, by number.

        Raises
        ------
        ObjectNotFoundError
            The upload is finished or given up.
        """
        found: dict[int, _Part] = {}
        with translated(f"list the parts of s3://{self.bucket}/{self.key}"):
            pages = self.client.get_paginator("list_parts").paginate(
                Bucket=self.bucket, Key=self.key, UploadId=self.upload_id
            )
            for page in pages:
                for part in page.get("Parts", []):
                    found[part["PartNumber"]] = _Part(etag=part["ETag"], size_bytes=part["Size"])
        with self._lock:
            self._parts = found
        return {number: part.size_bytes for number, part in sorted(found.items())}

    def send(self, number: int, body: bytes | bytearray) -> None:
        """Send part `number` (1 to `MAX_PARTS`), again if need be; every part but the last holds at least 5 MiB."""
        if not 1 <= number <= MAX_PARTS:
            raise ValueError(f"part {number} is outside 1 to {MAX_PARTS}")
        with translated(f"write part {number} of s3://{self.bucket}/{self.key}"):
            answer = self.client.upload_part(
                Bucket=self.bucket,
                Key=self.key,
                UploadId=self.upload_id,
                PartNumber=number,
                Body=cast("bytes", body),  # botocore takes a bytearray; its stubs forgot
            )
        with self._lock:
            self._parts[number] = _Part(etag=answer["ETag"], size_bytes=len(body))

    def complete(self) -> None:
        """Make the object whole, of the parts sent or `received` so far; empty without any. Twice is no error."""
        if not self._parts:
            self.send(1, b"")  # S3 refuses to make an object of no parts
        with self._lock:
            parts = sorted(self._parts.items())
        listed: list[CompletedPartTypeDef] = [{"ETag": part.etag, "PartNumber": number} for number, part in parts]
        try:
            with translated(f"finish s3://{self.bucket}/{self.key}"):
                self.client.complete_multipart_upload(
                    Bucket=self.bucket, Key=self.key, UploadId=self.upload_id, MultipartUpload={"Parts": listed}
                )
        except ObjectNotFoundError:
            # A repeated call, whose first answer was lost, finds the upload gone and the object there.
            if not self._is_there(sum(part.size_bytes for _, part in parts)):
                raise

    def abort(self) -> None:
        """Give the upload up and let the store forget its parts; twice is no error.

        Call it when no part is under way any more: one that arrives later may stay behind.
        """
        try:
            with translated(f"give up s3://{self.bucket}/{self.key}"):
                self.client.abort_multipart_upload(Bucket=self.bucket, Key=self.key, UploadId=self.upload_id)
        except ObjectNotFoundError:
            return

    def _is_there(self, size_bytes: int) -> bool:
        try:
            with translated(f"look at s3://{self.bucket}/{self.key}"):
                found = self.client.head_object(Bucket=self.bucket, Key=self.key)
        except ObjectNotFoundError:
            return False
        return found["ContentLength"] == size_bytes
