"""What is noted of each attempt: when it began and ended, why, and what it costs; and a Job that somebody deleted."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from steno_operator.observed import Observed
from steno_operator.policies.attempts import noted
from steno_types import Attempt, Reason, TerminationMessage, TranscriptionJob, to_rfc3339
from support.builders import NOON, JobBuilder, ObservedBuilder, a_complete_manifest, a_job, a_launched_job, beside

LAUNCHED = a_launched_job()
JOB = LAUNCHED.build()
POD = "talk-6f3d1c6e-0"
AT_WORK = beside(JOB).with_batch_job()
LATER = NOON + timedelta(minutes=5)
SEEN = LAUNCHED.attempted(POD)
"""A job whose first worker was seen to run."""


def of(job: TranscriptionJob, observed: Observed, *, now: datetime = LATER) -> list[dict[str, Any]]:
    """Note what there is, and give the attempts as the API server would show them."""
    return [attempt.to_wire() for attempt in noted(job, observed, now).status.attempts]


def attempt(name: str = POD, *, start: datetime = NOON, **more: Any) -> dict[str, Any]:
    """Spell an attempt."""
    spelled = {key: to_rfc3339(value) if isinstance(value, datetime) else value for key, value in more.items()}
    return {"name": name, "start": to_rfc3339(start), "counted": False, **spelled}


MINUTE_BEFORE = NOON - timedelta(minutes=1)


@pytest.mark.parametrize(
    ("observed", "attempts"),
    [
        pytest.param(AT_WORK, [], id="no pod"),
        pytest.param(AT_WORK.with_pod(waiting_reason="Unschedulable"), [], id="a pod that waits"),
        pytest.param(AT_WORK.with_running_pod(), [attempt()], id="running"),
        pytest.param(
            AT_WORK.with_ended_pod(75),
            [attempt(start=MINUTE_BEFORE, end=NOON, reason="DeviceOutOfMemory", counted=True)],
            id="failed for a reason that may pass",
        ),
        pytest.param(
            AT_WORK.with_ended_pod(65),
            [attempt(start=MINUTE_BEFORE, end=NOON, reason="AudioUndecodable", counted=True)],
            id="failed for good",
        ),
        pytest.param(
            AT_WORK.with_ended_pod(143),
            [attempt(start=MINUTE_BEFORE, end=NOON, reason="Terminated")],
            id="interrupted: free",
        ),
        pytest.param(
            AT_WORK.with_ended_pod(137, disruption="PreemptionByScheduler"),
            [attempt(start=MINUTE_BEFORE, end=NOON, reason="Preempted")],
            id="preempted: free",
        ),
        pytest.param(
            AT_WORK.with_ended_pod(0),
            [attempt(start=MINUTE_BEFORE, end=NOON, reason="InternalError", counted=True)],
            id="ended well with nothing to show",
        ),
        pytest.param(
            AT_WORK.with_ended_pod(75).with_running_pod(since=LATER),
            [
                attempt(start=MINUTE_BEFORE, end=NOON, reason="DeviceOutOfMemory", counted=True),
                attempt("talk-6f3d1c6e-1", start=LATER),
            ],
            id="two in a row",
        ),
        pytest.param(
            AT_WORK.with_pod(failed=True, failure_reason="UnexpectedAdmissionError"),
            [attempt(start=LATER, end=LATER, reason="NodeLost")],
            id="never started: it took no time since its creation",
        ),
        pytest.param(
            AT_WORK.with_running_pod().with_pod(started=NOON, deletion=NOON),
            [attempt(), attempt("talk-6f3d1c6e-1", end=LATER, reason="NodeLost")],
            id="should be gone and is not",
        ),
        pytest.param(
            AT_WORK.with_pod(started=LATER, finished=NOON, exit_code=75),
            [attempt(start=LATER, end=LATER, reason="DeviceOutOfMemory", counted=True)],
            id="clocks of two machines",
        ),
    ],
)
def test_what_a_pod_comes_to(observed: ObservedBuilder, attempts: list[dict[str, Any]]) -> None:
    """An attempt begins with its container and ends with its pod, and its reason says what it costs."""
    assert attempts == of(JOB, observed.build())


@pytest.mark.parametrize(
    "observed",
    [
        pytest.param(AT_WORK.with_running_pod(), id="running"),
        pytest.param(AT_WORK.with_ended_pod(75), id="failed"),
        pytest.param(AT_WORK.with_ended_pod(143).with_running_pod(), id="two"),
        pytest.param(beside(JOB), id="lost"),
        pytest.param(beside(JOB).with_batch_job(deleting=True).with_running_pod(), id="being lost"),
    ],
)
def test_noting_twice_is_noting_once(observed: ObservedBuilder) -> None:
    """A second look at the same pods gives the very same job, so that nothing is written for it."""
    once = noted(JOB, observed.build(), LATER)

    assert once is noted(once, observed.build(), LATER + timedelta(minutes=5))


def test_an_attempt_that_ended_is_not_judged_again() -> None:
    """What was given up, for its stall, keeps its reason when its pod ends at last for another one."""
    job = LAUNCHED.attempted(POD, end=NOON, reason="WorkerStalled", counted=True).build()

    assert [attempt(end=NOON, reason="WorkerStalled", counted=True)] == of(job, AT_WORK.with_ended_pod(143).build())


@pytest.mark.parametrize(
    ("job", "exit_code", "reason"),
    [
        pytest.param(SEEN.with_spec(suspend=True), 143, Reason.SUSPENDED, id="suspended"),
        pytest.param(SEEN.with_spec(suspend=True), 75, Reason.SUSPENDED, id="suspended, and it failed just then"),
        pytest.param(SEEN.with_spec(suspend=True), 65, Reason.AUDIO_UNDECODABLE, id="suspended, and failed for good"),
        pytest.param(SEEN.with_spec(cancel=True), 143, Reason.CANCELLED, id="cancelled"),
        pytest.param(
            SEEN.with_status(stopping={"reason": "DeadlineExceeded", "message": "m", "time": to_rfc3339(NOON)}),
            143,
            Reason.DEADLINE_EXCEEDED,
            id="stopped",
        ),
    ],
)
def test_an_end_that_was_asked_for_is_called_so(job: JobBuilder, exit_code: int, reason: Reason) -> None:
    """A worker that was told to go went for the reason it was told to, unless it had failed for good itself."""
    (only,) = noted(job.build(), AT_WORK.with_ended_pod(exit_code).build(), LATER).status.attempts

    assert reason is only.reason


def test_what_a_queue_interrupts_is_free() -> None:
    """A pod that ended while Kueue held its Job back was suspended, however it took it."""
    observed = beside(JOB).with_batch_job(suspended=True).with_ended_pod(75).build()

    assert [attempt(start=MINUTE_BEFORE, end=NOON, reason="Suspended")] == of(JOB, observed)


@pytest.mark.parametrize(
    ("job", "observed", "attempts"),
    [
        pytest.param(LAUNCHED, beside(JOB), [("talk-6f3d1c6e", "JobLost", True)], id="no pod was ever seen"),
        pytest.param(SEEN, beside(JOB), [(POD, "JobLost", True)], id="its pod is gone too"),
        pytest.param(
            LAUNCHED.attempted(POD, end=NOON, reason="Terminated"),
            beside(JOB),
            [(POD, "Terminated", False), ("talk-6f3d1c6e", "JobLost", True)],
            id="after an attempt that was free",
        ),
        pytest.param(
            SEEN,
            beside(JOB).with_batch_job(deleting=True).with_running_pod(),
            [(POD, None, False), ("talk-6f3d1c6e", "JobLost", True)],
            id="its pod is still on its way out",
        ),
        pytest.param(
            LAUNCHED.launched(1),
            beside(JOB).with_batch_job(0, failed=True),
            [("talk-6f3d1c6e-1", "JobLost", True)],
            id="only an older one is there",
        ),
    ],
)
def test_a_job_that_somebody_deleted_is_a_counted_attempt(
    job: JobBuilder, observed: ObservedBuilder, attempts: list[tuple[str, str | None, bool]]
) -> None:
    """It is counted once, and its name goes out of the status, so that the next one is made."""
    there = noted(job.build(), observed.build(), LATER)

    assert there.status.job_ref is None
    assert job.status["launches"] == there.status.launches
    assert attempts == [(one.name, one.reason, one.counted) for one in there.status.attempts]


@pytest.mark.parametrize(
    ("job", "observed"),
    [
        pytest.param(LAUNCHED, AT_WORK, id="it is there"),
        pytest.param(a_job().adopted().with_status(launches=1), beside(JOB), id="it was let go"),
        pytest.param(LAUNCHED.with_spec(suspend=True), beside(JOB), id="the job is suspended"),
        pytest.param(LAUNCHED.with_spec(cancel=True), beside(JOB), id="the job is cancelled"),
        pytest.param(LAUNCHED, beside(JOB).with_manifest(a_complete_manifest(JOB)), id="there is an outcome"),
        pytest.param(LAUNCHED.completed(), beside(JOB), id="the job has ended"),
        pytest.param(LAUNCHED.deleted(), beside(JOB), id="the job is being released"),
    ],
)
def test_what_steno_removes_is_no_loss(job: JobBuilder, observed: ObservedBuilder) -> None:
    """Only a Job that the status names, and that nobody of us took away, was lost."""
    there = job.build()

    assert there is noted(there, observed.build(), LATER)


@pytest.mark.parametrize(
    ("job", "reason"),
    [
        pytest.param(SEEN, Reason.TERMINATED, id="by somebody"),
        pytest.param(SEEN.with_spec(suspend=True), Reason.SUSPENDED, id="by a suspension"),
    ],
)
def test_a_pod_that_vanished_was_interrupted(job: JobBuilder, reason: Reason) -> None:
    """A pod that is gone before it was seen to end, its Job still there, costs nothing."""
    assert [attempt(end=LATER, reason=str(reason))] == of(job.build(), AT_WORK.build())


@pytest.mark.parametrize(
    "observed",
    [
        pytest.param(AT_WORK.with_ended_pod(0), id="it ended well"),
        pytest.param(beside(JOB), id="it is gone"),
    ],
)
def test_the_attempt_that_won_has_no_reason(observed: ObservedBuilder) -> None:
    """An attempt that came to an outcome ended for none of the failure table's reasons, and is free."""
    won = observed.with_manifest(a_complete_manifest(JOB, attempt=POD)).build()

    (only,) = noted(SEEN.build(), won, LATER).status.attempts

    assert (POD, None, False) == (only.name, only.reason, only.counted)
    assert only.end is not None


