"""How a job ended, decided: read from its manifest, or claimed for it from the last word of its last attempt."""

from datetime import timedelta

import pytest

from steno_operator.observed import Observed
from steno_operator.plan import ClaimOutcome, Plan
from steno_operator.policies.outcome import BARE_CODES, decide
from steno_types import (
    FAILURES,
    ConditionType,
    Effective,
    FailureStatus,
    Manifest,
    Outcome,
    Phase,
    Reason,
    TerminationMessage,
    TranscriptionJobStatus,
    failure_for,
)
from support.builders import (
    NOON,
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
    plan = decide(JOB, beside(JOB).with_batch_job().with_manifest(manifest).build(), HERE, LATER)
    assert plan is not None
    assert ((), 0) == (plan.actions, plan.requeue_after_seconds)
    assert plan.status is not None
    return plan.status


def claimed(observed: Observed) -> FailureStatus:
    """Decide beside an ended Job without a manifest, and give the failure that is claimed."""
    plan = decide(JOB, observed, HERE, LATER)
    assert plan is not None
    assert (None, 0) == (plan.status, plan.requeue_after_seconds)
    (claim,) = plan.actions
    assert isinstance(claim, ClaimOutcome)
    manifest = claim.manifest
    assert ("steno/speech/jobs/talk-6f3d1c6e/", "operator") == (claim.results_prefix, manifest.attempt)
    assert (Outcome.FAILED, LATER, JOB.metadata.uid) == (manifest.outcome, manifest.time, manifest.job.uid)
    assert manifest.failure is not None
    return manifest.failure


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
        pytest.param({"owner_uid": None}, id="a stranger's Job"),
        pytest.param({"deleting": True}, id="Job deleting"),
    ],
)
def test_the_manifest_is_the_truth(batch_job: dict[str, object]) -> None:
    """Whatever Job and pods look like, a claimed outcome decides."""
    observed = beside(JOB).with_batch_job(**batch_job).with_ended_pod(143)

    plan = decide(JOB, observed.with_manifest(a_complete_manifest(JOB)).build(), HERE, LATER)

    assert plan is not None
    assert plan.status is not None
    assert Phase.COMPLETED is plan.status.phase


SAID = TerminationMessage(reason=Reason.DEVICE_OUT_OF_MEMORY, message="The GPU has 4 GiB and 6 are needed.")


@pytest.mark.parametrize(
    ("pod", "reason", "exit_code", "words"),
    [
        pytest.param({"exit_code": 75, "said": SAID}, Reason.DEVICE_OUT_OF_MEMORY, 75, SAID.message, id="own word"),
        pytest.param(
            {"exit_code": 75, "said": TerminationMessage(reason=Reason.DEVICE_OUT_OF_MEMORY, message="")},
            Reason.DEVICE_OUT_OF_MEMORY,
            75,
            "The GPU ran out of memory.",
            id="own word without words",
        ),
        pytest.param(
            {"exit_code": 137, "out_of_memory": True},
            Reason.OUT_OF_MEMORY,
            137,
            "more memory than its profile allows",
            id="OOMKilled",
        ),
        pytest.param({"exit_code": 137}, Reason.INTERNAL_ERROR, 137, "code 137 and no word", id="killed"),
        pytest.param({"exit_code": 69}, Reason.STORAGE_UNAVAILABLE, 69, "code 69 and no word", id="known bare code"),
        pytest.param({"exit_code": 65}, Reason.AUDIO_UNDECODABLE, 65, "code 65 and no word", id="terminal bare code"),
        pytest.param({"exit_code": 1}, Reason.INTERNAL_ERROR, 1, "code 1 and no word", id="unknown bare code"),
    ],
)
def test_the_last_word_of_a_failed_job(pod: dict[str, object], reason: Reason, exit_code: int, words: str) -> None:
    """The worker's own word counts first, then what can be seen from outside; the remedy stands beside it."""
    failure = claimed(beside(JOB).with_batch_job(failed=True).with_ended_pod(**pod).build())  # type: ignore[arg-type]

    row = failure_for(reason)
    assert (reason, exit_code, row.retryable) == (failure.reason, failure.exit_code, failure.retryable)
    assert words in failure.message
    assert row.remedy == failure.remedy


