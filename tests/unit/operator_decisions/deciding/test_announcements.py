"""What is told of a job on its way: what went wrong, what was free, what people did; and of a smooth way nothing."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from steno_operator.reconcile import reconcile
from steno_types import Reason, failure_for
from support.builders import (
    NOON,
    ObservedBuilder,
    a_complete_manifest,
    a_failed_manifest,
    a_job,
    a_launched_job,
    an_installation,
    beside,
)
from unit.operator_decisions.deciding.world import World

LAUNCHED = a_launched_job()
AT_WORK = beside(LAUNCHED.build()).with_batch_job()
RUNNING = AT_WORK.with_running_pod()
POD = "talk-6f3d1c6e-0"


def told(world: World) -> list[tuple[str, str]]:
    """Give kind and reason of all that was told, in order."""
    return [(announcement.kind, announcement.reason) for announcement in world.told]


def test_a_smooth_way_announces_nothing() -> None:
    """From creation to Complete nobody is told anything that the status does not say."""
    world = World(a_job().build())
    world.settle()
    (batch_job,) = world.working
    pod = world.start_pod(batch_job)
    world.settle()
    world.manifest = a_complete_manifest(world.job, attempt=pod.name)
    world.end_pod(pod, 0)
    world.settle()
    world.pass_time(700)
    world.settle()

    assert "Completed" == world.job.status.phase
    assert [] == told(world)


def suspends(world: World) -> None:
    """Suspend the job."""
    world.change(suspend=True)


def suspends_and_resumes(world: World) -> None:
    """Suspend the job, and let it go on."""
    world.change(suspend=True)
    world.settle()
    world.change(suspend=False)


def cancels(world: World) -> None:
    """Cancel the job."""
    world.change(cancel=True)


def deletes_the_job(world: World) -> None:
    """Delete the Job that does the work."""
    world.delete_batch_job("talk-6f3d1c6e")


def fails(exit_code: int, disruption: str = "") -> Callable[[World], None]:
    """Have the worker end."""

    def happens(world: World) -> None:
        (pod,) = world.pods.values()
        world.end_pod(pod, exit_code, disruption=disruption)

    return happens


def stands_still(world: World) -> None:
    """Let the worker stand still."""
    world.pass_time(300)


def loses_its_node(world: World) -> None:
    """Let the worker's node go silent."""
    (pod,) = world.pods.values()
    world.lose_node(pod)
    world.pass_time(200)


def claims_a_failure(world: World) -> None:
    """Have the worker give up for good."""
    (pod,) = world.pods.values()
    world.manifest = a_failed_manifest(world.job).model_copy(update={"attempt": pod.name})
    world.end_pod(pod, 65)


@pytest.mark.parametrize(
    ("happens", "announced"),
    [
        pytest.param(suspends, [("Normal", "Suspended")], id="suspended"),
        pytest.param(suspends_and_resumes, [("Normal", "Suspended"), ("Normal", "Resumed")], id="resumed"),
        pytest.param(cancels, [("Warning", "Cancelled")], id="cancelled"),
        pytest.param(deletes_the_job, [("Warning", "AttemptFailed")], id="its Job deleted"),
        pytest.param(fails(75), [("Warning", "AttemptFailed")], id="an attempt that counts"),
        pytest.param(
            fails(137, "PreemptionByScheduler"), [("Normal", "AttemptInterrupted")], id="an attempt that is free"
        ),
        pytest.param(stands_still, [("Warning", "WorkerStalled")], id="a worker that stands still"),
        pytest.param(loses_its_node, [("Normal", "AttemptInterrupted"), ("Warning", "NodeLost")], id="a lost node"),
        pytest.param(claims_a_failure, [("Warning", "AudioUndecodable")], id="the end alone"),
    ],
)
def test_what_is_told(happens: Callable[[World], None], announced: list[tuple[str, str]]) -> None:
    """Each thing once, however often the job is looked at."""
    world = World.of(beside(LAUNCHED.with_spec(stallSeconds=300).build()).with_batch_job().with_running_pod())
    world.limits["talk-6f3d1c6e"] = 3
    world.settle()
    assert [] == told(world)

    happens(world)
    world.settle()
    world.settle()

    assert announced == told(world)


@pytest.mark.parametrize(
    ("observed", "message"),
    [
        pytest.param(
            AT_WORK.with_ended_pod(75),
            f"{POD}: DeviceOutOfMemory: {failure_for(Reason.DEVICE_OUT_OF_MEMORY).meaning}",
            id="failed",
        ),
        pytest.param(
            AT_WORK.with_ended_pod(143), f"{POD}: Terminated: {failure_for(Reason.TERMINATED).meaning}", id="free"
        ),
        pytest.param(
            beside(LAUNCHED.build()),
            f"talk-6f3d1c6e: JobLost: {failure_for(Reason.JOB_LOST).meaning}",
            id="lost",
        ),
    ],
)
def test_an_attempt_is_told_by_its_name(observed: ObservedBuilder, message: str) -> None:
    """Whoever describes the job reads which pod it was, the reason, and what it means."""
    plan = reconcile(LAUNCHED.build(), observed.build(), an_installation(), NOON)

    assert [message] == [announcement.message for announcement in plan.announcements]


def test_the_last_attempt_is_told_by_the_end() -> None:
    """The attempt that spends the budget is told of, and then the failure that it comes to."""
    world = World.of(beside(LAUNCHED.with_spec(backoffLimit=0).build()).with_batch_job().with_running_pod())
    world.settle()

    fails(75)(world)
    world.settle()

    assert [("Warning", "AttemptFailed"), ("Warning", "DeviceOutOfMemory")] == told(world)


def test_a_copy_that_was_not_made_is_told() -> None:
    """The job is Complete, so the Event says what the warning says."""
    job = LAUNCHED.delivered_to("talks", bucket="own").with_spec(cancel=True).build()

    plan = reconcile(job, beside(job).with_manifest(a_complete_manifest(job)).build(), an_installation(), NOON)

    (announcement,) = plan.announcements
    assert plan.status is not None
    assert ("Warning", "DeliveryFailed", plan.status.warnings[0]) == (
        announcement.kind,
        announcement.reason,
        announcement.message,
    )


def test_a_release_that_is_given_up_is_told() -> None:
    """Whoever watches the namespace learns that something may be left."""
    job = LAUNCHED.deleted().build()

    plan = reconcile(job, beside(job).build(), an_installation(), NOON + timedelta(hours=2))

    assert ["ReleaseTimedOut"] == [announcement.reason for announcement in plan.announcements]
