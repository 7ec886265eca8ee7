"""The self-test: what passes, what fails it, and which engines are spared."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from steno_types import EngineSettings
from steno_worker.engines import Hearing, SpeechRequest, Work, load_engine
from steno_worker.errors import DeviceOutOfMemoryError, LanguageUnsupportedError, SelfTestFailedError
from steno_worker.self_test import is_testable, self_test
from steno_worker.transcript import EngineInfo
from unit.worker.attempts import SMALL_WHISPER, ScriptedEngine

ON_A_GPU = EngineInfo(
    name="scripted", version="1", model="large", device="cuda", compute_type="float16", model_digest="sha256:00"
)


@dataclass(kw_only=True)
class ListeningEngine(ScriptedEngine):
    """Keeps what it was given."""

    info: EngineInfo = ON_A_GPU
    works: list[Work] = field(default_factory=list)
    languages: frozenset[str] = frozenset({"en"})

    def check(self, request: SpeechRequest) -> None:
        """Refuse a language that it does not know."""
        if request.language not in self.languages:
            raise LanguageUnsupportedError("No.")

    def transcribe(self, work: Work) -> Hearing:
        """Take note, and say the lines."""
        self.works.append(replace(work, recording=Path(work.recording.name)))
        assert 3 == round(work.audio.duration_seconds)
        return super().transcribe(work)


def test_a_real_model_hears_the_clip(tmp_path: Path) -> None:
    """The bundled clip is speech that even the tests' small model understands."""
    engine = load_engine(EngineSettings.model_validate(SMALL_WHISPER))

    self_test(engine, tmp_path)

    assert is_testable(engine)
    assert [] == list(tmp_path.iterdir())


def test_the_model_is_tested_and_nothing_else(tmp_path: Path) -> None:
    """The clip goes by the engine's ordinary way, without speech being found first."""
    engine = ListeningEngine()

    self_test(engine, tmp_path)

    (work,) = engine.works
    assert ("self_test.flac", False, "en") == (work.recording.name, work.vad, work.request.language)


def test_a_model_of_another_language_is_tested_too(tmp_path: Path) -> None:
    """It will hear something."""
    engine = ListeningEngine(languages=frozenset({"de"}))

    self_test(engine, tmp_path)

    assert ["auto"] == [work.request.language for work in engine.works]


@pytest.mark.parametrize("lines", [(), ("", " ")], ids=["no segment", "no text"])
def test_a_model_that_hears_nothing_fails(tmp_path: Path, lines: tuple[str, ...]) -> None:
    """The message names what the platform has to look at: model, device and compute type."""
    with pytest.raises(SelfTestFailedError, match="large on cuda with compute type float16 heard nothing") as raised:
        self_test(ListeningEngine(lines=lines), tmp_path)

    assert 78 == raised.value.failure.exit_code
    assert [] == list(tmp_path.iterdir())


def test_a_device_that_gives_up_fails(tmp_path: Path) -> None:
    """A GPU too old for its compute type loads a model, and cannot run it."""
    error = RuntimeError("no kernel image is available for execution on the device")

    with pytest.raises(SelfTestFailedError, match=r"on cuda with compute type float16 failed \(no kernel image"):
        self_test(ListeningEngine(raises=error), tmp_path)


def test_a_full_device_is_no_unfit_one(tmp_path: Path) -> None:
    """Another attempt may find it empty."""
    with pytest.raises(DeviceOutOfMemoryError):
        self_test(ListeningEngine(raises=DeviceOutOfMemoryError("Full.")), tmp_path)


@pytest.mark.parametrize("name", ["fake", "openai"])
def test_an_engine_without_a_model_here_is_spared(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server would charge for it."""
    monkeypatch.setenv("OPENAI_API_KEY", "none")

    assert not is_testable(load_engine(EngineSettings(name=name, model="whisper-1")))


def test_an_engine_of_many_steps_is_spared() -> None:
    """Its model is here, and three seconds would still take it minutes."""
    assert not is_testable(ScriptedEngine(info=ON_A_GPU.model_copy(update={"name": "multistep"})))
    assert is_testable(ScriptedEngine(info=ON_A_GPU))
