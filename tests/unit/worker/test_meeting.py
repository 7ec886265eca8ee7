"""The whole way with nothing replaced but the store: FFmpeg, Silero and a real, small Whisper.

The model hears most of the meeting's nine sentences rightly; in the others it takes a word for another of its 900
tokens, with every setting tried. Texts are compared where it is right, times everywhere.
"""

import json
import logging
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from steno_types import Assignment, EngineSettings, Outcome, Reason
from steno_worker.decoding import audio_of, start_decoding
from steno_worker.engines import Engine, load_engine
from steno_worker.errors import ModelUnknownError, SettingsInvalidError
from steno_worker.samples import SAMPLE_RATE_HZ
from steno_worker.transcript import Transcript
from unit.worker.attempts import MODEL, SMALL_WHISPER, UPLOAD_KEY, Ended, Pod, work_on
from unit.worker.recordings import write_recording

MISHEARD = {4, 5, 8}
"""Sentences that this model gets wrong: "is here", "the river", "very much"."""


def transcript_of(pod: Pod, ended: Ended) -> Transcript:
    """Read the JSON output that the manifest names."""
    assert ended.manifest is not None, ended.termination
    keys = {output.format: output.key for output in ended.manifest.outputs}
    return Transcript.model_validate_json(pod.store.get(keys["json"]))


@pytest.fixture(scope="module")
def whisper() -> Engine:
    """Load the model once for all tests of this module."""
    return load_engine(EngineSettings.model_validate(SMALL_WHISPER))


def test_the_meeting_is_transcribed(
    pod: Pod, assignment: Assignment, meeting_sentences: list[dict[str, float | str]]
) -> None:
    """Nine sentences are nine segments at their times; six of them are right to the letter."""
    ended = pod.run(assignment=assignment)

    segments = transcript_of(pod, ended).segments
    assert list(range(9)) == [segment.id for segment in segments]
    assert [sentence["start"] for sentence in meeting_sentences] == pytest.approx(
        [segment.start for segment in segments], abs=0.5
    )
    right = [number for number in range(9) if number not in MISHEARD]
    assert [meeting_sentences[n]["text"] for n in right] == [segments[n].text for n in right]
    assert [meeting_sentences[n]["end"] for n in right] == pytest.approx([segments[n].end for n in right], abs=0.5)


def test_the_transcript_says_how_it_was_made(pod: Pod, assignment: Assignment) -> None:
    """Language, duration and engine stand in the transcript; the source does not."""
    ended = pod.run(assignment=assignment)

    transcript = transcript_of(pod, ended)
    assert ("en", 28.692) == (transcript.language, transcript.duration_seconds)
    engine = transcript.engine
    assert ("faster-whisper", str(MODEL), 5) == (engine.name, engine.model, engine.beam_size)
    assert ended.manifest is not None
    assert ended.manifest.effective is not None
    assert engine.compute_type == ended.manifest.effective.compute_type
    assert UPLOAD_KEY not in transcript.model_dump_json()


def test_segments_neither_overlap_nor_outlast_the_recording(pod: Pod, assignment: Assignment) -> None:
    """Times are in order, and end with the audio even where the model names no end."""
    transcript = transcript_of(pod, pod.run(assignment=assignment))

    assert all(earlier.end <= later.start for earlier, later in pairwise(transcript.segments))
    assert transcript.segments[-1].end <= transcript.duration_seconds


def test_words_are_given_when_asked_for(pod: Pod, assignment: Assignment) -> None:
    """With word timestamps each segment's words join to its text; without, there are none."""
    with_words = transcript_of(pod, pod.run(assignment=assignment.model_copy(update={"word_timestamps": True})))

    assert all(
        segment.text == "".join(word.word for word in segment.words or ()).strip() for segment in with_words.segments
    )


