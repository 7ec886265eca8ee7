"""Workers that stand still, cannot start, or are on a node that is lost: what is done about each, and when."""

from datetime import timedelta
from typing import Any

import pytest

from steno_operator.plan import Plan
from steno_operator.policies.attempts import STUCK_SECONDS, noted
from steno_operator.policies.deadlines import HOPELESS, NEVER_STARTS, decide
from steno_types import Phase, Reason, failure_for, to_rfc3339
from support.builders import NOON, JobBuilder, ObservedBuilder, a_launched_job, an_installation, beside
from unit.operator_decisions.deciding.world import World

HERE = an_installation(pod_start_timeout_seconds=900)
LAUNCHED = a_launched_job()
AT_WORK = beside(LAUNCHED.build()).with_batch_job()
POD = "talk-6f3d1c6e-0"


def decided(job: JobBuilder, observed: ObservedBuilder, *, seconds: float) -> Plan | None:
    """Decide on a job whose attempts are noted, as `reconcile` does."""
    seen, now = observed.build(), NOON + timedelta(seconds=seconds)
    return decide(noted(job.build(), seen, now), seen, HERE, now)


STALLING = LAUNCHED.with_spec(stallSeconds=300)
RUNNING = AT_WORK.with_running_pod()
GOT_ON = {"percent": 3, "processedSeconds": 1, "totalSeconds": 30, "time": to_rfc3339(NOON + timedelta(seconds=200))}
BEFORE = {**GOT_ON, "time": to_rfc3339(NOON - timedelta(seconds=200))}


@pytest.mark.parametrize(
    ("job", "observed", "seconds", "stalled"),
    [
        pytest.param(STALLING, RUNNING, 299, False, id="a second early"),
        pytest.param(STALLING, RUNNING, 300, True, id="never got on"),
        pytest.param(STALLING.with_status(progress=GOT_ON), RUNNING, 499, False, id="got on, a second early"),
        pytest.param(STALLING.with_status(progress=GOT_ON), RUNNING, 500, True, id="got on once"),
        pytest.param(STALLING.with_status(progress=BEFORE), RUNNING, 299, False, id="an earlier attempt's progress"),
        pytest.param(LAUNCHED, RUNNING, 1e9, False, id="no limit"),
        pytest.param(STALLING, AT_WORK, 1e9, False, id="no worker"),
        pytest.param(
            STALLING, AT_WORK.with_pod(started=NOON, deletion=NOON + timedelta(hours=1)), 400, False, id="on its way"
        ),
        pytest.param(
            STALLING.launched(1),
            beside(LAUNCHED.build()).with_batch_job(0).with_running_pod().with_batch_job(1),
            400,
            False,
            id="not of the Job that is wanted",
        ),
    ],
)
def test_a_worker_that_stands_still_has_had_its_chance(
    job: JobBuilder, observed: ObservedBuilder, seconds: float, *, stalled: bool
) -> None:
    """Without progress for stallSeconds its attempt ends, counted, and its Job is let go before it is deleted."""
    plan = decided(job, observed, seconds=seconds)

    assert stalled == (plan is not None)
    if plan is not None:
        assert ((), 0) == (plan.actions, plan.requeue_after_seconds)
        assert plan.status is not None
        assert (None, None, 1) == (plan.status.job_ref, plan.status.stopping, plan.status.launches)
        (attempt,) = plan.status.attempts
        assert (POD, Reason.WORKER_STALLED, True) == (attempt.name, attempt.reason, attempt.counted)
        assert NOON + timedelta(seconds=seconds) == attempt.end


@pytest.mark.parametrize(
    ("limit", "phase"),
    [pytest.param(1, Phase.QUEUED, id="a retry left"), pytest.param(0, Phase.FAILED, id="none left")],
)
def test_after_a_stall(limit: int, phase: Phase) -> None:
    """The Job goes; another one follows while there are retries, else the job fails as WorkerStalled."""
    world = World.of(beside(STALLING.with_spec(backoffLimit=limit).build()).with_batch_job().with_running_pod())
    world.settle()
    world.pass_time(300)
    world.settle()
    world.pass_time(31)
    world.settle()

    assert phase is world.job.status.phase
    assert (["talk-6f3d1c6e-1"] if limit else []) == list(world.batch_jobs)
    if world.job.status.failure is not None:
        assert Reason.WORKER_STALLED is world.job.status.failure.reason


