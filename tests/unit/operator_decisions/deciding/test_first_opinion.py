"""The policies in their order: which of them decides when several could, and that deciding is pure."""

import copy
import dataclasses
from datetime import timedelta

import pytest

from steno_operator.observed import Observed
from steno_operator.plan import ClaimOutcome, CreateBatchJob, DeleteBatchJob, DeleteJob, Plan, RemoveFinalizer
from steno_operator.reconcile import POLICIES, reconcile
from steno_types import ConditionType, Phase, Reason, TranscriptionJob, to_rfc3339
from support.builders import (
    NOON,
    JobBuilder,
    a_complete_manifest,
    a_job,
    a_launched_job,
    an_installation,
    beside,
)

HERE = an_installation()
AN_HOUR_LATER = NOON + timedelta(hours=1)
STOPPING = {"reason": "DeadlineExceeded", "message": "Too long.", "time": to_rfc3339(NOON)}
ALL_AT_ONCE = a_launched_job().with_spec(cancel=True, suspend=True, activeDeadlineSeconds=1, backoffLimit=0)


def histories() -> list[tuple[TranscriptionJob, Observed]]:
    """Give one of everything that a job may be in the midst of."""
    new, launched = a_job().build(), a_launched_job().build()
    finished = a_launched_job().completed().build()
    leaving = a_launched_job().completed().deleted().build()
    running = beside(launched).with_batch_job().with_running_pod()
    owed = a_launched_job().delivered_to("talks", bucket="own").build()
    stopping = a_launched_job().with_status(stopping=STOPPING).build()
    cancelled = a_launched_job().with_spec(cancel=True).build()
    suspended = a_launched_job().with_spec(suspend=True).build()
    late = a_launched_job().with_spec(activeDeadlineSeconds=60).attempted("talk-6f3d1c6e-0").build()
    return [
        (new, beside(new).build()),
        (a_job().with_spec(profile="no-such").build(), beside(new).build()),
        (launched, running.build()),
        (launched, running.with_manifest(a_complete_manifest(launched)).build()),
        (launched, beside(launched).with_batch_job(failed=True).with_ended_pod(65).build()),
        (owed, beside(owed).with_batch_job().with_ended_pod(69).with_manifest(a_complete_manifest(owed)).build()),
        (stopping, running.build()),
        (cancelled, running.build()),
        (suspended, running.build()),
        (late, running.build()),
        (finished, beside(finished).build()),
        (leaving, beside(leaving).with_batch_job().build()),
        (leaving, beside(leaving).build()),
    ]


def test_equal_arguments_give_an_equal_plan() -> None:
    """Deciding reads no clock, no dice and no memory, and leaves its arguments as they were."""
    for job, observed in histories():
        before = copy.deepcopy((job, dataclasses.asdict(observed)))

        first = reconcile(job, observed, HERE, AN_HOUR_LATER)
        second = reconcile(job.model_copy(deep=True), copy.deepcopy(observed), an_installation(), AN_HOUR_LATER)

        assert first == second
        assert before == (job, dataclasses.asdict(observed))


def test_every_policy_decides_something() -> None:
    """No policy is dead: each is the first with an opinion for at least one of the histories."""
    deciding = {
        next(
            (decide.__module__ for decide in POLICIES if decide(job, observed, HERE, now) is not None),
            "nobody at all",
        )
        for job, observed in histories()
        for now in (NOON, AN_HOUR_LATER)
    }

    assert {decide.__module__ for decide in POLICIES} <= deciding


def test_the_order_is_the_order_of_importance() -> None:
    """Whatever ends a job comes before whatever keeps it going."""
    names = [decide.__module__.rpartition(".")[2] for decide in POLICIES]

    assert [
        "release",
        "expiry",
        "terminal",
        "outcome",
        "stopping",
        "cancellation",
        "suspension",
        "retries",
        "deadlines",
        "launch",
        "waiting",
    ] == names


def test_release_comes_before_everything() -> None:
    """A deleted job is released, whether it has ended, expired, or been answered by a manifest."""
    job = a_launched_job().completed().deleted(AN_HOUR_LATER).build()
    observed = beside(job).with_batch_job(complete=True).with_manifest(a_complete_manifest(job)).build()

    plan = reconcile(job, observed, HERE, AN_HOUR_LATER)

    assert (DeleteBatchJob(name="talk-6f3d1c6e"),) == plan.actions


def test_a_receipt_ends_the_release() -> None:
    """Once the receipt says that nothing is left, the finalizer goes whatever is still to be seen."""
    job = a_launched_job().completed().deleted().released().build()

    assert (RemoveFinalizer(),) == reconcile(job, beside(job).with_batch_job().build(), HERE, NOON).actions


def test_expiry_comes_before_the_terminal_wait() -> None:
    """A finished job whose time is over is deleted rather than waited for."""
    job = a_launched_job().completed().build()

    assert (DeleteJob(),) == reconcile(job, beside(job).build(), HERE, AN_HOUR_LATER).actions