def test_every_exit_code_stands_for_something() -> None:
    """Each code of the failure table stands for one of the reasons that share it, when a worker says no more."""
    codes = {row.exit_code for row in FAILURES if row.exit_code is not None}

    assert codes == {*BARE_CODES}
    assert {code: code for code in codes} == {code: failure_for(BARE_CODES[code]).exit_code for code in codes}


def test_a_failed_job_whose_pods_are_gone() -> None:
    """Without a pod to ask, the Job controller's own words are all there is."""
    observed = beside(JOB).with_batch_job(failed=True, failure_message="Job has reached the backoff limit")

    failure = claimed(observed.build())

    assert (Reason.INTERNAL_ERROR, None) == (failure.reason, failure.exit_code)
    assert failure.message.startswith("No attempt left a trace. Job has reached the backoff limit")


def test_the_last_attempt_is_the_one_that_ended_last() -> None:
    """Of several attempts the last to end gives the reason, whatever their order, and pods that run give none."""
    observed = (
        beside(JOB)
        .with_batch_job(failed=True)
        .with_ended_pod(75, at=NOON + timedelta(minutes=2), said=SAID)
        .with_ended_pod(69, at=NOON + timedelta(minutes=1))
        .with_running_pod()
    )

    assert Reason.DEVICE_OUT_OF_MEMORY is claimed(observed.build()).reason


def test_a_complete_job_without_a_manifest_is_a_bug() -> None:
    """A worker that ends well and leaves nothing has not done its work."""
    failure = claimed(beside(JOB).with_batch_job(complete=True).with_ended_pod(0).build())

    assert (Reason.INTERNAL_ERROR, None, True) == (failure.reason, failure.exit_code, failure.retryable)
    assert failure.message.startswith("The worker ended well but left no manifest")


def test_a_long_word_fits_the_status() -> None:
    """What a worker says at length is shortened to the field's bound."""
    said = TerminationMessage(reason=Reason.INTERNAL_ERROR, message="x" * 3000)

    failure = claimed(beside(JOB).with_batch_job(failed=True).with_ended_pod(70, said=said).build())

    assert 1024 == len(failure.message)


@pytest.mark.parametrize(
    "observed",
    [
        pytest.param(beside(JOB).build(), id="no Job"),
        pytest.param(beside(JOB).with_batch_job().with_running_pod().build(), id="running"),
        pytest.param(beside(JOB).with_batch_job().with_ended_pod(75).build(), id="between attempts"),
        pytest.param(beside(JOB).with_strangers_batch_job(failed=True).build(), id="a stranger's failed Job"),
        pytest.param(beside(JOB).with_strangers_batch_job(complete=True).build(), id="a stranger's complete Job"),
    ],
)
def test_no_outcome_yet(observed: Observed) -> None:
    """What has not ended, or is a stranger's, says nothing about the job's end."""
    assert decide(JOB, observed, HERE, LATER) is None


def test_the_claim_is_read_back() -> None:
    """A claim writes no status: the next look reads whichever manifest stands, and it may be another's."""
    observed = beside(JOB).with_batch_job(failed=True).with_ended_pod(70).build()
    plan = decide(JOB, observed, HERE, LATER)
    assert isinstance(plan, Plan)
    assert plan.status is None

    assert Phase.COMPLETED is concluded(a_complete_manifest(JOB)).phase


def test_a_worker_that_came_and_went_between_two_looks_has_started() -> None:
    """The first attempt's start is told though nobody saw it run."""
    job = a_launched_job().build()
    observed = beside(job).with_batch_job().with_ended_pod(75, at=NOON - timedelta(minutes=9)).with_ended_pod(0)

    plan = decide(job, observed.with_manifest(a_complete_manifest(job)).build(), HERE, LATER)

    assert plan is not None
    assert plan.status is not None
    assert NOON - timedelta(minutes=10) == plan.status.start_time
