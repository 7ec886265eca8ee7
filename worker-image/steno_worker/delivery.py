"""Copy what a job asked for to the user's own place, once the outcome is claimed.

Called by `pipeline`: `probe` before any work is done, `deliver` last. The store itself makes the copies, and may make
them again; the record beside the manifest says that all are there. From then on they are the user's: nothing of
Steno's deletes them. Must not know formats.
"""

import logging
from datetime import UTC, datetime

from steno_store import ObjectStore, StoreError, StoreUnavailableError, keys
from steno_types import Assignment, Delivery, DestinationPrefix, Manifest, ManifestOutput, TranscriptFormat
from steno_worker.errors import OutputForbiddenError, StorageUnavailableError
from steno_worker.logs import fields
from steno_worker.rendering import file_suffix

logger = logging.getLogger(__name__)


def probe(store: ObjectStore, destination: DestinationPrefix, *, name: str) -> None:
    """Raise unless copies whose names begin with `name` may be written there; leaves nothing behind.

    Raises
    ------
    OutputForbiddenError
        Terminal, the platform's (exit 78): names the bucket and the prefix.
    StorageUnavailableError
        Retryable (exit 69).
    """
    try:
        store.check_writable(f"{destination.prefix}{name}", bucket=destination.bucket)
    except StoreUnavailableError as error:
        raise StorageUnavailableError(f"The destination could not be probed ({error}).") from error
    except StoreError as error:
        raise OutputForbiddenError(f"{_named(destination)} cannot be written ({error}).") from error


def deliver(store: ObjectStore, assignment: Assignment, manifest: Manifest, *, attempt: str) -> None:
    """Copy the formats asked for, unless that is done already.

    Raises
    ------
    OutputForbiddenError
        Terminal, the platform's (exit 78): the destination refuses by now. The transcript stays where it is.
    StorageUnavailableError
        Retryable (exit 69).
    """
    destination = assignment.destination
    if destination is None or not manifest.outputs:
        return
    record = keys.delivery(assignment.results_prefix)
    try:
        if store.exists(record):
            return
        wanted = [output for output in manifest.outputs if output.format in destination.formats]
        uris = tuple(_copy(store, output, destination, name=assignment.job.name) for output in wanted)
        delivery = Delivery(attempt=attempt, time=datetime.now(UTC), uris=uris)
        store.put(record, delivery.model_dump_json(by_alias=True, indent=1).encode(), content_type="application/json")
    except StoreUnavailableError as error:
        raise StorageUnavailableError(f"The results could not be copied to the destination ({error}).") from error
    except StoreError as error:
        raise OutputForbiddenError(f"{_named(destination)} cannot be written ({error}).") from error
    logger.info("delivered", extra=fields(uris=list(uris)))


def _copy(store: ObjectStore, output: ManifestOutput, destination: DestinationPrefix, *, name: str) -> str:
    key = f"{destination.prefix}{name}.{file_suffix(TranscriptFormat(output.format))}"
    store.copy(output.key, key, to_bucket=destination.bucket)
    return f"s3://{destination.bucket}/{key}"


def _named(destination: DestinationPrefix) -> str:
    return f"The destination s3://{destination.bucket}/{destination.prefix} (outputs.destination)"
