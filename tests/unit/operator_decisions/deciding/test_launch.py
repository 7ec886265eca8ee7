"""Launching, decided: adopt, then create, once; the next Job only when the last one is out of the way."""

from datetime import timedelta

import pytest

from steno_operator.observed import Observed
from steno_operator.plan import Adopt, CreateBatchJob, DeleteBatchJob, Plan
from steno_operator.policies.launch import POLL_SECONDS, decide
from steno_operator.policies.waiting import POD_SECONDS
from steno_types import (
    ASSIGNMENT_VARIABLE,
    FINALIZER,
    Assignment,
    ConditionType,
    JobReference,
    Phase,
    TranscriptionJob,
    WaitingReason,
)
from support.builders import NOON, JobBuilder, ObservedBuilder, a_job, a_launched_job, an_installation, beside

HERE = an_installation()
PREFIX = "steno/speech/jobs/talk-6f3d1c6e/"
RELAUNCHED = a_job().adopted().with_status(launches=1)
"""A job that had a Job, and wants another one."""


def launched(job: TranscriptionJob, observed: Observed | None = None) -> Plan:
    """Decide for a job that is to have a Job now."""
    plan = decide(job, observed or Observed(), HERE, NOON)
    assert plan is not None
    assert plan.status is not None
    # By then it has a pod, or that it has none is said.
    assert POD_SECONDS == plan.requeue_after_seconds
    return plan


def created_in(plan: Plan) -> dict[str, object]:
    """Give the manifest of the Job that the plan creates, last of all."""
    create = plan.actions[-1]
    assert isinstance(create, CreateBatchJob)
    return create.manifest


def assignment_in(plan: Plan) -> Assignment:
    """Give what the worker is told by the plan's Job."""
    create = plan.actions[-1]
    assert isinstance(create, CreateBatchJob)
    (container,) = create.manifest["spec"]["template"]["spec"]["containers"]
    return Assignment.model_validate_json(
        next(variable["value"] for variable in container["env"] if variable["name"] == ASSIGNMENT_VARIABLE)
    )


def test_a_new_job_is_adopted_before_it_gets_its_job() -> None:
    """Finalizer and results' prefix come first, so that nothing can outlive an unwatched job."""
    plan = launched(a_job().build())

    assert [Adopt, CreateBatchJob] == [type(action) for action in plan.actions]
    assert Adopt(results_prefix=PREFIX) == plan.actions[0]
    assert PREFIX == assignment_in(plan).results_prefix


def test_a_launch_is_told_in_the_same_write() -> None:
    """The status that goes with the creation names the Job, counts it, and says that a worker is on its way."""
    status = launched(a_job().with_metadata(generation=4).build()).status

    assert status is not None
    queued = status.condition(ConditionType.QUEUED)
    assert queued is not None
    assert (Phase.QUEUED, WaitingReason.WORKER_STARTING) == (status.phase, queued.reason)
    assert (JobReference(name="talk-6f3d1c6e", uid=""), 1, 4) == (
        status.job_ref,
        status.launches,
        status.observed_generation,
    )
    assert status.effective is not None
    assert ("cpu", "tiny", "int8") == (
        status.effective.profile,
        status.effective.model,
        status.effective.compute_type,
    )


@pytest.mark.parametrize(
    ("job", "adopted_anew"),
    [
        pytest.param(a_job(), True, id="new"),
        pytest.param(a_job().with_metadata(finalizers=[FINALIZER]), True, id="finalizer alone, as the gateway's"),
        pytest.param(a_job().annotated(PREFIX), True, id="prefix alone"),
        pytest.param(a_job().adopted(), False, id="both"),
        pytest.param(RELAUNCHED, False, id="both, and a Job before"),
        pytest.param(a_job().adopted().annotated("steno/speech/jobs/"), True, id="forged prefix"),
    ],
)
def test_adoption_happens_once(job: JobBuilder, *, adopted_anew: bool) -> None:
    """A job that is adopted already, as one whose Job vanished, is not written to again."""
    plan = launched(job.build())

    assert adopted_anew == (Adopt(results_prefix=PREFIX) in plan.actions)
    assert CreateBatchJob is type(plan.actions[-1])


def test_a_restored_job_keeps_its_results() -> None:
    """A job restored from a backup has another uid; its annotation says where its results lie."""
    restored = "steno/speech/jobs/talk-0a0b0c0d/"

    plan = launched(a_job().adopted().annotated(restored).build())

    assert [CreateBatchJob] == [type(action) for action in plan.actions]
    assert restored == assignment_in(plan).results_prefix


@pytest.mark.parametrize(
    "noted",
    [
        pytest.param("steno/other/jobs/talk-0a0b0c0d/", id="another namespace"),
        pytest.param("steno/speech/jobs/walk-0a0b0c0d/", id="another job"),
        pytest.param("steno/speech/jobs/talk-0a0b0c0d", id="no slash"),
        pytest.param("steno/speech/jobs/talk-0A0B0C0D/", id="upper case"),
        pytest.param("steno/speech/jobs/talk-0a0b0c0d/../../", id="a way out"),
        pytest.param("elsewhere/speech/jobs/talk-0a0b0c0d/", id="another installation"),
    ],
)
def test_a_forged_annotation_is_put_right(noted: str) -> None:
    """An annotation that cannot be true is overwritten, and no worker hears of it."""
    plan = launched(a_job().adopted().annotated(noted).build())

    assert Adopt(results_prefix=PREFIX) == plan.actions[0]
    assert PREFIX == assignment_in(plan).results_prefix


