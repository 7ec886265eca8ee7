"""What the status says of a job that has its Job: by table over its pods, and nothing where nothing changed."""

from datetime import timedelta
from typing import Any

import pytest

from steno_operator.plan import Plan
from steno_operator.policies.waiting import POD_SECONDS, PULL_SECONDS, STARTING, decide
from steno_types import (
    ConditionType,
    JobReference,
    Phase,
    Reason,
    TranscriptionJobStatus,
    WaitingReason,
    failure_for,
)
from support.builders import (
    BATCH_JOB_UID,
    NOON,
    JobBuilder,
    ObservedBuilder,
    a_job,
    a_launched_job,
    an_installation,
    beside,
)

HERE = an_installation()
LAUNCHED = a_launched_job()
JOB = LAUNCHED.build()
AT_WORK = beside(JOB).with_batch_job(created=NOON)
NO_NODE = "0/3 nodes are available: 3 Insufficient nvidia.com/gpu."
ENDED = "The last attempt has ended; another one follows, or its outcome."


def decided(observed: ObservedBuilder, job: JobBuilder = LAUNCHED, *, seconds: float = 0) -> Plan | None:
    """Decide so long after noon."""
    return decide(job.build(), observed.build(), HERE, NOON + timedelta(seconds=seconds))


def told(observed: ObservedBuilder, job: JobBuilder = LAUNCHED, *, seconds: float = 0) -> TranscriptionJobStatus:
    """Give the status that is written."""
    plan = decided(observed, job, seconds=seconds)
    assert plan is not None
    assert () == plan.actions
    assert plan.status is not None
    return plan.status


def after(status: TranscriptionJobStatus) -> JobBuilder:
    """Give the job with `status` written."""
    return LAUNCHED.with_status(**status.to_wire())


@pytest.mark.parametrize(
    ("observed", "seconds", "reason", "message", "again"),
    [
        pytest.param(AT_WORK, 0, WaitingReason.WORKER_STARTING, STARTING, POD_SECONDS + 1, id="no pod yet"),
        pytest.param(AT_WORK, 29, WaitingReason.WORKER_STARTING, STARTING, 2, id="no pod, a second early"),
        pytest.param(
            AT_WORK,
            30,
            WaitingReason.QUOTA_EXHAUSTED,
            "The Job talk-6f3d1c6e has no pod. A quota may forbid it, or admission: "
            "kubectl describe job talk-6f3d1c6e says.",
            None,
            id="no pod for long",
        ),
        pytest.param(AT_WORK.with_pod(), 0, WaitingReason.WORKER_STARTING, STARTING, None, id="pod without a word"),
        pytest.param(
            AT_WORK.with_pod(waiting_reason="Unschedulable", waiting_message=NO_NODE),
            0,
            WaitingReason.NO_NODE_FITS,
            NO_NODE,
            None,
            id="no node fits",
        ),
        pytest.param(
            AT_WORK.with_pod(waiting_reason="SchedulingGated"),
            0,
            WaitingReason.NO_NODE_FITS,
            "No node has what the worker asks for.",
            None,
            id="no node, without a message",
        ),
        pytest.param(
            AT_WORK.with_pod(waiting_reason="Unschedulable", waiting_message="x" * 2000),
            0,
            WaitingReason.NO_NODE_FITS,
            "x" * 1023 + "…",
            None,
            id="a long message",
        ),
        pytest.param(
            AT_WORK.with_pod(scheduled=NOON, waiting_reason="ContainerCreating"),
            0,
            WaitingReason.WORKER_STARTING,
            STARTING,
            PULL_SECONDS + 1,
            id="starting",
        ),
        pytest.param(
            AT_WORK.with_pod(scheduled=NOON, waiting_reason="ContainerCreating"),
            10,
            WaitingReason.IMAGE_PULLING,
            "The node of talk-6f3d1c6e-0 fetches the worker's image, or its volumes.",
            None,
            id="starting for long",
        ),
        pytest.param(
            AT_WORK.with_pod(scheduled=NOON, waiting_reason="ImagePullBackOff", waiting_message="Back-off 40 s"),
            0,
            WaitingReason.IMAGE_PULLING,
            failure_for(Reason.IMAGE_PULL_FAILED).meaning,
            None,
            id="image pull",
        ),
        pytest.param(
            AT_WORK.with_pod(scheduled=NOON, waiting_reason="CreateContainerConfigError"),
            0,
            WaitingReason.IMAGE_PULLING,
            failure_for(Reason.POD_CONFIG_INVALID).meaning,
            None,
            id="no such Secret",
        ),
        pytest.param(AT_WORK.with_ended_pod(75), 0, WaitingReason.WORKER_ENDED, ENDED, None, id="between attempts"),
        pytest.param(
            AT_WORK.with_ended_pod(75).with_pod(waiting_reason="Unschedulable", waiting_message=NO_NODE),
            0,
            WaitingReason.NO_NODE_FITS,
            NO_NODE,
            None,
            id="next attempt waits",
        ),
        pytest.param(
            beside(JOB).with_ended_pod(75).with_batch_job(0, created=NOON).with_batch_job(1, created=NOON),
            0,
            WaitingReason.WORKER_STARTING,
            STARTING,
            POD_SECONDS + 1,
            id="pods of an older Job do not count",
        ),
    ],
)
def test_a_waiting_job_says_what_for(
    observed: ObservedBuilder, seconds: float, reason: WaitingReason, message: str, again: float | None
) -> None:
    """Queued holds, with the youngest pod's reason and words; time alone is waited for where it may change them."""
    plan = decided(observed, seconds=seconds)

    assert plan is not None
    assert ((), again) == (plan.actions, plan.requeue_after_seconds)
    status = plan.status
    assert status is not None
    queued = status.condition(ConditionType.QUEUED)
    assert queued is not None
    assert (Phase.QUEUED, "True", reason, message) == (status.phase, queued.status, queued.reason, queued.message)
    assert status.condition(ConditionType.RUNNING) is None


