"""The operator's process-wide singletons in one frozen value; there are no globals.

Made by `process`, handed to `controller`, `observe` and `apply`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from steno_kube import TranscriptionJobs
from steno_operator.client import BatchJobs, Events, UploadReaders
from steno_operator.installation import Installation
from steno_operator.keyed_locks import KeyedLocks
from steno_operator.metrics import Metrics
from steno_operator.roster import Roster
from steno_operator.sightings import Sightings
from steno_store import ObjectStore


def _nothing() -> None:
    """Let a process that is alone act."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What acting on a job takes."""

    jobs: TranscriptionJobs
    batch_jobs: BatchJobs
    events: Events
    upload_readers: UploadReaders
    store: ObjectStore
    installation: Installation
    roster: Roster
    metrics: Metrics
    insist: Callable[[], None] = _nothing
    """Ends the process where it may not act any more; called before every write."""
    sightings: Sightings = field(default_factory=Sightings)
    condemning: KeyedLocks = field(default_factory=KeyedLocks)
    """Held for an upload, by its key, while it is condemned; shared with the sweep."""
