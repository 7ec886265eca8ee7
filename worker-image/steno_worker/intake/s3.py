"""Fetch the recording from the object store, however often the connection breaks.

Called by `intake.fetch`. An object is looked at first; every read then asks for that object alone, by its etag, and
begins where the last one broke off. So a file is never made of two objects. The store's client retries requests
that are not answered; what is retried here is a body that breaks off, stalls or comes short.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from steno_store import (
    ObjectChangedError,
    ObjectNotFoundError,
    ObjectStore,
    StoredObject,
    StoreError,
    StoreUnavailableError,
)
from steno_types import SourceObject
from steno_worker.errors import (
    SourceCorruptError,
    SourceForbiddenError,
    SourceNotFoundError,
    StorageUnavailableError,
)
from steno_worker.intake.partial import Fetched, PartialFile, partial_file
from steno_worker.intake.patience import Patience
from steno_worker.logs import fields

logger = logging.getLogger(__name__)


def fetch(
    store: ObjectStore,
    source: SourceObject,
    *,
    into: Path,
    on_bytes: Callable[[int], None],
    pause: Callable[[float], None] = time.sleep,
) -> Fetched:
    """Stream `source` into the file `into`; `intake.fetch` says the rest.

    Raises
    ------
    SourceNotFoundError, SourceForbiddenError
        Terminal, the user's (exit 66).
    SourceCorruptError
        Terminal, the user's (exit 65).
    StorageUnavailableError, ScratchFullError
        Retryable (exit 69, 75).
    """
    with partial_file(into, on_bytes) as file, _store_faults_told(source):
        _fill(file, store, source, pause)
        fetched = file.finish()
        if source.sha256 not in {None, fetched.sha256}:
            raise SourceCorruptError(
                f"The recording at s3://{source.bucket}/{source.key} has {fetched.size_bytes} bytes and the SHA-256 "
                f"{fetched.sha256}; {source.sha256} was announced."
            )
        return fetched


def _fill(file: PartialFile, store: ObjectStore, source: SourceObject, pause: Callable[[float], None]) -> None:
    patience = Patience()
    found = store.head(source.key, bucket=source.bucket)
    while True:
        begun_bytes = file.size_bytes
        try:
            return _read_on(file, store, source, found)
        except ObjectChangedError as changed:
            if not patience.may_start_over():
                raise StoreUnavailableError(f"it was replaced again and again while it was read: {changed}") from None
            logger.warning("the recording was replaced while it was read; starting over")
            file.start_over()
            found = store.head(source.key, bucket=source.bucket)
        except StoreUnavailableError:
            seconds = patience.pause_seconds(new_bytes=file.size_bytes - begun_bytes)
            if seconds is None:
                raise
            logger.warning("the store broke off", extra=fields(size_bytes=file.size_bytes, pause_s=seconds))
            pause(seconds)


def _read_on(file: PartialFile, store: ObjectStore, source: SourceObject, found: StoredObject) -> None:
    """Append what the file still lacks of the object `found`."""
    if file.size_bytes and file.size_bytes == found.size_bytes:
        return  # all came, and then the connection broke; a range of nothing would be refused
    for chunk in store.stream(source.key, bucket=source.bucket, start_bytes=file.size_bytes, if_match=found.etag):
        file.append(chunk)
    if file.size_bytes < found.size_bytes:
        raise StoreUnavailableError(f"{file.size_bytes} of {found.size_bytes} bytes came")


@contextmanager
def _store_faults_told(source: SourceObject) -> Iterator[None]:
    address = f"s3://{source.bucket}/{source.key}"
    try:
        yield
    except ObjectNotFoundError as error:
        raise SourceNotFoundError(f"There is no recording at {address} ({error}).") from error
    except StoreUnavailableError as error:
        raise StorageUnavailableError(f"The recording at {address} could not be read ({error}).") from error
    except StoreError as error:
        raise SourceForbiddenError(f"The store does not hand out {address} ({error}).") from error
