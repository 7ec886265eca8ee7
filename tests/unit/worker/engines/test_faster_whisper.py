"""The faster-whisper engine: languages, devices that are full, and a real, small model chunk by chunk."""

import json
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import ctranslate2
import numpy as np
import pytest

from steno_types import EngineSettings, Task
from steno_worker.decoding import start_decoding
from steno_worker.engines import Chunking, HeardChunk, SpeechRequest
from steno_worker.engines.faster_whisper import (
    FasterWhisper,
    FasterWhisperOptions,
    _device_errors,
    _heard,
    known_code,
)
from steno_worker.errors import DeviceOutOfMemoryError, LanguageUnsupportedError, OptionUnsupportedError
from steno_worker.samples import SAMPLE_RATE_HZ, Samples
from steno_worker.transcript import EngineInfo
from unit.worker.attempts import FIXTURES, SMALL_WHISPER

KNOWN = ["de", "en", "he", "jw", "no", "zh", "yue"]


@pytest.mark.parametrize(
    ("language", "code"),
    [
        pytest.param("en", "en", id="plain"),
        pytest.param("EN-gb", "en", id="region and case"),
        pytest.param("zh-Hant-TW", "zh", id="script"),
        pytest.param("yue", "yue", id="three letters"),
        pytest.param("nb-NO", "no", id="macrolanguage"),
        pytest.param("jv", "jw", id="Whisper's own spelling"),
    ],
)
def test_bcp_47_becomes_a_code_of_whisper(language: str, code: str) -> None:
    """Region and script are dropped, and the few codes that differ are translated."""
    assert code == known_code(language, known=KNOWN, model="large-v3")


@pytest.mark.parametrize(
    ("known", "said"),
    [
        pytest.param(["en"], "the model tiny.en knows en", id="English only"),
        pytest.param(KNOWN, "the model tiny.en knows 7 others", id="many"),
    ],
)
def test_an_unknown_language_is_refused(known: list[str], said: str) -> None:
    """faster-whisper would take an English-only model for any language in silence; we do not."""
    with pytest.raises(LanguageUnsupportedError, match=said):
        known_code("tlh", known=known, model="tiny.en")


@pytest.mark.parametrize(
    "message",
    [
        pytest.param("CUDA failed with error out of memory", id="CUDA"),
        pytest.param("cuBLAS failed with status CUBLAS_STATUS_ALLOC_FAILED", id="cuBLAS"),
    ],
)
def test_a_full_gpu_is_told_from_other_errors(message: str) -> None:
    """CTranslate2 raises RuntimeError for all; a full GPU is worth another attempt."""
    with pytest.raises(DeviceOutOfMemoryError), _device_errors():
        raise RuntimeError(message)


def test_other_errors_of_ctranslate2_stay_what_they_are() -> None:
    """An error that nobody foresaw must reach the log as itself."""
    with pytest.raises(RuntimeError, match="something else"), _device_errors():
        raise RuntimeError("something else")


@pytest.fixture(scope="module")
def whisper() -> FasterWhisper:
    """Load the model once for all tests of this module."""
    return FasterWhisper.load(EngineSettings.model_validate(SMALL_WHISPER))


@pytest.fixture(scope="module")
def sentences(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, Samples]]:
    """Cut the meeting into its sentences."""
    told = json.loads((FIXTURES / "recordings" / "meeting.json").read_text())
    spool = tmp_path_factory.mktemp("meeting") / "samples"
    with start_decoding(FIXTURES / "recordings" / "meeting.wav", spool) as audio:
        return [
            (one["text"], audio.read(round(one["start"] * SAMPLE_RATE_HZ), round(one["end"] * SAMPLE_RATE_HZ)))
            for one in told
        ]


ENGLISH = SpeechRequest(language="en")


def texts(chunks: Sequence[HeardChunk]) -> list[str]:
    """Give what was heard in each."""
    return [" ".join(segment.text for segment in chunk.segments) for chunk in chunks]


def test_each_chunk_of_a_batch_is_its_own(whisper: FasterWhisper, sentences: list[tuple[str, Samples]]) -> None:
    """Chunks of different lengths come back in order, with times that count from each one's start."""
    heard = whisper.decode([samples for _, samples in sentences], ENGLISH)

    right = [text == said for (said, _), text in zip(sentences, texts(heard), strict=True)]
    assert 6 <= sum(right)
    for (_, samples), chunk in zip(sentences, heard, strict=True):
        assert 0 <= chunk.segments[0].start < 0.5
        assert chunk.segments[-1].end <= len(samples) / SAMPLE_RATE_HZ + 1


@pytest.mark.parametrize("words", [pytest.param(False, id="segments"), pytest.param(True, id="words")])
def test_a_chunk_is_heard_alike_in_any_company(
    whisper: FasterWhisper, sentences: list[tuple[str, Samples]], *, words: bool
) -> None:
    """Alone or in a batch, every figure of it is the same: a resumed transcript depends on that."""
    chunks = [samples for _, samples in sentences]
    request = SpeechRequest(language="en", word_timestamps=words)

    assert [whisper.decode([chunk], request)[0] for chunk in chunks] == whisper.decode(chunks, request)


def test_a_second_hearing_is_the_model_s_own_loop(
    whisper: FasterWhisper, sentences: list[tuple[str, Samples]]
) -> None:
    """It hears a sound chunk as the first did, with words where they are asked for."""
    said, samples = sentences[0]

    again = whisper.decode_again(samples, SpeechRequest(language="en", word_timestamps=True))

    assert [said] == texts([again])
    assert said == "".join(word.word for word in again.segments[0].words or ()).strip()


