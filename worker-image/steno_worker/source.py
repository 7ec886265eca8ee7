"""Fetch the recording from the object store into a file.

Called by `pipeline` once it is known that the results may be written. Must not know what a recording is.
"""

from pathlib import Path

from steno_store import ObjectNotFoundError, ObjectStore, StoreError, StoreUnavailableError
from steno_types import SourceObject
from steno_worker.errors import SourceForbiddenError, SourceNotFoundError, StorageUnavailableError


def fetch(store: ObjectStore, source: SourceObject, *, into: Path) -> int:
    """Stream `source` into the file `into`; gives its size in bytes.

    Raises
    ------
    SourceNotFoundError, SourceForbiddenError
        Terminal, the user's (exit 66).
    StorageUnavailableError
        Retryable (exit 69).
    """
    address = f"s3://{source.bucket}/{source.key}"
    try:
        return store.download(source.key, into, bucket=source.bucket)
    except ObjectNotFoundError as error:
        raise SourceNotFoundError(f"There is no recording at {address} ({error}).") from error
    except StoreUnavailableError as error:
        raise StorageUnavailableError(f"The recording at {address} could not be read ({error}).") from error
    except StoreError as error:
        raise SourceForbiddenError(f"The store does not hand out {address} ({error}).") from error
