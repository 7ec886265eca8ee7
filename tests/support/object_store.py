"""An object store in memory: `steno_store.ObjectStore` method by method, for tests of what stands above it.

``tests/control_plane/store`` holds this and the real one to the same contract. It derives from the real class only so
that both fit the same annotations and mypy compares the signatures; nothing of it is inherited at run time, which
``tests/unit/store`` guards.

Versions are not kept: an overwritten object is gone. Uploads count as unfinished until completed or aborted.
"""

import hashlib
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

from steno_store import (
    MAX_PARTS,
    BucketNotFoundError,
    CorsRule,
    Deleted,
    LifecycleRule,
    MultipartUpload,
    ObjectChangedError,
    ObjectNotFoundError,
    ObjectStore,
    StoredObject,
    StoreError,
    StoreForbiddenError,
)


class InMemoryObjectStore(ObjectStore):
    """Buckets as dictionaries; may be told to fail."""

    def __init__(self, bucket: str = "steno") -> None:
        self.bucket = bucket  # type: ignore[misc]  # the real one's is Final and set by its own constructor
        self.failing: StoreError | None = None
        """Raised by every call while it is set."""
        self.failing_calls: frozenset[str] = frozenset()
        """Names of the methods that `failing` is about; empty: all of them."""
        self.forbidden_prefixes: tuple[str, ...] = ()
        """Every call about a key under one of these, in any bucket, raises `StoreForbiddenError`."""
        self.content_types: dict[str, str] = {}
        """What each object of the own bucket was last written as."""
        self.lifecycle_rules: dict[str, LifecycleRule] = {}
        """Rules that were put, by their ids."""
        self.cors_rules: dict[str, CorsRule] = {}
        """The same of CORS."""
        self.metadata: dict[str, Mapping[str, str]] = {}
        """What was to be kept with each object of the own bucket."""
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        """The store's clock."""
        self._buckets: dict[str, dict[str, bytes]] = {bucket: {}}
        self._written: dict[tuple[str, str], datetime] = {}
        self._unfinished: dict[str, InMemoryUpload] = {}
        self._lock = threading.RLock()

    @property
    def objects(self) -> dict[str, bytes]:
        """A copy of what the own bucket holds, by key."""
        with self._lock:
            return dict(self._buckets[self.bucket])

    @property
    def unfinished(self) -> tuple[str, ...]:
        """Keys of the uploads that are neither completed nor aborted."""
        with self._lock:
            return tuple(sorted(upload.key for upload in self._unfinished.values()))

    def put_in(self, bucket: str, key: str, body: bytes) -> None:
        """Lay an object into any bucket, as its owner would; makes the bucket, and never fails."""
        with self._lock:
            self._buckets.setdefault(bucket, {})[key] = body
            self._written[bucket, key] = self.now()

    def uri(self, key: str) -> str:
        """Spell the address of `key`."""
        return f"s3://{self.bucket}/{key}"

    def check(self) -> None:
        """Raise only when told to fail."""
        self._meet("check", "")

    def head(self, key: str, *, bucket: str | None = None) -> StoredObject:
        """Look at an object without reading it."""
        self._meet("head", key)
        bucket = bucket or self.bucket
        found = self._describe(bucket, key, self._find(bucket, key))
        return replace(found, metadata=self._metadata_of(bucket, key))

    def exists(self, key: str) -> bool:
        """Whether there is an object at `key`."""
        self._meet("exists", key)
        return key in self.objects

    def get(self, key: str) -> bytes:
        """Read an object whole."""
        self._meet("get", key)
        return self._find(self.bucket, key)

    def stream(
        self, key: str, *, bucket: str | None = None, start_bytes: int = 0, if_match: str | None = None
    ) -> Iterator[bytes]:
        """Read an object in small chunks, so that callers meet more than one."""
        self._meet("stream", key)
        whole = self._find(bucket or self.bucket, key)
        if if_match not in {None, _etag(whole)}:
            raise ObjectChangedError(f"cannot read s3://{bucket or self.bucket}/{key}: PreconditionFailed")
        if 0 < start_bytes >= len(whole):
            raise StoreError(f"cannot read s3://{bucket or self.bucket}/{key}: InvalidRange")
        body = whole[start_bytes:]
        return iter([body[start : start + _CHUNK_BYTES] for start in range(0, len(body), _CHUNK_BYTES)])

    def download(self, key: str, path: Path, *, bucket: str | None = None) -> int:
        """Copy an object into the file `path`."""
        self._meet("download", key)
        return path.write_bytes(self._find(bucket or self.bucket, key))

    def put(
        self,
        key: str,
        body: bytes | bytearray,
        *,
        content_type: str = "application/octet-stream",
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        """Write an object, over whatever is there."""
        self._meet("put", key)
        self._write(key, body, content_type, metadata)

    def put_if_absent(self, key: str, body: bytes, *, content_type: str = "application/octet-stream") -> bool:
        """Write an object unless one is there; exactly one of many callers gets True."""
        self._meet("put_if_absent", key)
        with self._lock:
            if key in self._buckets[self.bucket]:
                return False
            self._write(key, body, content_type)
            return True

    def copy(self, key: str, to_key: str, *, to_bucket: str | None = None) -> None:
        """Copy an object with its media type."""
        to_bucket = to_bucket or self.bucket
        self._meet("copy", to_key)
        body = self._find(self.bucket, key)
        with self._lock:
            if to_bucket not in self._buckets:
                raise BucketNotFoundError(f"cannot copy {self.uri(key)} to s3://{to_bucket}/{to_key}: NoSuchBucket")
            self._buckets[to_bucket][to_key] = body
            self._written[to_bucket, to_key] = self.now()
            if to_bucket == self.bucket:
                self.content_types[to_key] = self.content_types[key]

    def check_writable(self, key: str, *, bucket: str | None = None) -> None:
        """Raise unless an object may be written at `key`."""
        self._meet("check_writable", key)
        with self._lock:
            if (bucket or self.bucket) not in self._buckets:
                raise BucketNotFoundError(f"cannot begin to write s3://{bucket}/{key}: NoSuchBucket")

    def start_upload(
        self,
        key: str,
        *,
        content_type: str = "application/octet-stream",
        metadata: Mapping[str, str] | None = None,
    ) -> "InMemoryUpload":
        """Begin to write an object part by part."""
        self._meet("start_upload", key)
        upload = InMemoryUpload(self, key=key, content_type=content_type, metadata=metadata)
        with self._lock:
            self._unfinished[upload.upload_id] = upload
        return upload

    def resume_upload(self, key: str, upload_id: str) -> "InMemoryUpload":
        """Go on with an upload that was begun before; one that is over is none that anything can be done with."""
        with self._lock:
            if upload_id in self._unfinished:
                return self._unfinished[upload_id]
        upload = InMemoryUpload(self, key=key, content_type="", metadata=None)
        upload.upload_id = upload_id
        return upload

    def presigned_url(self, key: str, *, expires_seconds: int, file_name: str | None = None) -> str:
        """Spell a URL that no server answers."""
        self._meet("presigned_url", key)
        query = {"expires": str(expires_seconds)} | ({"file_name": file_name} if file_name else {})
        return f"http://store.invalid/{self.bucket}/{key}?{urlencode(query)}"

    def list(self, prefix: str, *, bucket: str | None = None, after: str | None = None) -> Iterator[StoredObject]:
        """Walk the objects under `prefix`, in the order of their keys' bytes; with `after`, those behind that key."""
        self._meet("list", prefix)
        bucket = bucket or self.bucket
        with self._lock:
            if bucket not in self._buckets:
                raise BucketNotFoundError(f"cannot list s3://{bucket}/{prefix}: NoSuchBucket")
            objects = dict(self._buckets[bucket])
        for key in sorted(objects, key=str.encode):
            if key.startswith(prefix) and key.encode() > (after or "").encode():
                yield self._describe(bucket, key, objects[key])

    def list_directories(self, prefix: str) -> Iterator[str]:
        """Walk what lies one step below `prefix`, in the order of its bytes."""
        if not prefix.endswith("/"):
            raise ValueError(f"{prefix!r} does not end with a slash")
        self._meet("list_directories", prefix)
        below = [key.removeprefix(prefix) for key in self.objects if key.startswith(prefix)]
        directories = {prefix + name.partition("/")[0] + "/" for name in below if "/" in name}
        yield from sorted(directories, key=str.encode)

    def unfinished_keys(self, prefix: str) -> frozenset[str]:
        """Give the keys under `prefix` at which an upload was begun and not finished."""
        self._meet("unfinished_keys", prefix)
        return frozenset(key for key in self.unfinished if key.startswith(prefix))

    def delete(self, key: str) -> Deleted:
        """Delete one object and its unfinished uploads; nothing there is no error."""
        self._meet("delete", key)
        with self._lock:
            return self._delete_keys({key})

    def delete_prefix(self, prefix: str, *, upload_keys: Iterable[str] = ()) -> Deleted:
        """Delete all under `prefix`, unfinished uploads included."""
        if not prefix.endswith("/"):
            raise ValueError(f"{prefix!r} does not end with a slash")
        self._meet("delete_prefix", prefix)
        with self._lock:
            return self._delete_keys(self._under(prefix) | set(upload_keys))

    def is_empty(self, prefix: str, *, upload_keys: Iterable[str] = ()) -> bool:
        """Whether nothing is left under `prefix`: no object, no unfinished upload."""
        self._meet("is_empty", prefix)
        with self._lock:
            return not (self._under(prefix) or set(upload_keys).intersection(self.unfinished))

    def put_lifecycle_rule(self, rule: LifecycleRule) -> bool:
        """Keep a rule; False when it is kept already. Nothing ever expires."""
        self._meet("put_lifecycle_rule", "")
        with self._lock:
            stands = self.lifecycle_rules.get(rule.rule_id) == rule
            self.lifecycle_rules[rule.rule_id] = rule
        return not stands

    def has_lifecycle_rule(self, rule_id: str) -> bool:
        """Whether a rule of that id is kept."""
        self._meet("has_lifecycle_rule", "")
        return rule_id in self.lifecycle_rules

    def put_cors_rule(self, rule: CorsRule) -> bool:
        """Keep a rule; False when it is kept already. No page ever asks."""
        self._meet("put_cors_rule", "")
        with self._lock:
            stands = self.cors_rules.get(rule.rule_id) == rule
            self.cors_rules[rule.rule_id] = rule
        return not stands

    def close(self) -> None:
        """Do nothing: there are no connections."""

    def _meet(self, call: str, key: str) -> None:
        if self.failing is not None and (not self.failing_calls or call in self.failing_calls):
            # A new one each time: a raised exception keeps its traceback.
            raise type(self.failing)(*self.failing.args)
        if key.startswith(self.forbidden_prefixes):
            raise StoreForbiddenError(f"cannot {call} {self.uri(key)}: AccessDenied")

    def _find(self, bucket: str, key: str) -> bytes:
        with self._lock:
            if bucket not in self._buckets:
                raise BucketNotFoundError(f"cannot read s3://{bucket}/{key}: NoSuchBucket")
            if key not in self._buckets[bucket]:
                raise ObjectNotFoundError(f"cannot read s3://{bucket}/{key}: NoSuchKey")
            return self._buckets[bucket][key]

    def _describe(self, bucket: str, key: str, body: bytes) -> StoredObject:
        return StoredObject(key=key, size_bytes=len(body), etag=_etag(body), modified=self._written[bucket, key])

    def _metadata_of(self, bucket: str, key: str) -> Mapping[str, str]:
        return self.metadata.get(key, {}) if bucket == self.bucket else {}

    def _write(
        self, key: str, body: bytes | bytearray, content_type: str, metadata: Mapping[str, str] | None = None
    ) -> None:
        with self._lock:
            self._buckets[self.bucket][key] = bytes(body)
            self._written[self.bucket, key] = self.now()
            self.content_types[key] = content_type
            self.metadata[key] = dict(metadata or {})

    def _under(self, prefix: str) -> set[str]:
        return {key for key in (*self._buckets[self.bucket], *self.unfinished) if key.startswith(prefix)}

    def _delete_keys(self, keys: set[str]) -> Deleted:
        bodies = [self._buckets[self.bucket].pop(key) for key in keys & self._buckets[self.bucket].keys()]
        uploads = [upload.upload_id for upload in self._unfinished.values() if upload.key in keys]
        for upload_id in uploads:
            del self._unfinished[upload_id]
        return Deleted(objects=len(bodies) + len(uploads), size_bytes=sum(map(len, bodies)))

    def _finish(
        self, upload: "InMemoryUpload", body: bytes, content_type: str, metadata: Mapping[str, str] | None
    ) -> None:
        with self._lock:
            if self._unfinished.pop(upload.upload_id, None) is not None:
                self._write(upload.key, body, content_type, metadata)
            elif self._buckets[self.bucket].get(upload.key) != body:
                raise ObjectNotFoundError(f"cannot finish {self.uri(upload.key)}: NoSuchUpload")

    def _is_unfinished(self, upload_id: str) -> bool:
        with self._lock:
            return upload_id in self._unfinished

    def _forget(self, upload_id: str) -> None:
        with self._lock:
            self._unfinished.pop(upload_id, None)


class InMemoryUpload(MultipartUpload):
    """An unfinished object of an `InMemoryObjectStore`."""

    def __init__(
        self,
        store: InMemoryObjectStore,
        *,
        key: str,
        content_type: str,
        metadata: Mapping[str, str] | None,
    ) -> None:
        self.bucket = store.bucket
        self.key = key
        self.upload_id = secrets.token_hex(8)
        self.parts: dict[int, bytes] = {}
        """What was sent, by part number."""
        self._store = store
        self._content_type = content_type
        self._metadata = metadata

    def sign(self, number: int, *, size_bytes: int, expires_seconds: int) -> str:
        """Spell a URL that no server answers."""
        self._store._meet("sign", self.key)  # noqa: SLF001 -- the two are one piece
        query = {"partNumber": number, "uploadId": self.upload_id, "size": size_bytes, "expires": expires_seconds}
        return f"http://store.invalid/{self.bucket}/{self.key}?{urlencode(query)}"

    def received(self) -> dict[int, int]:
        """Say which parts there are."""
        self._store._meet("received", self.key)  # noqa: SLF001
        if not self._store._is_unfinished(self.upload_id):  # noqa: SLF001
            raise ObjectNotFoundError(f"cannot list the parts of {self._store.uri(self.key)}: NoSuchUpload")
        return {number: len(self.parts[number]) for number in sorted(self.parts)}

    def send(self, number: int, body: bytes | bytearray) -> None:
        """Keep part `number`."""
        if not 1 <= number <= MAX_PARTS:
            raise ValueError(f"part {number} is outside 1 to {MAX_PARTS}")
        self._store._meet("send", self.key)  # noqa: SLF001 -- the two are one piece
        if not self._store._is_unfinished(self.upload_id):  # noqa: SLF001
            raise ObjectNotFoundError(f"cannot write part {number} of {self._store.uri(self.key)}: NoSuchUpload")
        self.parts[number] = bytes(body)

    def complete(self) -> None:
        """Make the object whole, of the parts sent so far."""
        self._store._meet("complete", self.key)  # noqa: SLF001
        body = b"".join(self.parts[number] for number in sorted(self.parts))
        self._store._finish(self, body, self._content_type, self._metadata)  # noqa: SLF001

    def abort(self) -> None:
        """Give the upload up; twice is no error."""
        self._store._meet("abort", self.key)  # noqa: SLF001
        self._store._forget(self.upload_id)  # noqa: SLF001


_CHUNK_BYTES = 64 << 10
"""Smaller than the real one's, so that small bodies come in several chunks."""


def _etag(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()
