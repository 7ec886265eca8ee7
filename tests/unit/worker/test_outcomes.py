"""Every way an attempt can end: exit code, termination message, and whether the outcome is claimed."""

import hashlib
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from steno_store import (
    BucketNotFoundError,
    StoreError,
    StoreForbiddenError,
    StoreUnavailableError,
    claim_outcome,
    keys,
)
from steno_types import (
    Assignment,
    FailureStatus,
    Manifest,
    ManifestOutput,
    Outcome,
    Reason,
    SourceObject,
    TranscriptFormat,
)
from steno_worker.errors import DeviceOutOfMemoryError, ModelUnknownError, SettingsInvalidError
from steno_worker.rendering import file_suffix
from support.object_store import InMemoryObjectStore
from unit.worker.attempts import POD_NAME, RESULTS_PREFIX, UPLOAD_KEY, Pod, ScriptedEngine

OTHER = "talk-89abcdef-first"
WHAT_WAS_HEARD = ("audio_duration_s", "language", "segment_count", "words_per_minute")


def claimed_by_another(assignment: Assignment, *, reason: Reason | None = None, attempt: str = OTHER) -> Manifest:
    """Make the manifest of an earlier claimant."""
    failure = FailureStatus(reason=reason, message="It went wrong.", retryable=False) if reason else None
    output = ManifestOutput(format="txt", key="elsewhere", bytes=0, sha256="0" * 64, content_type="text/plain")
    return Manifest(
        job=assignment.job,
        attempt=attempt,
        outcome=Outcome.FAILED if failure else Outcome.COMPLETE,
        time=datetime(2026, 1, 31, 12, tzinfo=UTC),
        failure=failure,
        outputs=() if failure else (output,),
    )


def test_a_transcribed_recording_is_complete(pod: Pod, assignment: Assignment, engine: ScriptedEngine) -> None:
    """Success: exit 0, no last word, a manifest that names this attempt, and nothing left on disk."""
    ended = pod.run(assignment=assignment, load=engine.load)

    assert 0 == ended.exit_code
    assert ended.termination is None
    assert ended.manifest is not None
    assert (Outcome.COMPLETE, POD_NAME) == (ended.manifest.outcome, ended.manifest.attempt)
    assert [] == ended.scratch_files


def test_the_manifest_names_what_is_stored(pod: Pod, assignment: Assignment, engine: ScriptedEngine) -> None:
    """Keys, sizes, digests and media types in the manifest are those of the objects."""
    manifest = pod.run(assignment=assignment, load=engine.load).manifest

    assert manifest is not None
    assert list(TranscriptFormat) == [output.format for output in manifest.outputs]
    for output in manifest.outputs:
        body = pod.store.get(output.key)
        suffix = file_suffix(TranscriptFormat(output.format))
        assert keys.transcript(RESULTS_PREFIX, manifest.attempt, suffix) == output.key
        assert len(body) == output.bytes
        assert hashlib.sha256(body).hexdigest() == output.sha256
        assert pod.store.content_types[output.key] == output.content_type


def test_the_manifest_says_what_ran(pod: Pod, assignment: Assignment, engine: ScriptedEngine) -> None:
    """Media, real-time factor and effective settings stand in the manifest."""
    manifest = pod.run(assignment=assignment, load=engine.load).manifest

    assert manifest is not None
    assert manifest.media is not None
    assert (28.692, "en") == (manifest.media.duration_seconds, manifest.media.language)
    assert manifest.effective is not None
    assert {
        "profile": "tiny",
        "image": "steno-worker:test",
        "engine": "scripted 1",
        "model": "none",
        "device": "cpu",
        "computeType": "int8",
        "beamSize": 5,
    } == manifest.effective.to_wire()
    assert manifest.processing_seconds is not None
    assert manifest.real_time_factor is not None
    assert 0 <= manifest.real_time_factor < 1
    assert () == manifest.warnings


