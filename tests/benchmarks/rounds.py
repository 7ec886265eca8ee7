"""Measure sides of a comparison in turns, so that whatever slows the machine down slows them all.

Called by the benchmarks. Must not know what the sides do.
"""

from collections.abc import Callable, Mapping
from statistics import median
from typing import TypeVar

from benchmarks.sides import Transcription

Measured = TypeVar("Measured")


def in_turns(sides: Mapping[str, Callable[[], Measured]], *, rounds: int) -> dict[str, list[Measured]]:
    """Run each side once to warm up, then `rounds` times, every second round in the opposite order."""
    for run in sides.values():
        run()
    measured: dict[str, list[Measured]] = {name: [] for name in sides}
    order = list(sides)
    for _ in range(rounds):
        for name in order:
            measured[name].append(sides[name]())
        order.reverse()
    return measured


def median_seconds(transcriptions: list[Transcription]) -> float:
    """Give the median of the wall times."""
    return median(transcription.seconds for transcription in transcriptions)


def median_cpu_seconds(transcriptions: list[Transcription]) -> float:
    """Give the median of the CPU times."""
    return median(transcription.cpu_seconds for transcription in transcriptions)
