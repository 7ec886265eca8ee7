"""When the next look comes: never later than the next deadline, whatever else is decided; not for what is past."""

from datetime import timedelta
from typing import Any

import pytest

from steno_operator.policies.deadlines import next_due
from steno_operator.policies.waiting import POD_SECONDS
from steno_operator.reconcile import reconcile
from steno_types import ConditionType, to_rfc3339
from support.builders import NOON, JobBuilder, ObservedBuilder, a_job, a_launched_job, an_installation, beside
from unit.operator_decisions.deciding.world import World

HERE = an_installation(pod_start_timeout_seconds=900)
LAUNCHED = a_launched_job()
AT_WORK = beside(LAUNCHED.build()).with_batch_job()
POD = "talk-6f3d1c6e-0"
SEEN = LAUNCHED.attempted(POD)
RUNNING = AT_WORK.with_running_pod()
GOT_ON = {"percent": 3, "processedSeconds": 1, "totalSeconds": 30, "time": to_rfc3339(NOON + timedelta(seconds=50))}


@pytest.mark.parametrize(
    ("job", "observed", "seconds", "due"),
    [
        pytest.param(SEEN, RUNNING, 60, None, id="no deadlines"),
        pytest.param(SEEN.with_spec(activeDeadlineSeconds=600), RUNNING, 60, 540, id="running"),
        pytest.param(
            LAUNCHED.attempted("before", end=NOON + timedelta(seconds=100), reason="Preempted")
            .attempted(POD, start=NOON + timedelta(seconds=200))
            .with_spec(activeDeadlineSeconds=600),
            AT_WORK.with_running_pod(since=NOON + timedelta(seconds=200)),
            260,
            440,
            id="running, after another attempt",
        ),
        pytest.param(LAUNCHED.with_spec(activeDeadlineSeconds=600), AT_WORK, 60, None, id="not running"),
        pytest.param(LAUNCHED.with_spec(pendingDeadlineSeconds=600), AT_WORK, 60, 540, id="waiting"),
        pytest.param(SEEN.with_spec(pendingDeadlineSeconds=600), RUNNING, 60, None, id="not waiting"),
        pytest.param(LAUNCHED.with_spec(pendingDeadlineSeconds=600, suspend=True), AT_WORK, 60, None, id="suspended"),
        pytest.param(
            LAUNCHED.with_spec(pendingDeadlineSeconds=600).condition(
                ConditionType.SUSPENDED, holds=False, since=NOON + timedelta(seconds=50)
            ),
            AT_WORK,
            60,
            590,
            id="resumed",
        ),
        pytest.param(SEEN.with_spec(stallSeconds=300), RUNNING, 60, 240, id="no progress"),
        pytest.param(
            SEEN.with_spec(stallSeconds=300).with_status(progress=GOT_ON), RUNNING, 60, 290, id="some progress"
        ),
        pytest.param(
            SEEN.with_spec(stallSeconds=300, activeDeadlineSeconds=100), RUNNING, 60, 40, id="the earlier of two"
        ),
        pytest.param(
            SEEN,
            AT_WORK.with_pod(started=NOON, deletion=NOON + timedelta(seconds=30)),
            60,
            91,
            id="a pod that leaves",
        ),
        pytest.param(
            LAUNCHED, AT_WORK.with_pod(scheduled=NOON, waiting_reason="ErrImagePull"), 60, 840, id="cannot start"
        ),
        pytest.param(
            SEEN, AT_WORK.with_pod(started=NOON, deletion=NOON - timedelta(hours=1)), 60, None, id="a node long lost"
        ),
        pytest.param(SEEN.with_spec(stallSeconds=30), RUNNING, 60, None, id="past"),
    ],
)
def test_the_next_deadline(job: JobBuilder, observed: ObservedBuilder, seconds: float, due: float | None) -> None:
    """Time alone changes the answer then, and at no time before."""
    assert due == next_due(job.build(), observed.build(), HERE, NOON + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("job", "observed"),
    [
        pytest.param(a_job(), beside(a_job().build()), id="new"),
        pytest.param(a_job().adopted(), beside(a_job().build()).not_admitted(), id="in line"),
        pytest.param(LAUNCHED, AT_WORK, id="waiting for its pod"),
        pytest.param(LAUNCHED, AT_WORK.with_pod(waiting_reason="Unschedulable"), id="waiting for a node"),
        pytest.param(LAUNCHED, AT_WORK.with_pod(scheduled=NOON, waiting_reason="ErrImagePull"), id="for its image"),
        pytest.param(LAUNCHED, RUNNING, id="running"),
        pytest.param(LAUNCHED, AT_WORK.with_ended_pod(75), id="between attempts"),
        pytest.param(LAUNCHED, AT_WORK.with_ended_pod(75).with_running_pod(), id="second attempt"),
        pytest.param(
            LAUNCHED.with_spec(queueName="gpus"), AT_WORK.with_batch_job(1, suspended=True), id="in a queue"
        ),
        pytest.param(LAUNCHED, beside(LAUNCHED.build()), id="its Job lost"),
        pytest.param(LAUNCHED, beside(LAUNCHED.build()).with_batch_job(deleting=True), id="its Job leaving"),
        pytest.param(LAUNCHED.with_spec(suspend=True), RUNNING, id="to be suspended"),
    ],
)
@pytest.mark.parametrize(
    "spec",
    [
        {"activeDeadlineSeconds": 7},
        {"pendingDeadlineSeconds": 7},
        {"stallSeconds": 30},
        {"activeDeadlineSeconds": 50, "pendingDeadlineSeconds": 40, "stallSeconds": 30},
    ],
    ids=["active", "pending", "stall", "all"],
)
def test_no_deadline_is_slept_through(job: JobBuilder, observed: ObservedBuilder, spec: dict[str, Any]) -> None:
    """Whatever a plan waits for, the next look is not after the next deadline of the job as it stands then."""
    world = World.of(beside_of(job.with_spec(**spec), observed), installation=HERE)
    world.look()
    due = next_due(world.job, world.observed(), HERE, world.now)

    plan = world.look()

    assert due is None or plan.requeue_after_seconds is not None
    if due is not None and plan.requeue_after_seconds is not None:
        assert plan.requeue_after_seconds <= due


def beside_of(job: JobBuilder, observed: ObservedBuilder) -> ObservedBuilder:
    """Put what was laid out beside another job."""
    return type(observed)(job.build(), observed.batch_jobs, observed.pods, admitted=observed.admitted)


def test_what_is_asked_for_sooner_stays() -> None:
    """A deadline far away does not put off a look that is due before."""
    job = LAUNCHED.with_spec(pendingDeadlineSeconds=86_400).build()
    observed = beside(job).with_batch_job(created=NOON).build()

    assert POD_SECONDS + 1 == reconcile(job, observed, HERE, NOON).requeue_after_seconds


@pytest.mark.parametrize(
    "job",
    [pytest.param(LAUNCHED.deleted(), id="being released"), pytest.param(LAUNCHED.completed(), id="ended")],
)
def test_a_job_that_is_over_has_no_deadlines(job: JobBuilder) -> None:
    """Its deadlines wake nobody."""
    there = job.with_spec(pendingDeadlineSeconds=1, activeDeadlineSeconds=1, stallSeconds=30).ttl(-1).build()

    plan = reconcile(there, beside(there).with_running_pod().build(), HERE, NOON)

    assert plan.requeue_after_seconds in {None, 2.0}