def test_the_readable_renderings_are_the_same_words(
    pod: Pod, assignment: Assignment, meeting_sentences: list[dict[str, float | str]]
) -> None:
    """Markdown and text have a line for each sentence of the JSON."""
    ended = pod.run(assignment=assignment)

    assert ended.manifest is not None
    bodies = {output.format: pod.store.get(output.key).decode() for output in ended.manifest.outputs}
    texts = [segment["text"] for segment in json.loads(bodies["json"])["segments"]]
    assert texts == bodies["txt"].splitlines()
    assert f"[00:00:02] {meeting_sentences[1]['text']}\n" in bodies["md"]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        pytest.param("a.wav", {}, id="tone"),
        pytest.param("a.wav", {"seconds": 1 / 16_000}, id="a single sample"),
        pytest.param("a.mp4", {"codec": "aac", "video_codec": "mpeg4", "seconds": 8.0}, id="film of a tone"),
    ],
)
def test_a_recording_without_speech_gives_an_empty_transcript(
    pod: Pod, assignment: Assignment, tmp_path: Path, name: str, options: dict[str, object]
) -> None:
    """A tone is not transcribed into words: Complete, no segment, no language, one warning."""
    recording = write_recording(tmp_path / name, **options)  # type: ignore[arg-type]  # of many kinds
    pod.store.put(UPLOAD_KEY, recording.read_bytes())

    ended = pod.run(assignment=assignment)

    assert ended.manifest is not None
    assert Outcome.COMPLETE == ended.manifest.outcome
    assert ("No speech was found in the recording.",) == ended.manifest.warnings
    transcript = transcript_of(pod, ended)
    assert ((), None) == (transcript.segments, transcript.language)


def test_a_language_the_model_does_not_know_is_refused(pod: Pod, assignment: Assignment) -> None:
    """An English-only model must not pretend to hear German."""
    ended = pod.run(assignment=assignment.model_copy(update={"language": "de-CH"}))

    assert (65, Reason.LANGUAGE_UNSUPPORTED) == (ended.exit_code, ended.reason)
    assert ended.termination is not None
    assert ended.termination.message.startswith("The language asked for is de-CH; the model")
    assert ended.manifest is not None
    assert Outcome.FAILED == ended.manifest.outcome


def test_a_given_language_is_kept_as_given(whisper: Engine, meeting: Path, tmp_path: Path) -> None:
    """Whisper is told the primary subtag; the transcript keeps the whole tag."""
    with start_decoding(meeting, tmp_path / "samples") as audio:
        heard = whisper.transcribe(work_on(audio, language="en-GB"))

    assert "en-GB" == heard.language
    assert 9 == len(heard.segments)


def test_silence_before_and_after_does_not_shift_times(
    whisper: Engine, meeting: Path, meeting_sentences: list[dict[str, float | str]], tmp_path: Path
) -> None:
    """Silence is cut out before the model hears it, and put back into the times."""
    silence = np.zeros(20 * SAMPLE_RATE_HZ, np.float32)
    with start_decoding(meeting, tmp_path / "samples") as audio:
        samples = np.concatenate([silence, audio.read(0, audio.num_samples), silence])

    with audio_of(samples, tmp_path) as padded:
        heard = whisper.transcribe(work_on(padded)).segments

    assert pytest.approx(20 + float(meeting_sentences[0]["start"]), abs=0.5) == heard[0].start
    assert heard[-1].end < 20 + 29.5


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        pytest.param({"model": "/models/absent"}, ModelUnknownError, "no folder /models/absent", id="no folder"),
        pytest.param({"model": "giant"}, ModelUnknownError, "The model giant cannot be loaded", id="no such size"),
        pytest.param(
            {"model": str(MODEL.parents[2])}, ModelUnknownError, "cannot be loaded", id="folder of no model"
        ),
        pytest.param(
            {"compute_type": "int7"}, SettingsInvalidError, "computeType is int7; on this c", id="compute type"
        ),
    ],
)
def test_what_cannot_be_loaded_is_named(
    assignment: Assignment, change: dict[str, str], error: type[Exception], said: str
) -> None:
    """The message says which model or setting it was."""
    with pytest.raises(error, match=said):
        load_engine(assignment.engine.model_copy(update=change))


def test_a_compute_type_can_be_chosen(assignment: Assignment) -> None:
    """The assignment's compute type overrides the device's best."""
    engine = load_engine(assignment.engine.model_copy(update={"compute_type": "float32", "beam_size": 2}))

    assert ("float32", 2) == (engine.info.compute_type, engine.info.beam_size)


def test_progress_reaches_the_log(pod: Pod, assignment: Assignment, caplog: pytest.LogCaptureFixture) -> None:
    """Each stage is announced; by the time of publishing all the audio is processed."""
    caplog.set_level(logging.INFO, logger="steno_worker")

    pod.run(assignment=assignment)

    said = [vars(record)["steno_fields"] for record in caplog.records if record.getMessage() == "progress"]
    stages = list(dict.fromkeys(report["stage"] for report in said))
    assert ["fetch", "load-model", "self-test", "transcribe", "publish"] == stages
    assert (100, 28.692, 28.692) == (said[-1]["percent"], said[-1]["processed_seconds"], said[-1]["total_seconds"])