@pytest.mark.parametrize("waiting_reason", sorted(NEVER_STARTS))
@pytest.mark.parametrize(("seconds", "in_vain"), [(0, False), (899, False), (900, True)])
def test_a_pod_that_cannot_start(waiting_reason: str, seconds: float, *, in_vain: bool) -> None:
    """All of its kind would fare alike, so the job is stopped: after a while, or at once where time heals nothing."""
    pod: dict[str, Any] = {"scheduled": NOON, "waiting_reason": waiting_reason, "waiting_message": "Back-off."}

    plan = decided(LAUNCHED, AT_WORK.with_pod(**pod), seconds=seconds)

    in_vain = in_vain or waiting_reason in HOPELESS
    assert in_vain == (plan is not None)
    if plan is not None:
        assert plan.status is not None
        assert plan.status.stopping is not None
        reason = NEVER_STARTS[waiting_reason]
        assert (reason, f"{failure_for(reason).meaning} ({waiting_reason}: Back-off.)") == (
            plan.status.stopping.reason,
            plan.status.stopping.message,
        )


@pytest.mark.parametrize(
    "observed",
    [
        pytest.param(AT_WORK.with_pod(waiting_reason="Unschedulable"), id="no node"),
        pytest.param(AT_WORK.with_pod(scheduled=NOON, waiting_reason="ContainerCreating"), id="starting"),
        pytest.param(AT_WORK.with_pod(scheduled=NOON), id="no word"),
        pytest.param(
            AT_WORK.with_pod(scheduled=NOON, waiting_reason="ErrImagePull", deletion=NOON + timedelta(days=1)),
            id="on its way out",
        ),
        pytest.param(
            beside(LAUNCHED.build()).with_pod(scheduled=NOON, waiting_reason="ErrImagePull"), id="of no wanted Job"
        ),
        pytest.param(AT_WORK.with_running_pod(), id="running"),
    ],
)
def test_what_may_start_yet_is_waited_for(observed: ObservedBuilder) -> None:
    """A pod that waits for what clusters do give in time stops nothing."""
    assert decided(LAUNCHED.with_status(attempts=[]), observed, seconds=3600) is None


def test_without_a_word_the_reason_is_enough() -> None:
    """A kubelet that says no more leaves no colon behind."""
    plan = decided(LAUNCHED, AT_WORK.with_pod(waiting_reason="InvalidImageName"), seconds=0)

    assert plan is not None
    assert plan.status is not None
    assert plan.status.stopping is not None
    assert plan.status.stopping.message.endswith("(InvalidImageName)")


LEFT = {"deletion": NOON}


@pytest.mark.parametrize(
    ("observed", "seconds", "lost"),
    [
        pytest.param(AT_WORK.with_pod(started=NOON, **LEFT), STUCK_SECONDS, False, id="not for long enough"),
        pytest.param(AT_WORK.with_pod(started=NOON, **LEFT), STUCK_SECONDS + 1, True, id="for too long"),
        pytest.param(AT_WORK.with_pod(**LEFT), STUCK_SECONDS + 1, True, id="one that never started"),
        pytest.param(AT_WORK.with_ended_pod(143, deletion=NOON), 1e6, False, id="one that ended"),
        pytest.param(
            beside(LAUNCHED.build()).with_batch_job(failed=True).with_pod(started=NOON, **LEFT),
            1e6,
            False,
            id="of a Job that has ended",
        ),
    ],
)
def test_a_node_that_says_nothing_more_is_lost(observed: ObservedBuilder, seconds: float, *, lost: bool) -> None:
    """A pod that should have been gone long ago is not waited for: its Job is let go, and its attempt was free."""
    plan = decided(LAUNCHED, observed, seconds=seconds)

    assert lost == (plan is not None)
    if plan is not None:
        assert plan.status is not None
        assert (None, None, 0) == (plan.status.job_ref, plan.status.stopping, plan.requeue_after_seconds)
        assert {(Reason.NODE_LOST, False)} >= {(one.reason, one.counted) for one in plan.status.attempts}


def test_after_a_lost_node_the_next_job_works_elsewhere() -> None:
    """The old Job waits for its pod as long as it likes; the next one does not wait for it."""
    world = World.of(beside(LAUNCHED.with_spec(backoffLimit=0).build()).with_batch_job().with_running_pod())
    world.settle()
    (pod,) = world.pods.values()
    world.lose_node(pod)
    world.pass_time(STUCK_SECONDS + 1)

    world.settle()

    assert ["talk-6f3d1c6e-1"] == [found.name for found in world.working]
    assert world.batch_jobs["talk-6f3d1c6e"].deleting
    assert [Reason.NODE_LOST] == [attempt.reason for attempt in world.job.status.attempts]