def test_a_recording_without_speech_is_complete_with_a_warning(
    pod: Pod, assignment: Assignment, engine: ScriptedEngine
) -> None:
    """Silence is no failure: an empty transcript, and a sentence about it."""
    engine.lines = ()

    manifest = pod.run(assignment=assignment, load=engine.load).manifest

    assert manifest is not None
    assert Outcome.COMPLETE == manifest.outcome
    assert ("No speech was found in the recording.",) == manifest.warnings


@pytest.mark.parametrize(
    ("reason", "exit_code"),
    [
        pytest.param(None, 0, id="complete"),
        pytest.param(Reason.AUDIO_UNDECODABLE, 65, id="terminal"),
        pytest.param(Reason.OUT_OF_MEMORY, 65, id="claimed by the operator, no exit code"),
    ],
)
def test_a_claimed_outcome_is_followed(
    pod: Pod, assignment: Assignment, engine: ScriptedEngine, reason: Reason | None, exit_code: int
) -> None:
    """An attempt that comes late ends as the manifest says, writes nothing and loads nothing."""
    earlier = claimed_by_another(assignment, reason=reason)
    claim_outcome(pod.store, RESULTS_PREFIX, earlier)
    before = pod.store.objects

    ended = pod.run(assignment=assignment, load=engine.load)

    assert (exit_code, reason) == (ended.exit_code, ended.reason)
    assert earlier == ended.manifest
    assert before == pod.store.objects
    assert 0 == engine.loads


@pytest.mark.parametrize(
    ("reason", "exit_code"),
    [
        pytest.param(None, 0, id="winner completed"),
        pytest.param(Reason.SOURCE_NOT_FOUND, 66, id="winner failed"),
    ],
)
def test_a_lost_race_is_followed(
    pod: Pod, assignment: Assignment, engine: ScriptedEngine, reason: Reason | None, exit_code: int
) -> None:
    """When another attempt claims first while this one works, this one ends as that one says."""
    winner = claimed_by_another(assignment, reason=reason)
    engine.on_load = lambda: (claim_outcome(pod.store, RESULTS_PREFIX, winner), None)[1]

    ended = pod.run(assignment=assignment, load=engine.load)

    assert (exit_code, reason) == (ended.exit_code, ended.reason)
    assert winner == ended.manifest


def test_a_failing_attempt_follows_one_that_completed(pod: Pod, assignment: Assignment) -> None:
    """A terminal failure that comes second does not undo a transcript."""
    winner = claimed_by_another(assignment)
    engine = ScriptedEngine(
        raises=SettingsInvalidError("No."),
        on_load=lambda: (claim_outcome(pod.store, RESULTS_PREFIX, winner), None)[1],
    )

    ended = pod.run(assignment=assignment, load=engine.load)

    assert 0 == ended.exit_code
    assert winner == ended.manifest


def test_an_own_claim_whose_answer_was_lost_is_success(
    pod: Pod, assignment: Assignment, engine: ScriptedEngine
) -> None:
    """A retried PUT meets its own manifest: told by the attempt's name, it won."""
    own = claimed_by_another(assignment, attempt=POD_NAME)
    engine.on_load = lambda: (claim_outcome(pod.store, RESULTS_PREFIX, own), None)[1]

    ended = pod.run(assignment=assignment, load=engine.load)

    assert 0 == ended.exit_code


