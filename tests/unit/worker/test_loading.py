"""The engine of a process: loaded once for the same settings, freed before another, tested once a load."""

import weakref
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from steno_types import EngineSettings, Stage
from steno_worker.engines import Engine, SpeechRequest
from steno_worker.errors import DeviceOutOfMemoryError, SelfTestFailedError
from steno_worker.loading import LoadedEngines
from steno_worker.transcript import EngineInfo
from unit.worker.attempts import ScriptedEngine

SETTINGS = EngineSettings(name="faster-whisper", model="small")
TESTABLE = EngineInfo(
    name="scripted", version="1", model="small", device="cpu", compute_type="int8", model_digest="sha256:00"
)


@pytest.fixture
def stages() -> list[Stage]:
    """What was announced."""
    return []


@pytest.fixture
def get(tmp_path: Path, stages: list[Stage]) -> Callable[..., Engine]:
    """Ask for an engine."""

    def get(engines: LoadedEngines, settings: EngineSettings = SETTINGS) -> Engine:
        return engines.get(settings, scratch=tmp_path, entering=stages.append)

    return get


@pytest.mark.parametrize(
    "again",
    [
        pytest.param({}, id="the same"),
        pytest.param({"vad": False}, id="silence heard too"),
    ],
)
def test_an_engine_is_loaded_once_for_its_settings(
    get: Callable[..., Engine], stages: list[Stage], again: dict[str, object]
) -> None:
    """The second time nothing is loaded, tested or announced."""
    engine = ScriptedEngine(info=TESTABLE)
    engines = LoadedEngines(engine.load)

    first = get(engines)
    second = get(engines, SETTINGS.model_copy(update=again))

    assert first is second
    assert 1 == engine.loads
    assert [Stage.LOAD_MODEL, Stage.SELF_TEST] == stages


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"model": "large"}, id="model"),
        pytest.param({"compute_type": "float32"}, id="compute type"),
        pytest.param({"beam_size": 1}, id="beam size"),
        pytest.param({"options": {"device": "cpu"}}, id="options"),
    ],
)
def test_other_settings_are_another_load_after_the_first_is_freed(
    get: Callable[..., Engine], other: dict[str, object]
) -> None:
    """By the time the second model is loaded, nothing holds the first one: its memory is free."""
    alive: list[weakref.ref[ScriptedEngine]] = []

    def load(_: EngineSettings) -> ScriptedEngine:
        assert [None] * len(alive) == [reference() for reference in alive]
        engine = ScriptedEngine()
        engine.on_load = partial(engine.check, SpeechRequest())  # a cycle, which only the collector finds
        alive.append(weakref.ref(engine))
        return engine

    engines = LoadedEngines(load)

    get(engines)
    get(engines, SETTINGS.model_copy(update=other))

    assert 2 == len(alive)


def test_a_dropped_engine_is_loaded_and_tested_again(get: Callable[..., Engine], stages: list[Stage]) -> None:
    """After a fault nobody trusts it."""
    engine = ScriptedEngine(info=TESTABLE)
    engines = LoadedEngines(engine.load)

    get(engines)
    engines.drop()
    get(engines)

    assert [Stage.LOAD_MODEL, Stage.SELF_TEST] * 2 == stages


def test_an_engine_that_cannot_be_tested_is_not(get: Callable[..., Engine], stages: list[Stage]) -> None:
    """One that works elsewhere is ready at once."""
    get(LoadedEngines(ScriptedEngine(lines=()).load))

    assert [Stage.LOAD_MODEL] == stages


@pytest.mark.parametrize(
    ("engine", "error"),
    [
        pytest.param(ScriptedEngine(info=TESTABLE, lines=()), SelfTestFailedError, id="self-test"),
        pytest.param(
            ScriptedEngine(info=TESTABLE, raises=DeviceOutOfMemoryError("Full.")), DeviceOutOfMemoryError, id="full"
        ),
    ],
)
def test_an_engine_that_fails_its_test_is_not_kept(
    get: Callable[..., Engine], engine: ScriptedEngine, error: type[Exception]
) -> None:
    """Work is never given to it; who asks again has it loaded again."""
    engines = LoadedEngines(engine.load)

    for _ in range(2):
        with pytest.raises(error):
            get(engines)

    assert 2 == engine.loads