@pytest.mark.parametrize(
    ("launches", "name"),
    [
        pytest.param(None, "talk-6f3d1c6e", id="the first has no number"),
        pytest.param(1, "talk-6f3d1c6e-1", id="the second"),
        pytest.param(12, "talk-6f3d1c6e-12", id="the thirteenth"),
    ],
)
def test_each_job_has_the_next_number(launches: int | None, name: str) -> None:
    """No Job has the name of one that the status knows of, so that none is taken for another."""
    job = a_job().adopted().with_status(**({} if launches is None else {"launches": launches})).build()

    plan = launched(job)

    assert name == created_in(plan)["metadata"]["name"]  # type: ignore[index]
    assert plan.status is not None
    assert (launches or 0) + 1 == plan.status.launches


@pytest.mark.parametrize(
    ("counted", "queue", "limit"),
    [
        pytest.param(0, None, 3, id="all of it"),
        pytest.param(2, None, 1, id="what is left"),
        pytest.param(3, None, 0, id="nothing is left but one attempt"),
        pytest.param(1, "gpus", 2 + 6, id="with a margin for what a queue interrupts"),
    ],
)
def test_a_job_has_what_is_left_of_the_retries(counted: int, queue: str | None, limit: int) -> None:
    """The Job controller's own limit is the budget less what was spent, so that it stops in time by itself."""
    job = RELAUNCHED.with_spec(backoffLimit=3, **({"queueName": queue} if queue else {}))
    for number in range(counted):
        job = job.attempted(f"pod-{number}", end=NOON, reason="OutOfMemory", counted=True)

    assert limit == created_in(launched(job.build()))["spec"]["backoffLimit"]  # type: ignore[index]


@pytest.mark.parametrize(
    "observed",
    [
        pytest.param(beside(a_launched_job().build()).with_batch_job(), id="at work"),
        pytest.param(beside(a_launched_job().build()).with_batch_job(suspended=True), id="held back by its queue"),
        pytest.param(beside(a_launched_job().build()).with_batch_job(1), id="one that the status does not know yet"),
    ],
)
def test_a_job_gets_one_job(observed: ObservedBuilder) -> None:
    """Nothing is launched while the job has a Job, be it one whose creation was not written down."""
    assert decide(a_launched_job().build(), observed.build(), HERE, NOON) is None


RUNS = {"started": NOON}
LEAVES = {**RUNS, "deletion": NOON + timedelta(seconds=30)}
STUCK = {**RUNS, "deletion": NOON - timedelta(seconds=121)}


@pytest.mark.parametrize(
    ("observed", "plan"),
    [
        pytest.param(
            beside(RELAUNCHED.build()).with_batch_job().with_running_pod(),
            Plan(actions=(DeleteBatchJob(name="talk-6f3d1c6e"),), requeue_after_seconds=POLL_SECONDS),
            id="one that is not wanted goes first",
        ),
        pytest.param(
            beside(RELAUNCHED.build()).with_batch_job(deleting=True).with_pod(**LEAVES),
            Plan(requeue_after_seconds=POLL_SECONDS),
            id="one that leaves is waited for",
        ),
        pytest.param(
            beside(RELAUNCHED.build()).with_batch_job(1, deleting=True),
            Plan(requeue_after_seconds=POLL_SECONDS),
            id="one of the very name that leaves",
        ),
        pytest.param(
            beside(RELAUNCHED.build()).with_pod(**LEAVES),
            Plan(requeue_after_seconds=POLL_SECONDS),
            id="a pod whose Job is gone already",
        ),
    ],
)
def test_no_two_jobs_work_at_once(observed: ObservedBuilder, plan: Plan) -> None:
    """The next Job waits until nothing of the last one can run any more."""
    assert plan == decide(RELAUNCHED.build(), observed.build(), HERE, NOON)


@pytest.mark.parametrize(
    "observed",
    [
        pytest.param(beside(RELAUNCHED.build()).with_batch_job(failed=True).with_ended_pod(75), id="one that failed"),
        pytest.param(beside(RELAUNCHED.build()).with_batch_job(complete=True), id="one that is complete"),
        pytest.param(beside(RELAUNCHED.build()).with_batch_job(deleting=True).with_pod(**STUCK), id="on a lost node"),
        pytest.param(beside(RELAUNCHED.build()).with_pod(**STUCK), id="a pod on a lost node, its Job gone"),
        pytest.param(beside(RELAUNCHED.build()).with_ended_pod(143), id="an ended pod, its Job gone"),
    ],
)
def test_what_can_do_nothing_more_is_not_waited_for(observed: ObservedBuilder) -> None:
    """A Job that has ended, or whose node says nothing more, does not hold up the next one."""
    plan = launched(RELAUNCHED.build(), observed.build())

    assert "talk-6f3d1c6e-1" == created_in(plan)["metadata"]["name"]  # type: ignore[index]


def test_an_unwanted_job_beside_the_wanted_one_goes() -> None:
    """Whatever a crash has left at work is deleted, and the wanted Job is left alone."""
    job = a_launched_job().launched(1).build()

    plan = decide(job, beside(job).with_batch_job().with_batch_job(1).build(), HERE, NOON)

    assert Plan(actions=(DeleteBatchJob(name="talk-6f3d1c6e"),), requeue_after_seconds=0) == plan


@pytest.mark.parametrize(
    ("job", "actions"),
    [
        pytest.param(a_job(), (Adopt(results_prefix=PREFIX),), id="new"),
        pytest.param(a_job().adopted(), (), id="adopted"),
    ],
)
def test_a_job_whose_turn_it_is_not_waits(job: JobBuilder, actions: tuple[Adopt, ...]) -> None:
    """It is adopted all the same, is given no Job, and nobody looks again before its turn has come."""
    there = job.build()

    assert Plan(actions=actions) == decide(there, beside(there).not_admitted().build(), HERE, NOON)
