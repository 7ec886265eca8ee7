"""How a job ended, decided: all that its manifest says becomes the status, whatever Jobs and pods look like."""

from datetime import timedelta
from typing import Any

import pytest

from steno_operator.plan import DeleteBatchJob
from steno_operator.policies.outcome import decide
from steno_types import ConditionType, Effective, Manifest, Phase, Reason, TranscriptionJobStatus
from support.builders import (
    NOON,
    ObservedBuilder,
    a_complete_manifest,
    a_failed_manifest,
    a_launched_job,
    an_installation,
    beside,
)

HERE = an_installation()
LAUNCHED = (
    a_launched_job()
    .condition(ConditionType.QUEUED, holds=False)
    .condition(ConditionType.RUNNING)
    .with_status(
        startTime="2026-01-31T11:58:00Z",
        jobRef={"name": "talk-6f3d1c6e", "uid": "b0b5"},
        effective={"profile": "cpu", "image": "told:1", "engine": "faster-whisper", "model": "tiny"},
    )
)
JOB = LAUNCHED.build()
LATER = NOON + timedelta(minutes=5)


def concluded(manifest: Manifest) -> TranscriptionJobStatus:
    """Decide beside a claimed outcome, and give the status."""
    plan = decide(JOB, beside(JOB).with_batch_job(complete=True).with_manifest(manifest).build(), HERE, LATER)
    assert plan is not None
    assert ((), 0) == (plan.actions, plan.requeue_after_seconds)
    assert plan.status is not None
    return plan.status


def conditions(status: TranscriptionJobStatus) -> dict[str, str]:
    """Give each condition's status by its type."""
    return {condition.type: condition.status for condition in status.conditions}


def test_a_complete_manifest_becomes_the_status() -> None:
    """All that the manifest tells is in the status, at the time of the claim rather than of the look."""
    effective = Effective(profile="cpu", image="ran:1", engine="faster-whisper 1.2", model="tiny", device="cpu")

    status = concluded(a_complete_manifest(JOB, effective=effective, warnings=["It was loud."]))

    assert Phase.COMPLETED is status.phase
    assert {"Queued": "False", "Running": "False", "Complete": "True"} == conditions(status)
    assert (NOON, NOON + timedelta(hours=1)) == (status.completion_time, status.expiration_time)
    assert status.progress is not None
    assert (100, 28.66, 28.66) == (
        status.progress.percent,
        status.progress.processed_seconds,
        status.progress.total_seconds,
    )
    assert [("json", "s3://steno/steno/speech/jobs/talk-6f3d1c6e/attempts/pod-0/transcript.json")] == [
        (output.format, output.uri) for output in status.outputs
    ]
    assert (0.05, effective, ("It was loud.",), None) == (
        status.real_time_factor,
        status.effective,
        status.warnings,
        status.failure,
    )
    assert (JOB.status.start_time, JOB.status.job_ref) == (status.start_time, status.job_ref)


def test_a_failed_manifest_becomes_the_status() -> None:
    """The failure is in the status and its reason and message in the condition; what was known before stays."""
    status = concluded(a_failed_manifest(JOB, Reason.NO_AUDIO_STREAM))

    assert Phase.FAILED is status.phase
    assert {"Queued": "False", "Running": "False", "Failed": "True"} == conditions(status)
    failed = status.condition(ConditionType.FAILED)
    assert failed is not None
    assert ("NoAudioStream", "The recording holds no audio.") == (failed.reason, failed.message)
    assert status.failure is not None
    assert (Reason.NO_AUDIO_STREAM, 65, False) == (
        status.failure.reason,
        status.failure.exit_code,
        status.failure.retryable,
    )
    assert ((), None, NOON) == (status.outputs, status.progress, status.completion_time)
    assert JOB.status.effective == status.effective


@pytest.mark.parametrize(
    "batch_job",
    [
        pytest.param({}, id="Job still at it"),
        pytest.param({"failed": True}, id="Job failed"),
        pytest.param({"complete": True}, id="Job complete"),
        pytest.param({"deleting": True}, id="Job deleting"),
    ],
)
def test_the_manifest_is_the_truth(batch_job: dict[str, Any]) -> None:
    """Whatever Job and pods look like, a claimed outcome decides."""
    observed = beside(JOB).with_batch_job(**batch_job).with_ended_pod(143)

    plan = decide(JOB, observed.with_manifest(a_complete_manifest(JOB)).build(), HERE, LATER)

    assert plan is not None
    assert plan.status is not None
    assert Phase.COMPLETED is plan.status.phase


@pytest.mark.parametrize(
    "observed",
    [
        pytest.param(beside(JOB), id="no Job"),
        pytest.param(beside(JOB).with_batch_job().with_running_pod(), id="running"),
        pytest.param(beside(JOB).with_batch_job(failed=True).with_ended_pod(75), id="Job failed"),
        pytest.param(beside(JOB).with_batch_job(complete=True).with_ended_pod(0), id="Job complete"),
    ],
)
def test_no_outcome_yet(observed: ObservedBuilder) -> None:
    """Without a manifest there is none, however Job and pods have ended."""
    assert decide(JOB, observed.build(), HERE, LATER) is None


