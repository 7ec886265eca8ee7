"""Whisper on CTranslate2, by faster-whisper.

Loaded by `load_engine`, driven by `engines.chunked`. A batch of chunks goes through faster-whisper's batched pipeline
at temperature 0; a single chunk that came out unsound goes through its sequential loop, which samples at rising
temperatures and moves on from the last time the model named. No chunk is conditioned on the text of another, as an
error would then be carried on.
"""

import importlib.metadata
import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from typing import Annotated, Any, Final, Self

import ctranslate2
import numpy as np
from faster_whisper import BatchedInferencePipeline, WhisperModel
from pydantic import BeforeValidator, Field

from steno_types import EngineSettings, Task
from steno_worker.engines import Chunking, HeardChunk, SpeechRequest
from steno_worker.engines.options import EngineOptions
from steno_worker.errors import (
    DeviceOutOfMemoryError,
    LanguageUnsupportedError,
    ModelUnknownError,
    OptionUnsupportedError,
    SettingsInvalidError,
    WorkerError,
)
from steno_worker.languages import tag_of, whisper_code
from steno_worker.models import Locate, locate
from steno_worker.processors import thread_count
from steno_worker.samples import SAMPLE_RATE_HZ, Samples, duration_seconds
from steno_worker.speech.faults import MAX_COMPRESSION_RATIO, MIN_AVG_LOG_PROB, NO_SPEECH_PROB
from steno_worker.transcript import EngineInfo, Segment, Word

BATCH_SIZES: Final = {"cuda": 16, "cpu": 8}
"""Chunks decoded at once by device, unless a job says otherwise. On a CPU more than 8 gain nothing (measured with
faster-whisper 1.2.1 on two cores); 16 is faster-whisper's own example for a GPU, and halved where it does not fit."""

BATCHES_IN_FLIGHT: Final = {"cuda": 2, "cpu": 1}
"""With two, the host computes the features of one batch while the GPU works on the other, whose turn it is; on a CPU
they would take each other's cores."""

PAUSE_SECONDS: Final = 4
"""Put between the chunks of a batch: faster-whisper shortens a first word after a pause of more than four words, each
of which it holds to be 0.7 s long at most (1.2.1, `add_word_timestamps`)."""


DETECTED: Final = frozenset({"auto", "mixed"})
"""Languages of a request that are no language."""


class Device(StrEnum):
    """What the model runs on."""

    AUTO = "auto"
    """A GPU where there is one."""
    CPU = "cpu"
    CUDA = "cuda"


def _listed(value: object) -> object:
    return value.split(",") if isinstance(value, str) else value


class FasterWhisperOptions(EngineOptions):
    """What a profile or a job may set."""

    device: Device = Device.AUTO
    """`cpu`, `cuda`, or `auto`: a GPU where there is one."""
    max_chunk_seconds: Annotated[float, Field(ge=1, le=30)] = 30.0
    """Longest stretch of speech that the model hears at once; 30, Whisper's window, suits models of full size."""
    timestamps: bool = True
    """Whether the model is asked for times inside a chunk; without, a chunk is one segment, and slightly faster."""
    temperatures: Annotated[
        tuple[Annotated[float, Field(ge=0, le=1)], ...], BeforeValidator(_listed), Field(min_length=1, max_length=8)
    ] = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    """Tried one after another, separated by commas, when a chunk is heard again; 0 is beam search."""
    patience: Annotated[float, Field(gt=0, le=5)] = 1.0
    """How long beam search goes on for a better hypothesis."""
    length_penalty: Annotated[float, Field(ge=-5, le=5)] = 1.0
    """Above 1 favours longer hypotheses, below shorter ones."""
    repetition_penalty: Annotated[float, Field(ge=1, le=5)] = 1.0
    """Above 1 makes words that were said already less likely."""
    no_repeat_ngram_size: Annotated[int, Field(ge=0, le=20)] = 0
    """Phrases of so many tokens are never repeated within a chunk; 0: they may be."""


