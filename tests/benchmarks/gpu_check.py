"""Whether the worker does on a GPU what it does on a CPU, and what it costs there.

Called by `__main__` for ``make gpu-check``, in an environment of its own with the extra `worker-cuda`. The small
Whisper of the fixtures says whether the words are the same; a model of large-v3's size with random weights says how
fast it is. Random weights make noise, which Steno's checks would rightly have heard again: here they are kept from
it, and both sides hear the same chunks and stop at the same number of tokens. Must not need the network, or
espeak-ng.
"""

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median
from typing import Final

import ctranslate2
import jiwer
from faster_whisper import BatchedInferencePipeline, WhisperModel, decode_audio

from benchmarks import machine
from benchmarks.figures import BENCH, ROOT, Benchmark, Figure, figure
from benchmarks.random_whisper import LARGE_V3, TINY, Shape, write_model
from benchmarks.rounds import in_turns
from benchmarks.sides import BEAM_SIZE, JOB, MODEL, ObservedDecoder
from benchmarks.speech import repeated
from steno_types import EngineName, EngineSettings
from steno_worker.checkpoints import NoCheckpoints
from steno_worker.decoding import Audio, start_decoding
from steno_worker.engines import Chunking, SpeechRequest, Work, load_engine
from steno_worker.engines.chunked import ChunkedEngine
from steno_worker.engines.faster_whisper import BATCHES_IN_FLIGHT, FasterWhisper, FasterWhisperOptions
from steno_worker.processors import thread_count
from steno_worker.rendering import render_all
from steno_worker.report import Report
from steno_worker.samples import SAMPLE_RATE_HZ
from steno_worker.self_test import self_test
from steno_worker.speech.planning import PlannedChunk, plan_part
from steno_worker.speech.vad import find_speech
from steno_worker.telemetry import gpu_memory_bytes
from steno_worker.transcript import EngineInfo, Transcript

MEETING: Final = ROOT / "tests" / "fixtures" / "recordings" / "meeting.wav"
"""28.7 seconds of three espeak-ng voices."""

TIMES: Final = {"cuda": 63, "cpu": 4}
"""How often it is said over to be long: half an hour, or two minutes to rehearse."""

BATCH_SIZES: Final = {"cuda": (1, 4, 8, 16, 32), "cpu": (1, 4)}
"""Of the sweep, by device."""

SHAPES: Final = {"cuda": LARGE_V3, "cpu": TINY}
"""Of the random model."""

CHUNK_SECONDS: Final = 30.0
"""Steno's default; Whisper's window."""

TOKENS: Final = 100
"""Of a chunk: what half a minute of lively speech takes."""

MAX_LENGTH: Final = 2 * TOKENS
"""As CTranslate2 is told: half of it is for the text. Whisper's own is 448."""

ROUNDS: Final = 3
"""Of what is compared in turns."""

NOTES: Final = (
    "The random model has large-v3's shape and no meaning: its figures are about work, not words.",
    "Nothing is heard again in the timings: random words trip every check.",
    f"A chunk's text ends at {TOKENS} tokens on both sides, and both hear the same chunks.",
    "The model is asked for no times: noise between them would end early.",
)

REQUEST: Final = SpeechRequest(language="en")
"""What is asked for; a language that is given need not be detected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one side took."""

    seconds: float
    """Wall time."""
    tokens: int
    """That the model made."""


class NoGpuError(Exception):
    """CTranslate2 sees none."""


