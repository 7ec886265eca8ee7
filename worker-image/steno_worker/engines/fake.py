"""The fake engine: no model, no speech, the same words for the same samples.

For tests of everything around an engine: cluster tests kill its pod in the middle, let it fail as a device or a
server would, and compare what two attempts say. Loaded by `load_engine`. Its text says how long and how loud a piece
of its chunk is and what was asked for, so that a lost, doubled or misplaced chunk shows in the transcript. No
transcript of it is worth anything to a user.
"""

import importlib.metadata
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Annotated, Final, Self

import numpy as np
from pydantic import Field

from steno_types import EngineSettings
from steno_worker.engines import Chunking, HeardChunk, SpeechRequest
from steno_worker.engines.options import EngineOptions
from steno_worker.errors import DeviceOutOfMemoryError, EngineFailedError
from steno_worker.samples import SAMPLE_RATE_HZ, Samples, duration_seconds
from steno_worker.transcript import EngineInfo, Segment, Word

LANGUAGE: Final = "en"
"""What it detects."""

SEGMENT_SECONDS: Final = 5.0
"""Longest segment, so that a chunk of the default length has several."""

SILENCE_DECIBELS: Final = -96
"""Level of no sound at all: the floor of 16 bits (20 log10 of 1/65,536)."""

LOG_PROBABILITY: Final = -0.1
"""Of every segment: nothing that anyone would doubt."""


class FakeFailure(StrEnum):
    """How the engine fails."""

    DEVICE_OUT_OF_MEMORY = "device-out-of-memory"
    """At every call, as a GPU that is too small."""
    DEVICE_OUT_OF_MEMORY_ONCE = "device-out-of-memory-once"
    """At the first call of the process, as a GPU that is shared."""
    ENGINE_FAILED = "engine-failed"
    """At every call, as a server that is away."""


class FakeOptions(EngineOptions):
    """Options of the engine `fake`."""

    chunk_seconds: Annotated[float, Field(ge=1, le=3600)] = 5.0
    """Longest chunk, in seconds."""
    fail: FakeFailure | None = None
    """How every chunk fails: `device-out-of-memory`, `device-out-of-memory-once` (the first call of a process) or
    `engine-failed`."""
    seconds_per_audio_second: Annotated[float, Field(ge=0, le=3600)] = 0.0
    """How long a second of audio takes, in seconds."""
    silent: bool = False
    """Whether it hears nothing in any chunk, as a model that passes over speech."""


class FakeDecoder:
    """A `ChunkDecoder` that describes its chunks."""

    def __init__(
        self, options: FakeOptions, info: EngineInfo, *, batch_size: int, pause: Callable[[float], None]
    ) -> None:
        self._options = options
        self._pause = pause
        self._calls = 0
        self.info = info
        self.chunking = Chunking(max_seconds=options.chunk_seconds, batch_size=batch_size)

    @classmethod
    def load(cls, settings: EngineSettings, *, pause: Callable[[float], None] = time.sleep) -> Self:
        """Read the options; `pause` waits as many seconds as it is told.

        Raises
        ------
        OptionUnsupportedError
            Terminal, the user's (exit 65).
        """
        info = EngineInfo(
            name=settings.name,
            version=importlib.metadata.version("steno"),
            model=settings.model,
            device="cpu",
            compute_type="none",
        )
        return cls(FakeOptions.read(settings), info, batch_size=settings.batch_size or 1, pause=pause)

    def check(self, request: SpeechRequest) -> None:
        """Refuse nothing."""

    def detect_language(self, windows: Iterable[Samples]) -> str | None:
        """Give `LANGUAGE`, whatever is said."""
        del windows
        return LANGUAGE

    def decode(self, chunks: Sequence[Samples], request: SpeechRequest) -> Sequence[HeardChunk]:
        """Describe `chunks`, as `ChunkDecoder.decode` promises."""
        self._calls += 1
        self._fail()
        self._pause(self._options.seconds_per_audio_second * sum(duration_seconds(chunk) for chunk in chunks))
        return tuple(self._describe(chunk, request) for chunk in chunks)

    def decode_again(self, chunk: Samples, request: SpeechRequest) -> HeardChunk | None:
        """Give None: it would say the same."""
        del chunk, request
        return None

    def _fail(self) -> None:
        match self._options.fail:
            case FakeFailure.DEVICE_OUT_OF_MEMORY:
                raise DeviceOutOfMemoryError("The fake engine was told to run out of memory.")
            case FakeFailure.DEVICE_OUT_OF_MEMORY_ONCE if self._calls == 1:
                raise DeviceOutOfMemoryError("The fake engine was told to run out of memory once.")
            case FakeFailure.ENGINE_FAILED:
                raise EngineFailedError("The fake engine was told to fail.")
            case _:
                return

    def _describe(self, chunk: Samples, request: SpeechRequest) -> HeardChunk:
        language = LANGUAGE if request.language in {"auto", "mixed"} else request.language
        segments = () if self._options.silent else tuple(_segments(chunk, request, language=language))
        return HeardChunk(language=language, segments=segments)


def _segments(chunk: Samples, request: SpeechRequest, *, language: str) -> Iterator[Segment]:
    step = round(SEGMENT_SECONDS * SAMPLE_RATE_HZ)
    asked = "" if request.prompt is None else f" after {request.prompt!r}"
    hints = f" with {', '.join(request.hotwords)}" if request.hotwords else ""
    for number, first in enumerate(range(0, len(chunk), step)):
        piece = chunk[first : first + step]
        start = round(first / SAMPLE_RATE_HZ, 3)
        end = round((first + len(piece)) / SAMPLE_RATE_HZ, 3)
        text = (
            f"{request.task.capitalize()} {language}{asked}{hints}: "
            f"{duration_seconds(piece):.1f} seconds at {_decibels(piece)} decibels."
        )
        yield Segment(
            id=number,
            start=start,
            end=end,
            text=text,
            avg_log_prob=LOG_PROBABILITY,
            no_speech_prob=0.0,
            compression_ratio=1.0,
            words=_words(text, start=start, end=end) if request.word_timestamps else None,
        )


def _words(text: str, *, start: float, end: float) -> tuple[Word, ...]:
    """Spread the words of `text` evenly over [start, end]."""
    words = text.split(" ")
    times = [round(float(time), 3) for time in np.linspace(start, end, len(words) + 1)]
    return tuple(
        Word(start=times[n], end=times[n + 1], word=word if n == 0 else f" {word}", probability=1.0)
        for n, word in enumerate(words)
    )


def _decibels(piece: Samples) -> int:
    """Give the level of `piece` in whole decibels below full scale, so that rounding errors do not show."""
    power = float(np.mean(np.square(piece, dtype=np.float64)))
    return SILENCE_DECIBELS if power == 0 else max(SILENCE_DECIBELS, round(10 * np.log10(power)))
