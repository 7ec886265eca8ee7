"""Ending a job: why is written first, then the Jobs go, then the outcome is claimed, and what stands decides."""

from datetime import timedelta

import pytest

from steno_operator.observed import Observed
from steno_operator.plan import Adopt, ClaimOutcome, DeleteBatchJob, Plan
from steno_operator.policies import cancellation
from steno_operator.policies.stopping import decide, stop
from steno_types import ConditionType, Outcome, Phase, Reason, failure_for, to_rfc3339
from support.builders import (
    NOON,
    JobBuilder,
    ObservedBuilder,
    a_complete_manifest,
    a_job,
    a_launched_job,
    an_installation,
    beside,
)
from unit.operator_decisions.deciding.world import World

HERE = an_installation()
PREFIX = "steno/speech/jobs/talk-6f3d1c6e/"
WHY = {"reason": "OutOfMemory", "message": "It grew and grew.", "exitCode": 137, "time": to_rfc3339(NOON)}
STOPPING = a_launched_job().with_status(stopping=WHY)
LATER = NOON + timedelta(minutes=5)
FIRST, SECOND = DeleteBatchJob(name="talk-6f3d1c6e"), DeleteBatchJob(name="talk-6f3d1c6e-1")


def test_stopping_begins_with_its_reason() -> None:
    """Nothing is done about it before the reason is in the status, with what else is there."""
    job = a_launched_job().attempted("p").build()

    plan = stop(job, Reason.DEADLINE_EXCEEDED, "x" * 2000, NOON, exit_code=3)

    assert ((), 0) == (plan.actions, plan.requeue_after_seconds)
    assert plan.status is not None
    assert plan.status.stopping is not None
    assert (Reason.DEADLINE_EXCEEDED, 1024, 3, NOON) == (
        plan.status.stopping.reason,
        len(plan.status.stopping.message),
        plan.status.stopping.exit_code,
        plan.status.stopping.time,
    )
    assert job.status == plan.status.model_copy(update={"stopping": None})


@pytest.mark.parametrize(
    ("observed", "deletions"),
    [
        pytest.param(beside(STOPPING.build()), (), id="no Job"),
        pytest.param(beside(STOPPING.build()).with_batch_job().with_running_pod(), (FIRST,), id="at work"),
        pytest.param(beside(STOPPING.build()).with_batch_job().with_batch_job(1), (FIRST, SECOND), id="two"),
        pytest.param(beside(STOPPING.build()).with_batch_job(deleting=True), (), id="leaving"),
        pytest.param(beside(STOPPING.build()).with_batch_job(failed=True), (), id="failed"),
    ],
)
def test_jobs_go_before_the_claim(observed: ObservedBuilder, deletions: tuple[DeleteBatchJob, ...]) -> None:
    """An outage of the store holds no GPU: what works is deleted first, what has ended stays to be looked at."""
    plan = decide(STOPPING.build(), observed.build(), HERE, LATER)

    assert plan is not None
    *before, claim = plan.actions
    assert (list(deletions), None, 0) == (before, plan.status, plan.requeue_after_seconds)
    assert isinstance(claim, ClaimOutcome)
    assert PREFIX == claim.results_prefix


def test_the_claim_says_what_was_decided() -> None:
    """The manifest is the operator's own, of this job, with all that the failure table has to say."""
    job = STOPPING.build()
    plan = decide(job, Observed(), HERE, LATER)
    assert plan is not None
    (claim,) = plan.actions
    assert isinstance(claim, ClaimOutcome)
    manifest, row = claim.manifest, failure_for(Reason.OUT_OF_MEMORY)

    assert ("operator", Outcome.FAILED, LATER, job.metadata.uid) == (
        manifest.attempt,
        manifest.outcome,
        manifest.time,
        manifest.job.uid,
    )
    assert manifest.failure is not None
    assert (row.reason, "It grew and grew.", row.remedy, 137, True) == (
        manifest.failure.reason,
        manifest.failure.message,
        manifest.failure.remedy,
        manifest.failure.exit_code,
        manifest.failure.retryable,
    )


