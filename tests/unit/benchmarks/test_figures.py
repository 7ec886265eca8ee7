"""Figures judge themselves, and survive their files."""

import json
from pathlib import Path

import pytest

from benchmarks.figures import Benchmark, Figure, figure, read, write


def a_benchmark(*figures: Figure, name: str = "worker") -> Benchmark:
    """Give a benchmark of `figures`."""
    return Benchmark(
        name=name,
        title="The worker",
        summary="What was run.",
        machine={"CPU": "a processor"},
        versions={"steno": "0.1.0"},
        date="2026-01-02T03:04+00:00",
        figures=figures,
        meanings={each.metric: "What it says." for each in figures},
    )


@pytest.mark.parametrize(
    ("value", "baseline", "goal", "met"),
    [
        pytest.param(10.5, 10.0, "<= 1.05", True, id="ratio on the goal"),
        pytest.param(10.6, 10.0, "<= 1.05", False, id="ratio beyond the goal"),
        pytest.param(4.0, None, "<= 5", True, id="value below the goal"),
        pytest.param(-0.3, None, "<= 0", True, id="negative value"),
        pytest.param(2.0, None, ">= 3", False, id="value short of the goal"),
        pytest.param(0.0, None, "== 0", True, id="nothing at all"),
        pytest.param(10.0, 1.0, None, None, id="no goal"),
        pytest.param(None, None, "<= 1", None, id="nothing measured"),
    ],
)
def test_a_goal_is_about_the_ratio_where_there_is_one(
    value: float | None,
    baseline: float | None,
    goal: str | None,
    met: bool | None,  # noqa: FBT001 -- pytest passes parameters by name
) -> None:
    """With a baseline the ratio is judged, without one the value, and without a goal nothing."""
    assert met == figure("time", "s", value, baseline=baseline, goal=goal).met


def test_a_baseline_of_nothing_gives_no_ratio() -> None:
    """No figure is divided by zero: its value is judged."""
    measured = figure("errors", "%", 3.0, baseline=0.0, goal="<= 1")

    assert (None, False) == (measured.ratio, measured.met)


def test_a_goal_must_be_spelled_as_agreed() -> None:
    """A goal that nobody can judge is a fault of the benchmark, and no goal that is met."""
    with pytest.raises(ValueError, match="'at most 2' is not spelled like"):
        figure("time", "s", 1.0, goal="at most 2")


def test_the_file_is_a_list_of_the_agreed_fields(tmp_path: Path) -> None:
    """Whoever reads ``NAME.json`` finds the seven fields in order, null where there is nothing."""
    path = write(a_benchmark(figure("time", "s", 2.0)), tmp_path)

    assert tmp_path / "worker.json" == path
    (entry,) = json.loads(path.read_text())
    assert ["metric", "unit", "value", "baseline", "ratio", "goal", "met"] == list(entry)
    assert ["time", "s", 2.0, None, None, None, None] == list(entry.values())


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    """Figures, machine, versions and meanings come back as they were."""
    worker = a_benchmark(figure("time", "s", 2.0, baseline=1.9, goal="<= 1.05"))
    memory = a_benchmark(name="memory")
    for benchmark in (worker, memory):
        write(benchmark, tmp_path)

    found = {benchmark.name: benchmark for benchmark in read(tmp_path)}

    assert {"memory", "worker"} == found.keys()
    assert worker.figures == found["worker"].figures
    assert (worker.machine, worker.meanings) == (found["worker"].machine, found["worker"].meanings)