@pytest.mark.parametrize(
    ("body", "reason", "exit_code"),
    [
        pytest.param(b"Minutes of the meeting", Reason.AUDIO_UNDECODABLE, 65, id="text"),
        pytest.param(b"", Reason.AUDIO_UNDECODABLE, 65, id="empty"),
        pytest.param(None, Reason.SOURCE_NOT_FOUND, 66, id="absent"),
    ],
)
def test_a_bad_recording_fails_the_job(
    pod: Pod, assignment: Assignment, engine: ScriptedEngine, *, body: bytes | None, reason: Reason, exit_code: int
) -> None:
    """What is wrong with the recording is claimed as the outcome, before any model is loaded."""
    if body is None:
        pod.store.delete(UPLOAD_KEY)
    else:
        pod.store.put(UPLOAD_KEY, body)

    ended = pod.run(assignment=assignment, load=engine.load)

    assert (exit_code, reason) == (ended.exit_code, ended.reason)
    assert ended.manifest is not None
    assert ended.manifest.failure is not None
    assert (reason, exit_code, False) == (
        ended.manifest.failure.reason,
        ended.manifest.failure.exit_code,
        ended.manifest.failure.retryable,
    )
    assert 0 == engine.loads
    assert [] == ended.scratch_files


def test_a_silent_film_fails_the_job(
    pod: Pod, assignment: Assignment, engine: ScriptedEngine, make_recording: Callable[..., Path]
) -> None:
    """A video without sound is NoAudioStream."""
    pod.store.put(UPLOAD_KEY, make_recording("film.mp4", codec=None, video_codec="mpeg4").read_bytes())

    ended = pod.run(assignment=assignment, load=engine.load)

    assert (65, Reason.NO_AUDIO_STREAM) == (ended.exit_code, ended.reason)
    assert ended.manifest is not None


def test_an_absent_source_bucket_fails_the_job(pod: Pod, assignment: Assignment, engine: ScriptedEngine) -> None:
    """A bucket that is not there is a source that is not there."""
    elsewhere = assignment.model_copy(update={"source": SourceObject(bucket="nowhere", key="talk.wav")})

    ended = pod.run(assignment=elsewhere, load=engine.load)

    assert (66, Reason.SOURCE_NOT_FOUND) == (ended.exit_code, ended.reason)
    assert ended.termination is not None
    assert "s3://nowhere/talk.wav" in ended.termination.message


@pytest.mark.parametrize(
    ("error", "calls", "reason", "exit_code", "claimed"),
    [
        pytest.param(
            StoreForbiddenError("denied"), ["stream"], Reason.SOURCE_FORBIDDEN, 66, True, id="source forbidden"
        ),
        pytest.param(
            StoreUnavailableError("away"), ["head"], Reason.STORAGE_UNAVAILABLE, 69, False, id="source away"
        ),
        pytest.param(
            StoreError("no such feature"), ["stream"], Reason.SOURCE_FORBIDDEN, 66, True, id="source not handed out"
        ),
        pytest.param(
            StoreForbiddenError("denied"), ["check_writable"], Reason.OUTPUT_FORBIDDEN, 78, True, id="probe refused"
        ),
        pytest.param(
            StoreForbiddenError("denied"),
            ["check_writable", "put_if_absent"],
            Reason.OUTPUT_FORBIDDEN,
            78,
            False,
            id="all writes refused",
        ),
        pytest.param(
            StoreForbiddenError("denied"), ["get"], Reason.OUTPUT_FORBIDDEN, 78, False, id="manifest hidden"
        ),
        pytest.param(StoreUnavailableError("away"), [], Reason.STORAGE_UNAVAILABLE, 69, False, id="store away"),
        pytest.param(
            BucketNotFoundError("none"), ["check_writable"], Reason.SETTINGS_INVALID, 78, True, id="no such bucket"
        ),
        pytest.param(
            StoreError("not implemented"),
            ["put_if_absent"],
            Reason.SETTINGS_INVALID,
            78,
            False,
            id="no conditional writes",
        ),
    ],
)
def test_each_refusal_of_the_store_has_its_reason(
    pod: Pod,
    assignment: Assignment,
    engine: ScriptedEngine,
    failing_store: Callable[..., InMemoryObjectStore],
    *,
    error: StoreError,
    calls: list[str],
    reason: Reason,
    exit_code: int,
    claimed: bool,
) -> None:
    """Terminal failures are claimed where the store lets them; a store that is away leaves the job to a retry."""
    failing_store(error, *calls)

    ended = pod.run(assignment=assignment, load=engine.load)

    assert (exit_code, reason) == (ended.exit_code, ended.reason)
    assert claimed == (ended.manifest is not None)
    assert [] == ended.scratch_files


