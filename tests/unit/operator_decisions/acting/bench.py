"""An operator's surroundings in memory, and its controller: whole reconciles without a cluster.

Used by the tests of this folder. Jobs and pods are laid out by hand, and heard of as a watch would tell.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from steno_operator.context import Context
from steno_operator.controller import Controller
from steno_operator.metrics import Metrics
from steno_operator.observed import BatchJob, WorkerPod
from steno_operator.roster import Roster
from steno_store import claim_outcome
from steno_types import FINALIZER, JOB_LABEL, Manifest, TranscriptionJob
from support.batch_jobs import InMemoryBatchJobs, InMemoryEvents, InMemoryUploadReaders
from support.builders import LAYOUT, NAMESPACE, NOON, a_job, an_installation
from support.object_store import InMemoryObjectStore
from support.transcription_jobs import InMemoryTranscriptionJobs

KEY: Final = f"{NAMESPACE}/talk"
"""Of the job that a test submits without a name."""

SOON_SECONDS: Final = 1.0
"""A look that is wanted within that time is one of the same go."""


class Bench:
    """An operator's surroundings in memory."""

    def __init__(self) -> None:
        self.now = NOON
        self.jobs = InMemoryTranscriptionJobs(now=lambda: self.now)
        self.batch_jobs = InMemoryBatchJobs()
        self.events = InMemoryEvents()
        self.store = InMemoryObjectStore()
        here = an_installation()
        roster = Roster(here)
        self.context = Context(
            jobs=self.jobs,
            batch_jobs=self.batch_jobs,
            events=self.events,
            upload_readers=InMemoryUploadReaders(self.jobs),
            store=self.store,
            installation=here,
            roster=roster,
            metrics=Metrics(roster),
        )
        self.controller = self._controller()

    def change(self, **context: Any) -> None:
        """Give the operator other surroundings."""
        self.context = replace(self.context, **context)
        self.controller = self._controller()

    def restart(self) -> None:
        """Let another operator go on: what the watches had shown is forgotten."""
        self.change(sightings=type(self.context.sightings)())

    async def submit(self, name: str = "talk", **spec: object) -> TranscriptionJob:
        """Create a job, as the gateway does."""
        wanted = a_job(name).with_spec(**spec).build().spec
        return await self.jobs.create(NAMESPACE, name, wanted, finalizers=(FINALIZER,))

    async def get(self, name: str = "talk") -> TranscriptionJob:
        """Read a job."""
        return await self.jobs.get(NAMESPACE, name)

    async def look(self, key: str = KEY) -> float | None:
        """Reconcile once."""
        return await self.controller.reconcile(key)

    async def settle(self, key: str = KEY, *, looks: int = 10) -> float | None:
        """Reconcile until nothing is wanted soon; fails when that never comes."""
        for _ in range(looks):
            if (again := await self.look(key)) is None or again > SOON_SECONDS:
                return again
        raise AssertionError(f"{key} runs hot: {self.jobs.calls} {self.batch_jobs.calls}")

    def pass_time(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    def batch_job(self, name: str = "talk") -> BatchJob:
        """Give the youngest Job of a job."""
        return [found for found in self.batch_jobs.batch_jobs.values() if found.name.startswith(f"{name}-")][-1]

    def change_batch_job(self, **changes: Any) -> None:
        """Change the youngest Job."""
        found = self.batch_job()
        self.batch_jobs.batch_jobs[found.name] = replace(found, **changes)

    def start_pod(self, suffix: str = "a", *, name: str = "talk") -> WorkerPod:
        """Let the youngest Job have a pod that runs, and let the operator hear of it."""
        of = self.batch_job(name).name
        pod = WorkerPod(name=f"{of}-{suffix}", batch_job=of, created=self.now, scheduled=self.now, started=self.now)
        self.batch_jobs.worker_pods[pod.name] = pod
        labels = {JOB_LABEL: name}
        raw = {"metadata": {"namespace": NAMESPACE, "name": pod.name, "labels": labels}}
        self.context.sightings.saw("pods", raw)
        return pod

    def end_pod(self, pod: WorkerPod, exit_code: int, **more: Any) -> None:
        """End a pod."""
        ended = replace(pod, finished=self.now, exit_code=exit_code, failed=exit_code != 0, **more)
        self.batch_jobs.worker_pods[pod.name] = ended

    def claim(self, job: TranscriptionJob, manifest: Manifest) -> None:
        """Claim an outcome as a worker does."""
        claim_outcome(self.store, self.prefix(job), manifest)

    def prefix(self, job: TranscriptionJob) -> str:
        """Say where the job's results lie."""
        return LAYOUT.results(NAMESPACE, job.metadata.name, job.metadata.uid)

    def _controller(self) -> Controller:
        return Controller(self.context, clock=self._clock)

    def _clock(self) -> datetime:
        return self.now
