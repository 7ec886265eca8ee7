"""Figures: what a benchmark has measured, and the files they lie in.

Written by every benchmark, read by `report`. ``build/bench/NAME.json`` is a list of `{metric, unit, value, baseline,
ratio, goal, met}`, null where there is none; ``build/bench/about/NAME.json`` says on which machine, when, of which
versions, and what each metric means. Must not know how anything is measured.
"""

import json
import operator
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
"""Of the repository."""

BENCH: Final = ROOT / "build" / "bench"
"""Where benchmarks leave what they found."""

_GOAL: Final = re.compile(r"(<=|>=|==) ([0-9.]+)")
_COMPARES: Final = {"<=": operator.le, ">=": operator.ge, "==": operator.eq}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measurement."""

    metric: str
    """What was measured, unique within its benchmark."""
    unit: str
    value: float | None
    baseline: float | None = None
    """The same of the bare alternative, measured in the same run."""
    ratio: float | None = None
    """Value over baseline."""
    goal: str | None = None
    """``<= 1.05``, ``>= 2`` or ``== 0``: of the ratio where there is one, else of the value."""
    met: bool | None = None
    """Whether it is; a miss is told, and fails nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """All that one run has found."""

    name: str
    """Of its files, and of its target as ``bench-NAME``."""
    title: str
    summary: str
    """What was run, in sentences."""
    machine: Mapping[str, str]
    """What it ran on, by property."""
    versions: Mapping[str, str]
    """Of the packages that matter."""
    date: str
    """When it ended, ISO 8601 in UTC."""
    figures: Sequence[Figure]
    meanings: Mapping[str, str] = field(default_factory=dict)
    """What each metric says, in sentences."""
    notes: Sequence[str] = ()
    """What else a reader must know, in sentences."""


def figure(
    metric: str, unit: str, value: float | None, *, baseline: float | None = None, goal: str | None = None
) -> Figure:
    """Make a figure: its ratio, and whether the goal is met.

    Raises
    ------
    ValueError
        `goal` is spelled in another way than `Figure.goal` says.
    """
    ratio = None if value is None or not baseline else value / baseline
    judged = value if ratio is None else ratio
    return Figure(
        metric=metric,
        unit=unit,
        value=_rounded(value),
        baseline=_rounded(baseline),
        ratio=_rounded(ratio),
        goal=goal,
        met=None if goal is None or judged is None else _meets(judged, goal),
    )


def write(benchmark: Benchmark, folder: Path = BENCH) -> Path:
    """Write a benchmark's two files; gives the one with the figures."""
    (folder / "about").mkdir(parents=True, exist_ok=True)
    about = asdict(benchmark)
    figures = about.pop("figures")
    path = folder / f"{benchmark.name}.json"
    path.write_text(json.dumps(figures, indent=1) + "\n")
    (folder / "about" / path.name).write_text(json.dumps(about, indent=1) + "\n")
    return path


def read(folder: Path = BENCH) -> list[Benchmark]:
    """Read all benchmarks, by name."""
    found = []
    for path in sorted(folder.glob("*.json")):
        about = json.loads((folder / "about" / path.name).read_text())
        figures = tuple(Figure(**entry) for entry in json.loads(path.read_text()))
        found.append(Benchmark(**about, figures=figures))
    return found


def _meets(value: float, goal: str) -> bool:
    if (parsed := _GOAL.fullmatch(goal)) is None:
        raise ValueError(f"the goal {goal!r} is not spelled like '<= 1.05'")
    return bool(_COMPARES[parsed[1]](value, float(parsed[2])))


def _rounded(value: float | None) -> float | None:
    """Keep six significant digits, more than any measurement has."""
    return None if value is None else float(f"{value:.6g}")
