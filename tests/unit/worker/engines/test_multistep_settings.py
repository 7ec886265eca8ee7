"""What multistep cannot do, or lacks, is said before a model is loaded."""

import logging
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from steno_types import Reason, Task
from steno_worker.engines import SpeechRequest
from steno_worker.engines.multistep import Multistep
from steno_worker.engines.multistep.package import Package
from steno_worker.engines.multistep.settings import MultistepEnvironment, MultistepOptions
from steno_worker.errors import (
    DeviceOutOfMemoryError,
    LanguageUnsupportedError,
    ModelUnknownError,
    OptionUnsupportedError,
    SettingsInvalidError,
    WorkerError,
)
from unit.worker.engines.multistep_source import loud, settings

OPENAI = {"OPENAI_BASE_URL": "http://llm:8000/v1", "OPENAI_API_KEY": "hunter2-hunter2"}
OLLAMA = {"LLM_PROVIDER": "ollama", "OLLAMA_HOST": "ollama:11434"}
HUB = {"HF_TOKEN": "hf_hunter2hunter2"}
NAMES = ("LLM_PROVIDER", "OLLAMA_HOST", "OPENAI_BASE_URL", "OPENAI_API_KEY", "HF_TOKEN")


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what the tests' own environment may say, and put back what the engine sets."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def environment(monkeypatch: pytest.MonkeyPatch, given: dict[str, str], **options: str) -> MultistepEnvironment:
    """Read the environment as it is `given`."""
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return MultistepEnvironment.read(MultistepOptions.read(settings(**options)))


def engine(monkeypatch: pytest.MonkeyPatch, load_whisper: Any = None) -> Multistep:
    """Load the engine on a package that is none."""
    whisper = SimpleNamespace(model=SimpleNamespace(device="cpu", compute_type="int8", is_multilingual=True))
    package = Package(
        version="0.1.0",
        steps=None,
        config=None,
        load_whisper=load_whisper or (lambda _: whisper),
    )
    read = environment(monkeypatch, OLLAMA | HUB)
    loaded = package.whisper(Path("models"), name="large-v3", secrets=read.secrets)
    return Multistep(
        package,
        loaded,
        None,
        settings=settings(),
        model_digest="sha256:0",
        options=MultistepOptions(),
        environment=read,
        find_speech=loud,
    )


@pytest.mark.parametrize(
    ("given", "options", "named"),
    [
        pytest.param({}, {}, ["OPENAI_BASE_URL is not", "OPENAI_API_KEY is not", "HF_TOKEN is not"], id="nothing"),
        pytest.param(HUB | {"LLM_PROVIDER": "ollama"}, {}, ["OLLAMA_HOST is not set"], id="no Ollama"),
        pytest.param(HUB | OLLAMA | {"OLLAMA_HOST": ""}, {}, ["OLLAMA_HOST is not set"], id="an empty variable"),
        pytest.param(HUB | OPENAI | {"LLM_PROVIDER": "me"}, {}, ["LLM_PROVIDER: Input should be"], id="provider"),
        pytest.param(HUB | OPENAI | {"OPENAI_BASE_URL": "me"}, {}, ["OPENAI_BASE_URL: Input should be"], id="URL"),
        pytest.param(OLLAMA, {}, ["HF_TOKEN is not set (engine.options.speakers"], id="no token"),
        pytest.param(OPENAI | HUB | {"OPENAI_API_KEY": ""}, {}, ["(engine.options.entities needs it"], id="no key"),
    ],
)
def test_a_variable_that_is_needed_is_named(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], options: dict[str, str], named: list[str]
) -> None:
    """Without them the package would ask an address of its author's, or fail in the middle of a recording."""
    with pytest.raises(SettingsInvalidError) as raised:
        environment(monkeypatch, given, **options)

    assert [] == [name for name in named if name not in str(raised.value)]
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    ("given", "options"),
    [
        pytest.param({}, {"entities": "false", "speakers": "false"}, id="the transcript alone"),
        pytest.param(HUB, {"entities": "false"}, id="speakers"),
        pytest.param(OPENAI, {"speakers": "false"}, id="names, by OpenAI's API"),
        pytest.param(OLLAMA | HUB, {}, id="all, by Ollama"),
    ],
)
def test_what_no_step_needs_may_be_absent(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], options: dict[str, str]
) -> None:
    """A profile gives what the steps it wants ask for, and nothing else."""
    assert isinstance(environment(monkeypatch, given, **options), MultistepEnvironment)


def test_a_missing_package_is_told_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    """An image without the extra says how to get it."""
    environment(monkeypatch, OLLAMA | HUB)

    with pytest.raises(ModelUnknownError, match=r"mst is not installed; .*: pip install 'steno\[multistep\]'$"):
        Multistep.load(settings())


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        pytest.param(ValueError("Invalid model size 'x'"), ModelUnknownError, "large-v3 cannot be", id="no model"),
        pytest.param(OSError("401 for hf_hunter2hunter2"), ModelUnknownError, r"\(401 for \*\*\*\)", id="no access"),
        pytest.param(
            RuntimeError("CUDA failed with error out of memory"), DeviceOutOfMemoryError, "GPU", id="a full GPU"
        ),
    ],
)
def test_a_model_that_cannot_be_loaded_is_told(
    monkeypatch: pytest.MonkeyPatch, error: Exception, kind: type[WorkerError], said: str
) -> None:
    """It is found out when the engine is loaded, where the package would swallow it."""

    def fail(_: str) -> None:
        raise error

    with pytest.raises(kind, match=said):
        engine(monkeypatch, fail)


REQUEST = SpeechRequest()


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(REQUEST, id="detected"),
        pytest.param(replace(REQUEST, language="en-GB"), id="English"),
    ],
)
def test_what_it_can_do_is_taken_on(monkeypatch: pytest.MonkeyPatch, request_: SpeechRequest) -> None:
    """The package detects the language, and is made for English."""
    engine(monkeypatch).check(request_)


@pytest.mark.parametrize(
    ("request_", "kind", "said"),
    [
        pytest.param(replace(REQUEST, task=Task.TRANSLATE), OptionUnsupportedError, "task is translate", id="task"),
        pytest.param(replace(REQUEST, language="mixed"), OptionUnsupportedError, "language is mixed", id="mixed"),
        pytest.param(replace(REQUEST, language="de"), LanguageUnsupportedError, "asked for is de", id="German"),
        pytest.param(replace(REQUEST, prompt="Hi"), OptionUnsupportedError, "prompt is set", id="prompt"),
        pytest.param(replace(REQUEST, hotwords=("x",)), OptionUnsupportedError, "hotwords are set", id="hotwords"),
        pytest.param(
            replace(REQUEST, word_timestamps=True), OptionUnsupportedError, "wordTimestamps is set", id="words"
        ),
    ],
)
def test_what_it_cannot_do_is_refused(
    monkeypatch: pytest.MonkeyPatch, request_: SpeechRequest, kind: type[WorkerError], said: str
) -> None:
    """The message names the field, before a second of audio is heard."""
    with pytest.raises(kind, match=said) as raised:
        engine(monkeypatch).check(request_)

    assert raised.value.reason in {Reason.OPTION_UNSUPPORTED, Reason.LANGUAGE_UNSUPPORTED}


def test_secrets_stay_out_of_the_log(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Neither what is read nor what is loaded is spelled with its secrets."""
    caplog.set_level(logging.DEBUG)
    loaded = engine(monkeypatch)

    told = f"{environment(monkeypatch, OPENAI | HUB)} {loaded.info} {caplog.text}"

    assert "hunter2" not in told