class FasterWhisper:
    """A Whisper model in this process."""

    def __init__(
        self, model: WhisperModel, info: EngineInfo, chunking: Chunking, options: FasterWhisperOptions
    ) -> None:
        self._model = model
        self._options = options
        self.info = info
        self.chunking = chunking

    @classmethod
    def load(cls, settings: EngineSettings, *, locate: Locate = locate) -> Self:
        """Load the model that `locate` finds under the name in `settings`."""
        options = FasterWhisperOptions.read(settings)
        device = _device(options.device)
        compute_type = settings.compute_type or ("float16" if device == "cuda" else "int8")
        possible = ctranslate2.get_supported_compute_types(device)
        if compute_type not in possible:
            known = ", ".join(sorted(possible))
            raise SettingsInvalidError(f"engine.computeType is {compute_type}; on this {device} it may be {known}.")
        located = locate(settings.model)
        try:
            with _device_errors():
                model = WhisperModel(
                    str(located.path),
                    device=device,
                    compute_type=compute_type,
                    cpu_threads=thread_count(),
                )
        except WorkerError:
            raise
        except Exception as error:  # of CTranslate2, and of tokenizers, which has no class of its own
            raise ModelUnknownError(f"The model {settings.model} cannot be loaded ({error}).") from error
        info = EngineInfo(
            name=settings.name,
            version=importlib.metadata.version("faster-whisper"),
            model=settings.model,
            device=device,
            compute_type=model.model.compute_type,
            beam_size=settings.beam_size,
            model_digest=located.digest,
        )
        chunking = Chunking(
            max_seconds=options.max_chunk_seconds,
            batch_size=settings.batch_size or BATCH_SIZES[device],
            batches_in_flight=BATCHES_IN_FLIGHT[device],
        )
        return cls(model, info, chunking, options)

    def check(self, request: SpeechRequest) -> None:
        """Refuse a language, or a translation, that the model does not know."""
        if request.language not in DETECTED:
            known_code(request.language, known=self._model.supported_languages, model=self.info.model)
        if self._model.model.is_multilingual:
            return
        if request.task is Task.TRANSLATE:
            raise OptionUnsupportedError(
                f"task is translate; the model {self.info.model} knows English alone. Choose a multilingual model."
            )
        if request.language == "mixed":
            raise OptionUnsupportedError(
                f"language is mixed; the model {self.info.model} knows English alone. Choose a multilingual model."
            )

    def detect_language(self, windows: Iterable[Samples]) -> str | None:
        """Average the model's probabilities over `windows`; an English-only model hears English."""
        if not self._model.model.is_multilingual:
            return "en"
        probabilities: Counter[str] = Counter()
        for window in windows:
            with _device_errors():
                _, _, found = self._model.detect_language(window)
            probabilities.update(dict(found))
        return tag_of(probabilities.most_common(1)[0][0]) if probabilities else None

    def decode(self, chunks: Sequence[Samples], request: SpeechRequest) -> list[HeardChunk]:
        """Hear a batch of chunks at temperature 0."""
        if request.language not in DETECTED:
            return self._decode(chunks, request)
        by_language: defaultdict[str, list[int]] = defaultdict(list)
        for number, chunk in enumerate(chunks):
            by_language[self.detect_language([chunk]) or "en"].append(number)
        heard: dict[int, HeardChunk] = {}
        for language, numbers in by_language.items():
            batch = self._decode([chunks[number] for number in numbers], replace(request, language=language))
            heard.update(zip(numbers, batch, strict=True))
        return [heard[number] for number in range(len(chunks))]

    def decode_again(self, chunk: Samples, request: SpeechRequest) -> HeardChunk:
        """Hear one chunk in Whisper's own loop, at rising temperatures."""
        language = self.detect_language([chunk]) or "en" if request.language in DETECTED else request.language
        with _device_errors():
            pieces, _ = self._model.transcribe(
                chunk,
                temperature=self._options.temperatures,
                compression_ratio_threshold=MAX_COMPRESSION_RATIO,
                log_prob_threshold=MIN_AVG_LOG_PROB,
                no_speech_threshold=NO_SPEECH_PROB,
                condition_on_previous_text=False,
                **self._settings(replace(request, language=language)),
            )
            return _heard(list(pieces), 0.0, language)

    def _decode(self, chunks: Sequence[Samples], request: SpeechRequest) -> list[HeardChunk]:
        # faster-whisper takes one recording, and says of a segment where its chunk begins; whole seconds are exact.
        # The pause before each, the first too, keeps the times of its words free of who its neighbours are.
        stride_seconds = math.ceil(max(map(duration_seconds, chunks))) + PAUSE_SECONDS
        recording = np.zeros((len(chunks) + 1) * stride_seconds * SAMPLE_RATE_HZ, np.float32)
        clips = []
        for number, chunk in enumerate(chunks, start=1):
            start = number * stride_seconds
            recording[start * SAMPLE_RATE_HZ :][: len(chunk)] = chunk
            # Half a sample more: it is cut to whole ones, and a sample less would be another chunk to the model.
            clips.append({"start": start, "end": start + (len(chunk) + 0.5) / SAMPLE_RATE_HZ})
        pieces_of: defaultdict[int, list[Any]] = defaultdict(list)
        with _device_errors():
            pieces, _ = BatchedInferencePipeline(self._model).transcribe(
                recording,
                clip_timestamps=clips,
                batch_size=self._batch_size(chunks, request),
                without_timestamps=not self._options.timestamps,
                **self._settings(request),
            )
            for piece in pieces:
                pieces_of[round(piece.seek / self._model.frames_per_second / stride_seconds)].append(piece)
        return [
            _heard(pieces_of[number], clip["start"], request.language) for number, clip in enumerate(clips, start=1)
        ]

    def _batch_size(self, chunks: Sequence[Samples], request: SpeechRequest) -> int:
        # On a CPU text comes out the same in any company, but the times of words may differ by a step of 20 ms. They
        # do not one by one, so that a resumed transcript equals an uninterrupted one.
        return 1 if request.word_timestamps and self.info.device == "cpu" else len(chunks)

    def _settings(self, request: SpeechRequest) -> dict[str, Any]:
        """What both ways of decoding are told."""
        options = self._options
        return {
            "language": known_code(request.language, known=self._model.supported_languages, model=self.info.model),
            "task": request.task.value,
            "beam_size": self.info.beam_size,
            "patience": options.patience,
            "length_penalty": options.length_penalty,
            "repetition_penalty": options.repetition_penalty,
            "no_repeat_ngram_size": options.no_repeat_ngram_size,
            "initial_prompt": request.prompt,
            "hotwords": " ".join(request.hotwords) or None,
            "word_timestamps": request.word_timestamps,
        }


