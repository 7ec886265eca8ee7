"""Expiry: a finished job is deleted once its TTL has passed; its release then does the rest.

    expiration = completion + ttl    (ttl: the job's own, else the installation's; negative: never)

The TTL may change after the end, so the expiration is worked out anew each time.
"""

from datetime import datetime, timedelta

from steno_operator.installation import Installation
from steno_operator.observed import Observed
from steno_operator.plan import DeleteJob, Plan
from steno_types import TranscriptionJob, TranscriptionJobStatus


def expiration_time(job: TranscriptionJob, completion: datetime, installation: Installation) -> datetime | None:
    """When a job that ended at `completion` is to be deleted; None: never."""
    own = job.spec.ttl_seconds_after_finished
    ttl_seconds = installation.cache_expiry_seconds if own is None else own
    return None if ttl_seconds < 0 else completion + timedelta(seconds=ttl_seconds)


def ended_at(status: TranscriptionJobStatus) -> datetime | None:
    """When the job ended; None while it has not."""
    if status.terminal is None:
        return None
    return status.completion_time or status.terminal.last_transition_time


def decide(job: TranscriptionJob, observed: Observed, installation: Installation, now: datetime) -> Plan | None:
    """Delete the job when its time has come; otherwise none of this policy's business."""
    del observed
    ended = ended_at(job.status)
    if ended is None:
        return None
    expiration = expiration_time(job, ended, installation)
    return Plan(actions=(DeleteJob(),)) if expiration is not None and expiration <= now else None
