"""What attempts come to: how many counted, how many were free, for how long workers ran; and no list without end."""

from datetime import timedelta

import pytest

from steno_operator.policies.attempts import active_seconds, counted, interrupted, noted
from steno_types import MAX_ATTEMPTS, EarlierAttempts, Reason
from support.builders import NOON, JobBuilder, a_job, a_launched_job, beside

LATER = NOON + timedelta(seconds=90)


def a_row(*reasons: str, counts: bool = False) -> JobBuilder:
    """Give a job with an attempt of a minute for each reason."""
    job = a_job().adopted()
    for number, reason in enumerate(reasons):
        job = job.attempted(f"p{number}", end=NOON + timedelta(seconds=60), reason=reason, counted=counts)
    return job


@pytest.mark.parametrize(
    ("job", "costs"),
    [
        pytest.param(a_job(), (0, 0), id="none"),
        pytest.param(a_row("OutOfMemory", "JobLost", counts=True), (2, 0), id="counted"),
        pytest.param(a_row("Preempted", "Terminated", "NodeLost"), (0, 3), id="interrupted"),
        pytest.param(a_row("Suspended", "Suspended"), (0, 0), id="suspended: not even that"),
        pytest.param(
            a_row("Preempted").with_status(earlierAttempts={"count": 9, "counted": 2, "interrupted": 7}),
            (2, 8),
            id="with those no longer listed",
        ),
        pytest.param(a_job().attempted("p", end=NOON), (0, 0), id="one that won"),
        pytest.param(a_job().attempted("p"), (0, 0), id="one that runs"),
    ],
)
def test_what_was_spent(job: JobBuilder, costs: tuple[int, int]) -> None:
    """Counted attempts go against backoffLimit, interruptions against their own bound, suspensions against none."""
    status = job.build().status

    assert costs == (counted(status), interrupted(status))


@pytest.mark.parametrize(
    ("job", "seconds"),
    [
        pytest.param(a_job(), 0, id="none"),
        pytest.param(a_row("Preempted", "Suspended"), 120, id="two that ended"),
        pytest.param(a_row("Preempted").attempted("now", start=NOON + timedelta(seconds=80)), 70, id="one that runs"),
        pytest.param(a_job().attempted("ahead", start=LATER + timedelta(seconds=5)), 0, id="a node's clock is ahead"),
        pytest.param(
            a_row("Preempted").with_status(earlierAttempts={"activeSeconds": 30.5}), 90.5, id="with those not listed"
        ),
    ],
)
def test_for_how_long_workers_ran(job: JobBuilder, seconds: float) -> None:
    """The sum over attempts, each from its container's start to its end or to now; waiting does not count."""
    assert seconds == active_seconds(job.build().status, LATER)


def test_the_list_of_attempts_is_bounded() -> None:
    """The oldest are summed up, and neither budget nor running time loses anything by it."""
    job = a_launched_job()
    for number in range(MAX_ATTEMPTS):
        reason = ("Preempted", "OutOfMemory", "Suspended")[number % 3]
        job = job.attempted(f"p{number}", end=LATER, reason=reason, counted=reason == "OutOfMemory")
    before = job.build()

    after = noted(before, beside(before).with_batch_job().with_running_pod().with_ended_pod(75).build(), LATER)

    assert MAX_ATTEMPTS == len(after.status.attempts)
    assert ["p2", "talk-6f3d1c6e-1"] == [after.status.attempts[0].name, after.status.attempts[-1].name]
    assert EarlierAttempts(count=2, counted=1, interrupted=1, active_seconds=180) == after.status.earlier_attempts
    assert counted(before.status) + 1 == counted(after.status)
    assert interrupted(before.status) == interrupted(after.status)
    assert active_seconds(before.status, LATER) + 90 + 60 == active_seconds(after.status, LATER)


def test_what_was_summed_up_is_added_to() -> None:
    """A second overflow goes on from the sum of the first."""
    job = a_launched_job().with_status(
        earlierAttempts={"count": 5, "counted": 1, "interrupted": 2, "activeSeconds": 7}
    )
    for number in range(MAX_ATTEMPTS):
        job = job.attempted(f"p{number}", end=LATER, reason="NodeLost")
    there = job.build()

    after = noted(there, beside(there).with_batch_job().with_running_pod().build(), LATER)

    assert EarlierAttempts(count=6, counted=1, interrupted=3, active_seconds=97) == after.status.earlier_attempts
    assert Reason.NODE_LOST is after.status.attempts[0].reason
