"""Models in a folder: what one must have, and its digest."""

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from steno_types import EngineSettings
from steno_worker.engines import load_engine
from steno_worker.errors import ModelUnknownError
from steno_worker.models import locate
from unit.worker.attempts import MODEL, SMALL_WHISPER


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the small model."""
    return Path(shutil.copytree(MODEL, tmp_path / "model"))


def test_the_digest_is_what_sha256sum_says(folder: Path) -> None:
    """Anybody can make it with the documented command."""
    command = "sha256sum config.json model.bin preprocessor_config.json tokenizer.json vocabulary.* | sha256sum"
    made = subprocess.run(["sh", "-c", command], cwd=folder, check=True, capture_output=True, text=True).stdout

    assert f"sha256:{made.split()[0]}" == locate(str(folder)).digest


def test_a_stranger_file_does_not_change_the_digest(folder: Path) -> None:
    """What else lies in the folder is none of the model."""
    before = locate(str(folder)).digest
    (folder / "README.md").write_text("Read me.")

    assert before == locate(str(folder)).digest


@pytest.mark.parametrize("name", ["model.bin", "config.json", "tokenizer.json", "vocabulary.json"])
def test_any_file_of_the_model_changes_the_digest(folder: Path, name: str) -> None:
    """A model that is exchanged under its name is another model."""
    before = locate(str(folder)).digest
    with (folder / name).open("ab") as file:
        file.write(b" ")

    assert before != locate(str(folder)).digest


@pytest.mark.parametrize("name", ["model.bin", "tokenizer.json"])
def test_a_folder_that_lacks_a_file_is_no_model(folder: Path, name: str) -> None:
    """Without its tokenizer, faster-whisper would ask the Hub for another model's."""
    (folder / name).unlink()

    with pytest.raises(ModelUnknownError, match=f"it has no {name}"):
        locate(str(folder))


def test_a_folder_that_is_not_there_is_named() -> None:
    """The volume may be missing: the message has the path."""
    with pytest.raises(ModelUnknownError, match="There is no folder /models/absent"):
        locate("/models/absent")


def test_an_unreadable_file_is_told_with_the_digest(folder: Path) -> None:
    """What the thread meets reaches whoever asks for the digest."""
    (folder / "vocabulary.txt").symlink_to("nowhere")

    with pytest.raises(ModelUnknownError, match=r"unreadable .*vocabulary\.txt"):
        _ = locate(str(folder)).digest


def test_a_loaded_engine_tells_its_models_digest() -> None:
    """Transcript, manifest and checkpoints name the model by its bytes, not by its path."""
    engine = load_engine(EngineSettings.model_validate(SMALL_WHISPER))

    lines = [
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n"
        for file in sorted(MODEL.iterdir(), key=lambda file: file.name)
    ]
    assert f"sha256:{hashlib.sha256(''.join(lines).encode()).hexdigest()}" == engine.info.model_digest


@pytest.mark.parametrize("name", ["tokenizer.json", "model.bin"])
def test_a_damaged_model_cannot_be_loaded(folder: Path, name: str) -> None:
    """Whatever the libraries raise of it, the model is at fault."""
    (folder / name).write_bytes(b"?" * 100)
    settings = EngineSettings.model_validate({**SMALL_WHISPER, "model": str(folder)})

    with pytest.raises(ModelUnknownError, match="cannot be loaded"):
        load_engine(settings)
