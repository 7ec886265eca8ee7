"""How the OpenAI engine is loaded: its environment, its chunks, and what it refuses before any audio is sent."""

import subprocess
import sys
from collections.abc import Iterator

import openai
import pytest

from steno_types import Task
from steno_worker.engines import SpeechRequest
from steno_worker.engines.openai import OpenAIServer
from steno_worker.errors import (
    LanguageUnsupportedError,
    OptionUnsupportedError,
    SettingsInvalidError,
    WorkerError,
)
from unit.worker.engines.openai.audio_api import AudioAPI, connect, serving, settings, tone


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[AudioAPI]:
    """Run a server."""
    with serving(monkeypatch) as api:
        yield api


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Set a key, and no address."""
    monkeypatch.setenv("OPENAI_API_KEY", "hunter2")
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    return monkeypatch


def test_without_its_package_it_says_what_to_install() -> None:
    """Whoever lacks the extra is told its name, by the failure that a job then shows."""
    code = "import sys; sys.modules['openai'] = None; import steno_worker.engines.openai"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)

    assert (
        "steno_worker.errors.ModelUnknownError: openai is not installed; the engine openai needs it: "
        "pip install 'steno[openai]'"
    ) == ended.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        pytest.param("OPENAI_API_KEY", None, "OPENAI_API_KEY is not set; .* from a Secret", id="no key"),
        pytest.param("OPENAI_API_KEY", " \n", "OPENAI_API_KEY: .*it is empty", id="blank key"),
        pytest.param("OPENAI_API_KEY", "hunter2ä", "OPENAI_API_KEY: .*no HTTP header takes", id="key beyond ASCII"),
        pytest.param("OPENAI_BASE_URL", "hunter2", "OPENAI_BASE_URL: .*valid URL", id="no address"),
        pytest.param("OPENAI_BASE_URL", "", "OPENAI_BASE_URL: .*valid URL", id="blank address"),
    ],
)
def test_a_wrong_variable_is_named(
    environment: pytest.MonkeyPatch, variable: str, value: str | None, said: str
) -> None:
    """The message has the variable and never its value."""
    if value is None:
        environment.delenv(variable)
    else:
        environment.setenv(variable, value)

    with pytest.raises(SettingsInvalidError, match=said) as raised:
        OpenAIServer.load(settings())

    assert "hunter2" not in str(raised.value)


def test_a_keys_new_line_is_taken_off(api: AudioAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Secret made from a file ends with one."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-hunter2-hunter2\n")

    (heard,) = api.connect().decode([tone(1)], SpeechRequest())

    assert (1, 1) == (len(heard.segments), len(api.uploads))


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize(
    ("model", "options", "chunking"),
    [
        pytest.param("whisper-1", {}, (300, 2, 4), id="whisper-1"),
        pytest.param("gpt-4o-transcribe", {}, (30, 0, 4), id="no times"),
        pytest.param("Systran/faster-whisper-large-v3", {}, (300, 2, 4), id="another Whisper"),
        pytest.param("Whisper-Large-v3", {}, (300, 2, 4), id="in capitals"),
        pytest.param("whatever", {}, (30, 0, 4), id="unknown"),
        pytest.param("whatever", {"responseFormat": "verbose_json"}, (300, 2, 4), id="unknown, with times"),
        pytest.param("whisper-1", {"maxSeconds": "60", "overlapSeconds": "5"}, (60, 5, 4), id="options"),
        pytest.param("whisper-1", {"maxSeconds": "2"}, (2, 1, 4), id="overlap of half a chunk at most"),
        pytest.param("whisper-1", {"maxSeconds": "7200"}, (773.0, 2, 4), id="25 MB hold no more"),
        pytest.param("whisper-1", {"maxBytes": "1000000"}, (30.4, 2, 4), id="1 MB holds no more"),
        pytest.param("gpt-4o-transcribe", {"maxSeconds": "1000"}, (773.0, 0, 4), id="bytes before seconds"),
        pytest.param("whisper-1", {"maxSeconds": "900", "maxBytes": "99000000"}, (900, 2, 4), id="a larger server"),
    ],
)
def test_chunks_follow_from_bytes_and_seconds(
    model: str, options: dict[str, str], chunking: tuple[float, float, int]
) -> None:
    """The smaller limit counts; options replace the model's."""
    cut = connect(model, **options).chunking

    assert chunking == (round(cut.max_seconds, 1), cut.overlap_seconds, cut.batch_size)


