"""Releasing, decided: Jobs, then pods, then objects, then the receipt, then the finalizer; or when to give up."""

from datetime import timedelta

import pytest

from steno_operator.observed import Observed
from steno_operator.plan import Announcement, DeleteBatchJob, DeleteObjects, Plan, RemoveFinalizer
from steno_operator.policies.release import POD_POLL_SECONDS, PODS_SECONDS, REPEAT_SECONDS, decide, held
from steno_types import ConditionType, TranscriptionJob
from support.builders import (
    NOON,
    UPLOAD_ID,
    JobBuilder,
    ObservedBuilder,
    a_job,
    a_launched_job,
    an_installation,
    beside,
)

PREFIX = "steno/speech/jobs/talk-6f3d1c6e/"
HERE = an_installation(release_timeout_seconds=600)
LEAVING = a_launched_job().deleted()
ALONE = beside(LEAVING.build())
ERASE = DeleteObjects(results_prefix=PREFIX, upload_id=None)
FIRST, SECOND = DeleteBatchJob(name="talk-6f3d1c6e"), DeleteBatchJob(name="talk-6f3d1c6e-1")


def leaving_beside(observed: ObservedBuilder, job: JobBuilder = LEAVING, *, seconds: float = 0) -> Plan | None:
    """Decide for a job that is to go, so long after its deletion was asked for."""
    return decide(job.build(), observed.build(), HERE, NOON + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("observed", "plan"),
    [
        pytest.param(
            ALONE.with_batch_job(), Plan(actions=(FIRST,), requeue_after_seconds=POD_POLL_SECONDS), id="Job there"
        ),
        pytest.param(
            ALONE.with_batch_job(deleting=True), Plan(requeue_after_seconds=POD_POLL_SECONDS), id="Job deleting"
        ),
        pytest.param(
            ALONE.with_batch_job(complete=True).with_batch_job(1, failed=True),
            Plan(actions=(FIRST, SECOND), requeue_after_seconds=POD_POLL_SECONDS),
            id="Jobs that ended",
        ),
        pytest.param(
            ALONE.with_pod(started=NOON, deletion=NOON), Plan(requeue_after_seconds=POD_POLL_SECONDS), id="pods left"
        ),
        pytest.param(
            ALONE.with_ended_pod(0, deletion=NOON), Plan(requeue_after_seconds=POD_POLL_SECONDS), id="ended pod left"
        ),
        pytest.param(ALONE, Plan(actions=(ERASE,), requeue_after_seconds=0), id="objects left"),
    ],
)
def test_the_next_step_of_a_release(observed: ObservedBuilder, plan: Plan) -> None:
    """Each look takes the one step that is next, and waits where the cluster has to act first."""
    assert plan == leaving_beside(observed)


def test_a_job_that_stays_is_not_released() -> None:
    """Without a deletion there is nothing to decide."""
    assert leaving_beside(ALONE.with_batch_job(), a_launched_job()) is None


def test_a_job_without_our_finalizer_is_let_go() -> None:
    """What others hold, or nobody, is none of our business."""
    job = a_job().with_metadata(finalizers=["someone.example/else"]).deleted()

    assert Plan() == leaving_beside(ALONE, job)


def test_the_receipt_lets_the_job_go() -> None:
    """The finalizer goes only after a receipt that says the store was found empty."""
    told = Announcement(kind="Normal", reason="Released", message="Deleted 4 objects, 10 bytes.")
    assert Plan(actions=(RemoveFinalizer(),), announcements=(told,)) == leaving_beside(ALONE, LEAVING.released())


@pytest.mark.parametrize(
    ("seconds", "plan"),
    [
        pytest.param(0, Plan(requeue_after_seconds=REPEAT_SECONDS), id="just now"),
        pytest.param(REPEAT_SECONDS - 1, Plan(requeue_after_seconds=1), id="a second early"),
        pytest.param(REPEAT_SECONDS, Plan(actions=(ERASE,), requeue_after_seconds=0), id="in time"),
    ],
)
def test_a_receipt_that_found_something_left_is_not_enough(seconds: float, plan: Plan) -> None:
    """Objects that outlived their deletion are deleted again, after a pause so that it never runs hot."""
    assert plan == leaving_beside(ALONE, LEAVING.released(verified_empty=False, at=NOON), seconds=seconds)


def test_the_upload_goes_too() -> None:
    """A job from an upload names it for deletion; one from a user's bucket names nothing of the user's."""
    plan = leaving_beside(ALONE, LEAVING.from_upload())

    assert plan is not None
    assert (DeleteObjects(results_prefix=PREFIX, upload_id=UPLOAD_ID),) == plan.actions


