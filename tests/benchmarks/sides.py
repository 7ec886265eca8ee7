"""The two sides of every comparison: Steno's worker, and bare faster-whisper on the same file.

Called by the benchmarks. Steno's side is what a pod does between fetching and publishing: decode, find speech, hear,
check, render in every format. The bare side is one call of faster-whisper with its own decoding of the file. Both
have their model loaded before. Must not know what is compared.
"""

import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from faster_whisper import BatchedInferencePipeline, WhisperModel

from benchmarks.figures import ROOT
from steno_types import EngineName, EngineSettings, JobIdentity
from steno_worker.checkpoints import NoCheckpoints
from steno_worker.decoding import start_decoding
from steno_worker.engines import ChunkDecoder, Chunking, HeardChunk, SpeechRequest
from steno_worker.engines.chunked import ChunkedEngine
from steno_worker.engines.faster_whisper import FasterWhisper
from steno_worker.processors import thread_count
from steno_worker.rendering import render_all
from steno_worker.report import Coverage
from steno_worker.samples import Samples
from steno_worker.transcribing import transcribe
from steno_worker.transcript import EngineInfo

MODEL: Final = ROOT / "tests" / "fixtures" / "models" / "whisper-espeak" / "ct2-int8"
"""The small Whisper; it knows the voices and words of `speech`."""

CHUNK_SECONDS: Final = 12
"""Longest chunk on both sides: the small model was trained on windows of a few sentences."""

BEAM_SIZE: Final = 5
"""On both sides."""

BATCH_SIZE: Final = 8
"""On both sides, unless a benchmark varies it; Steno's choice for CPUs, and faster-whisper's default."""

JOB: Final = JobIdentity(namespace="bench", name="bench", uid="00000000-0000-4000-8000-000000000000")
"""Whose the transcripts are."""

REQUEST: Final = SpeechRequest(language="en")
"""What is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcription:
    """What one side made of a recording."""

    text: str
    seconds: float
    """Wall time from the file to the last segment; on Steno's side to the last rendering."""
    cpu_seconds: float
    """CPU time of all threads meanwhile: what neighbours on the machine do hardly changes it."""
    chunks: int
    """How many the model heard."""
    coverage: Coverage | None = None
    """Of Steno's side."""


class ObservedDecoder:
    """A decoder whose chunks are counted, and which may be kept from hearing any of them again."""

    def __init__(self, decoder: ChunkDecoder, *, again: bool = True) -> None:
        self._decoder = decoder
        self._again = again
        self.chunks = 0
        """Heard so far; those heard again count once."""
        self.tokens = 0
        """In what was heard, but for what was heard again."""
        self.first_heard_at: float | None = None
        """When the first batch was done, on the clock of `time.monotonic`."""

    def forget(self) -> None:
        """Begin to observe anew."""
        self.chunks, self.tokens, self.first_heard_at = 0, 0, None

    @property
    def info(self) -> EngineInfo:
        """What the decoder says of itself."""
        return self._decoder.info

    @property
    def chunking(self) -> Chunking:
        """How it wants its speech cut."""
        return self._decoder.chunking

    def check(self, request: SpeechRequest) -> None:
        """Refuse what it refuses."""
        self._decoder.check(request)

    def detect_language(self, windows: Iterable[Samples]) -> str | None:
        """Say what it says."""
        return self._decoder.detect_language(windows)

    def decode(self, chunks: Sequence[Samples], request: SpeechRequest) -> Sequence[HeardChunk]:
        """Have a batch heard."""
        heard = self._decoder.decode(chunks, request)
        self.chunks += len(chunks)
        self.tokens += sum(len(segment.tokens) for each in heard for segment in each.segments)
        if self.first_heard_at is None:
            self.first_heard_at = time.monotonic()
        return heard

    def decode_again(self, chunk: Samples, request: SpeechRequest) -> HeardChunk | None:
        """Have a chunk heard again, unless that is not wanted."""
        return self._decoder.decode_again(chunk, request) if self._again else None


def settings(*, batch_size: int = BATCH_SIZE) -> EngineSettings:
    """Give the engine's settings on Steno's side."""
    return EngineSettings(
        name=EngineName.FASTER_WHISPER,
        model=str(MODEL),
        compute_type="int8",
        beam_size=BEAM_SIZE,
        batch_size=batch_size,
        options={"device": "cpu", "maxChunkSeconds": str(CHUNK_SECONDS)},
    )


class Steno:
    """Steno's side, its model loaded."""

    def __init__(self, *, batch_size: int = BATCH_SIZE, again: bool = True) -> None:
        self._decoder = ObservedDecoder(FasterWhisper.load(settings(batch_size=batch_size)), again=again)
        self._engine = ChunkedEngine(self._decoder)

    def transcribe(self, recording: Path) -> Transcription:
        """Transcribe and render a recording.

        Raises
        ------
        TranscriptIncompleteError
            The transcript lacks too much of the speech.
        """
        before = self._decoder.chunks
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            began, cpu_began = time.monotonic(), time.process_time()
            with start_decoding(recording, Path(folder) / "samples") as audio:
                transcribed = transcribe(
                    recording,
                    audio,
                    self._engine,
                    REQUEST,
                    job=JOB,
                    vad=True,
                    checkpoints=NoCheckpoints(),
                    scratch=Path(folder),
                    progress=lambda _: None,
                )
            for rendering in render_all(transcribed.transcript, transcribed.report):
                del rendering  # as the worker, which holds one at a time
            seconds, cpu_seconds = time.monotonic() - began, time.process_time() - cpu_began
        return Transcription(
            text=" ".join(segment.text for segment in transcribed.transcript.segments),
            seconds=seconds,
            cpu_seconds=cpu_seconds,
            chunks=self._decoder.chunks - before,
            coverage=transcribed.report.coverage,
        )


def bare_model() -> WhisperModel:
    """Load the model as Steno does."""
    return WhisperModel(str(MODEL), device="cpu", compute_type="int8", cpu_threads=thread_count(), num_workers=1)


def bare_batched(model: WhisperModel, recording: Path, **options: Any) -> Transcription:
    """Transcribe by faster-whisper's batched pipeline, with its own defaults but for `options`."""
    return _timed(lambda: BatchedInferencePipeline(model).transcribe(str(recording), **_bare(options))[0])


def bare_sequential(model: WhisperModel, recording: Path, **options: Any) -> Transcription:
    """Transcribe by faster-whisper's own loop, with its own defaults but for `options`."""
    return _timed(lambda: model.transcribe(str(recording), **_bare(options))[0])


def _bare(options: dict[str, Any]) -> dict[str, Any]:
    return {"language": "en", "beam_size": BEAM_SIZE, **options}


def _timed(transcribe_: Callable[[], Iterable[Any]]) -> Transcription:
    began, cpu_began = time.monotonic(), time.process_time()
    segments = list(transcribe_())
    seconds, cpu_seconds = time.monotonic() - began, time.process_time() - cpu_began
    # A segment's `seek` says which chunk it is of; a chunk without words is not seen.
    return Transcription(
        text=" ".join(segment.text.strip() for segment in segments),
        seconds=seconds,
        cpu_seconds=cpu_seconds,
        chunks=len({segment.seek for segment in segments}),
    )
