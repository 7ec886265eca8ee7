"""An attempt at the real multistep-transcriber goes on where another ended, and not with what failed there.

Needs its source: `STENO_MULTISTEP_SOURCE` names the folder.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from unit.worker.engines.multistep_source import Desk, Models, texts, the_source


@pytest.fixture
def models() -> Models:
    """Offer models that hear a short meeting."""
    return Models()


@pytest.fixture
def desk(models: Models, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Desk]:
    """Offer an engine over the real package."""
    with the_source(models, monkeypatch):
        yield Desk(folder=tmp_path)


def test_finished_steps_are_not_computed_again(desk: Desk, models: Models) -> None:
    """The second attempt asks no model at all, and says the same."""
    first = desk.transcribe()
    models.calls.clear()

    second = desk.transcribe()

    assert first == second
    assert {"load": 0} == {model: calls for model, calls in models.calls.items() if model != "load"} | {"load": 0}


def test_a_step_that_found_nothing_is_finished_too(desk: Desk, models: Models) -> None:
    """The package would compute an empty result again and again."""
    models.said = ((0.0, 16.0, " The bridge is closed."),)
    models.names, models.turns = (), ()
    models.turns = ((0.1, 15.9, "SPEAKER_00"),)
    desk.transcribe()
    models.calls.clear()

    desk.transcribe()

    assert (0, 0, 0) == (models.calls["gliner"], models.calls["diarization"], models.calls["setfit"])


def test_an_attempt_goes_on_after_the_last_finished_step(desk: Desk, models: Models) -> None:
    """What was lost with a pod is made again, and only that."""
    first = desk.transcribe()
    for name in [name for name in desk.checkpoints.pieces if name not in set(desk.checkpoints.written[:5])]:
        del desk.checkpoints.pieces[name]
    models.calls.clear()

    second = desk.transcribe()

    assert first == second
    assert (0, 0, 1) == (models.calls["whisper"], models.calls["spacy"], models.calls["diarization"])


@pytest.mark.parametrize(
    "model",
    ["llm", "similarity", "diarization", "setfit", "gliner", "spacy"],
)
def test_what_failed_does_not_poison_the_next_attempt(desk: Desk, models: Models, model: str) -> None:
    """The step is made anew, as if it had never been tried."""
    models.broken[model] = RuntimeError("boom")
    assert desk.transcribe().warnings
    del models.broken[model]

    hearing = desk.transcribe()

    assert () == hearing.warnings
    assert b"null" not in {body[:4] for body in desk.checkpoints.pieces.values()}


def test_a_bad_piece_from_elsewhere_is_not_believed(desk: Desk) -> None:
    """A checkpoint that says null, whoever wrote it, is computed anew."""
    desk.checkpoints.pieces["steps/raw_transcript.json"] = b"null"

    assert 4 == len(texts(desk.transcribe()))


def test_a_checkpoint_is_written_once(desk: Desk) -> None:
    """No step's file is written a second time with something else."""
    desk.transcribe()
    before = dict(desk.checkpoints.pieces)

    desk.transcribe()

    assert before == desk.checkpoints.pieces
    assert len(set(desk.checkpoints.written)) == len(desk.checkpoints.written)


def test_another_recording_of_the_same_attempt_is_another(desk: Desk, models: Models, tmp_path: Path) -> None:
    """The package tells recordings apart by their file's name alone; each has a folder of its own here."""
    other = Desk(folder=tmp_path / "other")
    other.folder.mkdir()
    desk.transcribe()
    models.said = ((0.0, 16.0, " Something else."),)

    assert ["Something else."] == texts(other.transcribe())
