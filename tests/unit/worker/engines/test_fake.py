"""The fake engine says the same of the same samples, fails as it is told, and takes the time it is told."""

from typing import Any

import numpy as np
import pytest

from steno_types import EngineSettings, Task
from steno_worker.engines import SpeechRequest
from steno_worker.engines.fake import FakeDecoder
from steno_worker.errors import DeviceOutOfMemoryError, EngineFailedError, OptionUnsupportedError, WorkerError
from steno_worker.samples import SAMPLE_RATE_HZ, Samples


def load(pauses: list[float] | None = None, *, batch_size: Any = None, **options: str) -> FakeDecoder:
    """Load the engine; its pauses are noted instead of waited for."""
    settings = EngineSettings.model_validate(
        {"name": "fake", "model": "none", "batchSize": batch_size, "options": options}
    )
    return FakeDecoder.load(settings, pause=([] if pauses is None else pauses).append)


def sound(seconds: float, *, level: float = 0.5) -> Samples:
    """Give a square wave, whose level is its amplitude."""
    half_waves = np.arange(round(seconds * SAMPLE_RATE_HZ)) // 20 % 2
    return (level * (2 * half_waves - 1)).astype(np.float32)


def test_a_chunk_is_described() -> None:
    """Duration and level of each piece are its text, in the language that it pretends to detect."""
    (heard,) = load().decode([np.concatenate([sound(5), sound(2.5, level=0.1)])], SpeechRequest())

    assert ("en", False) == (heard.language, heard.no_speech)
    assert [
        (0, 0.0, 5.0, "Transcribe en: 5.0 seconds at -6 decibels."),
        (1, 5.0, 7.5, "Transcribe en: 2.5 seconds at -20 decibels."),
    ] == [(segment.id, segment.start, segment.end, segment.text) for segment in heard.segments]


def test_what_was_asked_for_shows() -> None:
    """A test sees in the transcript that language, task, prompt and hotwords reached the engine."""
    request = SpeechRequest(language="de-AT", task=Task.TRANSLATE, prompt="Hello.", hotwords=("Steno", "kopf"))

    (heard,) = load().decode([sound(1)], request)

    assert "de-AT" == heard.language
    assert "Translate de-AT after 'Hello.' with Steno, kopf: 1.0 seconds at -6 decibels." == heard.segments[0].text


def test_two_engines_agree() -> None:
    """Another attempt says the same, chunk by chunk or in a batch."""
    chunks, request = [sound(1), sound(7, level=0.2), np.zeros(8000, np.float32)], SpeechRequest(word_timestamps=True)

    batch = load().decode(chunks, request)

    engine = load()
    assert list(batch) == [engine.decode([chunk], request)[0] for chunk in chunks]
    assert "Transcribe en: 0.5 seconds at -96 decibels." == batch[2].segments[0].text


def test_words_are_the_text() -> None:
    """Asked for words, it spreads its text over the time; joined they are the text."""
    (heard,) = load().decode([sound(3.5)], SpeechRequest(word_timestamps=True))

    (segment,) = heard.segments
    words = segment.words or ()
    assert segment.text == "".join(word.word for word in words)
    assert [(0.0, 0.5), (3.0, 3.5)] == [(word.start, word.end) for word in (words[0], words[-1])]
    assert load().decode([sound(3)], SpeechRequest())[0].segments[0].words is None


def test_it_takes_its_time() -> None:
    """The pause is as long as the batch, times the option."""
    pauses: list[float] = []
    engine = load(pauses, secondsPerAudioSecond="0.5")

    engine.decode([sound(2), sound(4)], SpeechRequest())
    engine.decode([sound(1)], SpeechRequest())

    assert [3.0, 0.5] == pauses


@pytest.mark.parametrize(
    ("options", "chunking"),
    [
        pytest.param({}, (5.0, 0.0, 1), id="default"),
        pytest.param({"chunkSeconds": "4"}, (4.0, 0.0, 1), id="short chunks"),
        pytest.param({"batch_size": 8}, (5.0, 0.0, 8), id="batches"),
    ],
)
def test_its_chunks(options: dict[str, Any], chunking: tuple[float, float, int]) -> None:
    """A test says how its speech is cut."""
    cut = load(**options).chunking

    assert chunking == (cut.max_seconds, cut.overlap_seconds, cut.batch_size)


@pytest.mark.parametrize(
    ("fail", "kinds"),
    [
        pytest.param("device-out-of-memory", [DeviceOutOfMemoryError, DeviceOutOfMemoryError], id="memory, always"),
        pytest.param("device-out-of-memory-once", [DeviceOutOfMemoryError, None], id="memory, once"),
        pytest.param("engine-failed", [EngineFailedError, EngineFailedError], id="engine"),
    ],
)
def test_it_fails_as_told(fail: str, kinds: list[type[WorkerError] | None]) -> None:
    """Each failure of a real engine can be had on demand."""
    engine = load(fail=fail)

    assert kinds == [failure_of(engine), failure_of(engine)]


def failure_of(engine: FakeDecoder) -> type[WorkerError] | None:
    """Give the kind of error that a decoding ends in."""
    try:
        engine.decode([sound(1)], SpeechRequest())
    except WorkerError as error:
        return type(error)
    return None


def test_told_to_be_silent_it_hears_nothing() -> None:
    """It passes over speech as a broken model would, the second time too."""
    engine = load(silent="true")

    (heard,) = engine.decode([sound(1)], SpeechRequest())

    assert ((), False) == (heard.segments, heard.no_speech)
    assert engine.decode_again(sound(1), SpeechRequest()) is None


def test_it_needs_no_windows_to_know_the_language() -> None:
    """It answers without looking, as its answer is always the same."""
    assert "en" == load().detect_language(iter(()))


def test_it_says_what_it_is() -> None:
    """No transcript of it passes for a real one."""
    info = load().info

    assert ("fake", "none", "cpu", "none") == (info.name, info.model, info.device, info.compute_type)


def test_an_option_that_it_lacks_is_refused() -> None:
    """A misspelled option must not look like a test that passed."""
    with pytest.raises(OptionUnsupportedError, match=r"engine\.options\.silence is no option of the engine fake"):
        load(silence="true")
