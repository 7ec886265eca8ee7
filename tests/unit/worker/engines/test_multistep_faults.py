"""The known faults of the real multistep-transcriber become reasons and warnings, and never lose a transcript.

Needs its source: `STENO_MULTISTEP_SOURCE` names the folder.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from steno_worker.engines.multistep import Multistep
from steno_worker.errors import DeviceOutOfMemoryError, EngineFailedError, ModelUnknownError, WorkerError
from unit.worker.engines.multistep_source import HF_TOKEN, MEETING, Desk, Models, settings, texts, the_source

HEARD = [text.strip() for _, _, text in MEETING]
"""The transcript as Whisper hears it."""

CORRECTED = [text.replace("Anne", "Ann") for text in HEARD]
"""The transcript when names are made uniform."""


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


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        pytest.param(
            ValueError("no room for hf_hunter2hunter2."),
            EngineFailedError,
            r"^The step raw_transcript of multistep, the transcription, failed: "
            r"Error in initial transcription: no room for \*\*\*\.$",
            id="swallowed into None",
        ),
        pytest.param(
            RuntimeError("CUDA failed with error out of memory"),
            DeviceOutOfMemoryError,
            "The GPU ran out of memory",
            id="a full GPU, swallowed",
        ),
    ],
)
def test_a_swallowed_error_of_whisper_is_a_reason(
    desk: Desk, models: Models, error: Exception, kind: type[WorkerError], said: str
) -> None:
    """Without a transcript the attempt fails, is worth another one, and leaves nothing behind that says null."""
    models.broken["whisper"] = error

    with pytest.raises(kind, match=said):
        desk.transcribe()

    assert ["language"] == desk.checkpoints.written
    assert [] == list(desk.folder.rglob("cache.*"))


def test_one_turn_of_speech_is_no_crash(desk: Desk, models: Models) -> None:
    """Its merge would end in a KeyError; the one speaker has all that is said."""
    models.turns = ((0.1, 15.9, "SPEAKER_00"),)

    hearing = desk.transcribe()

    assert (CORRECTED, ()) == (texts(hearing), hearing.warnings)
    assert b'"speaker": "SPEAKER_00"' in desk.checkpoints.pieces["steps/final.json"]


def test_its_own_loop_crashes_on_one_turn(package: ModuleType, models: Models, tmp_path: Path) -> None:
    """The guard against it is needed as long as this holds."""
    models.turns = ((0.1, 15.9, "SPEAKER_00"),)
    recording = tmp_path / "recording.wav"
    recording.write_bytes(b"RIFF")

    with pytest.raises(KeyError, match="duration"):
        package.VideoTranscriber().transcribe_video(str(recording))


def test_no_names_at_all_is_no_failure(desk: Desk, models: Models) -> None:
    """Its correction fails where there is nothing to correct by, and is left out."""
    models.names = ()

    hearing = desk.transcribe()

    assert (HEARD, ()) == (texts(hearing), hearing.warnings)
    assert 0 == models.calls["similarity"]


def test_a_full_name_does_not_take_a_words_place(desk: Desk, models: Models) -> None:
    """Its correction would write "Ann lee Lee": it is given names word by word, and its punctuation is put back."""
    models.said = ((0.0, 8.0, " I am Ann Lee."), (8.0, 16.0, " Thank you, Anne Lee, for that."))
    models.names = ("Ann Lee",)

    assert ["I am Ann Lee.", "Thank you, Ann Lee, for that."] == texts(desk.transcribe(speakers="false"))


@pytest.mark.parametrize(
    ("broken", "expected", "warned"),
    [
        pytest.param(
            {"spacy": OSError("[E050] Can't find model 'en_core_web_sm'.")},
            CORRECTED,
            ["sentence_merge of multistep, the merging of sentences, failed: OSError: [E050] Can't find model"],
            id="sentences",
        ),
        pytest.param(
            {"llm": ConnectionError("ollama:11434 refused")},
            HEARD,
            [
                "entities of multistep, the search for names, failed: ConnectionError: ollama:11434 refused.",
            ],
            id="language model",
        ),
        pytest.param(
            {"similarity": RuntimeError("mat1 and mat2")},
            HEARD,
            ["corrected_transcript of multistep, the correction of names, failed: Error correcting transcript: mat1"],
            id="correction, swallowed into None",
        ),
        pytest.param(
            {"diarization": RuntimeError(f"401 with {HF_TOKEN}")},
            CORRECTED,
            ["diarization of multistep, the telling apart of speakers, failed: Error in speaker identification: 401"],
            id="speakers, swallowed into {}",
        ),
        pytest.param(
            {"setfit": OSError("not a repository")},
            CORRECTED,
            ["introductions of multistep, the search for introductions, failed: Error extracting speaker introd"],
            id="introductions",
        ),
        pytest.param(
            {"gliner": RuntimeError("boom")},
            HEARD,
            [
                "entities of multistep, the search for names, is incomplete: Error processing batch 1",
                "speaker_map of multistep, the naming of speakers, is incomplete: Error processing batch 1",
            ],
            id="batches, swallowed",
        ),
    ],
)
def test_a_later_step_never_loses_the_transcript(
    desk: Desk, models: Models, broken: dict[str, Exception], expected: list[str], warned: list[str]
) -> None:
    """It becomes a warning that names the step, says what it said without secrets, and what is absent."""
    models.broken = broken

    hearing = desk.transcribe()

    assert expected == texts(hearing)
    assert len(warned) == len(hearing.warnings)
    assert [] == [said for said, warning in zip(warned, hearing.warnings, strict=True) if said not in warning]
    assert "hunter2" not in " ".join(hearing.warnings)


def test_what_it_prints_is_not_printed(desk: Desk, models: Models, capsys: pytest.CaptureFixture[str]) -> None:
    """Standard output is the log's; the package's own lines hold words of the transcript."""
    models.broken["setfit"] = OSError("not a repository")

    desk.transcribe()

    assert ("", "") == capsys.readouterr()


def test_a_package_that_does_not_fit_is_told(desk: Desk) -> None:
    """It names topic-treeseg without a commit: one that lacks what it imports is found out when it is loaded."""
    del desk
    for name in [name for name in sys.modules if name.partition(".")[0] == "mst"]:
        del sys.modules[name]
    del sys.modules["treeseg"].TreeSeg

    with pytest.raises(ModelUnknownError, match=r"cannot be used as it is installed here .*TreeSeg"):
        Multistep.load(settings())
