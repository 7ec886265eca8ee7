"""A sweeper and all it meets, in memory: store, jobs, clock; used by the tests of this folder."""

from datetime import datetime, timedelta
from typing import Any, Final

from steno_operator.keyed_locks import KeyedLocks
from steno_operator.sweep import GRACE_SECONDS, Sweep, Sweeper
from steno_operator.unnamed import Unnamed
from steno_types import FINALIZER, TranscriptionJob
from support.builders import LAYOUT, NAMESPACE, NOON, UPLOAD_ID, a_job
from support.object_store import InMemoryObjectStore
from support.references import InMemoryJobReferences, InMemoryNamespaces
from support.transcription_jobs import InMemoryTranscriptionJobs

OWN_NAMESPACE: Final = "steno-system"
GRACE: Final = timedelta(seconds=GRACE_SECONDS)
UPLOAD: Final = LAYOUT.upload(NAMESPACE, UPLOAD_ID)
CONDEMNED: Final = LAYOUT.condemned(NAMESPACE, UPLOAD_ID)
UNNAMED_UPLOAD: Final = LAYOUT.unnamed_upload(NAMESPACE, UPLOAD_ID)
RESULTS: Final = f"{LAYOUT.all_results(NAMESPACE)}talk-0a0b0c0d/"
UNNAMED_RESULTS: Final = LAYOUT.unnamed_results(NAMESPACE, "talk-0a0b0c0d")


class Broom:
    """A sweeper that a test leads through time."""

    def __init__(self, store: InMemoryObjectStore | None = None, **changes: Any) -> None:
        self.store = store or InMemoryObjectStore()
        self.jobs = InMemoryTranscriptionJobs(now=lambda: self.now)
        self.references = InMemoryJobReferences(self.jobs, LAYOUT)
        self.cluster = InMemoryNamespaces(steno_system="uid-of-steno-system")
        self.now = NOON
        """By clocks that are right."""
        self.operator_ahead = timedelta()
        """By how much the operator's clock is; negative: behind."""
        self.store_ahead = timedelta()
        """By how much the store's is."""
        self.store.now = lambda: self.now + self.store_ahead
        self.leads = True
        settings: dict[str, Any] = {
            "store": self.store,
            "layout": LAYOUT,
            "references": self.references,
            "cluster": self.cluster,
            "own_namespace": OWN_NAMESPACE,
            "watched": (NAMESPACE,),
            "still_leader": lambda: self.leads,
            "condemning": KeyedLocks(),
            "now": lambda: self.now + self.operator_ahead,
        }
        self.sweeper = Sweeper(**settings | changes)

    async def sweep(self, *, after: timedelta = timedelta()) -> Sweep:
        """Let time pass, and sweep."""
        self.now += after
        return await self.sweeper.sweep()

    async def submit(
        self, name: str = "talk", *, upload_id: str | None = UPLOAD_ID, **metadata: Any
    ) -> TranscriptionJob:
        """Create a job; `metadata` is merged into its own."""
        job = a_job(name) if upload_id is None else a_job(name).from_upload(upload_id)
        made = await self.jobs.create(NAMESPACE, name, job.build().spec, finalizers=(FINALIZER,))
        return await self.jobs.patch_metadata(made, metadata) if metadata else made

    def at(self, prefix: str = f"{LAYOUT.prefix}/{NAMESPACE}/") -> list[str]:
        """List the keys under a prefix."""
        return [found.key for found in self.store.list(prefix)]

    def since(self, marker: str) -> datetime | None:
        """Read a marker; None where there is none."""
        return Unnamed.model_validate_json(self.store.get(marker)).since if self.store.exists(marker) else None