def test_a_gpu_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A job may ask for one on a profile without; no retry brings it."""
    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: 0)
    settings = EngineSettings.model_validate({**SMALL_WHISPER, "options": {"device": "cuda"}})

    with pytest.raises(OptionUnsupportedError, match=r"engine\.options\.device is cuda"):
        FasterWhisper.load(settings)


def test_a_prompt_and_hotwords_are_taken(whisper: FasterWhisper, sentences: list[tuple[str, Samples]]) -> None:
    """The model is given them before the audio; what it hears stays speech."""
    request = SpeechRequest(language="en", prompt="The meeting of Monday.", hotwords=("committee", "budget"))

    chunks = [samples for _, samples in sentences]
    heard = whisper.decode(chunks, request)

    assert all(texts(heard))
    assert whisper.decode(chunks, ENGLISH) != heard


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        pytest.param(SpeechRequest(task=Task.TRANSLATE), "task is translate", id="translate"),
        pytest.param(SpeechRequest(language="mixed"), "language is mixed", id="mixed"),
    ],
)
def test_an_english_model_refuses_what_takes_others(
    whisper: FasterWhisper, request_: SpeechRequest, said: str
) -> None:
    """Before any work, with the field and the remedy."""
    with pytest.raises(OptionUnsupportedError, match=f"{said}.* Choose a multilingual model"):
        whisper.check(request_)


def test_an_english_model_needs_no_window_to_know_its_language(whisper: FasterWhisper) -> None:
    """Nobody waits for the recording to be decoded for that."""
    windows: Iterator[Samples] = iter(lambda: pytest.fail("nobody asked"), None)

    assert "en" == whisper.detect_language(windows)


class Babel(FasterWhisper):
    """Stands in for a multilingual model: a window's language is its level, a chunk's text its language."""

    LANGUAGES = ("de", "en", "jw")

    def __init__(self) -> None:
        info = EngineInfo(name="faster-whisper", version="0", model="babel", device="cpu", compute_type="int8")
        model: Any = SimpleNamespace(
            model=SimpleNamespace(is_multilingual=True),
            supported_languages=self.LANGUAGES,
            detect_language=self._detect,
        )
        super().__init__(model, info, Chunking(max_seconds=30.0), FasterWhisperOptions())

    def _detect(self, window: Samples) -> tuple[str, float, list[tuple[str, float]]]:
        shares = dict.fromkeys(self.LANGUAGES, 0.1) | {self.LANGUAGES[int(window[0] * 10)]: 0.8}
        return "", 0.0, list(shares.items())

    def _decode(self, chunks: Sequence[Samples], request: SpeechRequest) -> list[HeardChunk]:
        piece = SimpleNamespace(start=0.0, end=1.0, avg_logprob=0.0, no_speech_prob=0.0, compression_ratio=1.0)
        piece.text, piece.words, piece.temperature, piece.tokens = request.language, None, 0.0, []
        return [_heard([piece], 0.0, request.language) for _ in chunks]


def spoken_in(*languages: str) -> list[Samples]:
    """Make a window for each."""
    return [np.full(100, Babel.LANGUAGES.index(code) / 10 + 0.05, np.float32) for code in languages]


def test_the_language_is_what_most_windows_speak_for() -> None:
    """Their probabilities are averaged, so that one place of many does not decide; the answer is BCP 47."""
    assert "de" == Babel().detect_language(spoken_in("en", "de", "de"))
    assert "jv" == Babel().detect_language(spoken_in("jw"))
    assert None is Babel().detect_language([])


@pytest.mark.parametrize("language", ["mixed", "auto"])
def test_chunks_of_several_languages_are_each_heard_in_their_own(language: str) -> None:
    """The order stays, though chunks of one language share a batch."""
    heard = Babel().decode(spoken_in("en", "jw", "en", "de"), SpeechRequest(language=language))

    assert ["en", "jv", "en", "de"] == [chunk.language for chunk in heard] == texts(heard)


def piece(**figures: float | str) -> SimpleNamespace:
    """Make a segment as faster-whisper would."""
    sound = {"start": 5.0, "end": 6.0, "text": " Words.", "avg_logprob": -0.2, "no_speech_prob": 0.1}
    return SimpleNamespace(
        **{**sound, "compression_ratio": 1.0, "temperature": None, "words": None, "tokens": [1], **figures}
    )


@pytest.mark.parametrize(
    ("pieces", "no_speech", "segments"),
    [
        pytest.param([piece()], False, 1, id="speech"),
        pytest.param([piece(no_speech_prob=0.9)], False, 1, id="sure of its words all the same"),
        pytest.param([piece(no_speech_prob=0.9, avg_logprob=-1.5)], True, 0, id="sure of nothing"),
        pytest.param([piece(text=" ", no_speech_prob=0.9)], True, 0, id="no words"),
        pytest.param([piece(text=" ")], False, 0, id="no words, though it hears speech"),
        pytest.param([], True, 0, id="nothing at all"),
        pytest.param([piece(text=" "), piece()], False, 1, id="an empty one among others"),
    ],
)
def test_no_speech_is_told_by_whispers_own_rule(
    pieces: list[SimpleNamespace], segments: int, *, no_speech: bool
) -> None:
    """No-speech probability above 0.6 counts, unless the model is sure of its words."""
    heard = _heard(pieces, 5.0, "en")

    assert (no_speech, segments) == (heard.no_speech, len(heard.segments))
    assert all((0.0, 1.0) == (segment.start, segment.end) for segment in heard.segments)
