"""Commit an attempt's outputs so that exactly one attempt wins.

`pipeline` asks `Results` first whether an outcome is claimed already, and publishes last, when every output is
rendered. The commit is one PUT of ``manifest.json`` with ``If-None-Match: *``; the loser gets the winner's manifest.

Knows keys, sizes, digests. Must not know formats, engines or Kubernetes.
"""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from steno_store import (
    BucketNotFoundError,
    ObjectStore,
    StoreError,
    StoreForbiddenError,
    StoreUnavailableError,
    claim_outcome,
    keys,
    read_manifest,
)
from steno_types import JobIdentity, Manifest, ManifestOutput
from steno_worker.errors import OutputForbiddenError, SettingsInvalidError, StorageUnavailableError
from steno_worker.rendering import Rendering, file_suffix


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """One attempt's view of where its job's results belong."""

    store: ObjectStore
    job: JobIdentity
    prefix: str
    """Of the job's results, with its trailing slash."""
    attempt: str
    """Name of this pod."""

    def claimed(self) -> Manifest | None:
        """Read the outcome that somebody claimed already, if any."""
        with _store_errors():
            return read_manifest(self.store, self.prefix)

    def probe(self) -> None:
        """Raise unless this attempt may write."""
        with _store_errors():
            self.store.check_writable(f"{keys.attempt(self.prefix, self.attempt)}probe")

    def write(self, renderings: Iterable[Rendering]) -> tuple[ManifestOutput, ...]:
        """Store `renderings` one by one under this attempt; nobody looks there before a manifest names them."""
        return tuple(self._write(rendering) for rendering in renderings)

    def claim(self, manifest: Manifest) -> Manifest:
        """Claim `manifest` as the outcome; gives the one that counts, which may be another attempt's."""
        with _store_errors():
            return claim_outcome(self.store, self.prefix, manifest)

    def _write(self, rendering: Rendering) -> ManifestOutput:
        key = keys.transcript(self.prefix, self.attempt, file_suffix(rendering.format))
        with _store_errors():
            self.store.put(key, rendering.body, content_type=rendering.content_type)
        return ManifestOutput(
            format=rendering.format,
            key=key,
            bytes=len(rendering.body),
            sha256=hashlib.sha256(rendering.body).hexdigest(),
            content_type=rendering.content_type,
        )


@contextmanager
def _store_errors() -> Iterator[None]:
    """Turn the store's errors into the worker's, for calls about results."""
    try:
        yield
    except BucketNotFoundError as error:
        raise SettingsInvalidError(f"STENO_STORE_BUCKET names a bucket that does not exist ({error}).") from error
    except StoreForbiddenError as error:
        raise OutputForbiddenError(f"The store refuses access to the job's results ({error}).") from error
    except StoreUnavailableError as error:
        raise StorageUnavailableError(f"The store of the results failed ({error}).") from error
    except StoreError as error:
        raise SettingsInvalidError(f"STENO_STORE_* names a store that cannot serve Steno ({error}).") from error