def test_a_job_that_nobody_stops_is_none_of_its_business() -> None:
    """Without a reason in the status there is nothing to decide."""
    assert decide(a_launched_job().build(), Observed(), HERE, NOON) is None


@pytest.mark.parametrize(
    ("job", "plan"),
    [
        pytest.param(a_launched_job(), None, id="not cancelled"),
        pytest.param(
            a_launched_job().with_spec(cancel=True),
            stop(a_launched_job().build(), Reason.CANCELLED, failure_for(Reason.CANCELLED).meaning, NOON),
            id="cancelled",
        ),
    ],
)
def test_a_cancellation_is_a_stop(job: JobBuilder, plan: Plan | None) -> None:
    """It is written down like any other reason."""
    assert plan == cancellation.decide(job.build(), Observed(), HERE, NOON)


CANCELLED = a_launched_job().with_spec(cancel=True)


@pytest.mark.parametrize(
    "observed",
    [
        pytest.param(beside(CANCELLED.build()).with_batch_job(), id="waiting"),
        pytest.param(beside(CANCELLED.build()).with_batch_job().with_running_pod(), id="running"),
        pytest.param(beside(CANCELLED.build()).with_batch_job(deleting=True).with_running_pod(), id="leaving"),
        pytest.param(beside(CANCELLED.build()), id="its Job lost"),
        pytest.param(beside(CANCELLED.with_spec(suspend=True).build()).with_batch_job(), id="suspended"),
        pytest.param(beside(a_job().with_spec(cancel=True).build()), id="never looked at"),
        pytest.param(beside(a_job().with_spec(cancel=True, suspend=True).build()), id="never adopted, suspended"),
        pytest.param(beside(a_job().with_spec(cancel=True).build()).not_admitted(), id="in line"),
    ],
)
def test_a_cancelled_job_ends_as_cancelled(observed: ObservedBuilder) -> None:
    """Wherever a cancellation meets a job, it ends, its GPU is free, and what it left is its own to release."""
    world = World.of(observed)

    world.settle()

    status = world.job.status
    assert status.failure is not None
    assert (Phase.FAILED, Reason.CANCELLED, False) == (status.phase, status.failure.reason, status.failure.retryable)
    assert [] == world.working
    assert status.stopping is None
    assert world.job.metadata.finalizers


def test_nothing_is_claimed_for_a_job_that_is_not_held() -> None:
    """A claim is an object in the store: the finalizer that will take it away comes first."""
    job = a_job().with_status(stopping=WHY).build()

    plan = decide(job, Observed(), HERE, NOON)

    assert plan is not None
    adopt, claim = plan.actions
    assert Adopt(results_prefix=PREFIX) == adopt
    assert isinstance(claim, ClaimOutcome)


@pytest.mark.parametrize(
    ("job", "observed"),
    [
        pytest.param(STOPPING, beside(STOPPING.build()).with_batch_job().with_running_pod(), id="stopping"),
        pytest.param(CANCELLED, beside(CANCELLED.build()).with_batch_job().with_ended_pod(0), id="cancelled"),
    ],
)
def test_a_worker_that_was_faster_has_won(job: JobBuilder, observed: ObservedBuilder) -> None:
    """What is published already stays published: the manifest that stands decides."""
    world = World.of(observed.with_manifest(a_complete_manifest(job.build())))

    world.settle()

    assert (Phase.COMPLETED, None, None) == (
        world.job.status.phase,
        world.job.status.failure,
        world.job.status.condition(ConditionType.FAILED),
    )


def test_a_reason_that_was_written_down_stays() -> None:
    """A job that is cancelled while it is stopped for another reason ends for that one."""
    world = World.of(beside(STOPPING.with_spec(cancel=True).build()).with_batch_job())

    world.settle()

    assert world.job.status.failure is not None
    assert Reason.OUT_OF_MEMORY is world.job.status.failure.reason
