"""Where a process spends its time, by py-spy: recorded from outside, told as the functions that cost most.

Called by `stand` where ``--profile`` is given. py-spy samples the threads that run, so that waiting costs nothing.
Must not know which process it is.
"""

import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

SAMPLES_PER_SECOND: Final = 100

TOLD: Final = 25
"""Functions in a summary."""

END_SECONDS: Final = 60.0
"""Allowed to py-spy to write down what it has."""

_FRAME: Final = re.compile(r"(?P<function>.+) \((?P<file>[^()]+?)(?::\d+)?\)")


class NoProfilerError(Exception):
    """py-spy is not installed; the message says how it is."""


def program() -> Path:
    """Find py-spy.

    Raises
    ------
    NoProfilerError
        It is neither beside this Python nor on the path.
    """
    beside = Path(sys.executable).with_name("py-spy")
    found = str(beside) if beside.exists() else shutil.which("py-spy")
    if found is None:
        raise NoProfilerError("--profile needs py-spy: pip install py-spy")
    return Path(found)


class Recording:
    """py-spy at work on one process; its stacks lie in `path` once it is ended."""

    def __init__(self, pid: int, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        options = ["--format", "raw", "--function", "--rate", str(SAMPLES_PER_SECOND), "--output", str(path)]
        self._process = subprocess.Popen(
            [program(), "record", "--pid", str(pid), *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def end(self) -> None:
        """Stop recording; the process goes on."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        self._process.wait(timeout=END_SECONDS)


@dataclass(slots=True, kw_only=True)
class Profile:
    """Samples by what ran."""

    samples: int = 0
    cumulative: Counter[str] = field(default_factory=Counter)
    """By function, itself or something it called."""
    own: Counter[str] = field(default_factory=Counter)
    """By function, itself."""
    libraries: Counter[str] = field(default_factory=Counter)
    """By package of the innermost function."""


def parsed(lines: Iterable[str]) -> Profile:
    """Add up collapsed stacks: ``outermost;...;innermost COUNT`` a line, each frame ``function (file:line)``."""
    profile = Profile()
    for line in lines:
        stack, _, count_text = line.rstrip("\n").rpartition(" ")
        if not stack:
            continue
        count = int(count_text)
        frames = stack.split(";")
        profile.samples += count
        for frame in set(frames):
            profile.cumulative[frame] += count
        profile.own[frames[-1]] += count
        profile.libraries[library(frames[-1])] += count
    return profile


def library(frame: str) -> str:
    """Name the package, or the module of the standard library, that a frame's function lies in."""
    found = _FRAME.fullmatch(frame)
    if found is None:
        return frame
    first, _, rest = found["file"].partition("/")
    return first if rest else first.removesuffix(".py")


def summary(profile: Profile, *, told: int = TOLD) -> str:
    """Write the costliest functions for a terminal: by cumulative time, by their own, and by library."""
    parts = [
        _ranked("cumulative", profile.cumulative, profile.samples, told),
        _ranked("own", profile.own, profile.samples, told),
        _ranked("own, by library", profile.libraries, profile.samples, told),
    ]
    return "\n".join([f"{profile.samples} samples, {SAMPLES_PER_SECOND} a second while it ran", *parts])


def _ranked(title: str, counts: Counter[str], samples: int, told: int) -> str:
    lines = [f"{count / samples:7.1%}  {name}" for name, count in counts.most_common(told)]
    return "\n".join([f"-- {title}", *lines])
