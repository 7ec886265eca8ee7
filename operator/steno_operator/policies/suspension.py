"""Suspension: while the spec says so the job has no Job; what its workers finished waits in the store.

Resuming it creates the next Job, which goes on from there.
"""

from datetime import datetime
from functools import partial
from typing import Final

from steno_operator.conditions import condition
from steno_operator.installation import Installation
from steno_operator.observed import Observed
from steno_operator.plan import Announcement, Plan
from steno_operator.policies import attempts
from steno_operator.policies.wanted import working_deletions
from steno_types import ConditionType, Reason, TranscriptionJob, WaitingReason

SUSPENDED: Final = "The job is suspended; set spec.suspend to false to go on."
RESUMED: Final = "The job goes on."


def decide(job: TranscriptionJob, observed: Observed, installation: Installation, now: datetime) -> Plan | None:
    """Take the Job away from a suspended job; say of a resumed one that it is."""
    del installation
    status = job.status
    said = status.condition(ConditionType.SUSPENDED)
    is_said = said is not None and said.is_true
    say = partial(condition, job, since=now)
    if not job.spec.suspend:
        if not is_said:
            return None
        resumed = say(ConditionType.SUSPENDED, "Resumed", RESUMED, holds=False)
        told = Announcement(kind="Normal", reason="Resumed", message=RESUMED)
        return Plan(status=status.with_conditions([resumed]), announcements=(told,), requeue_after_seconds=0)
    if is_said and status.job_ref is None:
        return Plan(actions=working_deletions(observed))
    updates = [say(ConditionType.SUSPENDED, WaitingReason.SUSPENDED, SUSPENDED, holds=True)]
    updates += [
        say(kind, WaitingReason.SUSPENDED, SUSPENDED, holds=False)
        for kind in (ConditionType.QUEUED, ConditionType.RUNNING)
        if status.condition(kind) is not None
    ]
    given_up = attempts.all_given_up(job, Reason.SUSPENDED, now)
    suspended = given_up.model_copy(update={"observed_generation": job.metadata.generation})
    return Plan(
        status=suspended.with_conditions(updates),
        announcements=(Announcement(kind="Normal", reason=WaitingReason.SUSPENDED, message=SUSPENDED),),
        requeue_after_seconds=0,
    )