def measure(device: str, say: Callable[[str], None]) -> Benchmark:
    """Measure all on `device`: ``cuda``, or ``cpu`` to rehearse with a tiny model.

    Raises
    ------
    NoGpuError
        `device` is ``cuda``, and there is none.
    """
    if device == "cuda" and not ctranslate2.get_cuda_device_count():
        raise NoGpuError("make gpu-check needs a GPU: CTranslate2 finds none. Is the driver there (nvidia-smi)?")
    say(f"compute types on {device}: {', '.join(sorted(ctranslate2.get_supported_compute_types(device)))}")
    parts = (_same_words(device, say), _speed(device, say))
    return Benchmark(
        name="gpu",
        title="The worker on a GPU",
        summary="The small Whisper for its words, and a random model of large-v3's size for its speed.",
        machine=machine.describe(),
        versions=machine.versions(),
        date=datetime.now(UTC).isoformat(timespec="minutes"),
        figures=[each for figures, _ in parts for each in figures],
        meanings={metric: meaning for _, meanings in parts for metric, meaning in meanings.items()},
        notes=NOTES,
    )


def _same_words(device: str, say: Callable[[str], None]) -> tuple[list[Figure], dict[str, str]]:
    """Compare what the small model hears here and on the CPU."""
    preferred = {"cuda": "float16", "cpu": "int8"}[device]
    figures, meanings = [], {}
    for compute_type, on_cpu in (("float32", "float32"), (preferred, "int8")):
        there, here = _words(device, compute_type), _words("cpu", on_cpu)
        say(f"{device} {compute_type}: {there}")
        metric = f"words of the meeting that differ, {compute_type}"
        compared = jiwer.process_words(here, there)
        differ = compared.substitutions + compared.deletions + compared.insertions
        figures.append(figure(metric, "words", differ, goal="== 0"))
        meanings[metric] = (
            f"What the small Whisper hears in the meeting on the device with {compute_type}, against the CPU with "
            f"{on_cpu}; both have passed the self-test."
        )
    return figures, meanings


def _words(device: str, compute_type: str) -> str:
    settings = EngineSettings(
        name=EngineName.FASTER_WHISPER,
        model=str(MODEL),
        compute_type=compute_type,
        options={"device": device, "maxChunkSeconds": "12"},
    )
    engine = load_engine(settings)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        self_test(engine, Path(folder))
        with start_decoding(MEETING, Path(folder) / "samples") as audio:
            hearing = engine.transcribe(_work(audio, MEETING, Path(folder)))
    return " ".join(segment.text for segment in hearing.segments)


def _speed(device: str, say: Callable[[str], None]) -> tuple[list[Figure], dict[str, str]]:
    """Measure the random model, batch size by batch size, on both sides."""
    recording = repeated(MEETING, TIMES[device], suffix=".flac")
    model = _random_model(device, SHAPES[device], say)
    audio_seconds, plan = _plan(recording)
    figures, meanings = [], {}
    for batch_size in BATCH_SIZES[device]:
        say(f"batch size {batch_size}: {len(plan)} chunks, {audio_seconds:.0f} s of audio")
        sides = {
            "steno": partial(_steno, model, recording, batch_size=batch_size),
            "bare": partial(_bare, model, recording, plan, batch_size=batch_size),
        }
        runs = in_turns(sides, rounds=ROUNDS)
        seconds = {name: median(run.seconds for run in of) for name, of in runs.items()}
        metric = f"wall time, batch size {batch_size}"
        figures.append(figure(metric, "s", seconds["steno"], baseline=seconds["bare"], goal="<= 1.05"))
        meanings[metric] = (
            f"Seconds for {audio_seconds / 60:.1f} minutes of speech in {len(plan)} chunks, from the file to the "
            "last rendering; the baseline decodes the file, finds speech and has the same chunks heard by the "
            f"batched pipeline. Median of {ROUNDS} rounds."
        )
        tokens = f"tokens, batch size {batch_size}"
        figures.append(figure(tokens, "tokens", runs["steno"][0].tokens, baseline=runs["bare"][0].tokens))
        meanings[tokens] = "That the model made on both sides: equal work."
        factor = f"real-time factor, batch size {batch_size}"
        figures.append(figure(factor, "", seconds["steno"] / audio_seconds))
        meanings[factor] = "Steno's seconds over those of the audio."
        if (held := gpu_memory_bytes()) is not None and device == "cuda":
            memory = f"GPU memory, batch size {batch_size}"
            figures.append(figure(memory, "GiB", held / 2**30))
            meanings[memory] = "In use on the GPU afterwards, by whomever; CTranslate2 keeps what it once took."
    return figures, meanings


