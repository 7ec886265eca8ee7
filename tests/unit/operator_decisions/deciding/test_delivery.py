"""A job that wants a copy of its results: Complete once it is there, or once nothing is left that would make it."""

from datetime import timedelta
from typing import Any

import pytest

from steno_operator.plan import CreateBatchJob, DeleteBatchJob, Plan
from steno_operator.policies import outcome
from steno_operator.reconcile import reconcile
from steno_types import (
    ConditionType,
    Manifest,
    Phase,
    Reason,
    TerminationMessage,
    TranscriptionJobStatus,
    failure_for,
)
from steno_types.status import MAX_WARNINGS
from support.builders import (
    NOON,
    JobBuilder,
    ObservedBuilder,
    a_complete_manifest,
    a_failed_manifest,
    a_launched_job,
    an_installation,
    beside,
)
from unit.operator_decisions.deciding.world import World

HERE = an_installation()
LAUNCHED = a_launched_job().delivered_to("talks", bucket="own").with_spec(backoffLimit=1)
JOB = LAUNCHED.build()
MANIFEST = a_complete_manifest(JOB, warnings=["It was loud."])
CLAIMED = beside(JOB).with_manifest(MANIFEST)
HOME = "s3://steno/steno/speech/jobs/talk-6f3d1c6e/attempts/pod-0/"
SAID = TerminationMessage(reason=Reason.OUTPUT_FORBIDDEN, message="s3://own/talks/ cannot be written.")
LATER = NOON + timedelta(minutes=5)


def decided(observed: ObservedBuilder, job: JobBuilder = LAUNCHED) -> Plan:
    """Decide for the job, by the policies in their order."""
    return reconcile(job.build(), observed.build(), HERE, LATER)


def concluded(observed: ObservedBuilder, job: JobBuilder = LAUNCHED) -> TranscriptionJobStatus:
    """Decide for the job, and give the final status."""
    plan = decided(observed, job)
    assert plan.status is not None
    assert (Phase.COMPLETED, 0) == (plan.status.phase, plan.requeue_after_seconds)
    return plan.status


@pytest.mark.parametrize(
    "observed",
    [
        pytest.param(CLAIMED.with_batch_job().with_ended_pod(0), id="the Job not ended yet"),
        pytest.param(CLAIMED.with_batch_job().with_ended_pod(69).with_running_pod(), id="another attempt at work"),
        pytest.param(CLAIMED.with_batch_job(complete=True).with_ended_pod(0), id="the Job ended"),
        pytest.param(CLAIMED, id="the Job gone"),
    ],
)
def test_a_copy_that_is_recorded_ends_the_job(observed: ObservedBuilder) -> None:
    """Once the record is there, Job and pods say no more, and the manifest's own warnings are all there are."""
    status = concluded(observed.with_delivery())

    assert ("It was loud.",) == status.warnings
    assert ["s3://steno/steno/speech/jobs/talk-6f3d1c6e/attempts/pod-0/transcript.json"] == [
        output.uri for output in status.outputs
    ]


@pytest.mark.parametrize(
    ("observed", "phase"),
    [
        pytest.param(
            CLAIMED.with_batch_job().with_ended_pod(69).with_running_pod(), Phase.PROCESSING, id="the next at work"
        ),
        pytest.param(CLAIMED.with_batch_job().with_ended_pod(69).with_pod(), Phase.QUEUED, id="the next waits"),
        pytest.param(CLAIMED.with_batch_job().with_ended_pod(69), Phase.QUEUED, id="between attempts"),
    ],
)
def test_a_copy_that_is_owed_is_waited_for(observed: ObservedBuilder, phase: Phase) -> None:
    """As long as a worker may still make it the job goes on like any other, and gets no second Job."""
    plan = decided(observed)

    assert () == plan.actions
    assert plan.status is not None
    assert (phase, None, ()) == (
        plan.status.phase,
        plan.status.condition(ConditionType.COMPLETE),
        plan.status.outputs,
    )


@pytest.mark.parametrize(
    "observed",
    [
        pytest.param(CLAIMED.with_batch_job(deleting=True).with_running_pod(), id="the Job leaving"),
        pytest.param(CLAIMED.with_running_pod(), id="the Job gone, its pod not"),
    ],
)
def test_a_worker_that_is_left_may_finish_the_copy(observed: ObservedBuilder) -> None:
    """Nothing is created beside it, and nothing concluded without it."""
    plan = decided(observed)

    assert () == plan.actions
    assert plan.status is None or plan.status.terminal is None


@pytest.mark.parametrize(
    "observed",
    [
        pytest.param(CLAIMED.with_batch_job(complete=True).with_ended_pod(0), id="a worker that knew of no copy"),
        pytest.param(CLAIMED.with_batch_job(complete=True), id="its pod gone"),
        pytest.param(CLAIMED.with_batch_job(failed=True).with_ended_pod(143), id="interrupted at the copy"),
        pytest.param(CLAIMED, id="the Job gone"),
        pytest.param(CLAIMED.with_ended_pod(69), id="the Job gone, its pod ended"),
    ],
)
def test_a_copy_that_was_not_made_gets_an_attempt_of_its_own(observed: ObservedBuilder) -> None:
    """The Job that ended is let go, and the next one finds the manifest and does what is left."""
    world = World.of(observed)

    world.settle()

    assert ["talk-6f3d1c6e-1"] == [found.name for found in world.working]
    assert (2, None) == (world.job.status.launches, world.job.status.terminal)


