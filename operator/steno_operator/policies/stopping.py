"""Stopping: the operator ends a job, for a reason that stands in the status before anything is done about it.

Jobs first, so that an outage of the store holds no GPU; then the claim, which a worker that was faster has won.
Other policies say why by `stop`; this one does it.
"""

from datetime import datetime

from steno_operator.installation import Installation
from steno_operator.observed import Observed
from steno_operator.plan import Action, ClaimOutcome, Plan
from steno_operator.policies.adoption import adoption
from steno_operator.policies.wanted import working_deletions
from steno_types import (
    OPERATOR_ATTEMPT,
    FailureStatus,
    JobIdentity,
    Manifest,
    Outcome,
    Reason,
    Stopping,
    TerminationMessage,
    TranscriptionJob,
    shorten,
)


def stop(job: TranscriptionJob, reason: Reason, message: str, now: datetime, *, exit_code: int | None = None) -> Plan:
    """Decide that the job ends, and write down why."""
    said = Stopping(reason=reason, message=shorten(message), exit_code=exit_code, time=now)
    # Zero: the next decision acts on it.
    return Plan(status=job.status.model_copy(update={"stopping": said}), requeue_after_seconds=0)


def claim(
    job: TranscriptionJob,
    said: TerminationMessage,
    installation: Installation,
    now: datetime,
    *,
    exit_code: int | None = None,
) -> ClaimOutcome:
    """Claim that the job failed; the next decision reads whichever manifest then stands."""
    manifest = Manifest(
        job=JobIdentity(namespace=job.metadata.namespace, name=job.metadata.name, uid=job.metadata.uid),
        attempt=OPERATOR_ATTEMPT,
        outcome=Outcome.FAILED,
        time=now,
        failure=FailureStatus.of(said.reason, said.message, exit_code=exit_code),
    )
    return ClaimOutcome(results_prefix=installation.results_prefix(job), manifest=manifest)


def decide(job: TranscriptionJob, observed: Observed, installation: Installation, now: datetime) -> Plan | None:
    """End the workers, then claim what was decided."""
    why = job.status.stopping
    if why is None:
        return None
    said = TerminationMessage(reason=why.reason, message=why.message)
    outcome = claim(job, said, installation, now, exit_code=why.exit_code)
    # Zero: the next decision reads the manifest.
    actions: tuple[Action, ...] = (*working_deletions(observed), *adoption(job, installation), outcome)
    return Plan(actions=actions, requeue_after_seconds=0)
