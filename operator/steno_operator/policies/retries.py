"""Retries: how often attempts may fail is counted here, across all Jobs that a job had.

Within one Job the Job controller starts the pods, and its backoffLimit is what is left of the budget; so a Job that
fails means, as a rule, that the budget is spent, or that its last attempt ended for a reason that no retry can help.
It also fails through attempts that are free here, and is complete though its worker left no manifest: then another
Job goes on. Asked when no outcome is claimed.
"""

from datetime import datetime
from typing import Final

from steno_operator.installation import Installation
from steno_operator.observed import BatchJob, Observed, WorkerPod
from steno_operator.plan import Plan
from steno_operator.policies import attempts
from steno_operator.policies.stopping import stop
from steno_operator.policies.wanted import let_go, wanted
from steno_types import Disposition, TranscriptionJob, failure_for

JOB_CONTROLLER_SECONDS: Final = 30.0
"""After a Job's last attempt has failed, for the Job controller to say that the Job has: it needs one or two."""


def decide(job: TranscriptionJob, observed: Observed, installation: Installation, now: datetime) -> Plan | None:
    """Stop a job whose attempts are spent; take the Job from one that may have more attempts than its Job had."""
    del installation
    batch_job, status = wanted(job, observed), job.status
    last = attempts.last_ended(observed.pods)
    # Of an older attempt it would explain nothing.
    is_last = last is not None and bool(status.attempts) and status.attempts[-1].name == last.name
    exit_code = (last.exit_code or None) if last is not None and is_last else None
    spent = attempts.counted(status) > job.spec.backoff_limit
    if batch_job is not None and batch_job.finished and not spent and _may_go_on(job, batch_job, observed):
        # The Job has counted what is free here, or takes for success what has left nothing.
        return Plan(status=let_go(job, batch_job), requeue_after_seconds=0)
    if spent and (pause := _job_controllers_time(job, batch_job, last, now)) > 0:
        return Plan(requeue_after_seconds=pause)
    if spent or (batch_job is not None and batch_job.finished):
        said = attempts.told_of(status, observed)
        if not spent and failure_for(said.reason).disposition is Disposition.INTERRUPTED:
            # What is free never ended a job: something did that left no pod to ask.
            said = attempts.untold(observed)
        return stop(job, said.reason, said.message, now, exit_code=exit_code)
    if (count := attempts.interrupted(status)) > attempts.MAX_INTERRUPTIONS:
        said = attempts.told_of(status, observed)
        message = f"The cluster ended {count} attempts at the job, the last one for this reason: {said.message}"
        return stop(job, said.reason, message, now, exit_code=exit_code)
    return None


def _may_go_on(job: TranscriptionJob, batch_job: BatchJob, observed: Observed) -> bool:
    """Whether another Job may follow one that is over though the budget is not spent."""
    final = failure_for(attempts.told_of(job.status, observed).reason).disposition is Disposition.TERMINAL
    # So that Jobs do not follow one another uncounted; a queue takes the pods away when it interrupts a Job.
    traced = any(pod.ended and pod.batch_job == batch_job.name for pod in observed.pods)
    traced = traced or attempts.left_trace(job.status, batch_job)
    return not final and (traced or job.spec.queue_name is not None)


def _job_controllers_time(
    job: TranscriptionJob, batch_job: BatchJob | None, last: WorkerPod | None, now: datetime
) -> float:
    """Say for how many seconds more the Job is left to fail by itself: then its pods stay to be looked at."""
    if job.spec.queue_name is not None or batch_job is None or batch_job.finished or batch_job.deleting:
        return 0.0
    if last is None or last.finished is None or last.batch_job != batch_job.name:
        return 0.0
    # No longer than that, where the node's clock is ahead of ours.
    return min(JOB_CONTROLLER_SECONDS, JOB_CONTROLLER_SECONDS - (now - last.finished).total_seconds())


def left(job: TranscriptionJob) -> int:
    """Say how many attempts may still fail."""
    return max(0, job.spec.backoff_limit - attempts.counted(job.status))