@pytest.mark.parametrize("recorded", [True, False], ids=["made at last", "given up"])
def test_a_copy_that_takes_two_jobs(*, recorded: bool) -> None:
    """From the claim to the end: the job waits between the Jobs and ends when the second has."""
    world = World.of(CLAIMED.with_batch_job(complete=True).with_ended_pod(0))
    world.settle()
    (second,) = world.working
    pod = world.start_pod(second)
    world.settle()
    assert "Processing" == world.job.status.phase

    world.delivered = recorded
    world.end_pod(pod, 0 if recorded else 69)
    world.settle()
    world.pass_time(31)
    world.settle()

    assert Phase.COMPLETED is world.job.status.phase
    assert recorded == (("It was loud.",) == world.job.status.warnings)
    assert 1 == sum(isinstance(action, CreateBatchJob) for plan in world.plans for action in plan.actions)


@pytest.mark.parametrize(
    ("job", "observed", "why"),
    [
        pytest.param(
            LAUNCHED,
            CLAIMED.with_batch_job(failed=True).with_ended_pod(78, said=SAID),
            f" The last attempt said: OutputForbidden: {SAID.message}",
            id="refused",
        ),
        pytest.param(
            LAUNCHED.attempted("before", end=NOON, reason="StorageUnavailable", counted=True),
            CLAIMED.with_batch_job(failed=True).with_ended_pod(69, at=LATER),
            " The last attempt said: StorageUnavailable: The object store did not answer. "
            "(The worker ended with code 69 and no word.)",
            id="retries spent",
        ),
        pytest.param(
            LAUNCHED.attempted("gone", end=NOON, reason="OutputForbidden", counted=True),
            CLAIMED.with_batch_job(failed=True),
            f" The last attempt said: OutputForbidden: {failure_for(Reason.OUTPUT_FORBIDDEN).meaning}",
            id="refused, its pod gone",
        ),
        pytest.param(LAUNCHED.with_spec(cancel=True), CLAIMED, "", id="cancelled between the attempts"),
        pytest.param(
            LAUNCHED.with_spec(profile="gone"), CLAIMED.with_batch_job(complete=True), "", id="can run here no more"
        ),
    ],
)
def test_a_copy_that_nobody_will_make_is_a_warning(job: JobBuilder, observed: ObservedBuilder, why: str) -> None:
    """The transcript is there all the same: the job is Complete, and says where to find it and why not elsewhere."""
    status = concluded(observed, job)

    failed, *others = status.warnings
    assert (
        "DeliveryFailed: The results were not copied to outputs.destination. They are in Steno's store, under "
        f"{HOME}, until the job is deleted.{why}"
    ) == failed
    assert ["It was loud."] == others
    assert status.failure is None


def test_interruptions_end_the_copy_too() -> None:
    """What the cluster ends more often than any job is worth ends with a warning, as the transcript is there."""
    job = LAUNCHED.with_status(earlierAttempts={"count": 51, "interrupted": 51})

    assert concluded(CLAIMED.with_batch_job(complete=True), job).warnings[0].startswith("DeliveryFailed:")


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param({"cancel": True}, id="cancelled"),
        pytest.param({"activeDeadlineSeconds": 60}, id="over its time"),
        pytest.param({"cancel": True, "suspend": True}, id="cancelled and suspended"),
    ],
)
def test_a_copy_under_way_can_be_ended(spec: dict[str, Any]) -> None:
    """A worker at the copy is one like any other: told to stop it frees its GPU, and the transcript stays."""
    job = LAUNCHED.with_spec(**spec)
    world = World.of(
        beside(job.build()).with_manifest(MANIFEST).with_batch_job().with_ended_pod(69).with_running_pod(), now=LATER
    )

    world.settle()

    assert Phase.COMPLETED is world.job.status.phase
    assert world.job.status.warnings[0].startswith("DeliveryFailed:")
    assert [] == world.working
    assert [(DeleteBatchJob(name="talk-6f3d1c6e"),)] == [plan.actions for plan in world.plans if plan.actions]


def test_a_copy_under_way_can_be_suspended() -> None:
    """Suspended, the job waits with its copy unmade; resumed, another Job makes it."""
    world = World.of(CLAIMED.with_batch_job().with_ended_pod(143).with_running_pod())
    world.settle()

    world.change(suspend=True)
    world.settle()
    world.pass_time(31)
    assert (None, [], {}) == (world.job.status.terminal, world.working, world.batch_jobs)
    world.change(suspend=False)
    world.settle()

    assert ["talk-6f3d1c6e-1"] == [found.name for found in world.working]


def test_a_long_word_and_many_warnings_fit_the_status() -> None:
    """The status is bounded, and the warning about the copy is the last to be left out."""
    said = TerminationMessage(reason=Reason.OUTPUT_FORBIDDEN, message="x" * 3000)
    talkative = a_complete_manifest(JOB, warnings=[f"warning {number}" for number in range(30)])

    status = concluded(CLAIMED.with_manifest(talkative).with_batch_job(failed=True).with_ended_pod(78, said=said))

    assert (MAX_WARNINGS, 1024) == (len(status.warnings), len(status.warnings[0]))
    assert status.warnings[0].startswith("DeliveryFailed:")


@pytest.mark.parametrize(
    "manifest",
    [pytest.param(a_failed_manifest(JOB), id="failed"), pytest.param(a_complete_manifest(JOB), id="no copy wanted")],
)
def test_where_nothing_is_owed_nothing_is_waited_for(manifest: Manifest) -> None:
    """A job that failed, or wants no copy, ends with its manifest though its Job is still there."""
    job = JOB if manifest.failure is not None else a_launched_job().build()

    plan = outcome.decide(job, beside(job).with_batch_job().with_manifest(manifest).build(), HERE, NOON)

    assert plan is not None
    assert plan.status is not None
    assert plan.status.terminal is not None
    assert () == plan.status.warnings
