"""How long Steno's pipeline takes over bare batched faster-whisper, and how often it hears a chunk again.

Called by `worker`. Must not know words or memory.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.figures import Figure, figure
from benchmarks.rounds import in_turns, median_cpu_seconds, median_seconds
from benchmarks.sides import BATCH_SIZE, CHUNK_SECONDS, Steno, Transcription, bare_batched, bare_model
from benchmarks.speech import Recipe, record

LONG: Final = Recipe(seed=600, seconds=600)
"""Ten minutes."""

SWEPT: Final = Recipe(seed=180, seconds=180)
"""Three minutes, for the sweep over batch sizes."""

BATCH_SIZES: Final = (1, 2, 4, 8, 16)
"""Of the sweep."""

SWEEP_ROUNDS: Final = 3
"""Of each batch size."""

ISOLATED: Final = Recipe(seed=700, sentences=120, pauses_seconds=(2.6, 3.2))
"""Sentences so far apart that each is a chunk of its own: Steno joins what is 2 s apart, pads included."""

MEANINGS: Final = {
    "wall time, 10 minutes of WAV": (
        "Seconds from the recording's file to the last of eight renderings, against bare batched faster-whisper from "
        "the same file to its last segment; the same model, beam, batch and chunk size, all with times. Medians."
    ),
    "wall time, 10 minutes of AAC": "The same for an m4a file.",
    "wall time, 10 minutes of AAC, nothing heard again": "The same, with Steno kept from decoding again.",
    "wall time, 10 minutes of WAV, nothing heard again": (
        "The same as the first, with Steno kept from decoding unsound chunks again: what the rest of the pipeline "
        "costs."
    ),
    "CPU time, 10 minutes of WAV": "CPU seconds of all threads in the first comparison.",
    "CPU time, 10 minutes of WAV, nothing heard again": "The same with Steno kept from decoding again.",
    "chunks, 10 minutes of WAV": "Stretches of speech that the model heard in the first comparison.",
    "chunks heard again, 10 minutes of WAV": "Share of these whose first decoding was unsound.",
    "chunks heard again, isolated sentences": (
        "Share of chunks that are decoded a second time when every chunk is one clean sentence: what checking costs "
        "where nothing is wrong."
    ),
}
"""What each metric says; those of the sweep are made with it."""


def measure(*, rounds: int, say: Callable[[str], None]) -> tuple[list[Figure], dict[str, str]]:
    """Measure all; gives the figures and what they mean."""
    steno, once, model = Steno(), Steno(again=False), bare_model()

    def bare(recording: Path, batch_size: int = BATCH_SIZE) -> Transcription:
        return bare_batched(
            model, recording, chunk_length=CHUNK_SECONDS, without_timestamps=False, batch_size=batch_size
        )

    figures = []
    for container, suffix in (("WAV", ".wav"), ("AAC", ".m4a")):
        path = record(LONG, suffix=suffix).path
        say(f"wall time, 10 minutes of {container}: {rounds} rounds")
        sides: dict[str, Callable[[], Transcription]] = {
            "steno": partial(steno.transcribe, path),
            "once": partial(once.transcribe, path),
            "bare": partial(bare, path),
        }
        measured = in_turns(sides, rounds=rounds)
        figures += _compared(container, measured)
    figures.append(_heard_again_of_isolated_sentences(steno, say))
    swept, meanings = _sweep(bare, say)
    return figures + swept, MEANINGS | meanings


def _compared(container: str, measured: dict[str, list[Transcription]]) -> list[Figure]:
    steno, once, bare = measured["steno"], measured["once"], measured["bare"]
    about = f"10 minutes of {container}"
    baseline = median_seconds(bare)
    # What is heard again is counted in a row of its own: the baseline does not check what it hears.
    figures = [
        figure(
            f"wall time, {about}, nothing heard again", "s", median_seconds(once), baseline=baseline, goal="<= 1.05"
        ),
        figure(f"wall time, {about}", "s", median_seconds(steno), baseline=baseline),
    ]
    if container != "WAV":
        return figures
    chunks = steno[0].chunks
    return [
        *figures,
        figure(f"CPU time, {about}", "s", median_cpu_seconds(steno), baseline=median_cpu_seconds(bare)),
        figure(
            f"CPU time, {about}, nothing heard again",
            "s",
            median_cpu_seconds(once),
            baseline=median_cpu_seconds(bare),
        ),
        figure(f"chunks, {about}", "chunks", chunks, baseline=bare[0].chunks),
        figure(f"chunks heard again, {about}", "%", 100 * _heard_again(steno[0]) / chunks),
    ]


def _heard_again_of_isolated_sentences(steno: Steno, say: Callable[[str], None]) -> Figure:
    recording = record(ISOLATED)
    say(f"chunks heard again: {len(recording.sentences)} isolated sentences")
    transcription = steno.transcribe(recording.path)
    share = 100 * _heard_again(transcription) / transcription.chunks
    return figure("chunks heard again, isolated sentences", "%", share, goal="<= 5")


def _sweep(
    bare: Callable[[Path, int], Transcription], say: Callable[[str], None]
) -> tuple[list[Figure], dict[str, str]]:
    path = record(SWEPT).path
    figures, meanings = [], {}
    for batch_size in BATCH_SIZES:
        metric = f"wall time, 3 minutes of WAV, batch size {batch_size}"
        say(metric)
        steno = Steno(batch_size=batch_size)
        sides: dict[str, Callable[[], Transcription]] = {
            "steno": partial(steno.transcribe, path),
            "bare": partial(bare, path, batch_size),
        }
        measured = in_turns(sides, rounds=SWEEP_ROUNDS)
        seconds = {name: median_seconds(transcriptions) for name, transcriptions in measured.items()}
        figures.append(figure(metric, "s", seconds["steno"], baseline=seconds["bare"]))
        meanings[metric] = f"Medians of {SWEEP_ROUNDS} rounds with batches of {batch_size} on both sides."
    return figures, meanings


def _heard_again(transcription: Transcription) -> int:
    if transcription.coverage is None:
        raise ValueError("only Steno's side says what it heard again")
    return len(transcription.coverage.redecoded)