def test_a_refused_destination_costs_no_model(pod: Pod, assignment: Assignment, engine: ScriptedEngine) -> None:
    """Where results may not be written, neither the recording nor the model is touched, and the key is told."""
    pod.store.forbidden_prefixes = (keys.attempt(RESULTS_PREFIX, POD_NAME),)

    ended = pod.run(assignment=assignment, load=engine.load)

    assert Reason.OUTPUT_FORBIDDEN == ended.reason
    assert ended.termination is not None
    assert RESULTS_PREFIX in ended.termination.message
    assert 0 == engine.loads
    assert ended.manifest is not None


@pytest.mark.parametrize(
    ("error", "reason", "exit_code", "claimed"),
    [
        pytest.param(ModelUnknownError("No."), Reason.MODEL_UNKNOWN, 78, True, id="terminal"),
        pytest.param(DeviceOutOfMemoryError("Full."), Reason.DEVICE_OUT_OF_MEMORY, 75, False, id="retryable"),
        pytest.param(ZeroDivisionError("secret"), Reason.INTERNAL_ERROR, 70, False, id="unforeseen"),
    ],
)
def test_each_failure_of_an_engine_has_its_exit_code(
    pod: Pod, assignment: Assignment, error: Exception, reason: Reason, exit_code: int, *, claimed: bool
) -> None:
    """What another attempt may do better is not claimed; no transcript is kept of half a recording."""
    engine = ScriptedEngine(raises=error)

    ended = pod.run(assignment=assignment, load=engine.load)

    assert (exit_code, reason) == (ended.exit_code, ended.reason)
    assert claimed == (ended.manifest is not None)
    assert [] == ended.scratch_files
    assert ended.termination is not None
    assert "secret" not in ended.termination.message


def test_an_unforeseen_error_leaves_its_traceback_in_the_log(
    pod: Pod, assignment: Assignment, caplog: pytest.LogCaptureFixture
) -> None:
    """The last word is short; the log has where it happened."""
    pod.run(assignment=assignment, load=ScriptedEngine(raises=ZeroDivisionError("by zero")).load)

    traces = [record.exc_info[0] for record in caplog.records if record.exc_info]
    assert [ZeroDivisionError] == traces


def test_a_failure_tells_what_to_do(pod: Pod, assignment: Assignment) -> None:
    """Message and manifest carry what happened and its remedy from the failure table."""
    error = ModelUnknownError("There is no model giant.")

    ended = pod.run(assignment=assignment, load=ScriptedEngine(raises=error).load)

    assert ended.termination is not None
    assert ended.manifest is not None
    assert ended.manifest.failure is not None
    assert "There is no model giant." == ended.termination.message
    assert "There is no model giant." == ended.manifest.failure.message
    assert error.failure.remedy == ended.manifest.failure.remedy


def test_the_log_ends_with_the_figures(
    pod: Pod, assignment: Assignment, engine: ScriptedEngine, caplog: pytest.LogCaptureFixture
) -> None:
    """The last line of a completed attempt has model, durations, real-time factor, language and segments."""
    caplog.set_level(logging.INFO, logger="steno_worker")

    ended = pod.run(assignment=assignment, load=engine.load)

    assert {"job": "team/talk", "attempt": POD_NAME, "stage": "publish"} == ended.log_context
    figures: dict[str, object] = vars(caplog.records[-1])["steno_fields"]
    assert {
        "model_size": "none",
        "audio_duration_s": 28.692,
        "language": "en",
        "segment_count": 2,
        "words_per_minute": 12.5,
    } == {name: figures[name] for name in figures.keys() & {"model_size", *WHAT_WAS_HEARD}}
    assert {"wall_time_s", "real_time_factor", "peak_rss_bytes", "stage_seconds"} <= figures.keys()
