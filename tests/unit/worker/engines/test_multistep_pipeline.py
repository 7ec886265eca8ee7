"""The real multistep-transcriber, with stand-ins for its models, becomes a transcript.

Needs its source: `STENO_MULTISTEP_SOURCE` names the folder.
"""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from steno_worker.engines.multistep.folder import StepFolder
from steno_worker.engines.multistep.names import StepName
from steno_worker.report import Drop
from unit.worker.engines.decoders import MemoryCheckpoints
from unit.worker.engines.multistep_source import HF_TOKEN, Desk, Models, sound, texts, the_source


@pytest.fixture
def models() -> Models:
    """Offer models that hear a short meeting."""
    return Models()


@pytest.fixture
def package(models: Models, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Import the real package."""
    with the_source(models, monkeypatch) as package:
        yield package


@pytest.fixture
def desk(package: ModuleType, tmp_path: Path) -> Desk:
    """Offer an engine over it."""
    del package
    return Desk(folder=tmp_path)


def test_a_meeting_becomes_a_transcript(desk: Desk, models: Models) -> None:
    """Sentences have their times and uniform names, and every second of speech is accounted for."""
    hearing = desk.transcribe()

    assert [
        (0.0, 4.0, "Good evening, I am Ann from the board."),
        (4.0, 9.0, "Thank you Ann for that."),
        (9.0, 12.0, "I am Bob of the union."),
        (12.0, 16.0, "The bridge is closed."),
    ] == [(segment.start, segment.end, segment.text) for segment in hearing.segments]
    assert ("en", ()) == (hearing.language, hearing.warnings)
    assert (16.0, 16.0) == (hearing.coverage.speech_seconds, hearing.coverage.covered_seconds)
    assert [HF_TOKEN] == models.tokens


@pytest.mark.parametrize(
    "broken", [pytest.param({}, id="all well"), pytest.param({"spacy": OSError("no model")}, id="a step fails")]
)
def test_progress_comes_step_by_step(desk: Desk, models: Models, broken: dict[str, Exception]) -> None:
    """Each step is told, sound or not, and the last one ends with the recording."""
    models.broken = broken

    desk.transcribe()

    assert 10 == len(desk.progress)
    assert sorted(desk.progress) == desk.progress
    assert 16.0 == desk.progress[-1]


def test_speakers_are_told_apart_and_named(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """The package's own names for its speakers are in the transcript."""
    caplog.set_level(logging.INFO, logger="steno_worker")

    hearing = desk.transcribe()

    assert ["Ann", "Bob", "Bob", "Bob"] == [segment.speaker for segment in hearing.segments]
    assert {"speakers": 2, "failed_steps": 0} == caplog.records[-1].steno_fields  # type: ignore[attr-defined]


def test_speakers_without_introductions_are_numbered(desk: Desk, models: Models) -> None:
    """Who does not say a name has the number that the diarization gives."""
    models.said = tuple((start, end, text.replace("I am", "here is")) for start, end, text in models.said)

    hearing = desk.transcribe()

    assert ["SPEAKER_00", "SPEAKER_01", "SPEAKER_01", "SPEAKER_01"] == [each.speaker for each in hearing.segments]


def test_speakers_are_not_told_apart_where_nobody_asks(desk: Desk, models: Models) -> None:
    """Without the option the model for it is not asked, and no segment has a speaker."""
    hearing = desk.transcribe(speakers="false")

    assert ([None] * 4, 0) == ([segment.speaker for segment in hearing.segments], models.calls["diarization"])


def test_its_own_loop_makes_the_same_steps(desk: Desk, package: ModuleType, tmp_path: Path) -> None:
    """Where nothing goes wrong, ``transcribe_video`` leaves in every file what this walk leaves."""
    desk.transcribe()
    other = StepFolder.make(tmp_path, MemoryCheckpoints(), {})
    other.recording.write_bytes(b"RIFF")

    package.VideoTranscriber().transcribe_video(str(other.recording))

    left = {name: json.loads(other.path(name).read_bytes()) for name in StepName if other.path(name).exists()}
    ours = {name: desk.checkpoints.pieces.get(f"steps/{name}.json", b"null") for name in left}
    assert 10 == len(left)
    assert left == {name: json.loads(body) for name, body in ours.items()}


def test_its_files_are_where_they_are_looked_for(package: ModuleType, tmp_path: Path) -> None:
    """The package's own idea of its cache is ours."""
    folder = StepFolder.make(tmp_path, MemoryCheckpoints(), {})

    theirs = {name: package.steps.get_cache_file(str(folder.recording), f".{name}") for name in StepName}

    assert {name: str(folder.path(name)) for name in StepName} == theirs


def test_settings_arrive_in_its_configuration(desk: Desk, package: ModuleType) -> None:
    """Every setting that is given is one that the package has, under this name."""
    del desk
    config = package.TranscriberConfig
    given = {
        "llm": {"provider": "ollama", "openai_base_url": "http://llm/v1", "openai_api_key": "key"},
        "transcription": {"whisper_model": "large-v3"},
        "merge_sentences": {"spacy_model": "de_core_news_sm"},
        "entities": {"similar_names_model": "phi4"},
        "diarization": {"hf_token": "token"},
    }

    made = config.model_validate(given).model_dump()

    assert given == {part: {name: made[part][name] for name in names} for part, names in given.items()}


def test_words_do_not_grow_together(desk: Desk, models: Models) -> None:
    """A sentence that goes on in the next stretch keeps the space between its words, and its times."""
    models.said = ((0.0, 4.0, " The bridge was closed. And then"), (10.0, 12.0, " we left."), (14.0, 16.0, " Bye."))

    hearing = desk.transcribe(entities="false", speakers="false")

    assert ["The bridge was closed.", "And then we left.", "Bye."] == texts(hearing)
    assert [(0.0, 2.923), (2.923, 12.0), (14.0, 16.0)] == [(each.start, each.end) for each in hearing.segments]


def test_silence_is_not_transcribed(desk: Desk, models: Models) -> None:
    """No model is asked to make words of a recording without speech."""
    hearing = desk.transcribe(sound((0.0, 0.0)))

    assert (None, (), 0.0) == (hearing.language, hearing.segments, hearing.coverage.speech_seconds)
    assert 0 == models.calls["whisper"]


def test_speech_that_whisper_passes_over_is_missing(desk: Desk, models: Models) -> None:
    """Nothing heard is no failure of the package, and the coverage says what lacks."""
    models.said = ()

    hearing = desk.transcribe()

    assert (None, ()) == (hearing.language, hearing.segments)
    assert [(0.0, 16.0, Drop.GAP)] == [(s.start, s.end, s.reason) for s in hearing.coverage.dropped]


def test_another_language_is_told(desk: Desk, models: Models) -> None:
    """Its models are made for English; a reader should know that this is none."""
    models.language = "de"

    hearing = desk.transcribe()

    assert "de" == hearing.language
    assert ("The language was detected as de; multistep's models are made for English.",) == hearing.warnings
