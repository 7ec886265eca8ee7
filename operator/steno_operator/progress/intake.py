"""Take workers' reports: from a token and its report to the status, and to the answer "go on" or "stop".

Called by `serving` in every replica, leader or not: nothing here needs to be alone, since the status is written under
the job's uid and resourceVersion. Each report is followed home over objects that the API server gives::

    token --TokenReview--> pod --controller--> Job --controller--> TranscriptionJob
           (60 s, by hash)  (fresh)             (kept, by uid)       (fresh)

Neither the report nor a label says whose it is. Must not know HTTP.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from steno_kube import ConflictError, KubeError, ResourceNotFoundError, TranscriptionJobs
from steno_operator.client import OwnedObjects, TokenReviews
from steno_operator.observed import BatchJob
from steno_operator.progress.evidence import Controller, OwnedObject, Speaker
from steno_operator.progress.identity import Identities
from steno_operator.progress.memory import Remembered
from steno_operator.progress.refusals import Refusal, ReportRefusedError
from steno_operator.progress.rules import next_progress, reason_to_stop
from steno_types import API_VERSION, KIND, Progress, ProgressAnswer, ProgressReport, TranscriptionJob

JOBS_REMEMBERED: Final = 10_000
"""Jobs whose last write is known; more than report at once."""

REMEMBERED_SECONDS: Final = 600.0
"""After its last report a job is forgotten; long after the next write would be due anyway."""

SAID_AGAIN_SECONDS: Final = 600.0
"""Before the log repeats that the same pod is refused, or that the API server fails in the same way."""

STOP: Final = ProgressAnswer(stop=True)
GO_ON: Final = ProgressAnswer(stop=False)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Write:
    """The last write of a job's progress from here."""

    pod_uid: str
    at: float
    """By the intake's own clock."""


