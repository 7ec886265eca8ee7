"""Delete from a bucket so that nothing is left: objects, their versions, delete markers, unfinished uploads.

Called by `ObjectStore.delete`, `delete_prefix`, `is_empty` and `unfinished_keys`, which turn botocore's errors into
the project's. Works on AWS and on stores that know less: one that lacks versions lists each object as its only
version or refuses the call, one that lacks batches is asked object by object.

Unfinished uploads are where stores differ. AWS lists those under any prefix. MinIO lists them for an exact key, and
for the whole bucket only those begun since the server's last start; for a prefix it answers "none". So all three
are asked: the prefix, the whole bucket, and each key at which the caller knows that an upload may have been begun.
What slips through, on MinIO after a restart and at a key that nobody knows, MinIO removes by itself after a day
(``stale_uploads_expiry``, 24 hours unless configured).
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from steno_store.errors import NOT_IMPLEMENTED, StoreUnavailableError, error_class, error_code

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

_NO_BATCHES: Final = NOT_IMPLEMENTED | {"MissingContentMD5"}
"""Answers to DeleteObjects of a store that lacks it, or wants the checksum that botocore no longer sends."""

_ALREADY_GONE: Final = frozenset({"NoSuchKey", "NoSuchVersion"})
"""Complaints of DeleteObjects that are no failure; AWS makes none of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """What a deletion removed."""

    objects: int
    """Objects, their versions and delete markers, and unfinished multipart uploads."""
    size_bytes: int
    """Bytes of the objects and versions; the store does not tell those of unfinished uploads."""


@dataclass(frozen=True, slots=True)
class Area:
    """What a deletion is about: one key, or all under a prefix."""

    prefix: str
    """The key itself where `exact`."""
    exact: bool = False
    upload_keys: frozenset[str] = frozenset()
    """More keys at which an upload may have been begun."""

    def holds(self, key: str) -> bool:
        """Whether an object at `key` is part of it."""
        return key == self.prefix if self.exact else key.startswith(self.prefix)


@dataclass(frozen=True, slots=True)
class _Upload:
    """One unfinished multipart upload."""

    key: str
    upload_id: str


@dataclass(frozen=True, slots=True)
class _Version:
    """One version of an object, or one delete marker."""

    key: str
    version_id: str | None
    """None on a store that has no versions."""
    size_bytes: int


def delete_area(client: "S3Client", bucket: str, area: Area) -> Deleted:
    """Delete all of `area`: uploads first, as one that is completed meanwhile leaves an object.

    Both are listed anew from the start until nothing is found: how a store goes on from a place in a list that was
    just deleted is its own affair.
    """
    uploads = _abort_uploads(client, bucket, area)
    versions = size_bytes = 0
    gone: set[_Version] = set()
    while doomed := _first_versions(client, bucket, area):
        _refuse_ghosts(bucket, area, gone.intersection(doomed))
        _delete_versions(client, bucket, doomed)
        gone = set(doomed)
        versions += len(doomed)
        size_bytes += sum(version.size_bytes for version in doomed)
    return Deleted(objects=uploads + versions, size_bytes=size_bytes)


def is_area_empty(client: "S3Client", bucket: str, area: Area) -> bool:
    """Whether nothing of `area` is left."""
    return not (_first_versions(client, bucket, area) or _unfinished(client, bucket, area))


def unfinished_keys(client: "S3Client", bucket: str, prefix: str) -> set[str]:
    """Give the keys under `prefix` at which the store lists unfinished uploads; the module's docstring says how."""
    return {upload.key for upload in _unfinished(client, bucket, Area(prefix))}


def _refuse_ghosts(bucket: str, area: Area, still_listed: Collection[object]) -> None:
    """Give up, until another try, on a store that goes on listing what it has deleted."""
    if still_listed:
        raise StoreUnavailableError(f"s3://{bucket}/{area.prefix} still lists what was deleted from it")


