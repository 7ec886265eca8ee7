"""For how long a job may run and wait: to the second, summed over attempts, and anew where it may start anew."""

from datetime import timedelta

import pytest

from steno_operator.observed import Observed
from steno_operator.policies.attempts import noted
from steno_operator.policies.deadlines import decide
from steno_types import ConditionType, Reason, Stopping
from support.builders import NOON, JobBuilder, ObservedBuilder, a_job, a_launched_job, an_installation, beside

HERE = an_installation()
LAUNCHED = a_launched_job()
AT_WORK = beside(LAUNCHED.build()).with_batch_job()
RUNNING = AT_WORK.with_running_pod()
POD = "talk-6f3d1c6e-0"


def stopped(job: JobBuilder, observed: Observed, *, seconds: float) -> Stopping | None:
    """Decide on a job whose attempts are noted, as `reconcile` does; gives why it ends, if it does."""
    now = NOON + timedelta(seconds=seconds)
    plan = decide(noted(job.build(), observed, now), observed, HERE, now)
    if plan is None:
        return None
    assert ((), 0) == (plan.actions, plan.requeue_after_seconds)
    assert plan.status is not None
    assert plan.status.stopping is not None
    return plan.status.stopping


ACTIVE = LAUNCHED.with_spec(activeDeadlineSeconds=600)


@pytest.mark.parametrize(
    ("job", "observed", "seconds", "late"),
    [
        pytest.param(ACTIVE, RUNNING, 599, False, id="a second early"),
        pytest.param(ACTIVE, RUNNING, 600, True, id="on the deadline"),
        pytest.param(LAUNCHED, RUNNING, 1e9, False, id="no deadline"),
        pytest.param(ACTIVE, AT_WORK, 1e9, False, id="waiting burns nothing"),
        pytest.param(
            ACTIVE.attempted("before", end=NOON + timedelta(seconds=400), reason="Preempted"),
            AT_WORK.with_pod(started=NOON + timedelta(seconds=1000)),
            1199,
            False,
            id="two attempts, a second early",
        ),
        pytest.param(
            ACTIVE.attempted("before", end=NOON + timedelta(seconds=400), reason="Preempted"),
            AT_WORK.with_pod(started=NOON + timedelta(seconds=1000)),
            1200,
            True,
            id="two attempts, on the deadline",
        ),
        pytest.param(
            ACTIVE.attempted("before", end=NOON + timedelta(seconds=600), reason="Suspended"),
            AT_WORK,
            601,
            True,
            id="spent by an attempt that was suspended",
        ),
        pytest.param(
            ACTIVE.with_status(earlierAttempts={"activeSeconds": 590}), RUNNING, 10, True, id="with those not listed"
        ),
        pytest.param(
            ACTIVE,
            AT_WORK.with_pod(failed=True, failure_reason="Evicted"),
            1e6,
            False,
            id="a pod that waited for long and never started",
        ),
    ],
)
def test_workers_may_run_for_so_long(
    job: JobBuilder, observed: ObservedBuilder, seconds: float, *, late: bool
) -> None:
    """The active deadline is running time summed over attempts; waiting and Pending burn none of it."""
    why = stopped(job, observed.build(), seconds=seconds)

    assert late == (why is not None)
    assert why is None or Reason.DEADLINE_EXCEEDED is why.reason


def test_an_exceeded_deadline_says_by_how_much() -> None:
    """Whoever set the deadline reads both numbers."""
    why = stopped(ACTIVE, RUNNING.build(), seconds=700)

    assert why is not None
    assert "Workers ran for 700 s; spec.activeDeadlineSeconds is 600." == why.message


PENDING = a_job().adopted().with_spec(pendingDeadlineSeconds=600)
WAITING = PENDING.launched()


@pytest.mark.parametrize(
    ("job", "observed", "seconds", "late"),
    [
        pytest.param(PENDING, beside(PENDING.build()), 599, False, id="no Job, a second early"),
        pytest.param(PENDING, beside(PENDING.build()), 600, True, id="no Job, on the deadline"),
        pytest.param(PENDING, beside(PENDING.build()).not_admitted(), 600, True, id="in line"),
        pytest.param(WAITING, AT_WORK, 600, True, id="no pod"),
        pytest.param(WAITING, AT_WORK.with_pod(waiting_reason="Unschedulable"), 600, True, id="no node"),
        pytest.param(WAITING, AT_WORK.with_batch_job(1, suspended=True), 600, True, id="no quota"),
        pytest.param(WAITING, RUNNING, 1e9, False, id="running"),
        pytest.param(LAUNCHED, AT_WORK, 1e9, False, id="no deadline"),
        pytest.param(
            WAITING.attempted("before", end=NOON + timedelta(seconds=500), reason="Preempted"),
            AT_WORK,
            1099,
            False,
            id="since its last eviction, a second early",
        ),
        pytest.param(
            WAITING.attempted("before", end=NOON + timedelta(seconds=500), reason="Preempted"),
            AT_WORK,
            1100,
            True,
            id="since its last eviction, on the deadline",
        ),
        pytest.param(
            WAITING.condition(ConditionType.SUSPENDED, holds=False, since=NOON + timedelta(seconds=500)),
            AT_WORK,
            1099,
            False,
            id="since it was resumed, a second early",
        ),
        pytest.param(
            WAITING.condition(ConditionType.SUSPENDED, holds=False, since=NOON + timedelta(seconds=500)),
            AT_WORK,
            1100,
            True,
            id="since it was resumed, on the deadline",
        ),
    ],
)
def test_a_job_may_wait_for_so_long(
    job: JobBuilder, observed: ObservedBuilder, seconds: float, *, late: bool
) -> None:
    """The pending deadline is the time without a worker since creation, resumption or the last attempt's end."""
    why = stopped(job, observed.build(), seconds=seconds)

    assert late == (why is not None)
    assert why is None or Reason.PENDING_DEADLINE_EXCEEDED is why.reason


def test_a_job_that_waited_in_vain_says_for_what() -> None:
    """The last reason for waiting is in the words of the failure, as nobody sees the condition any more."""
    job = WAITING.condition(ConditionType.QUEUED, message="No node has enough nvidia.com/gpu free.")

    why = stopped(job, AT_WORK.build(), seconds=660)

    assert why is not None
    assert (
        "No worker ran for 660 s; spec.pendingDeadlineSeconds is 600. "
        "It waited for this: No node has enough nvidia.com/gpu free."
    ) == why.message


def test_a_wait_that_is_over_is_not_told() -> None:
    """A condition that does not hold says nothing of what the job waited for."""
    job = WAITING.condition(ConditionType.QUEUED, holds=False, message="Of long ago.")

    why = stopped(job, AT_WORK.build(), seconds=600)

    assert why is not None
    assert why.message.endswith("is 600.")
