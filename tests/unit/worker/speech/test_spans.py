"""Stretches of samples: what is left of one when others are taken away."""

import pytest

from steno_worker.speech.spans import Span, to_samples, total_seconds, without


def spans(*pairs: tuple[int, int]) -> list[Span]:
    """Make several."""
    return [Span(start=start, end=end) for start, end in pairs]


@pytest.mark.parametrize(
    ("taken", "left"),
    [
        pytest.param([], [(10, 20), (30, 40)], id="nothing"),
        pytest.param([(0, 50)], [], id="all"),
        pytest.param([(20, 30)], [(10, 20), (30, 40)], id="only what lies between"),
        pytest.param([(12, 15)], [(10, 12), (15, 20), (30, 40)], id="from the middle"),
        pytest.param([(15, 35)], [(10, 15), (35, 40)], id="across two"),
        pytest.param([(35, 99), (0, 12)], [(12, 20), (30, 35)], id="in any order"),
        pytest.param([(12, 16), (14, 18)], [(10, 12), (18, 20), (30, 40)], id="overlapping"),
        pytest.param([(15, 15)], [(10, 15), (15, 20), (30, 40)], id="empty"),
    ],
)
def test_what_is_taken_away_is_gone(taken: list[tuple[int, int]], left: list[tuple[int, int]]) -> None:
    """Intervals are half-open: one that ends where another begins does not touch it."""
    assert spans(*left) == without(spans((10, 20), (30, 40)), spans(*taken))


def test_seconds_are_those_of_16_khz() -> None:
    """A second is 16,000 samples, wherever it is counted."""
    assert 24_000 == to_samples(1.5)
    assert 1.5 == Span(start=8_000, end=32_000).seconds
    assert 2.0 == total_seconds(spans((0, 16_000), (100_000, 116_000)))
    assert Span(start=7, end=9) == Span(start=2, end=4).shifted(5)
