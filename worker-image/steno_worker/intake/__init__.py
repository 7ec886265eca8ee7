"""Bring the recording into a file: from the object store, or from an http or https address.

Called by `pipeline` once it is known that the results may be written. Whatever comes is written as it comes: must
not know what a recording is, and leaves no file behind when it fails.
"""

from collections.abc import Callable
from pathlib import Path

from steno_store import ObjectStore
from steno_types import SourceObject
from steno_worker.intake import s3, url
from steno_worker.intake.addresses import AllowedHosts
from steno_worker.intake.limits import IntakeLimits
from steno_worker.intake.naming import without_secrets
from steno_worker.intake.partial import Fetched

__all__ = ["AllowedHosts", "Fetched", "IntakeLimits", "fetch", "without_secrets"]


def fetch(
    store: ObjectStore,
    source: SourceObject | None,
    source_url: str | None,
    *,
    into: Path,
    limits: IntakeLimits,
    on_bytes: Callable[[int], None] = lambda _: None,
) -> Fetched:
    """Write the recording into the file `into`, which is removed again when anything fails.

    Parameters
    ----------
    store
        Reads `source`.
    source, source_url
        Exactly one is given, as in an assignment.
    into
        A file in the scratch folder; one that is there already is overwritten.
    limits
        Of a fetch from `source_url`. What lies in S3 was let in by whoever may write there.
    on_bytes
        Told after each chunk how many bytes the file has by then; falls back to 0 when a fetch starts over. Called
        often, from the calling thread; what it raises ends the fetch.

    Raises
    ------
    SourceNotFoundError, SourceForbiddenError
        Terminal, the user's (exit 66).
    SourceTooLargeError, SourceCorruptError, AudioUndecodableError
        Terminal, the user's (exit 65); the last for a compression that nobody asked for.
    SettingsInvalidError
        Terminal, the platform's (exit 78): `limits` cannot be read.
    StorageUnavailableError, SourceUnavailableError, ScratchFullError
        Retryable.
    """
    if source is not None:
        return s3.fetch(store, source, into=into, on_bytes=on_bytes)
    if source_url is None:
        raise ValueError("neither source nor source_url is given")
    return url.fetch(source_url, into=into, limits=limits, on_bytes=on_bytes)
