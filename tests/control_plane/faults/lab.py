"""One job, its surroundings in memory, and an operator whose clock may be off; used by the tests of clock jumps.

Whole reconciles, by the controller that the operator runs. The API server's clock and the nodes' are right all the
time; the operator's is off by a jump, from some moment on.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from steno_operator.context import Context
from steno_operator.controller import Controller
from steno_operator.metrics import Metrics
from steno_operator.observed import WorkerPod
from steno_operator.roster import Roster
from steno_store import claim_outcome
from steno_types import FINALIZER, TranscriptionJob
from support.batch_jobs import InMemoryBatchJobs, InMemoryEvents, InMemoryUploadReaders
from support.builders import LAYOUT, NAMESPACE, NOON, a_complete_manifest, a_job, an_installation
from support.object_store import InMemoryObjectStore
from support.transcription_jobs import InMemoryTranscriptionJobs

KEY: Final = f"{NAMESPACE}/talk"
HOUR: Final = timedelta(hours=1)
MONTH: Final = timedelta(days=30)
JUMPS: Final = [
    pytest.param(-MONTH, id="a month back"),
    pytest.param(-HOUR, id="an hour back"),
    pytest.param(HOUR, id="an hour on"),
    pytest.param(MONTH, id="a month on"),
]
BACK: Final = JUMPS[:2]
ON: Final = JUMPS[2:]
DAY_SECONDS: Final = 86_400


class Lab:
    """One job, its surroundings in memory, and an operator whose clock may be off."""

    def __init__(self) -> None:
        self.now = NOON
        """By the clocks that are right."""
        self.off = timedelta()
        """By how much the operator's is ahead."""
        here = an_installation(cache_expiry_seconds=7 * DAY_SECONDS)
        self.jobs = InMemoryTranscriptionJobs(now=lambda: self.now)
        self.batch_jobs = InMemoryBatchJobs()
        self.store = InMemoryObjectStore()
        self.context = Context(
            jobs=self.jobs,
            batch_jobs=self.batch_jobs,
            events=InMemoryEvents(),
            upload_readers=InMemoryUploadReaders(self.jobs),
            store=self.store,
            installation=here,
            roster=Roster(here),
            metrics=Metrics(Roster(here)),
        )
        self.controller = Controller(self.context, clock=lambda: self.now + self.off)

    async def submit(self, **spec: Any) -> None:
        """Create the job."""
        wanted = a_job().with_spec(**spec).build().spec
        await self.jobs.create(NAMESPACE, "talk", wanted, finalizers=(FINALIZER,))

    async def settle(self) -> float | None:
        """Reconcile until nothing is wanted at once; gives for how long the operator would wait then."""
        for _ in range(12):
            self.now += timedelta(seconds=1)
            if (again := await self.controller.reconcile(KEY)) is None or again > 1:
                return again
        raise AssertionError(f"{KEY} runs hot: {self.jobs.calls}")

    async def rest(self) -> None:
        """Reconcile until the operator would wait for more than a minute, by clocks that go on."""
        while (again := await self.settle()) is not None and again <= 60:
            self.now += timedelta(seconds=again)

    async def job(self) -> TranscriptionJob | None:
        """Read the job; None: it is gone."""
        return next((job for job in self.jobs.jobs), None)

    async def there(self) -> TranscriptionJob:
        """Read a job that must be there."""
        found = await self.job()
        assert found is not None
        return found

    def add_pod(self, **changes: Any) -> WorkerPod:
        """Let the Job controller make a pod of the youngest Job."""
        batch_job = [*self.batch_jobs.batch_jobs][-1]
        pod = WorkerPod(name=f"{batch_job}-abcde", batch_job=batch_job, created=self.now, scheduled=self.now)
        return self.put_pod(replace(pod, **changes))

    def put_pod(self, pod: WorkerPod) -> WorkerPod:
        """Let a pod be so, and the operator hear of it."""
        self.batch_jobs.worker_pods[pod.name] = pod
        self.context.sightings.children(KEY)
        self.context.sightings.saw("pods", _heard(pod))
        return pod

    async def claim(self, attempt: str) -> None:
        """Let an attempt win, by its node's clock."""
        job = await self.there()
        prefix = LAYOUT.results(NAMESPACE, "talk", job.metadata.uid)
        manifest = a_complete_manifest(job, at=self.now, attempt=attempt)
        claim_outcome(self.store, prefix, manifest)


def _heard(pod: WorkerPod) -> dict[str, Any]:
    metadata = {"namespace": NAMESPACE, "name": pod.name, "labels": {"steno.dev/job": "talk"}}
    return {"metadata": metadata, "status": {}}


def phase(job: TranscriptionJob) -> str | None:
    """Give the phase."""
    return job.status.phase


def sane(job: TranscriptionJob) -> bool:
    """Whether no span in the status is negative."""
    status = job.status
    spans = [(attempt.start, attempt.end) for attempt in status.attempts]
    created = job.metadata.creation_timestamp
    begun = (moment for moment in (created, status.start_time) if moment is not None)
    spans += [(moment, status.completion_time) for moment in begun]
    return all(end is None or begin <= end for begin, end in spans)
