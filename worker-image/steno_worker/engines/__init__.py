"""Engines: what turns a recording into segments.

`pipeline` knows the `Engine` protocol alone, `worker` passes it `load_engine`. Most engines hear one chunk of speech
at a time: they are a `ChunkDecoder`, which `chunked` makes an engine of. The machine-learning packages are imported
in this package's modules only, and only when an engine is loaded. Must not know stores, jobs or formats.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from steno_types import EngineName, EngineSettings, Task
from steno_worker.checkpoints import Checkpoints
from steno_worker.decoding import Audio
from steno_worker.models import Locate, locate
from steno_worker.report import Coverage
from steno_worker.samples import Samples
from steno_worker.transcript import EngineInfo, Segment


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechRequest:
    """What a job asks of an engine."""

    language: str = "auto"
    """BCP 47 tag; ``auto`` to detect it; ``mixed`` to detect it chunk by chunk."""
    task: Task = Task.TRANSCRIBE
    prompt: str | None = None
    """Text that the model takes for what was said before."""
    hotwords: tuple[str, ...] = ()
    """Words that are likely to occur."""
    word_timestamps: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One recording for an engine."""

    request: SpeechRequest
    audio: Audio
    """Its samples; may still be growing."""
    recording: Path
    """The file itself, for an engine that decodes on its own."""
    scratch: Path
    """A folder for the engine's own files; gone afterwards."""
    checkpoints: Checkpoints
    """What earlier attempts at the same work left, and where this one leaves its own."""
    vad: bool
    """Whether silence is found and left out first."""
    progress: Callable[[float], None]
    """Told how many seconds of the audio are done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """What an engine makes of a recording."""

    language: str | None
    """BCP 47 tag as given or detected; None where no speech was found, or languages are mixed."""
    segments: tuple[Segment, ...]
    """In the order of their start."""
    coverage: Coverage
    warnings: tuple[str, ...] = ()
    """What a reader should know, in sentences."""


class Engine(Protocol):
    """A loaded model, or the way to one elsewhere."""

    @property
    def info(self) -> EngineInfo:
        """Name it, as it runs here."""
        ...

    def check(self, request: SpeechRequest) -> None:
        """Refuse at once what it cannot do.

        Raises
        ------
        LanguageUnsupportedError, OptionUnsupportedError
            Terminal, the user's (exit 65).
        """
        ...

    def transcribe(self, work: Work) -> Hearing:
        """Transcribe a recording.

        Raises
        ------
        DeviceOutOfMemoryError, EngineFailedError
            Retryable (exit 75).
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunking:
    """How a decoder wants its speech cut; belongs to the model."""

    max_seconds: float
    """Longest chunk."""
    overlap_seconds: float = 0.0
    """How much a chunk repeats of the one before where no silence separates them."""
    batch_size: int = 1
    """Chunks decoded at once."""
    batches_in_flight: int = 1
    """Calls of `ChunkDecoder.decode` at once, from threads: two let a GPU work while the host prepares."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardChunk:
    """What a decoder makes of one chunk."""

    segments: tuple[Segment, ...]
    """Times count from the chunk's start; ids from 0."""
    language: str | None = None
    """BCP 47 tag as given or detected."""
    no_speech: bool = False
    """Whether the model takes it for something other than speech; then there are no segments."""


class ChunkDecoder(Protocol):
    """What hears one chunk of speech at a time, and nothing of the chunk before."""

    @property
    def info(self) -> EngineInfo:
        """Name it, as it runs here."""
        ...

    @property
    def chunking(self) -> Chunking:
        """Say how speech should be cut for it."""
        ...

    def check(self, request: SpeechRequest) -> None:
        """Refuse at once what it cannot do, as `Engine.check`."""
        ...

    def detect_language(self, windows: Iterable[Samples]) -> str | None:
        """Give the BCP 47 tag that `windows` (up to 30 s each) speak for; None: it cannot tell beforehand.

        Who knows the answer, or cannot know it, does not look at `windows`, which cost something.
        """
        ...

    def decode(self, chunks: Sequence[Samples], request: SpeechRequest) -> Sequence[HeardChunk]:
        """Hear a batch of chunks, in their order; where the language is ``auto`` or ``mixed``, each in its own.

        Raises
        ------
        DeviceOutOfMemoryError
            Retryable; the caller may try again with fewer chunks.
        EngineFailedError
            Retryable (exit 75).
        """
        ...

    def decode_again(self, chunk: Samples, request: SpeechRequest) -> HeardChunk | None:
        """Hear a chunk whose first decoding is unsound in another, slower way; None: there is none."""
        ...


def load_engine(settings: EngineSettings, *, locate: Locate = locate) -> Engine:
    """Load the engine and model of `settings`; takes seconds to minutes.

    Parameters
    ----------
    locate
        Finds the model, for an engine that loads one into this process.

    Raises
    ------
    ModelUnknownError, SettingsInvalidError
        Terminal, the platform's (exit 78).
    OptionUnsupportedError
        Terminal, the user's (exit 65).
    ModelDownloadFailedError, DeviceOutOfMemoryError, ScratchFullError
        Retryable (exit 69, 75).
    """
    # Each is imported only when it is asked for: they are heavy, or belong to an extra of their own.
    match settings.name:
        case EngineName.FASTER_WHISPER:
            from steno_worker.engines.chunked import ChunkedEngine  # noqa: PLC0415
            from steno_worker.engines.faster_whisper import FasterWhisper  # noqa: PLC0415

            return ChunkedEngine(FasterWhisper.load(settings, locate=locate))
        case EngineName.OPENAI:
            from steno_worker.engines.chunked import ChunkedEngine  # noqa: PLC0415
            from steno_worker.engines.openai import OpenAIServer  # noqa: PLC0415

            return ChunkedEngine(OpenAIServer.load(settings))
        case EngineName.MULTISTEP:
            from steno_worker.engines.multistep import Multistep  # noqa: PLC0415

            return Multistep.load(settings, locate=locate)
        case EngineName.FAKE:
            from steno_worker.engines.chunked import ChunkedEngine  # noqa: PLC0415
            from steno_worker.engines.fake import FakeDecoder  # noqa: PLC0415

            return ChunkedEngine(FakeDecoder.load(settings))
