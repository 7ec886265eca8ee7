"""Suspension: the Job is let go, then deleted; resuming makes the next one; and what a queue suspends is not ours."""

from datetime import timedelta

import pytest

from steno_operator.observed import Observed
from steno_operator.plan import DeleteBatchJob, Plan
from steno_operator.policies.suspension import RESUMED, SUSPENDED, decide
from steno_types import ConditionType, Phase, Reason, WaitingReason
from support.builders import (
    NOON,
    ObservedBuilder,
    a_complete_manifest,
    a_job,
    a_launched_job,
    an_installation,
    beside,
)
from unit.operator_decisions.deciding.world import World

HERE = an_installation()
LATER = NOON + timedelta(minutes=5)
RUNNING = a_launched_job().condition(ConditionType.QUEUED, holds=False).condition(ConditionType.RUNNING)
SAID = a_job().adopted().with_status(launches=1).with_spec(suspend=True).condition(ConditionType.SUSPENDED)
"""A suspended job that says so, and whose Job is no longer named."""


def a_running_world(**spec: object) -> World:
    """Give a job at work, all of it written down."""
    world = World.of(beside(a_launched_job().with_spec(**spec).build()).with_batch_job().with_running_pod())
    world.settle()
    return world


def test_the_name_goes_out_of_the_status_first() -> None:
    """Before anything is deleted the status says that no Job is wanted, so that no crash takes it for a loss."""
    job = RUNNING.with_spec(suspend=True).with_metadata(generation=3).build()

    plan = decide(job, beside(job).with_batch_job().build(), HERE, LATER)

    assert plan is not None
    assert ((), 0) == (plan.actions, plan.requeue_after_seconds)
    status = plan.status
    assert status is not None
    assert (None, 1, 3, Phase.PENDING) == (
        status.job_ref,
        status.launches,
        status.observed_generation,
        status.phase,
    )
    assert {"Queued": "False", "Running": "False", "Suspended": "True"} == {
        condition.type: condition.status for condition in status.conditions
    }
    said = status.condition(ConditionType.SUSPENDED)
    assert said is not None
    assert (WaitingReason.SUSPENDED, SUSPENDED, LATER) == (said.reason, said.message, said.last_transition_time)


def test_a_job_that_was_never_launched_says_only_that_it_is_suspended() -> None:
    """Conditions that it never had are not made up."""
    plan = decide(a_job().with_spec(suspend=True).build(), Observed(), HERE, NOON)

    assert plan is not None
    assert plan.status is not None
    assert [ConditionType.SUSPENDED] == [condition.type for condition in plan.status.conditions]


@pytest.mark.parametrize(
    ("observed", "actions"),
    [
        pytest.param(beside(SAID.build()), (), id="no Job"),
        pytest.param(beside(SAID.build()).with_batch_job(), (DeleteBatchJob(name="talk-6f3d1c6e"),), id="at work"),
        pytest.param(
            beside(SAID.build()).with_batch_job(1),
            (DeleteBatchJob(name="talk-6f3d1c6e-1"),),
            id="created, and not yet written down",
        ),
        pytest.param(beside(SAID.build()).with_batch_job(deleting=True), (), id="leaving"),
        pytest.param(beside(SAID.build()).with_batch_job(failed=True), (), id="failed"),
    ],
)
def test_a_suspended_job_has_no_job(observed: ObservedBuilder, actions: tuple[DeleteBatchJob, ...]) -> None:
    """Whatever could still run a pod is deleted, and nothing else is done."""
    assert Plan(actions=actions) == decide(SAID.build(), observed.build(), HERE, LATER)


def test_a_resumed_job_says_so_and_is_launched_next() -> None:
    """Suspended turns False, at the moment from which its waiting counts anew."""
    job = SAID.with_spec(suspend=False).build()

    plan = decide(job, Observed(), HERE, LATER)

    assert plan is not None
    assert ((), 0) == (plan.actions, plan.requeue_after_seconds)
    assert plan.status is not None
    said = plan.status.condition(ConditionType.SUSPENDED)
    assert said is not None
    assert ("False", "Resumed", RESUMED, LATER) == (
        said.status,
        said.reason,
        said.message,
        said.last_transition_time,
    )


@pytest.mark.parametrize(
    "job",
    [
        pytest.param(RUNNING, id="never suspended"),
        pytest.param(RUNNING.condition(ConditionType.SUSPENDED, holds=False), id="resumed long ago"),
    ],
)
def test_a_job_that_goes_on_is_none_of_its_business(job: object) -> None:
    """Without a suspension, in spec or status, there is nothing to decide."""
    assert decide(job.build(), Observed(), HERE, NOON) is None  # type: ignore[attr-defined]


def test_from_suspension_to_resumption() -> None:
    """The Job goes, the attempt was free, the next Job has the next number and comes when the old one is gone."""
    world = a_running_world(backoffLimit=0)

    world.change(suspend=True)
    world.settle()
    (leaving,) = world.batch_jobs.values()
    assert leaving.deleting
    world.change(suspend=False)
    world.settle()
    assert [] == world.working
    world.pass_time(31)
    world.settle()

    assert ["talk-6f3d1c6e-1"] == [found.name for found in world.working]
    assert [(Reason.SUSPENDED, False)] == [(one.reason, one.counted) for one in world.job.status.attempts]
    assert (Phase.QUEUED, 2) == (world.job.status.phase, world.job.status.launches)


def test_a_moments_suspension_costs_the_job_all_the_same() -> None:
    """A job that is resumed before its Job was deleted gets the next one; the old one goes."""
    world = a_running_world()
    world.change(suspend=True)
    world.look()
    world.change(suspend=False)

    world.settle()
    world.pass_time(31)
    world.settle()

    assert ["talk-6f3d1c6e-1"] == list(world.batch_jobs)


def test_a_suspended_job_that_was_done_is_done() -> None:
    """A worker that had claimed before it was told to go has won."""
    world = a_running_world()
    world.manifest = a_complete_manifest(world.job)

    world.change(suspend=True)
    world.settle()

    status = world.job.status
    assert Phase.COMPLETED is status.phase
    suspended = status.condition(ConditionType.SUSPENDED)
    assert suspended is not None
    assert not suspended.is_true


def test_a_job_held_back_by_its_queue_is_queued() -> None:
    """What Kueue suspends reads as waiting for quota; the Job stays, and what it interrupted was free."""
    world = a_running_world(queueName="gpus", backoffLimit=0)
    (found,) = world.working
    (pod,) = world.pods.values()
    world.batch_jobs[found.name] = type(found)(
        name=found.name, uid=found.uid, owner_uid=found.owner_uid, suspended=True
    )
    world.end_pod(pod, 137)
    world.batch_jobs[found.name] = type(found)(
        name=found.name, uid=found.uid, owner_uid=found.owner_uid, suspended=True
    )

    world.settle()

    status = world.job.status
    queued = status.condition(ConditionType.QUEUED)
    assert queued is not None
    assert (Phase.QUEUED, WaitingReason.QUOTA_EXHAUSTED, None) == (
        status.phase,
        queued.reason,
        status.condition(ConditionType.SUSPENDED),
    )
    assert [(Reason.SUSPENDED, False)] == [(one.reason, one.counted) for one in status.attempts]
    assert [found.name] == [working.name for working in world.working]
