"""A Job that somebody deletes when its job has no attempt left was not needed any more: its loss is no attempt."""

from datetime import timedelta

from steno_operator.policies.attempts import noted
from steno_types import Reason
from support.builders import NOON, a_launched_job, beside

LATER = NOON + timedelta(minutes=1)


def test_the_loss_of_a_spent_jobs_job_is_no_attempt() -> None:
    """The last attempt keeps the last word: what it said is why the job fails."""
    job = a_launched_job().with_spec(backoffLimit=0)
    spent = job.attempted("pod-0", end=LATER, reason=Reason.DEVICE_OUT_OF_MEMORY, counted=True).build()

    status = noted(spent, beside(spent).build(), LATER).status

    assert [Reason.DEVICE_OUT_OF_MEMORY] == [attempt.reason for attempt in status.attempts]
    assert status.job_ref is None


def test_the_loss_of_an_interrupted_jobs_job_is_an_attempt() -> None:
    """What was free before leaves the loss its place."""
    job = a_launched_job().with_spec(backoffLimit=0)
    going = job.attempted("pod-0", end=LATER, reason=Reason.DRAINED, counted=False).build()

    status = noted(going, beside(going).build(), LATER).status

    assert [Reason.DRAINED, Reason.JOB_LOST] == [attempt.reason for attempt in status.attempts]