@pytest.mark.parametrize(
    ("job", "number", "launches"),
    [
        pytest.param(LAUNCHED, 0, 1, id="known"),
        pytest.param(a_job().adopted(), 0, 1, id="the first, not yet written down"),
        pytest.param(LAUNCHED, 1, 2, id="the next, not yet written down"),
    ],
)
def test_the_job_that_works_is_named(job: JobBuilder, number: int, launches: int) -> None:
    """A Job whose creation was not written down is taken up, and its number counts as given."""
    status = told(beside(JOB).with_batch_job(number), job)

    name = "talk-6f3d1c6e" if number == 0 else f"talk-6f3d1c6e-{number}"
    assert (JobReference(name=name, uid=BATCH_JOB_UID), launches) == (status.job_ref, status.launches)


def test_a_running_job_says_which_worker() -> None:
    """Running holds, Queued no longer does, and the first start is noted."""
    since = NOON - timedelta(seconds=5)

    status = told(AT_WORK.with_running_pod(since=since))

    assert (Phase.PROCESSING, since) == (status.phase, status.start_time)
    running, queued = status.condition(ConditionType.RUNNING), status.condition(ConditionType.QUEUED)
    assert running is not None
    assert queued is not None
    assert ("True", "False") == (running.status, queued.status)
    assert "talk-6f3d1c6e-0" in running.message


def test_a_later_attempt_keeps_the_first_start() -> None:
    """The start time is the first attempt's, and the conditions go back and forth with the attempts."""
    first = told(AT_WORK.with_running_pod())
    between = told(AT_WORK.with_ended_pod(75), after(first), seconds=60)
    second = told(
        AT_WORK.with_ended_pod(75).with_running_pod(since=NOON + timedelta(minutes=2)), after(between), seconds=120
    )

    assert (Phase.QUEUED, Phase.PROCESSING) == (between.phase, second.phase)
    assert NOON == second.start_time
    running = second.condition(ConditionType.RUNNING)
    assert running is not None
    assert NOON + timedelta(minutes=2) == running.last_transition_time


@pytest.mark.parametrize(
    "observed",
    [
        pytest.param(AT_WORK, id="no pod yet"),
        pytest.param(AT_WORK.with_pod(waiting_reason="Unschedulable"), id="no node"),
        pytest.param(AT_WORK.with_pod(scheduled=NOON, waiting_reason="ErrImagePull"), id="no image"),
        pytest.param(AT_WORK.with_running_pod(), id="running"),
        pytest.param(AT_WORK.with_ended_pod(75), id="between attempts"),
        pytest.param(beside(JOB).with_batch_job(suspended=True), id="no quota"),
    ],
)
def test_nothing_is_written_when_nothing_changed(observed: ObservedBuilder) -> None:
    """A second look at the same pods writes nothing."""
    written = after(told(observed))

    plan = decided(observed, written, seconds=5)

    assert plan is None or (None, ()) == (plan.status, plan.actions)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(
            {"waiting_reason": "Unschedulable", "waiting_message": NO_NODE},
            {"waiting_reason": "Unschedulable", "waiting_message": "0/4 nodes are available: 4 Insufficient cpu."},
            id="the scheduler counts again",
        ),
        pytest.param(
            {"scheduled": NOON, "waiting_reason": "ErrImagePull", "waiting_message": "rpc error"},
            {"scheduled": NOON, "waiting_reason": "ImagePullBackOff", "waiting_message": "Back-off 40 s"},
            id="the kubelet backs off",
        ),
    ],
)
def test_words_that_change_all_the_time_are_written_once(first: dict[str, Any], second: dict[str, Any]) -> None:
    """Each new count of nodes, and each new back-off, would be a write for every job that waits."""
    written = after(told(AT_WORK.with_pod(**first)))

    assert decided(AT_WORK.with_pod(**second), written, seconds=60) is None


@pytest.mark.parametrize("waiting_reason", ["", "ContainerCreating", "PodInitializing"])
def test_the_way_to_the_container_is_one_write(waiting_reason: str) -> None:
    """From the Job to a container that starts in time nothing is written again: the words stay the same."""
    first = told(AT_WORK)

    plan = decided(AT_WORK.with_pod(scheduled=NOON, waiting_reason=waiting_reason), after(first), seconds=5)

    assert Plan(requeue_after_seconds=6) == plan


def test_a_change_of_words_keeps_the_transition_time() -> None:
    """Waiting for something else is still the same waiting, and says since when."""
    first = told(AT_WORK)

    queued = told(AT_WORK.with_pod(waiting_reason="Unschedulable"), after(first), seconds=60).condition(
        ConditionType.QUEUED
    )

    assert queued is not None
    assert (WaitingReason.NO_NODE_FITS, NOON) == (queued.reason, queued.last_transition_time)


def test_without_a_job_there_is_no_waiting() -> None:
    """A job without its Job is the launch's business."""
    assert decided(beside(JOB)) is None
