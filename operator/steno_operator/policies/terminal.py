"""Terminal: a finished job stays as it is; only the time of its expiration may still move.

Its Jobs and pods go once people have had time to look at them: ten thousand finished recordings are not to be
seventy thousand objects.
"""

from datetime import datetime, timedelta

from steno_operator.installation import Installation
from steno_operator.observed import Observed
from steno_operator.plan import DeleteBatchJob, Plan
from steno_operator.policies.expiry import ended_at, expiration_time
from steno_types import ConditionType, TranscriptionJob


def decide(job: TranscriptionJob, observed: Observed, installation: Installation, now: datetime) -> Plan | None:
    """Delete the Jobs after their grace, wait for the expiration, and say when it will be."""
    status = job.status
    ended = ended_at(status)
    if ended is None or status.terminal is None:
        return None
    expiration = expiration_time(job, ended, installation)
    changed = expiration != status.expiration_time
    failed = status.terminal.type is ConditionType.FAILED
    grace_seconds = installation.failed_grace_seconds if failed else installation.complete_grace_seconds
    grace_ends = ended + timedelta(seconds=grace_seconds)
    due = [moment for moment in (expiration, grace_ends if observed.leftovers else None) if moment is not None]
    actions: tuple[DeleteBatchJob, ...] = ()
    if observed.leftovers and grace_ends <= now:
        actions = tuple(DeleteBatchJob(name=name, waits_for_pods=False) for name in observed.leftovers)
        due.remove(grace_ends)
    return Plan(
        actions=actions,
        status=status.model_copy(update={"expiration_time": expiration}) if changed else None,
        requeue_after_seconds=max(0.0, (min(due) - now).total_seconds()) if due else None,
    )