@pytest.mark.parametrize(
    ("noted", "prefix"),
    [
        pytest.param("steno/speech/jobs/talk-0a0b0c0d/", "steno/speech/jobs/talk-0a0b0c0d/", id="restored"),
        pytest.param("steno/speech/jobs/", PREFIX, id="all jobs"),
        pytest.param("steno/speech/jobs/walk-0a0b0c0d/", PREFIX, id="another job"),
        pytest.param("steno/other/jobs/talk-0a0b0c0d/", PREFIX, id="another namespace"),
        pytest.param("steno/speech/jobs/talk-0a0b0c0d/../", PREFIX, id="a way out"),
        pytest.param("", PREFIX, id="empty"),
    ],
)
def test_only_a_believable_annotation_says_what_is_deleted(noted: str, prefix: str) -> None:
    """An annotation that a user forged deletes nothing but what is the job's own."""
    job: TranscriptionJob = a_launched_job().deleted().annotated(noted).build()

    plan = decide(job, Observed(), HERE, NOON)

    assert plan is not None
    assert (DeleteObjects(results_prefix=prefix, upload_id=None),) == plan.actions


STUCK = ALONE.with_batch_job(deleting=True).with_pod(started=NOON, deletion=NOON)


@pytest.mark.parametrize(
    ("observed", "seconds", "told"),
    [
        pytest.param(STUCK, PODS_SECONDS - 1, False, id="a second early"),
        pytest.param(STUCK, PODS_SECONDS, True, id="pods that do not go"),
        pytest.param(ALONE.with_batch_job(deleting=True), PODS_SECONDS, False, id="a Job alone"),
    ],
)
def test_what_holds_a_release_up_is_told(observed: ObservedBuilder, seconds: float, *, told: bool) -> None:
    """After a while the condition Releasing names the pods that do not go; their nodes are worth a look."""
    plan = leaving_beside(observed, seconds=seconds)

    assert plan is not None
    assert told == (plan.status is not None)
    if plan.status is not None:
        releasing = plan.status.condition(ConditionType.RELEASING)
        assert releasing is not None
        assert ("True", "PodsRemain", "Waiting for pods to be gone: talk-6f3d1c6e-0. Are their nodes well?") == (
            releasing.status,
            releasing.reason,
            releasing.message,
        )


def test_it_is_told_once() -> None:
    """As long as the reason stays, the condition is not written again."""
    job = LEAVING.condition(ConditionType.RELEASING, reason="PodsRemain")

    plan = leaving_beside(STUCK, job, seconds=PODS_SECONDS)

    assert Plan(requeue_after_seconds=POD_POLL_SECONDS) == plan
    assert held(job.build(), "PodsRemain", "m", NOON) is None
    assert held(job.build(), "StoreUnavailable", "m", NOON) is not None


@pytest.mark.parametrize(
    ("observed", "actions"),
    [
        pytest.param(STUCK, (), id="pods on a lost node"),
        pytest.param(ALONE.with_batch_job(), (FIRST,), id="a Job that nobody deleted"),
        pytest.param(ALONE, (), id="objects alone"),
    ],
)
@pytest.mark.parametrize("seconds", [600, 1e6])
def test_a_release_is_given_up_in_time(
    observed: ObservedBuilder, actions: tuple[DeleteBatchJob, ...], seconds: float
) -> None:
    """After the installation's release timeout a receipt says that something may be left; nothing hangs on it."""
    plan = leaving_beside(observed, LEAVING.released(verified_empty=False, objects=7), seconds=seconds)

    assert plan is not None
    assert (actions, 0) == (plan.actions, plan.requeue_after_seconds)
    assert plan.status is not None
    receipt = plan.status.release
    assert receipt is not None
    assert (7, 10, False, True, NOON + timedelta(seconds=seconds)) == (
        receipt.objects,
        receipt.bytes,
        receipt.verified_empty,
        receipt.gave_up,
        receipt.time,
    )


def test_a_release_that_was_never_tried_gives_up_with_nothing() -> None:
    """Without an earlier receipt nothing was deleted so far."""
    plan = leaving_beside(STUCK, seconds=600)

    assert plan is not None
    assert plan.status is not None
    assert plan.status.release is not None
    assert (0, 0) == (plan.status.release.objects, plan.status.release.bytes)


def test_a_receipt_of_giving_up_lets_the_job_go() -> None:
    """The namespace does not hang: what is left is the sweep's."""
    job = LEAVING.released(verified_empty=False).build()
    assert job.status.release is not None
    given_up = job.status.release.model_copy(update={"gave_up": True})
    job = job.model_copy(update={"status": job.status.model_copy(update={"release": given_up})})

    assert Plan(actions=(RemoveFinalizer(),)) == decide(job, STUCK.build(), HERE, NOON + timedelta(hours=1))


def test_giving_up_says_why() -> None:
    """Whoever sees the Event reads what the condition said, and who does the rest."""
    job = LEAVING.condition(ConditionType.RELEASING, reason="StoreUnavailable", message="The store is away.")

    plan = leaving_beside(ALONE, job, seconds=600)

    assert plan is not None
    (told,) = plan.announcements
    assert ("Warning", "ReleaseTimedOut") == (told.kind, told.reason)
    assert (
        "The job goes, though something of it may be left. The store is away. The sweep deletes what is in the store."
    ) == told.message