def test_what_was_under_way_is_settled() -> None:
    """Nothing is being stopped or waited for any more, and nobody is suspended."""
    job = (
        LAUNCHED.condition(ConditionType.SUSPENDED)
        .with_status(stopping={"reason": "Cancelled", "message": "m", "time": "2026-01-31T12:00:00Z"})
        .build()
    )

    plan = decide(job, beside(job).with_manifest(a_complete_manifest(job)).build(), HERE, LATER)

    assert plan is not None
    assert plan.status is not None
    assert {"Queued": "False", "Running": "False", "Suspended": "False", "Complete": "True"} == conditions(
        plan.status
    )
    assert plan.status.stopping is None


def test_the_way_here_is_kept() -> None:
    """Attempts, Jobs so far and the Job's name stay to be read when all pods are gone."""
    job = (
        LAUNCHED.launched(1)
        .with_status(earlierAttempts={"count": 2, "interrupted": 2})
        .attempted("talk-6f3d1c6e-0", end=NOON, reason="Preempted")
        .attempted("talk-6f3d1c6e-1-0", end=NOON)
        .build()
    )

    plan = decide(job, beside(job).with_manifest(a_complete_manifest(job)).build(), HERE, LATER)

    assert plan is not None
    assert plan.status is not None
    assert (job.status.attempts, job.status.earlier_attempts, 2, job.status.job_ref) == (
        plan.status.attempts,
        plan.status.earlier_attempts,
        plan.status.launches,
        plan.status.job_ref,
    )


@pytest.mark.parametrize(
    ("attempt", "reason", "after"),
    [
        pytest.param({}, None, (None, False), id="the winner, seen to run"),
        pytest.param({"end": NOON, "reason": "NodeLost"}, None, (None, False), id="the winner, given up too early"),
        pytest.param(
            {"end": NOON, "reason": "WorkerStalled", "counted": True}, None, (None, False), id="the winner, stalled"
        ),
        pytest.param(
            {"end": NOON, "reason": "OutOfMemory", "counted": True},
            None,
            (Reason.OUT_OF_MEMORY, True),
            id="the winner, at the copy",
        ),
        pytest.param({}, Reason.AUDIO_UNDECODABLE, (Reason.AUDIO_UNDECODABLE, False), id="the winner, of a failure"),
    ],
)
def test_the_attempt_that_won_is_told_as_such(
    attempt: dict[str, Any], reason: Reason | None, after: tuple[Reason | None, bool]
) -> None:
    """Nobody looks again: an open attempt is closed, and one that was given up and won has that taken back."""
    job = LAUNCHED.attempted("pod-0", **attempt).build()
    manifest = a_complete_manifest(job) if reason is None else a_failed_manifest(job, reason)

    plan = decide(job, beside(job).with_manifest(manifest).build(), HERE, LATER)

    assert plan is not None
    assert plan.status is not None
    (only,) = plan.status.attempts
    assert (NOON, *after) == (only.end, only.reason, only.counted)


def test_an_attempt_that_is_cut_short_ends_with_its_job() -> None:
    """Whatever still runs when the operator's claim stands was ended for its reason."""
    job = LAUNCHED.attempted("talk-6f3d1c6e-0").build()
    manifest = a_failed_manifest(job, Reason.CANCELLED).model_copy(update={"attempt": "operator"})

    plan = decide(job, beside(job).with_manifest(manifest).build(), HERE, LATER)

    assert plan is not None
    assert plan.status is not None
    (only,) = plan.status.attempts
    assert (NOON, Reason.CANCELLED) == (only.end, only.reason)


WINNER = "talk-6f3d1c6e-0"


@pytest.mark.parametrize(
    ("observed", "actions"),
    [
        pytest.param(beside(JOB).with_batch_job().with_running_pod(), (), id="the winner's Job ends by itself"),
        pytest.param(beside(JOB).with_batch_job(complete=True).with_ended_pod(0), (), id="it has ended"),
        pytest.param(
            beside(JOB).with_running_pod().with_batch_job(1).with_running_pod(),
            (DeleteBatchJob(name="talk-6f3d1c6e-1"),),
            id="one that followed a Job whose worker won after all",
        ),
        pytest.param(
            beside(JOB).with_batch_job().with_running_pod().with_batch_job(1, failed=True), (), id="one that failed"
        ),
    ],
)
def test_nobody_works_for_nothing(observed: ObservedBuilder, actions: tuple[DeleteBatchJob, ...]) -> None:
    """Once there is an outcome, a Job whose worker did not win is deleted, as it holds a GPU."""
    won = observed.with_manifest(a_complete_manifest(JOB, attempt=WINNER))

    plan = decide(JOB, won.build(), HERE, LATER)

    assert plan is not None
    assert actions == plan.actions


def test_a_worker_that_came_and_went_between_two_looks_has_started() -> None:
    """The first attempt's start is told though nobody saw it run."""
    job = a_launched_job().build()
    observed = beside(job).with_batch_job().with_ended_pod(75, at=NOON - timedelta(minutes=9)).with_ended_pod(0)

    plan = decide(job, observed.with_manifest(a_complete_manifest(job)).build(), HERE, LATER)

    assert plan is not None
    assert plan.status is not None
    assert NOON - timedelta(minutes=10) == plan.status.start_time