def test_an_attempt_that_lost_the_race_ended_well() -> None:
    """A worker that found another's outcome, and no copy to make, has done what there was to do."""
    observed = AT_WORK.with_ended_pod(0).with_manifest(a_complete_manifest(JOB, attempt="another")).build()

    assert [attempt(end=NOON)] == of(SEEN.build(), observed)


@pytest.mark.parametrize(
    ("delivered", "reason"),
    [pytest.param(True, None, id="made"), pytest.param(False, Reason.INTERNAL_ERROR, id="not made")],
)
def test_a_copy_that_was_owed_is_what_an_attempt_is_for(*, delivered: bool, reason: Reason | None) -> None:
    """A worker that ends well and leaves the copy unmade has failed, so that it is not tried for ever."""
    job = SEEN.delivered_to("talks", bucket="own").build()
    observed = AT_WORK.with_ended_pod(0).with_manifest(a_complete_manifest(JOB, attempt="another"))

    (only,) = noted(job, (observed.with_delivery() if delivered else observed).build(), LATER).status.attempts

    assert (reason, reason is not None) == (only.reason, only.counted)


def test_the_winner_may_fail_at_the_copy() -> None:
    """A worker that won and was refused at the destination has its own reason noted, as it decides about the next."""
    said = TerminationMessage(reason=Reason.OUTPUT_FORBIDDEN, message="m")
    job = SEEN.delivered_to("talks", bucket="own").build()
    observed = AT_WORK.with_ended_pod(78, said=said).with_manifest(a_complete_manifest(JOB, attempt=POD)).build()

    assert [attempt(end=NOON, reason="OutputForbidden", counted=True)] == of(job, observed)


def test_attempts_are_values() -> None:
    """Noting changes no job: it gives another one."""
    before = JOB.model_copy(deep=True)

    after = noted(JOB, AT_WORK.with_running_pod().build(), LATER)

    assert (before, (Attempt(name=POD, start=NOON),)) == (JOB, after.status.attempts)
