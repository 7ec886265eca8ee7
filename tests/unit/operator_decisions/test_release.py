"""Releasing, decided: Job, then pods, then objects, then the receipt, then the finalizer; a table of what is left."""

from datetime import timedelta

import pytest

from steno_operator.observed import Observed
from steno_operator.plan import DeleteBatchJob, DeleteObjects, Plan, RemoveFinalizer
from steno_operator.policies.release import POD_POLL_SECONDS, REPEAT_SECONDS, decide
from steno_types import TranscriptionJob
from support.builders import (
    NOON,
    UPLOAD_ID,
    JobBuilder,
    a_job,
    a_launched_job,
    an_installation,
    beside,
)

PREFIX = "steno/speech/jobs/talk-6f3d1c6e/"
LEAVING = a_launched_job().deleted()
ERASE = DeleteObjects(results_prefix=PREFIX, upload_id=None)


def leaving_beside(observed: Observed, job: JobBuilder = LEAVING) -> Plan | None:
    """Decide for a job that is to go."""
    return decide(job.build(), observed, an_installation(), NOON)


def seen(**kinds: object) -> Observed:
    """Put a Job of the leaving job beside it."""
    return beside(LEAVING.build()).with_batch_job(**kinds).build()


@pytest.mark.parametrize(
    ("observed", "plan"),
    [
        pytest.param(
            seen(),
            Plan(actions=(DeleteBatchJob(name="talk-6f3d1c6e"),), requeue_after_seconds=POD_POLL_SECONDS),
            id="Job there",
        ),
        pytest.param(seen(deleting=True), Plan(requeue_after_seconds=POD_POLL_SECONDS), id="Job deleting"),
        pytest.param(
            seen(complete=True),
            Plan(actions=(DeleteBatchJob(name="talk-6f3d1c6e"),), requeue_after_seconds=POD_POLL_SECONDS),
            id="Job complete",
        ),
        pytest.param(
            beside(LEAVING.build()).with_running_pod().build(),
            Plan(requeue_after_seconds=POD_POLL_SECONDS),
            id="pods left",
        ),
        pytest.param(
            beside(LEAVING.build()).with_ended_pod(0).build(),
            Plan(requeue_after_seconds=POD_POLL_SECONDS),
            id="ended pod left",
        ),
        pytest.param(Observed(), Plan(actions=(ERASE,), requeue_after_seconds=0), id="objects left"),
        pytest.param(
            beside(LEAVING.build()).with_strangers_batch_job().build(),
            Plan(actions=(ERASE,), requeue_after_seconds=0),
            id="a stranger's Job",
        ),
        pytest.param(
            seen(owner_uid="11111111-0000-0000-0000-000000000000"),
            Plan(actions=(ERASE,), requeue_after_seconds=0),
            id="another job's Job",
        ),
    ],
)
def test_the_next_step_of_a_release(observed: Observed, plan: Plan) -> None:
    """Each look takes the one step that is next, and waits where the cluster has to act first."""
    assert plan == leaving_beside(observed)


def test_a_job_that_stays_is_not_released() -> None:
    """Without a deletion there is nothing to decide."""
    assert leaving_beside(seen(), a_launched_job()) is None


def test_a_job_without_our_finalizer_is_let_go() -> None:
    """What others hold, or nobody, is none of our business."""
    job = a_job().with_metadata(finalizers=["someone.example/else"]).deleted()

    assert Plan() == leaving_beside(Observed(), job)


def test_the_receipt_lets_the_job_go() -> None:
    """The finalizer goes only after a receipt that says the store was found empty."""
    assert Plan(actions=(RemoveFinalizer(),)) == leaving_beside(Observed(), LEAVING.released())


@pytest.mark.parametrize(
    ("seconds_ago", "plan"),
    [
        pytest.param(0, Plan(requeue_after_seconds=REPEAT_SECONDS), id="just now"),
        pytest.param(REPEAT_SECONDS - 1, Plan(requeue_after_seconds=1), id="a second early"),
        pytest.param(REPEAT_SECONDS, Plan(actions=(ERASE,), requeue_after_seconds=0), id="in time"),
    ],
)
def test_a_receipt_that_found_something_left_is_not_enough(seconds_ago: float, plan: Plan) -> None:
    """Objects that outlived their deletion are deleted again, after a pause so that it never runs hot."""
    receipt_time = NOON - timedelta(seconds=seconds_ago)

    assert plan == leaving_beside(Observed(), LEAVING.released(verified_empty=False, at=receipt_time))


def test_the_upload_goes_too() -> None:
    """A job from an upload names it for deletion; one from a user's bucket names nothing of the user's."""
    plan = leaving_beside(Observed(), LEAVING.from_upload())

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

    plan = decide(job, Observed(), an_installation(), NOON)

    assert plan is not None
    assert (DeleteObjects(results_prefix=prefix, upload_id=None),) == plan.actions
