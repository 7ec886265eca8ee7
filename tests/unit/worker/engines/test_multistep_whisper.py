"""The real multistep-transcriber with the real faster-whisper and the small model hears the meeting.

Needs its source: `STENO_MULTISTEP_SOURCE` names the folder. Sentences, names and speakers have stand-ins.
"""

from pathlib import Path

import pytest

from steno_worker.checkpoints import NoCheckpoints
from steno_worker.decoding import start_decoding
from steno_worker.engines import SpeechRequest, Work, load_engine
from steno_worker.errors import ModelUnknownError
from unit.worker.attempts import MODEL
from unit.worker.engines.multistep_source import Models, settings, the_source

MISHEARD = {4, 5, 8}
"""Sentences that the small model gets wrong, with any engine."""


@pytest.fixture
def models() -> Models:
    """Offer stand-ins for all but Whisper."""
    return Models(real_whisper=True, turns=((0.5, 28.0, "SPEAKER_00"),), names=())


def test_the_meeting_is_heard(
    models: Models,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    meeting: Path,
    meeting_sentences: list[dict[str, float | str]],
) -> None:
    """Nine sentences are nine segments at their times, six of them right to the letter, and all speech is covered."""
    with the_source(models, monkeypatch), start_decoding(meeting, tmp_path / "samples") as audio:
        engine = load_engine(settings(model=str(MODEL)))
        hearing = engine.transcribe(
            Work(
                request=SpeechRequest(),
                audio=audio,
                recording=meeting,
                scratch=tmp_path,
                checkpoints=NoCheckpoints(),
                vad=True,
                progress=lambda _: None,
            )
        )

    spoken = [sentence["text"] for sentence in meeting_sentences]
    right = [number for number in range(9) if number not in MISHEARD]
    assert 9 == len(hearing.segments)
    assert [spoken[number] for number in right] == [hearing.segments[number].text for number in right]
    assert [sentence["start"] for sentence in meeting_sentences] == pytest.approx(
        [segment.start for segment in hearing.segments], abs=0.5
    )
    assert ("en", (), ()) == (hearing.language, hearing.coverage.dropped, hearing.warnings)
    assert ("multistep", "0.1.0", "cpu") == (engine.info.name, engine.info.version, engine.info.device)


def test_an_unknown_model_is_told(models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package would give None in the middle of the work."""
    with the_source(models, monkeypatch), pytest.raises(ModelUnknownError, match="The model huge cannot be loaded"):
        load_engine(settings(model="huge"))
