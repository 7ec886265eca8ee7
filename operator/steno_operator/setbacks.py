"""Setbacks: what it means for a job that an action on it failed.

Called by `controller`; pure. Most failures mean nothing but another try; these are told, or end the job. What the API
server said is told without the secrets that it may quote: what follows the path of an address, or stands before its
host.
"""

import re
from datetime import datetime
from functools import partial
from typing import Final

from steno_kube import InvalidResourceError, KubeForbiddenError, KubeInternalError
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

FAILURE_RETRY_SECONDS: Final = 1.0
"""Until the second try to create a Job over which the API server failed; the pauses double."""

FAILURE_LONGEST_SECONDS: Final = 30.0
"""Longest of these pauses: a webhook that does not answer may hold each try up for as long as its own time limit."""

_SECRETS: Final = re.compile(r"(?P<scheme>\bhttps?://)(?:[^\s/?#\"']*@)?(?P<place>[^\s?#\"']*)(?:[?#][^\s\"']*)?")
"""An address, and of it what may be a secret: a user with a password, query and fragment."""

_NUMBERS: Final = re.compile(r"\d+")
"""Ports, times and counts: they change from try to try, and each change would be a write."""


def setback(action: Action, error: BaseException | None, job: TranscriptionJob, now: datetime) -> Plan | None:
    """Say what is to be done about the job; None: nothing but to try again."""
    match action:
        case CreateBatchJob():
            return _not_launched(error, job, now)
        case DeleteObjects() if isinstance(error, StoreError):
            message = shorten(f"The object store does not let go of the job's objects, and is asked again: {error}")
            status = held(job, "StoreUnavailable", message, now)
            return Plan(status=status) if status is not None else None
    return None


def _not_launched(error: BaseException | None, job: TranscriptionJob, now: datetime) -> Plan | None:
    """Say what becomes of a job whose Job could not be created."""
    match error:
        case NameTakenError():
            return stop(job, Reason.NAME_TAKEN, str(error), now)
        case NameLeavingError():
            return Plan(requeue_after_seconds=NAME_RETRY_SECONDS)
        case InvalidResourceError():
            return stop(job, Reason.JOB_REFUSED, f"The API server refuses the worker's Job: {_public(error)}", now)
        case KubeForbiddenError():
            return _held_back(job, _public(error), now)
        case KubeInternalError():
            return _failed_over(job, _public(error), now)
    return None


def _public(error: BaseException) -> str:
    """Spell what the API server said without the secrets of addresses in it: a webhook may quote the whole Job."""
    return _SECRETS.sub(r"\g<scheme>\g<place>", str(error))


def _held_back(job: TranscriptionJob, said: str, now: datetime) -> Plan:
    """Let the job wait for what the API server forbids: as a rule a quota."""
    say = partial(condition, job, since=now)
    message = shorten(f"The API server does not allow the worker's Job for now: {said}")
    before = job.status.condition(ConditionType.QUEUED)
    if before is not None and before.is_true and before.reason == WaitingReason.QUOTA_EXHAUSTED:
        return Plan(requeue_after_seconds=LAUNCH_RETRY_SECONDS)
    queued = say(ConditionType.QUEUED, WaitingReason.QUOTA_EXHAUSTED, message, holds=True)
    return Plan(
        status=job.status.with_conditions([queued]),
        announcements=(Announcement(kind="Warning", reason="JobForbidden", message=message),),
        requeue_after_seconds=LAUNCH_RETRY_SECONDS,
    )


def _failed_over(job: TranscriptionJob, said: str, now: datetime) -> Plan:
    """Say over what the API server fails to create the Job, and try again: after as long as that has been so."""
    message = shorten(f"The API server fails to create the worker's Job, and is asked again: {said}")
    before = job.status.condition(ConditionType.QUEUED)
    if before is None or not before.is_true or before.reason != WaitingReason.JOB_NOT_CREATED:
        pause_seconds, announcements = (
            FAILURE_RETRY_SECONDS,
            [Announcement(kind="Warning", reason="JobNotCreated", message=message)],
        )
    else:
        so_far = (now - before.last_transition_time).total_seconds()
        pause_seconds, announcements = min(max(so_far, FAILURE_RETRY_SECONDS), FAILURE_LONGEST_SECONDS), []
        if _NUMBERS.sub("", before.message) == _NUMBERS.sub("", message):
            return Plan(requeue_after_seconds=pause_seconds)
    queued = condition(job, ConditionType.QUEUED, WaitingReason.JOB_NOT_CREATED, message, holds=True, since=now)
    return Plan(
        status=job.status.with_conditions([queued]),
        announcements=tuple(announcements),
        requeue_after_seconds=pause_seconds,
    )
