"""An operator's surroundings in memory, and its controller: whole reconciles without a cluster.

Used by the tests of this folder that look at more than one decision.
"""

from typing import Final

from steno_operator.context import Context
from steno_operator.controller import CONFLICT_DELAY_SECONDS, Controller
from steno_types import FINALIZER, TranscriptionJob
from support.batch_jobs import InMemoryBatchJobs, InMemoryUploadReaders
from support.builders import LAYOUT, NAMESPACE, a_job, an_installation
from support.object_store import InMemoryObjectStore
from support.transcription_jobs import InMemoryTranscriptionJobs

KEY: Final = f"{NAMESPACE}/talk"
"""Of the job that a test submits without a name."""


class Bench:
    """An operator's surroundings in memory."""

    def __init__(self) -> None:
        self.jobs = InMemoryTranscriptionJobs()
        self.batch_jobs = InMemoryBatchJobs()
        self.store = InMemoryObjectStore()
        self.context = Context(
            jobs=self.jobs,
            batch_jobs=self.batch_jobs,
            upload_readers=InMemoryUploadReaders(self.jobs),
            store=self.store,
            installation=an_installation(),
        )
        self.controller = Controller(self.context)

    async def submit(self, name: str = "talk", **spec: object) -> TranscriptionJob:
        """Create a job."""
        wanted = a_job(name).with_spec(**spec).build().spec
        return await self.jobs.create(NAMESPACE, name, wanted, finalizers=(FINALIZER,))

    async def get(self, name: str = "talk") -> TranscriptionJob:
        """Read a job."""
        return await self.jobs.get(NAMESPACE, name)

    async def settle(self, key: str = KEY, *, looks: int = 10) -> float | None:
        """Reconcile until nothing is wanted at once; fails when that never comes."""
        for _ in range(looks):
            if (again := await self.controller.reconcile(key)) is None or again > CONFLICT_DELAY_SECONDS:
                return again
        raise AssertionError(f"{key} runs hot: {self.jobs.calls} {self.batch_jobs.calls}")

    def prefix(self, job: TranscriptionJob) -> str:
        """Say where the job's results lie."""
        return LAYOUT.results(NAMESPACE, job.metadata.name, job.metadata.uid)
