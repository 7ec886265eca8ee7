"""A decoder of chunks that hears what its test wants, and a store of checkpoints in memory."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from steno_worker.engines import Chunking, HeardChunk, SpeechRequest
from steno_worker.errors import DeviceOutOfMemoryError
from steno_worker.samples import Samples, duration_seconds
from steno_worker.transcript import EngineInfo, Segment


def segment(start: float, end: float, text: str, *, avg_log_prob: float = -0.2, temperature: float = 0.0) -> Segment:
    """Make one, of sound figures."""
    return Segment(
        id=0,
        start=start,
        end=end,
        text=text,
        avg_log_prob=avg_log_prob,
        no_speech_prob=0.0,
        compression_ratio=1.0,
        temperature=temperature,
    )


def level_of(samples: Samples) -> str:
    """Name a chunk by how loud it is in its middle."""
    return f"a sound of level {samples[len(samples) // 2]:.2f}"


def heard(samples: Samples, text: str | None = None) -> HeardChunk:
    """Hear one segment in all of a chunk."""
    whole = segment(0.0, round(duration_seconds(samples), 3), level_of(samples) if text is None else text)
    return HeardChunk(segments=(whole,), language="en")


@dataclass(kw_only=True)
class ScriptedDecoder:
    """Hears how loud each chunk is."""

    chunking: Chunking = field(default_factory=lambda: Chunking(max_seconds=10.0, batch_size=4))
    hear: Callable[[Samples], HeardChunk] = heard
    hear_again: Callable[[Samples], HeardChunk] | None = None
    language: str | None = "en"
    room_for: int = 1_000
    """Chunks for which the device has memory."""
    calls: list[int] = field(default_factory=list)
    """How many chunks each batch had."""
    requests: list[SpeechRequest] = field(default_factory=list)
    windows: list[Samples] = field(default_factory=list)
    """Those it was asked the language of."""
    before_batch: Callable[[int], None] = lambda _: None
    """Called with the number of the batch, from 0."""
    info: EngineInfo = field(
        default_factory=lambda: EngineInfo(
            name="scripted", version="1", model="none", device="cpu", compute_type="int8"
        )
    )

    def check(self, request: SpeechRequest) -> None:
        """Take everything on."""

    def detect_language(self, windows: Iterable[Samples]) -> str | None:
        """Look at all windows, and answer as told."""
        self.windows += windows
        return self.language

    def decode(self, chunks: Sequence[Samples], request: SpeechRequest) -> list[HeardChunk]:
        """Hear a batch, if it fits."""
        self.before_batch(len(self.calls))
        self.calls.append(len(chunks))
        self.requests.append(request)
        if len(chunks) > self.room_for:
            raise DeviceOutOfMemoryError("The GPU ran out of memory.")
        return [self.hear(chunk) for chunk in chunks]

    def decode_again(self, chunk: Samples, request: SpeechRequest) -> HeardChunk | None:
        """Hear a chunk in the other way, if there is one."""
        del request
        return self.hear_again(chunk) if self.hear_again else None


@dataclass(kw_only=True)
class MemoryCheckpoints:
    """Keeps pieces in a dictionary."""

    pieces: dict[str, bytes] = field(default_factory=dict)
    written: list[str] = field(default_factory=list)
    """Names, in the order in which they were written."""

    def load(self) -> dict[str, bytes]:
        """Give all."""
        return dict(self.pieces)

    def put(self, name: str, body: bytes) -> bytes:
        """Keep a piece unless there is one."""
        if name not in self.pieces:
            self.written.append(name)
        return self.pieces.setdefault(name, body)

    def put_later(self, name: str, body: bytes) -> None:
        """Keep it at once."""
        self.put(name, body)
