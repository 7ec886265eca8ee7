"""What the status says of a job that has its Job: by table over its pods, and nothing where nothing changed."""

from datetime import timedelta

import pytest

from steno_operator.observed import Observed
from steno_operator.policies.waiting import decide
from steno_types import ConditionType, JobReference, Phase, TranscriptionJobStatus
from support.builders import BATCH_JOB_UID, NOON, JobBuilder, a_launched_job, an_installation, beside

HERE = an_installation()
LAUNCHED = a_launched_job()
JOB = LAUNCHED.build()
NO_NODE = "0/3 nodes are available: 3 Insufficient nvidia.com/gpu."


def told(observed: Observed, job: JobBuilder = LAUNCHED, *, minutes: int = 0) -> TranscriptionJobStatus | None:
    """Give the status that is written, if any; there are never actions, and nothing to wait for but events."""
    plan = decide(job.build(), observed, HERE, NOON + timedelta(minutes=minutes))
    if plan is None:
        return None
    assert ((), None) == (plan.actions, plan.requeue_after_seconds)
    return plan.status


def after(status: TranscriptionJobStatus | None) -> JobBuilder:
    """Give the job with `status` written."""
    assert status is not None
    return LAUNCHED.with_status(**status.to_wire())


@pytest.mark.parametrize(
    ("observed", "reason", "message"),
    [
        pytest.param(
            beside(JOB).with_batch_job(), "WorkerStarting", "Waiting for a worker to start.", id="no pod yet"
        ),
        pytest.param(
            beside(JOB).with_batch_job().with_pod(),
            "WorkerStarting",
            "Waiting for a worker to start.",
            id="pod without a word",
        ),
        pytest.param(
            beside(JOB).with_batch_job().with_pod(waiting_reason="ContainerCreating"),
            "WorkerStarting",
            "Waiting for a worker to start.",
            id="starting",
        ),
        pytest.param(
            beside(JOB).with_batch_job().with_pod(waiting_reason="Unschedulable", waiting_message=NO_NODE),
            "Unschedulable",
            NO_NODE,
            id="no node fits",
        ),
        pytest.param(
            beside(JOB).with_batch_job().with_pod(waiting_reason="ImagePullBackOff", waiting_message="Back-off"),
            "ImagePullBackOff",
            "Back-off",
            id="image pull",
        ),
        pytest.param(
            beside(JOB).with_batch_job().with_pod(waiting_reason="CreateContainerConfigError"),
            "CreateContainerConfigError",
            "The worker's pod waits: CreateContainerConfigError.",
            id="without a message",
        ),
        pytest.param(
            beside(JOB).with_batch_job().with_pod(waiting_reason="Unschedulable", waiting_message="x" * 2000),
            "Unschedulable",
            "x" * 1023 + "…",
            id="a long message",
        ),
        pytest.param(
            beside(JOB).with_batch_job().with_ended_pod(75),
            "WorkerEnded",
            "The last attempt has ended; its outcome is being read.",
            id="between attempts",
        ),
        pytest.param(
            beside(JOB).with_batch_job().with_ended_pod(75).with_pod(waiting_reason="Unschedulable"),
            "Unschedulable",
            "The worker's pod waits: Unschedulable.",
            id="next attempt waits",
        ),
    ],
)
def test_a_waiting_job_says_what_for(observed: object, reason: str, message: str) -> None:
    """Queued holds, with the youngest pod's reason and words."""
    status = told(observed.build())  # type: ignore[attr-defined]

    assert status is not None
    queued = status.condition(ConditionType.QUEUED)
    assert queued is not None
    assert (Phase.QUEUED, "True", reason, message) == (status.phase, queued.status, queued.reason, queued.message)
    assert status.condition(ConditionType.RUNNING) is None
    assert JobReference(name="talk-6f3d1c6e", uid=BATCH_JOB_UID) == status.job_ref


