"""How much memory the worker's pipeline takes for a long recording, against a short one.

Called by `worker` (an hour) and for ``make bench-memory`` (ten hours). Each recording is transcribed in a process of
its own. Must not know words or times.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from benchmarks.figures import Figure, figure
from benchmarks.speech import Recipe, record, repeated

BASE: Final = Recipe(seed=600, seconds=600)
"""Ten minutes; the long recordings say the same over and over."""

SUFFIX: Final = ".flac"
"""Of both: lossless, and of any length."""

MEBIBYTE: Final = 2**20


def measure(times: int, called: str, *, say: Callable[[str], None]) -> tuple[list[Figure], dict[str, str]]:
    """Compare a recording `times` as long, `called` so, with the short one; gives the figures and what they mean."""
    short = record(BASE, suffix=SUFFIX).path
    say(f"peak memory: 10 minutes, then {called}")
    base, long = _held(short), _held(repeated(short, times, suffix=SUFFIX))
    model = base["loaded"] - base["imported"]
    grown = {
        f"peak memory, {called}, without the model": (
            (long["peak"] - (long["loaded"] - long["imported"])) / MEBIBYTE,
            (base["peak"] - model) / MEBIBYTE,
            "<= 1.2",
        ),
        f"peak memory, {called}": (long["peak"] / MEBIBYTE, base["peak"] / MEBIBYTE, None),
        f"peak memory, {called}, beyond the loaded model": (
            (long["peak"] - long["loaded"]) / MEBIBYTE,
            (base["peak"] - base["loaded"]) / MEBIBYTE,
            None,
        ),
        f"memory of the loaded model, {called}": (
            (long["loaded"] - long["imported"]) / MEBIBYTE,
            model / MEBIBYTE,
            None,
        ),
    }
    figures = [
        figure(metric, "MiB", value, baseline=baseline, goal=goal)
        for metric, (value, baseline, goal) in grown.items()
    ]
    names = list(grown)
    return figures, {
        names[0]: (
            f"Peak resident memory of a process that transcribes and renders {called} of FLAC ({long['chunks']} "
            f"chunks, {long['words']} words), less what loading the model added; the baseline is the same of 10 "
            "minutes. Python and its libraries are in both."
        ),
        names[1]: "The same peak as it is, model included.",
        names[2]: (
            "The same peak less all that was held once the model was loaded: what the recording itself costs, Python "
            "and its libraries left out too. No goal is set on it."
        ),
        names[3]: "What loading the model added.",
    }


def _held(recording: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.memory_process", str(recording)]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    held: dict[str, Any] = json.loads(said)
    return held
