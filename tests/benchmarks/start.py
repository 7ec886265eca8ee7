"""How long a fresh worker takes until it has heard the first words.

Called by `worker`. The process goes the way of a pod whose image and model are on the node. Must not know what the
stages do.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.figures import Figure, figure
from benchmarks.speech import Recipe, record

RECORDING: Final = Recipe(seed=600, seconds=600)
"""Ten minutes: what follows the first chunk does not count."""

STAGES: Final = {
    "interpreter": "Python starts.",
    "imports": "The worker's modules are imported, with FFmpeg, CTranslate2, ONNX Runtime and NumPy.",
    "store": (
        "The recording is laid into a store in memory, the assignment into the environment; no pod does this, and "
        "the total leaves it out."
    ),
    "settings": "The environment is read: the assignment, and the store's settings.",
    "fetch": "The recording is fetched from there to the disk.",
    "model": "The decoder starts beside, and the small model is digested and loaded.",
    "self-test": "The self-test is passed: three seconds of speech are heard.",
    "first chunk": "Speech is found in the first two minutes, and the first chunk is heard.",
}
"""In the order in which they end, each with what it is."""


def measure(*, rounds: int, say: Callable[[str], None]) -> tuple[list[Figure], dict[str, str]]:
    """Measure all; gives the figures and what they mean."""
    path = record(RECORDING).path
    say(f"start to first segment: {rounds} rounds")
    _stages(path)  # from now on its files are in the page cache
    measured = [_stages(path) for _ in range(rounds)]
    seconds = {stage: median(stages[stage] for stages in measured) for stage in STAGES}
    counted = [sum(each for stage, each in stages.items() if stage != "store") for stages in measured]
    figures = [figure("start to first segment", "s", median(counted))]
    figures += [figure(f"start to first segment, {stage}", "s", seconds[stage]) for stage in STAGES]
    meanings = {
        "start to first segment": (
            "From the start of a fresh process to the first chunk's segments, medians; image and model are on the "
            "node, their files in the page cache, the store in the process."
        )
    }
    return figures, meanings | {f"start to first segment, {stage}": means for stage, means in STAGES.items()}


def _stages(path: Path) -> dict[str, float]:
    """Give the seconds that each stage took."""
    began = time.monotonic()
    command = [sys.executable, "-m", "benchmarks.start_process", str(path)]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    ends = {"": began, **json.loads(said)}
    return {stage: ends[stage] - ends[before] for before, stage in pairwise(ends)}