def _abort_uploads(client: "S3Client", bucket: str, area: Area) -> int:
    gone: set[_Upload] = set()
    while found := _unfinished(client, bucket, area):
        _refuse_ghosts(bucket, area, gone & found)
        for upload in found:
            client.abort_multipart_upload(Bucket=bucket, Key=upload.key, UploadId=upload.upload_id)
        gone |= found
    return len(gone)


def _unfinished(client: "S3Client", bucket: str, area: Area) -> set[_Upload]:
    """Find unfinished uploads of `area`, none only when there are none; the module's docstring says how."""
    everywhere = () if area.exact else ("",)
    return {
        upload
        for asked in (area.prefix, *everywhere, *area.upload_keys)
        for upload in _listed_uploads(client, bucket, asked)
        if area.holds(upload.key) or upload.key in area.upload_keys
    }


def _listed_uploads(client: "S3Client", bucket: str, prefix: str) -> Iterator[_Upload]:
    """Walk the uploads that the store lists, of each key at least one.

    Goes from page to page by key alone, so it passes over what a page's last key has on the next one: not every
    store understands its own marker of an upload.
    """
    marker = ""
    while True:
        try:
            page = client.list_multipart_uploads(Bucket=bucket, Prefix=prefix, KeyMarker=marker)
        except ClientError as error:
            if error_code(error) not in NOT_IMPLEMENTED:
                raise
            return
        for upload in page.get("Uploads", []):
            yield _Upload(upload["Key"], upload["UploadId"])
        following = page.get("NextKeyMarker", "")
        if not page.get("IsTruncated") or following <= marker:
            return
        marker = following


def _first_versions(client: "S3Client", bucket: str, area: Area) -> Sequence[_Version]:
    """List the first versions and delete markers of `area`, at most a thousand; none only when there are none."""
    for page in _version_pages(client, bucket, area.prefix):
        # An exact key sorts before the longer ones that begin with it: the first page with anything decides.
        if page:
            return [version for version in page if area.holds(version.key)]
    return []


def _version_pages(client: "S3Client", bucket: str, prefix: str) -> Iterator[list[_Version]]:
    # A bucket without versioning lists each object as its one version, "null".
    try:
        for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
            versions = [
                _Version(entry["Key"], entry["VersionId"], entry["Size"]) for entry in page.get("Versions", [])
            ]
            markers = [_Version(entry["Key"], entry["VersionId"], 0) for entry in page.get("DeleteMarkers", [])]
            yield versions + markers
    except ClientError as error:
        if error_code(error) not in NOT_IMPLEMENTED:
            raise
    else:
        return
    for plain_page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        yield [_Version(entry["Key"], None, entry["Size"]) for entry in plain_page.get("Contents", [])]


def _delete_versions(client: "S3Client", bucket: str, versions: Sequence[_Version]) -> None:
    """Delete at most a thousand versions, in one request where the store can."""
    doomed = [_identifier(version) for version in versions]
    try:
        answer = client.delete_objects(Bucket=bucket, Delete={"Objects": doomed, "Quiet": True})
    except ClientError as error:
        if error_code(error) not in _NO_BATCHES:
            raise
        for version in versions:
            _delete_version(client, bucket, version)
        return
    for complaint in answer.get("Errors", []):
        if (code := complaint.get("Code", "")) not in _ALREADY_GONE:
            what = f"s3://{bucket}/{complaint.get('Key', '')}"
            # The batch itself came back with 200; 500 stands for a code that says nothing else.
            raise error_class(code, HTTPStatus.INTERNAL_SERVER_ERROR)(
                f"cannot delete {what}: {code} {complaint.get('Message', '')}".rstrip()
            )


def _delete_version(client: "S3Client", bucket: str, version: _Version) -> None:
    if version.version_id is None:
        client.delete_object(Bucket=bucket, Key=version.key)
    else:
        client.delete_object(Bucket=bucket, Key=version.key, VersionId=version.version_id)


def _identifier(version: _Version) -> "ObjectIdentifierTypeDef":
    if version.version_id is None:
        return {"Key": version.key}
    return {"Key": version.key, "VersionId": version.version_id}