def _random_model(device: str, shape: Shape, say: Callable[[str], None]) -> WhisperModel:
    folder = BENCH / "models" / f"random-{shape.width}x{shape.layers}"
    say(f"a random model of {shape.layers} + {shape.layers} layers, {shape.width} wide")
    write_model(folder, shape)
    model = WhisperModel(
        str(folder),
        device=device,
        compute_type="float16" if device == "cuda" else "int8",
        cpu_threads=thread_count(),
        num_workers=BATCHES_IN_FLIGHT[device],
    )
    model.max_length = MAX_LENGTH
    return model


def _plan(recording: Path) -> tuple[float, list[PlannedChunk]]:
    """Give the audio's seconds, and the chunks that Steno cuts it into."""
    chunks: list[PlannedChunk] = []
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        start_decoding(recording, Path(folder) / "samples") as audio,
    ):
        start, last = 0, False
        while not last:
            part = plan_part(audio, start, max_seconds=CHUNK_SECONDS, overlap_seconds=0.0, find_speech=find_speech)
            chunks += part.chunks
            start, last = part.end, part.last
        return audio.duration_seconds, chunks


def _steno(model: WhisperModel, recording: Path, *, batch_size: int) -> Run:
    """Transcribe and render as a pod does, but for the checks."""
    info = EngineInfo(
        name="faster-whisper",
        version=machine.versions()["faster-whisper"],
        model="random",
        device=model.model.device,
        compute_type=model.model.compute_type,
        beam_size=BEAM_SIZE,
    )
    chunking = Chunking(
        max_seconds=CHUNK_SECONDS, batch_size=batch_size, batches_in_flight=BATCHES_IN_FLIGHT[info.device]
    )
    decoder = FasterWhisper(model, info, chunking, FasterWhisperOptions(timestamps=False))
    observed = ObservedDecoder(decoder, again=False)
    engine = ChunkedEngine(observed)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        began = time.monotonic()
        with start_decoding(recording, Path(folder) / "samples") as audio:
            # Not by `transcribing`, which would refuse a transcript of noise.
            hearing = engine.transcribe(_work(audio, recording, Path(folder)))
            seconds = audio.duration_seconds
        transcript = Transcript(
            job=JOB, language="en", duration_seconds=seconds, engine=info, segments=hearing.segments
        )
        for rendering in render_all(transcript, Report(job=JOB, audio_seconds=seconds, coverage=hearing.coverage)):
            del rendering
        return Run(seconds=time.monotonic() - began, tokens=observed.tokens)


def _bare(model: WhisperModel, recording: Path, plan: Sequence[PlannedChunk], *, batch_size: int) -> Run:
    """Decode, find speech, and have the chunks of `plan` heard."""
    began = time.monotonic()
    samples = decode_audio(str(recording))
    find_speech(samples, CHUNK_SECONDS)
    clips = [{"start": chunk.start / SAMPLE_RATE_HZ, "end": chunk.end / SAMPLE_RATE_HZ} for chunk in plan]
    segments, _ = BatchedInferencePipeline(model).transcribe(
        samples,
        language="en",
        beam_size=BEAM_SIZE,
        batch_size=batch_size,
        without_timestamps=True,
        clip_timestamps=clips,
    )
    tokens = sum(len(segment.tokens) for segment in segments if segment.text.strip())
    return Run(seconds=time.monotonic() - began, tokens=tokens)


def _work(audio: Audio, recording: Path, scratch: Path) -> Work:
    return Work(
        request=REQUEST,
        audio=audio,
        recording=recording,
        scratch=scratch,
        checkpoints=NoCheckpoints(),
        vad=True,
        progress=lambda _: None,
    )