class ProgressIntake:
    """The way in for reports.

    Parameters
    ----------
    reviews, owned
        Who a token belongs to, and whose a pod and a Job are.
    jobs
        The TranscriptionJobs, through a client whose field manager is ``steno-operator-progress``.
    namespaces
        Whose pods are heard; None: all.
    now
        The time that is written into the status; aware, UTC.
    clock
        Seconds between writes are counted by it.
    """

    def __init__(
        self,
        *,
        reviews: TokenReviews,
        owned: OwnedObjects,
        jobs: TranscriptionJobs,
        namespaces: frozenset[str] | None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._identities = Identities(reviews, clock=clock)
        self._owned = owned
        self._jobs = jobs
        self._namespaces = namespaces
        self._now = now
        self._clock = clock
        self._batch_jobs = Remembered[tuple[str, str], OwnedObject](
            seconds=REMEMBERED_SECONDS, size=JOBS_REMEMBERED, clock=clock
        )
        self._writes = Remembered[str, _Write](seconds=REMEMBERED_SECONDS, size=JOBS_REMEMBERED, clock=clock)
        self._said = Remembered[tuple[str, ...], bool](seconds=SAID_AGAIN_SECONDS, size=1000, clock=clock)

    @property
    def jobs_remembered(self) -> int:
        """How many jobs have reported lately."""
        return len(self._writes)

    async def report(self, token: str, report: ProgressReport) -> ProgressAnswer:
        """Take a report, and say whether to go on.

        Raises
        ------
        ReportRefusedError
            The token is not that of a pod that works for a TranscriptionJob which is still there.
        KubeError
            The API server was not to be asked, or refuses the operator; the next report may fare better.
        """
        speaker: Speaker | None = None
        try:
            speaker = await self._identities.speaker(token)
            return await self._report(speaker, report)
        except ReportRefusedError as error:
            who = f"{speaker.namespace}/{speaker.pod_name}" if speaker is not None else "an unknown sender"
            if self._is_news(error.refusal, who):
                logger.warning("progress of %s is refused: %s: %s", who, error.refusal, error)
            raise
        except KubeError as error:
            if self._is_news(type(error).__name__):
                logger.warning("progress cannot be taken: %s: %s", type(error).__name__, error)
            raise

    def _is_news(self, *what: str) -> bool:
        """Whether the log has not said so lately: a worker reports every 2 s, and a stranger as often as it likes."""
        if self._said.get(what):
            return False
        self._said.put(what, True)
        return True

    async def _report(self, speaker: Speaker, report: ProgressReport) -> ProgressAnswer:
        if self._namespaces is not None and speaker.namespace not in self._namespaces:
            raise ReportRefusedError(Refusal.NAMESPACE_NOT_SERVED)
        pod = await self._owned.pod(speaker.namespace, speaker.pod_name)
        if pod is None or pod.uid != speaker.pod_uid:
            raise ReportRefusedError(Refusal.POD_GONE)
        if pod.deleting or pod.ended:
            # Its Job may be gone already; and of a node that was lost, the work is being done elsewhere.
            return STOP
        batch_job = await self._batch_job_of(speaker.namespace, pod)
        job = await self._job_of(speaker.namespace, batch_job)
        why = reason_to_stop(job, BatchJob(name=batch_job.name, uid=batch_job.uid, owner_uid=job.metadata.uid))
        if why is not None:
            logger.info("%s: %s is asked to stop: %s", job.key, pod.name, why)
            return STOP
        return await self._write(job, pod, report)

    async def _batch_job_of(self, namespace: str, pod: OwnedObject) -> OwnedObject:
        """Find the pod's Job; one that was seen is remembered, as it never changes hands."""
        owner = pod.controller
        if owner is None or (owner.api_version, owner.kind) != ("batch/v1", "Job"):
            raise ReportRefusedError(Refusal.POD_OF_NO_JOB)
        key = (namespace, owner.uid)
        found = self._batch_jobs.get(key) or await self._owned.batch_job(namespace, owner.name)
        if found is None or found.uid != owner.uid:
            raise ReportRefusedError(Refusal.BATCH_JOB_GONE)
        self._batch_jobs.put(key, found)
        return found

    async def _job_of(self, namespace: str, batch_job: OwnedObject) -> TranscriptionJob:
        """Read the TranscriptionJob that the Job works for."""
        owner: Controller | None = batch_job.controller
        if owner is None or (owner.api_version, owner.kind) != (API_VERSION, KIND):
            raise ReportRefusedError(Refusal.BATCH_JOB_NOT_OURS)
        try:
            job = await self._jobs.get(namespace, owner.name)
        except ResourceNotFoundError:
            raise ReportRefusedError(Refusal.JOB_GONE) from None
        if job.metadata.uid != owner.uid:
            raise ReportRefusedError(Refusal.JOB_GONE)
        return job

    async def _write(self, job: TranscriptionJob, pod: OwnedObject, report: ProgressReport) -> ProgressAnswer:
        """Write the progress where it is due, once."""
        uid, standing = job.metadata.uid, job.status.progress
        last = self._writes.get(uid)
        if last is not None:
            self._writes.put(uid, last)
        now = self._now()
        progress = next_progress(
            standing,
            report,
            another_attempt=_is_another_attempt(standing, last, pod),
            seconds_since_write=self._seconds_since_write(standing, last, now),
            now=now,
        )
        if progress is None:
            return GO_ON
        try:
            await self._jobs.patch_progress(job, progress)
        except ConflictError:
            # Somebody wrote the job meanwhile; the next report is 2 s away, and decided on what they wrote.
            logger.debug("%s: progress of %s is dropped", job.key, pod.name)
            return GO_ON
        except ResourceNotFoundError:
            return STOP
        self._writes.put(uid, _Write(pod_uid=pod.uid, at=self._clock()))
        return GO_ON

    def _seconds_since_write(self, standing: Progress | None, last: _Write | None, now: datetime) -> float | None:
        """Count from the last write, from here or, by the status, from another replica."""
        ages = [self._clock() - last.at] if last is not None else []
        if standing is not None:
            # A moment that is yet to come was written by a clock that is ahead, and says nothing.
            age = (now - standing.time).total_seconds()
            ages += [age] if age >= 0 else []
        return min(ages, default=None)


def _is_another_attempt(standing: Progress | None, last: _Write | None, pod: OwnedObject) -> bool:
    """Whether what the status says came from a pod before this one.

    Known where the last write was made here; else what is older than the pod cannot be the pod's.
    """
    if last is not None:
        return last.pod_uid != pod.uid
    return standing is not None and pod.created is not None and standing.time <= pod.created
