"""Terminal: a finished job stays as it is; only the time of its expiration may still move."""

from datetime import datetime

from steno_operator.installation import Installation
from steno_operator.observed import Observed
from steno_operator.plan import Plan
from steno_operator.policies.expiry import ended_at, expiration_time
from steno_types import TranscriptionJob


def decide(job: TranscriptionJob, observed: Observed, installation: Installation, now: datetime) -> Plan | None:
    """Wait for the expiration, and say when it will be."""
    del observed
    status = job.status
    ended = ended_at(status)
    if ended is None:
        return None
    expiration = expiration_time(job, ended, installation)
    changed = expiration != status.expiration_time
    return Plan(
        status=status.model_copy(update={"expiration_time": expiration}) if changed else None,
        requeue_after_seconds=None if expiration is None else max(0.0, (expiration - now).total_seconds()),
    )
