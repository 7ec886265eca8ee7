"""Cancellation: a job that its spec cancels ends as Failed; what it has published already stays."""

from datetime import datetime

from steno_operator.installation import Installation
from steno_operator.observed import Observed
from steno_operator.plan import Plan
from steno_operator.policies.stopping import stop
from steno_types import Reason, TranscriptionJob, failure_for


def decide(job: TranscriptionJob, observed: Observed, installation: Installation, now: datetime) -> Plan | None:
    """Stop the job if it is to be cancelled."""
    del observed, installation
    return stop(job, Reason.CANCELLED, failure_for(Reason.CANCELLED).meaning, now) if job.spec.cancel else None
