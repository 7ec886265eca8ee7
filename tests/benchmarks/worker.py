"""The worker's benchmarks, in one run each.

Called by `__main__` for ``make bench-worker`` and ``make bench-memory``. Must not know how anything is measured.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from benchmarks import looping, machine, memory, start, wall_time, word_errors
from benchmarks.figures import Benchmark, Figure

ROUNDS: Final = 7
"""Of what is compared in turns; odd, so that a median is a measurement."""

TIMES_AN_HOUR: Final = 6
"""That the ten minutes of `memory.BASE` are said in an hour."""

TIMES_TEN_HOURS: Final = 60
"""The same in ten."""

SMALL_MODEL: Final = (
    "The model is the small Whisper of the test fixtures (1.76 million parameters, int8, on the CPU, beam 5, chunks "
    "of 12 s at most, batches of 8), the speech espeak-ng's of the vocabulary it was trained on. It is some hundred "
    "times faster than a model of use, so that all that is not the model weighs a hundred times more than it would."
)
"""Said of both benchmarks."""

Say = Callable[[str], None]


def measure(say: Say) -> Benchmark:
    """Measure all but ten hours of speech; takes ten to twenty minutes on two cores."""
    return _benchmark(
        "worker",
        "The worker against bare faster-whisper",
        (
            wall_time.measure(rounds=ROUNDS, say=say),
            word_errors.measure(say=say),
            looping.measure(say=say),
            memory.measure(TIMES_AN_HOUR, "1 hour", say=say),
            start.measure(rounds=ROUNDS, say=say),
        ),
    )


def measure_memory(say: Say) -> Benchmark:
    """Measure the memory that ten hours take."""
    return _benchmark(
        "memory", "The worker's memory over ten hours", (memory.measure(TIMES_TEN_HOURS, "10 hours", say=say),)
    )


def _benchmark(name: str, title: str, parts: tuple[tuple[list[Figure], dict[str, str]], ...]) -> Benchmark:
    return Benchmark(
        name=name,
        title=title,
        summary=SMALL_MODEL,
        machine=machine.describe(),
        versions=machine.versions(),
        date=datetime.now(UTC).isoformat(timespec="minutes"),
        figures=[figure for figures, _ in parts for figure in figures],
        meanings={metric: meaning for _, meanings in parts for metric, meaning in meanings.items()},
    )
