"""The policies in their order: which of them decides when several could, and that deciding is pure."""

import copy
import dataclasses
from datetime import timedelta

import pytest

from steno_operator.observed import Observed
from steno_operator.plan import DeleteBatchJob, DeleteJob, Plan, RemoveFinalizer
from steno_operator.reconcile import POLICIES, reconcile
from steno_types import Phase, TranscriptionJob
from support.builders import (
    NOON,
    a_complete_manifest,
    a_job,
    a_launched_job,
    an_installation,
    beside,
)

HERE = an_installation()
AN_HOUR_LATER = NOON + timedelta(hours=1)


def histories() -> list[tuple[TranscriptionJob, Observed]]:
    """Give one of everything that a job may be in the midst of."""
    new, launched = a_job().build(), a_launched_job().build()
    finished = a_launched_job().completed().build()
    leaving = a_launched_job().completed().deleted().build()
    running = beside(launched).with_batch_job().with_running_pod()
    owed = a_launched_job().delivered_to("talks", bucket="own").build()
    return [
        (new, beside(new).build()),
        (new, beside(new).with_strangers_batch_job().build()),
        (a_job().with_spec(profile="no-such").build(), beside(new).build()),
        (launched, running.build()),
        (launched, running.with_manifest(a_complete_manifest(launched)).build()),
        (launched, beside(launched).with_batch_job(failed=True).with_ended_pod(137).build()),
        (owed, beside(owed).with_batch_job().with_ended_pod(69).with_manifest(a_complete_manifest(owed)).build()),
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
        next(decide.__module__ for decide in POLICIES if decide(job, observed, HERE, AN_HOUR_LATER) is not None)
        for job, observed in histories()
    } | {
        next(decide.__module__ for decide in POLICIES if decide(job, observed, HERE, NOON) is not None)
        for job, observed in histories()
    }

    assert {decide.__module__ for decide in POLICIES} == deciding


def test_release_comes_before_everything() -> None:
    """A deleted job is released, whether it has ended, expired, or been answered by a manifest."""
    job = a_launched_job().completed().deleted().build()
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
    """A terminal status stands, even beside a manifest that says otherwise and a Job that failed."""
    job = a_launched_job().failed().with_status(expirationTime="2026-01-31T13:00:00Z").build()
    observed = beside(job).with_batch_job(failed=True).with_manifest(a_complete_manifest(job)).build()

    assert Plan(requeue_after_seconds=3600) == reconcile(job, observed, HERE, NOON)


def test_the_manifest_comes_before_the_launch() -> None:
    """A job whose Job is gone is answered from its manifest, and no second Job is made."""
    job = a_launched_job().build()

    plan = reconcile(job, beside(job).with_manifest(a_complete_manifest(job)).build(), HERE, NOON)

    assert () == plan.actions
    assert plan.status is not None
    assert Phase.COMPLETED is plan.status.phase


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
