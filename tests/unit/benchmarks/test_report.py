"""The page of benchmarks shows every goal, and whether it is met."""

import pytest

from benchmarks.figures import ROOT, Benchmark, Figure, figure
from benchmarks.report import FIGURES_HEAD, GOALS_HEAD, page, summary


def a_benchmark(*figures: Figure, name: str = "worker") -> Benchmark:
    """Give a benchmark of `figures`."""
    return Benchmark(
        name=name,
        title=f"The {name}",
        summary="What was run.",
        machine={"CPU": "a processor", "GPU": "none"},
        versions={"steno": "0.1.0"},
        date="2026-01-02T03:04+00:00",
        figures=figures,
        meanings={"time": "Seconds of the wall."},
        notes=("A note.",),
    )


def rows_of(text: str, head: tuple[str, ...]) -> list[list[str]]:
    """Give the cells of the first table with `head`, line by line."""
    lines = iter(text.splitlines())
    next(line for line in lines if line == f"| {' | '.join(head)} |")
    assert f"| {' | '.join(['---'] * len(head))} |" == next(lines)
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return rows


@pytest.mark.parametrize(
    ("measured", "row"),
    [
        pytest.param(
            figure("time", "s", 10.2, baseline=10.0, goal="<= 1.05"),
            ["worker", "time", "<= 1.05", "1.020", "yes"],
            id="ratio that meets it",
        ),
        pytest.param(
            figure("time", "s", 12.0, baseline=10.0, goal="<= 1.05"),
            ["worker", "time", "<= 1.05", "1.200", "no"],
            id="ratio that misses it",
        ),
        pytest.param(
            figure("share", "%", 3.333, goal="<= 5"), ["worker", "share", "<= 5", "3.33", "yes"], id="value alone"
        ),
        pytest.param(
            figure("share", "%", None, goal="<= 5"), ["worker", "share", "<= 5", "-", "not measured"], id="nothing"
        ),
    ],
)
def test_the_goals_table_has_a_row_for_each_goal(measured: Figure, row: list[str]) -> None:
    """A goal stands with its figure and with whether it is met; a metric without one is not among them."""
    text = page([a_benchmark(measured, figure("other", "s", 1.0))])

    assert [row] == rows_of(text, GOALS_HEAD)


def test_a_benchmark_has_a_table_of_all_its_figures() -> None:
    """Each metric has its line, with a dash where there is nothing to say."""
    text = page([a_benchmark(figure("time", "s", 1234.5), figure("share", "%", 0.5, baseline=0.25))])

    assert [
        ["time", "s", "1234", "-", "-", "-", "-"],
        ["share", "%", "0.5", "0.25", "2.000", "-", "-"],
    ] == rows_of(text, FIGURES_HEAD)


def test_a_benchmark_says_where_and_of_what_it_was_measured() -> None:
    """Machine, date, versions, notes and the meaning of a metric are on the page."""
    text = page([a_benchmark(figure("time", "s", 1.0))])

    for said in (
        "- Machine: CPU: a processor; GPU: none",
        "- Date: 2026-01-02T03:04+00:00",
        "- Versions: steno 0.1.0",
        "- A note.",
        "- **time**: Seconds of the wall.",
    ):
        assert said in text.splitlines()


def test_what_nobody_has_measured_is_said() -> None:
    """A benchmark that is expected and has no figures is named with its command, and no other is."""
    text = page([a_benchmark(name=name) for name in ("worker", "memory", "operator", "gateway")])

    assert "Not measured yet: `make gpu-check` has not run on a machine with a GPU.\n" in text
    assert 1 == text.count("Not measured yet")


def test_a_bar_in_a_name_breaks_no_table() -> None:
    """What Markdown would take for the end of a cell is escaped."""
    text = page([a_benchmark(figure("a|b", "s", 1.0))])

    assert "| a\\|b | s | 1 | - | - | - | - |" in text.splitlines()


def test_the_terminal_sees_the_same_figures() -> None:
    """A line a figure, with baseline and goal where there are any."""
    measured = a_benchmark(figure("time", "s", 12.0, baseline=10.0, goal="<= 1.05"), figure("share", "%", 0.5))

    assert ["time: 12 s, baseline 10, ratio 1.200, goal <= 1.05: no", "share: 0.5 %"] == summary(
        measured
    ).splitlines()


def test_the_kept_page_shows_the_goals() -> None:
    """``docs/benchmarks.md`` is what `page` writes: it has a table of goals, each met or not."""
    rows = rows_of((ROOT / "docs" / "benchmarks.md").read_text(), GOALS_HEAD)

    assert rows
    assert {"yes", "no", "not measured"} >= {row[-1] for row in rows}