def test_a_running_job_says_which_worker() -> None:
    """Running holds, Queued no longer does, and the first start is noted."""
    since = NOON - timedelta(seconds=5)

    status = told(beside(JOB).with_batch_job().with_running_pod(since=since).build())

    assert status is not None
    assert (Phase.PROCESSING, since) == (status.phase, status.start_time)
    running, queued = status.condition(ConditionType.RUNNING), status.condition(ConditionType.QUEUED)
    assert running is not None
    assert queued is not None
    assert ("True", "False") == (running.status, queued.status)
    assert "talk-6f3d1c6e-0" in running.message


def test_a_later_attempt_keeps_the_first_start() -> None:
    """The start time is the first attempt's, and the conditions go back and forth with the attempts."""
    first = told(beside(JOB).with_batch_job().with_running_pod().build())
    between = told(beside(JOB).with_batch_job().with_ended_pod(75).build(), after(first), minutes=1)
    second = told(
        beside(JOB).with_batch_job().with_ended_pod(75).with_running_pod(since=NOON + timedelta(minutes=2)).build(),
        after(between),
        minutes=2,
    )

    assert between is not None
    assert second is not None
    assert (Phase.QUEUED, Phase.PROCESSING) == (between.phase, second.phase)
    assert NOON == second.start_time
    running = second.condition(ConditionType.RUNNING)
    assert running is not None
    assert NOON + timedelta(minutes=2) == running.last_transition_time


@pytest.mark.parametrize(
    "observed",
    [
        pytest.param(beside(JOB).with_batch_job(), id="no pod yet"),
        pytest.param(beside(JOB).with_batch_job().with_pod(waiting_reason="Unschedulable"), id="waiting"),
        pytest.param(beside(JOB).with_batch_job().with_running_pod(), id="running"),
        pytest.param(beside(JOB).with_batch_job().with_ended_pod(75), id="between attempts"),
    ],
)
def test_nothing_is_written_when_nothing_changed(observed: object) -> None:
    """A second look at the same pods, later, writes nothing."""
    seen = observed.build()  # type: ignore[attr-defined]
    first = told(seen)

    assert first is not None
    assert told(seen, after(first), minutes=5) is None


def test_the_way_to_the_container_is_one_write() -> None:
    """From the Job to the container's creation nothing is written again: the words stay the same."""
    first = told(beside(JOB).with_batch_job().build())
    for pod in ({}, {"waiting_reason": "ContainerCreating"}, {"waiting_reason": "PodInitializing"}):
        assert told(beside(JOB).with_batch_job().with_pod(**pod).build(), after(first), minutes=1) is None


def test_a_change_of_words_keeps_the_transition_time() -> None:
    """Waiting for something else is still the same waiting, and says since when."""
    first = told(beside(JOB).with_batch_job().build())
    second = told(
        beside(JOB).with_batch_job().with_pod(waiting_reason="Unschedulable").build(), after(first), minutes=1
    )

    assert second is not None
    queued = second.condition(ConditionType.QUEUED)
    assert queued is not None
    assert ("Unschedulable", NOON) == (queued.reason, queued.last_transition_time)


def test_what_will_run_is_told_once() -> None:
    """The effective settings are the profile's and the job's together, and stay when the profiles change."""
    asked = LAUNCHED.with_spec(profile="gpu", engine={"beamSize": 1})
    first = told(beside(JOB).with_batch_job().build(), asked)
    assert first is not None
    assert first.effective is not None
    assert ("gpu", "registry.example/steno-worker-cuda:1", "faster-whisper", "large-v3-turbo", 1) == (
        first.effective.profile,
        first.effective.image,
        first.effective.engine,
        first.effective.model,
        first.effective.beam_size,
    )

    other_profile = asked.with_spec(profile="no-longer-there").with_status(**first.to_wire())

    assert told(beside(JOB).with_batch_job().build(), other_profile, minutes=1) is None


def test_a_profile_that_is_gone_leaves_the_settings_untold() -> None:
    """A Job outlives its profile: what it runs is then told by its manifest."""
    status = told(beside(JOB).with_batch_job().build(), LAUNCHED.with_spec(profile="no-longer-there"))

    assert status is not None
    assert status.effective is None


def test_without_a_job_there_is_no_waiting() -> None:
    """A job without its Job is the launch's business."""
    assert decide(JOB, beside(JOB).build(), HERE, NOON) is None