def known_code(language: str, *, known: Collection[str], model: str) -> str:
    """Give Whisper's code for a BCP 47 tag; `LanguageUnsupportedError` unless it is `known` to the model.

    faster-whisper would quietly take an English-only model for any language.
    """
    code = whisper_code(language)
    if code not in known:
        few = ", ".join(sorted(known)) if len(known) <= 5 else f"{len(known)} others"  # noqa: PLR2004 -- to be read
        raise LanguageUnsupportedError(f"The language asked for is {language}; the model {model} knows {few}.")
    return code


def _device(wanted: Device) -> str:
    found = "cuda" if ctranslate2.get_cuda_device_count() else "cpu"
    if wanted is Device.CUDA and found != "cuda":
        raise OptionUnsupportedError(
            "engine.options.device is cuda; the worker has no GPU that CUDA can use. Choose a profile with one."
        )
    return found if wanted is Device.AUTO else wanted.value


def _heard(pieces: Sequence[Any], offset_seconds: float, language: str) -> HeardChunk:
    """Turn faster-whisper's segments of one chunk, which begins at `offset_seconds`, into ours."""
    spoken = [piece for piece in pieces if piece.text.strip()]
    doubted = all(piece.no_speech_prob > NO_SPEECH_PROB for piece in pieces)
    if doubted and all(piece.avg_logprob < MIN_AVG_LOG_PROB for piece in spoken):
        return HeardChunk(segments=(), language=language, no_speech=True)
    segments = (_segment(number, piece, offset_seconds) for number, piece in enumerate(spoken))
    return HeardChunk(segments=tuple(segments), language=language)


def _segment(number: int, piece: Any, offset_seconds: float) -> Segment:
    def time(seconds: float) -> float:
        return round(max(0.0, float(seconds) - offset_seconds), 3)

    words = piece.words and tuple(
        Word(
            start=time(word.start),
            end=time(word.end),
            word=word.word,
            probability=round(min(1.0, float(word.probability)), 4),
        )
        for word in piece.words
    )
    return Segment(
        id=number,
        start=time(piece.start),
        end=time(piece.end),
        text=piece.text.strip(),
        avg_log_prob=round(float(piece.avg_logprob), 4),
        no_speech_prob=round(float(piece.no_speech_prob), 4),
        compression_ratio=round(float(piece.compression_ratio), 4),
        temperature=float(piece.temperature or 0.0),
        words=words,
        tokens=tuple(piece.tokens),
    )


@contextmanager
def _device_errors() -> Iterator[None]:
    """Tell a full GPU from CTranslate2's other errors, which it raises as one type."""
    try:
        yield
    except RuntimeError as error:
        if "out of memory" in str(error) or "CUBLAS_STATUS_ALLOC_FAILED" in str(error):
            raise DeviceOutOfMemoryError(f"The GPU ran out of memory ({error}).") from error
        raise
