"""Percentiles are measurements, of however few values."""

import pytest

from benchmarks.percentiles import Latencies, percentile

HUNDRED = [float(number) for number in range(100, 0, -1)]


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        pytest.param(HUNDRED, 99, 99.0, id="one of a hundred lies beyond the 99th"),
        pytest.param(HUNDRED, 50, 50.0, id="half of them"),
        pytest.param(HUNDRED, 100, 100.0, id="none lies beyond the 100th"),
        pytest.param(HUNDRED, 0.5, 1.0, id="the least counts as a whole one"),
        pytest.param([3.0, 1.0], 50, 1.0, id="never between two"),
        pytest.param([3.0, 1.0], 51, 3.0, id="more than half"),
        pytest.param([7.0], 99, 7.0, id="the only one"),
    ],
)
def test_a_percentile_is_the_least_value_that_covers_its_share(
    values: list[float], percent: float, expected: float
) -> None:
    """Nearest rank, whatever the order."""
    assert expected == percentile(values, percent)


@pytest.mark.parametrize(
    ("values", "percent"),
    [
        pytest.param([], 50, id="no values"),
        pytest.param([1.0], 0, id="no share"),
        pytest.param([1.0], 101, id="more than all"),
    ],
)
def test_a_percentile_of_nothing_is_refused(values: list[float], percent: float) -> None:
    """Where there is no answer, there is an error."""
    with pytest.raises(ValueError, match="percent"):
        percentile(values, percent)


def test_latencies_are_told_in_milliseconds() -> None:
    """Seconds go in, with their count; the slowest is told too."""
    told = Latencies.of([number / 1000 for number in HUNDRED])

    assert (100, 50.0, 99.0, 100.0) == (told.count, told.p50_ms, told.p99_ms, told.longest_ms)
