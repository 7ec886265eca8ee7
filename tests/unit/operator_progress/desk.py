"""A desk that takes reports, with all around it in memory, and workers who report there; a test moves its clock.

Used by the tests of this folder.
"""

import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from steno_operator.batch_job import batch_job_name
from steno_operator.progress.evidence import Controller, OwnedObject
from steno_operator.progress.intake import ProgressIntake
from steno_types import (
    API_VERSION,
    FINALIZER,
    KIND,
    Progress,
    ProgressReport,
    Stage,
    TranscriptionJob,
    TranscriptionJobSpec,
)
from support.builders import NAMESPACE, NOON
from support.reviews import InMemoryOwnedObjects, InMemoryTokenReviews
from support.transcription_jobs import InMemoryTranscriptionJobs

SOURCE = {"source": {"s3": {"key": "recordings/talk.wav"}}}


def a_report(percent: int = 40, stage: Stage = Stage.TRANSCRIBE, *, total_seconds: float = 100) -> ProgressReport:
    """Make one of a recording of 100 s."""
    processed_seconds = percent / 100 * total_seconds
    return ProgressReport(
        stage=stage, percent=percent, processed_seconds=processed_seconds, total_seconds=total_seconds
    )


def progress_of(report: ProgressReport, *, time: datetime) -> Progress:
    """Say a report as a status does."""
    return Progress(time=time, **report.model_dump(exclude={"estimated_seconds_left"}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A pod at work."""

    token: str
    pod: OwnedObject
    batch_job: OwnedObject
    job: str
    """Name of its TranscriptionJob."""


class Desk:
    """An intake, its surroundings, and its clock."""

    def __init__(
        self,
        namespaces: frozenset[str] | None = frozenset({NAMESPACE}),
        *,
        reviews: InMemoryTokenReviews | None = None,
    ) -> None:
        self.seconds = 0.0
        """Since noon; moved by tests."""
        self.jobs = InMemoryTranscriptionJobs()
        self.reviews = reviews or InMemoryTokenReviews()
        self.owned = InMemoryOwnedObjects()
        self.namespaces = namespaces
        self.intake = self.another_replica()

    def another_replica(self) -> ProgressIntake:
        """Open a second way in, which remembers nothing of what the first one did."""
        return ProgressIntake(
            reviews=self.reviews,
            owned=self.owned,
            jobs=self.jobs,
            namespaces=self.namespaces,
            now=self.now,
            clock=lambda: self.seconds,
        )

    def now(self) -> datetime:
        """Tell the time."""
        return NOON + timedelta(seconds=self.seconds)

    async def employ(self, name: str = "talk", *, namespace: str = NAMESPACE, **spec: Any) -> Worker:
        """Have a job, its Job, and a pod at work for it."""
        wanted = TranscriptionJobSpec.model_validate({**SOURCE, **spec})
        job = await self.jobs.create(namespace, name, wanted, finalizers=(FINALIZER,))
        owner = Controller(api_version=API_VERSION, kind=KIND, name=name, uid=job.metadata.uid)
        batch_job = OwnedObject(name=batch_job_name(job), uid=str(uuid.uuid4()), controller=owner)
        self.owned.batch_jobs[namespace, batch_job.name] = batch_job
        return self.add_pod(namespace, batch_job, name)

    def add_pod(self, namespace: str, batch_job: OwnedObject, job: str) -> Worker:
        """Have another pod at work for a Job."""
        owner = Controller(api_version="batch/v1", kind="Job", name=batch_job.name, uid=batch_job.uid)
        number = len(self.owned.pods)
        pod = OwnedObject(
            name=f"{batch_job.name}-{number}", uid=str(uuid.uuid4()), controller=owner, created=self.now()
        )
        self.owned.pods[namespace, pod.name] = pod
        token = f"token-{number}"
        self.reviews.hand_out(token, namespace=namespace, pod=pod)
        return Worker(token=token, pod=pod, batch_job=batch_job, job=job)

    def change_pod(self, worker: Worker, **changes: Any) -> None:
        """Let the pod be seen otherwise."""
        self.owned.pods[NAMESPACE, worker.pod.name] = replace(worker.pod, **changes)

    def change_batch_job(self, worker: Worker, **changes: Any) -> None:
        """Let the Job be seen otherwise."""
        self.owned.batch_jobs[NAMESPACE, worker.batch_job.name] = replace(worker.batch_job, **changes)

    async def report(self, worker: Worker, percent: int = 40, stage: Stage = Stage.TRANSCRIBE) -> bool:
        """Report, and say whether the answer is to stop."""
        return (await self.intake.report(worker.token, a_report(percent, stage))).stop

    async def job(self, name: str = "talk") -> TranscriptionJob:
        """Read a job."""
        return await self.jobs.get(NAMESPACE, name)

    async def progress(self, name: str = "talk") -> Progress | None:
        """Read what its status says."""
        return (await self.job(name)).status.progress

    async def percent(self, name: str = "talk") -> int | None:
        """Read how far its status says it is."""
        progress = await self.progress(name)
        return progress.percent if progress is not None else None

    @property
    def writes(self) -> int:
        """How often progress was written, or tried to be."""
        return self.jobs.calls.count("patch_progress")
