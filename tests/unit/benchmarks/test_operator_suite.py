"""What is measured anew takes the place of what was measured before, and nothing else does."""

from benchmarks.figures import Benchmark, figure
from benchmarks.operator.suite import merged


def a_benchmark(seconds: dict[str, float], *, notes: tuple[str, ...] = (), date: str = "2026-01-02") -> Benchmark:
    """Give the operator's benchmark with these values, by metric."""
    return Benchmark(
        name="operator",
        title="The operator",
        summary="What was run.",
        machine={},
        versions={},
        date=date,
        figures=[figure(metric, "s", value) for metric, value in seconds.items()],
        meanings=dict.fromkeys(seconds, f"On {date}."),
        notes=notes,
    )


def test_the_first_run_stands_as_it_is() -> None:
    """There is nothing to put it into."""
    new = a_benchmark({"burst": 1.0})

    assert new is merged(None, new)


def test_a_part_measured_alone_leaves_the_others() -> None:
    """Its figures keep their place, new ones come last, and the date is the new one's."""
    old = a_benchmark({"rate": 1.0, "burst": 2.0})
    new = a_benchmark({"burst": 3.0, "restart": 4.0}, date="2026-01-03")

    found = merged(old, new)

    assert [("rate", 1.0), ("burst", 3.0), ("restart", 4.0)] == [(each.metric, each.value) for each in found.figures]
    assert {"rate": "On 2026-01-02.", "burst": "On 2026-01-03.", "restart": "On 2026-01-03."} == found.meanings
    assert "2026-01-03" == found.date


def test_the_notes_of_a_part_go_with_it() -> None:
    """A part's old notes are dropped where it has new ones."""
    old = a_benchmark({}, notes=("`burst`: was late.", "`burst`: old.", "`rates`: old."))
    new = a_benchmark({}, notes=("`burst`: new.",))

    assert ["`rates`: old.", "`burst`: new."] == list(merged(old, new).notes)
