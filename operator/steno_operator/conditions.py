"""Make a condition of a job. Called by the policies; pure."""

from datetime import datetime

from steno_types import Condition, ConditionType, TranscriptionJob, shorten


def condition(
    job: TranscriptionJob, kind: ConditionType, reason: str, message: str, *, holds: bool, since: datetime
) -> Condition:
    """Claim that `kind` holds, or does not, since `since`, as decided on the job's present generation."""
    return Condition(
        type=kind,
        status="True" if holds else "False",
        reason=reason,
        message=shorten(message),
        last_transition_time=since,
        observed_generation=job.metadata.generation,
    )