@pytest.mark.usefixtures("environment")
def test_longer_chunks_than_openai_takes_are_refused() -> None:
    """Its servers would refuse each, after it went up."""
    with pytest.raises(OptionUnsupportedError, match=r"maxSeconds is more than the model gpt-4o-transcribe .*1400 s"):
        connect("gpt-4o-transcribe", maxSeconds="1500")


@pytest.mark.usefixtures("environment")
def test_a_jobs_batch_size_is_the_number_of_requests() -> None:
    """As many requests run at the same time as the job asks for."""
    assert 9 == connect(batch_size=9).chunking.batch_size


@pytest.mark.usefixtures("environment")
def test_too_long_an_overlap_is_refused() -> None:
    """A chunk that mostly repeats the one before is a mistake."""
    with pytest.raises(OptionUnsupportedError, match=r"engine\.options\.overlapSeconds .* which has 10 s at most"):
        connect(maxSeconds="10", overlapSeconds="6")


@pytest.mark.usefixtures("environment")
def test_it_tells_the_clients_release() -> None:
    """The transcript says what asked, and that the model ran elsewhere."""
    info = connect("gpt-4o-transcribe").info

    assert ("openai", openai.__version__, "gpt-4o-transcribe", "remote", "remote", None) == (
        info.name,
        info.version,
        info.model,
        info.device,
        info.compute_type,
        info.beam_size,
    )


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize(
    ("model", "request_", "kind", "said"),
    [
        pytest.param(
            "gpt-4o-transcribe",
            SpeechRequest(task=Task.TRANSLATE),
            OptionUnsupportedError,
            "task is translate; .* not gpt-4o-transcribe",
            id="translation by another model",
        ),
        pytest.param(
            "gpt-4o-transcribe",
            SpeechRequest(word_timestamps=True),
            OptionUnsupportedError,
            "wordTimestamps is set; the model gpt-4o-transcribe gives no times",
            id="words of a model without times",
        ),
        pytest.param(
            "whisper-1",
            SpeechRequest(word_timestamps=True, task=Task.TRANSLATE),
            OptionUnsupportedError,
            "wordTimestamps is set; .* none for a translation",
            id="words of a translation",
        ),
        pytest.param(
            "whisper-1",
            SpeechRequest(language="eo"),
            LanguageUnsupportedError,
            "is eo; the model whisper-1 knows the languages of Whisper",
            id="a language that Whisper lacks",
        ),
        pytest.param(
            "gpt-4o-transcribe",
            SpeechRequest(language="tlh"),
            LanguageUnsupportedError,
            "is tlh; .* a code of two letters",
            id="a language without a code",
        ),
    ],
)
def test_what_cannot_be_done_is_refused_at_once(
    model: str, request_: SpeechRequest, kind: type[WorkerError], said: str
) -> None:
    """No audio is sent, and nothing billed, for what the API has no way to ask."""
    with pytest.raises(kind, match=said):
        connect(model).check(request_)


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize(
    ("model", "request_"),
    [
        pytest.param("whisper-1", SpeechRequest(language="yue", word_timestamps=True), id="Cantonese, words"),
        pytest.param("whisper-1", SpeechRequest(task=Task.TRANSLATE, language="fil"), id="translation"),
        pytest.param("gpt-4o-transcribe", SpeechRequest(language="eo"), id="a language for the server to judge"),
        pytest.param("gpt-4o-transcribe", SpeechRequest(language="mixed"), id="mixed"),
    ],
)
def test_what_can_be_done_is_not_refused(model: str, request_: SpeechRequest) -> None:
    """The check lets pass what the API can ask for."""
    assert connect(model).check(request_) is None  # type: ignore[func-returns-value]


@pytest.mark.usefixtures("environment")
def test_the_language_is_not_asked_for_beforehand() -> None:
    """Each answer tells its own; nothing is decoded to find out."""

    def windows() -> Iterator[None]:
        pytest.fail("it looked at a window")
        yield

    assert connect().detect_language(windows()) is None  # type: ignore[arg-type]
