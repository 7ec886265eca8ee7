"""Which of a job's Jobs is wanted: the one that its status names, or one so new that the status does not know it yet.

Whoever is done with a Job takes its name out of the status first, and any other is deleted: so that no restart in
between forgets it, or takes what Steno deletes for a loss. Called by the other policies; pure.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from steno_operator.batch_job import batch_job_number
from steno_operator.observed import BatchJob, Observed, WorkerPod
from steno_operator.plan import DeleteBatchJob, DeletePod
from steno_operator.policies.attempts import is_stuck
from steno_types import TranscriptionJob, TranscriptionJobStatus

Deletion = DeleteBatchJob | DeletePod


def is_wanted(job: TranscriptionJob, batch_job: BatchJob) -> bool:
    """Whether a Job of the job's is to do its work."""
    status = job.status
    if status.job_ref is not None and status.job_ref.name == batch_job.name:
        return True
    number = batch_job_number(job, batch_job.name)
    return number is not None and number >= (status.launches or 0)


def wanted(job: TranscriptionJob, observed: Observed) -> BatchJob | None:
    """Find the Job that does the job's work, if it has one."""
    return next((found for found in reversed(observed.batch_jobs) if is_wanted(job, found)), None)


def let_go(job: TranscriptionJob, batch_job: BatchJob | None) -> TranscriptionJobStatus:
    """Give the status in which a Job, seen or only named, is wanted no more; `launch` makes the next one."""
    number = batch_job_number(job, batch_job.name) if batch_job is not None else None
    launches = job.status.launches
    if number is not None:
        # One that the status does not know yet would be wanted for its number.
        launches = max(launches or 0, number + 1)
    return job.status.model_copy(update={"job_ref": None, "launches": launches})


def unwanted_deletions(job: TranscriptionJob, observed: Observed) -> tuple[Deletion, ...]:
    """Delete the Jobs that are not wanted and could still run pods.

    A worker that a Job has left behind may finish; one that has not begun is not to.
    """
    unwanted = (
        DeleteBatchJob(name=found.name)
        for found in observed.batch_jobs
        if not (is_wanted(job, found) or found.finished or found.deleting)
    )
    return (*unwanted, *_deletions(pod for pod in _left_behind(observed) if not (pod.running or pod.ended)))


def working_deletions(observed: Observed) -> tuple[Deletion, ...]:
    """Delete every Job that could still run pods, and every pod left behind that runs or could."""
    working = (found for found in observed.batch_jobs if not (found.finished or found.deleting))
    left_behind = _deletions(pod for pod in _left_behind(observed) if not pod.ended)
    return (*(DeleteBatchJob(name=found.name) for found in working), *left_behind)


def all_deletions(observed: Observed) -> tuple[Deletion, ...]:
    """Delete every Job, and every pod that one has left behind."""
    batch_jobs = (DeleteBatchJob(name=found.name) for found in observed.batch_jobs if not found.deleting)
    return (*batch_jobs, *_deletions(_left_behind(observed)))


def _left_behind(observed: Observed) -> Iterator[WorkerPod]:
    """Find the pods whose Job is gone without them, as by ``kubectl delete job --cascade=orphan``."""
    known = {found.name for found in observed.batch_jobs}
    return (pod for pod in observed.pods if pod.batch_job not in known and pod.deletion is None)


def _deletions(pods: Iterable[WorkerPod]) -> Iterator[DeletePod]:
    return (DeletePod(name=pod.name) for pod in pods)


def still_going(job: TranscriptionJob, observed: Observed, now: datetime) -> bool:
    """Whether a Job that is not wanted, or is gone, may still have a worker: two would share a GPU for nothing."""
    known = {found.name for found in observed.batch_jobs}
    leaving = {found.name for found in observed.batch_jobs if not (is_wanted(job, found) or found.finished)}
    pods = [pod for pod in observed.pods if pod.batch_job in leaving and not pod.ended]
    pods += [pod for pod in observed.pods if pod.batch_job not in known and pod.running]
    # Of a node that is lost nothing more is heard: waiting for it would be waiting for ever.
    return any(not is_stuck(pod, now) for pod in pods) if pods else bool(leaving)
