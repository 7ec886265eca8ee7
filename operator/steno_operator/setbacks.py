"""Setbacks: what it means for a job that an action on it failed.

Called by `controller`; pure. Most failures mean nothing but another try; these are told, or end the job.
"""

from datetime import datetime
from functools import partial
from typing import Final

from steno_kube import InvalidResourceError, KubeForbiddenError
from steno_operator.apply import NameLeavingError, NameTakenError
from steno_operator.conditions import condition
from steno_operator.plan import Action, Announcement, CreateBatchJob, DeleteObjects, Plan
from steno_operator.policies.release import held
from steno_operator.policies.stopping import stop
from steno_store import StoreError
from steno_types import ConditionType, Reason, TranscriptionJob, WaitingReason, shorten

NAME_RETRY_SECONDS: Final = 2.0
"""Between tries to create a Job whose namesake is on its way out: that takes as long as its pods."""

LAUNCH_RETRY_SECONDS: Final = 15.0
"""Between tries to create a Job that the API server forbids: a quota that is full frees itself without an event."""


def setback(action: Action, error: BaseException | None, job: TranscriptionJob, now: datetime) -> Plan | None:
    """Say what is to be done about the job; None: nothing but to try again."""
    match action, error:
        case CreateBatchJob(), NameTakenError():
            return stop(job, Reason.NAME_TAKEN, str(error), now)
        case CreateBatchJob(), NameLeavingError():
            return Plan(requeue_after_seconds=NAME_RETRY_SECONDS)
        case CreateBatchJob(), InvalidResourceError():
            return stop(job, Reason.JOB_REFUSED, f"The API server refuses the worker's Job: {error}", now)
        case CreateBatchJob(), KubeForbiddenError():
            return _held_back(job, str(error), now)
        case DeleteObjects(), StoreError():
            message = shorten(f"The object store does not let go of the job's objects, and is asked again: {error}")
            status = held(job, "StoreUnavailable", message, now)
            return Plan(status=status) if status is not None else None
    return None


def _held_back(job: TranscriptionJob, said: str, now: datetime) -> Plan:
    """Let the job wait for what the API server forbids: as a rule a quota."""
    say = partial(condition, job, since=now)
    message = f"The API server does not allow the worker's Job for now: {said}"
    before = job.status.condition(ConditionType.QUEUED)
    if before is not None and before.is_true and before.reason == WaitingReason.QUOTA_EXHAUSTED:
        return Plan(requeue_after_seconds=LAUNCH_RETRY_SECONDS)
    queued = say(ConditionType.QUEUED, WaitingReason.QUOTA_EXHAUSTED, message, holds=True)
    return Plan(
        status=job.status.with_conditions([queued]),
        announcements=(Announcement(kind="Warning", reason="JobForbidden", message=message),),
        requeue_after_seconds=LAUNCH_RETRY_SECONDS,
    )