def test_a_finished_job_reads_nothing_more() -> None:
    """A terminal status stands, even beside a manifest that says otherwise, a Job that failed, and a cancellation."""
    job = ALL_AT_ONCE.failed().with_status(expirationTime="2026-01-31T13:00:00Z").build()
    observed = beside(job).with_batch_job(failed=True).with_manifest(a_complete_manifest(job)).build()

    assert Plan(requeue_after_seconds=3600) == reconcile(job, observed, HERE, NOON)


@pytest.mark.parametrize(
    "job",
    [
        pytest.param(a_launched_job(), id="nothing else"),
        pytest.param(ALL_AT_ONCE, id="cancelled, suspended, late and spent"),
        pytest.param(ALL_AT_ONCE.with_status(stopping=STOPPING), id="being stopped"),
    ],
)
def test_the_manifest_comes_first(job: JobBuilder) -> None:
    """A worker that was faster than whoever wanted it to end has won, and no second Job is made."""
    there = job.build()

    plan = reconcile(there, beside(there).with_manifest(a_complete_manifest(there)).build(), HERE, NOON)

    assert () == plan.actions
    assert plan.status is not None
    assert Phase.COMPLETED is plan.status.phase


def test_what_was_decided_comes_before_what_is_asked_for_now() -> None:
    """A job that is being stopped is stopped for the reason that was written down."""
    job = ALL_AT_ONCE.with_status(stopping=STOPPING).build()

    plan = reconcile(job, beside(job).with_batch_job().with_running_pod().build(), HERE, NOON)

    delete, claim = plan.actions
    assert DeleteBatchJob(name="talk-6f3d1c6e") == delete
    assert isinstance(claim, ClaimOutcome)
    assert claim.manifest.failure is not None
    assert Reason.DEADLINE_EXCEEDED is claim.manifest.failure.reason


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        pytest.param({}, Reason.CANCELLED, id="cancellation before all others"),
        pytest.param({"cancel": False}, None, id="suspension before what counts"),
        pytest.param({"cancel": False, "suspend": False}, Reason.DEVICE_OUT_OF_MEMORY, id="retries before deadlines"),
        pytest.param({"cancel": False, "suspend": False, "backoffLimit": 3}, Reason.DEADLINE_EXCEEDED, id="late"),
    ],
)
def test_one_end_at_a_time(spec: dict[str, object], reason: Reason | None) -> None:
    """Of several things that would end a job's work, the most deliberate decides."""
    job = ALL_AT_ONCE.with_spec(**spec).build()
    observed = beside(job).with_batch_job().with_ended_pod(75).build()

    status = reconcile(job, observed, HERE, AN_HOUR_LATER).status

    assert status is not None
    assert reason == (status.stopping.reason if status.stopping is not None else None)
    assert (reason is None) == (status.condition(ConditionType.SUSPENDED) is not None)


def test_a_deadline_comes_before_the_launch() -> None:
    """A job whose time is over gets no Job for the last moment."""
    job = a_job().adopted().with_spec(pendingDeadlineSeconds=60).build()

    plan = reconcile(job, Observed(), HERE, AN_HOUR_LATER)

    assert () == plan.actions
    assert plan.status is not None
    assert plan.status.stopping is not None
    assert Reason.PENDING_DEADLINE_EXCEEDED is plan.status.stopping.reason


@pytest.mark.parametrize("deleting", [False, True])
def test_nothing_to_do(*, deleting: bool) -> None:
    """A job that is as it should be gets an empty plan, and so does one that is going and not ours to hold."""
    job = a_launched_job().build()
    observed = beside(job).with_batch_job().with_running_pod().build()
    told = reconcile(job, observed, HERE, NOON).status
    assert told is not None
    settled = a_launched_job().with_status(**told.to_wire())
    if deleting:
        settled = settled.with_metadata(finalizers=["someone.example/else"]).deleted()

    assert Plan() == reconcile(settled.build(), observed, HERE, AN_HOUR_LATER)


def test_attempts_are_written_alone_where_nothing_else_is() -> None:
    """What became of a pod is noted while it is there, though no policy has an opinion."""
    job = a_job().adopted().build()
    observed = beside(job).with_ended_pod(143).not_admitted().build()

    plan = reconcile(job, observed, HERE, NOON)

    assert () == plan.actions
    assert plan.status is not None
    assert [Reason.TERMINATED] == [attempt.reason for attempt in plan.status.attempts]


def test_attempts_are_written_with_what_else_is_decided() -> None:
    """The Job that follows a lost one is created in the same look, and one write tells of both."""
    job = a_launched_job().build()

    plan = reconcile(job, Observed(), HERE, NOON)

    (create,) = plan.actions
    assert isinstance(create, CreateBatchJob)
    assert "talk-6f3d1c6e-1" == create.manifest["metadata"]["name"]
    assert plan.status is not None
    assert (2, [Reason.JOB_LOST]) == (plan.status.launches, [attempt.reason for attempt in plan.status.attempts])
