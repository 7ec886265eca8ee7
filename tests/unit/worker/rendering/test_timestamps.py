"""Timestamps are rounded as they read, to the millisecond."""

import pytest

from steno_worker.rendering.clock import milliseconds, timestamp


@pytest.mark.parametrize(
    ("seconds", "rounded"),
    [
        pytest.param(0.0, 0, id="start"),
        pytest.param(0.0005, 0, id="half, to even below"),
        pytest.param(0.0015, 2, id="half, to even above"),
        pytest.param(0.5015, 502, id="half, though its binary is below"),
        pytest.param(2.0005, 2000, id="half, though its binary is above"),
        pytest.param(0.00051, 1, id="above half"),
        pytest.param(1e-7, 0, id="spelled with an exponent"),
        pytest.param(59.9996, 60_000, id="into the next minute"),
        pytest.param(3599.9999, 3_600_000, id="into the next hour"),
        pytest.param(360_000.0004, 360_000_000, id="a hundred hours"),
    ],
)
def test_rounding(seconds: float, rounded: int) -> None:
    """Halves go to the even millisecond, by the decimal that is read and not by its binary neighbour."""
    assert rounded == milliseconds(seconds)


@pytest.mark.parametrize(
    ("offset_ms", "spelled"),
    [
        pytest.param(0, "00:00:00,000", id="start"),
        pytest.param(60_000, "00:01:00,000", id="a minute"),
        pytest.param(3_599_999, "00:59:59,999", id="just below an hour"),
        pytest.param(360_000_001, "100:00:00,001", id="a hundred hours"),
    ],
)
def test_spelling(offset_ms: int, spelled: str) -> None:
    """Hours have two digits or more, the others two, and thousandths three."""
    assert spelled == timestamp(offset_ms, point=",")
