"""Percentiles of latencies.

Called by the benchmarks of operator and gateway. Pure.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self


def percentile(values: Sequence[float], percent: float) -> float:
    """Give the nearest-rank percentile: the least value that at least `percent` percent of the values do not exceed.

    Nearest rank, so that a percentile is a measurement and never lies between two.

    Raises
    ------
    ValueError
        There are no values, or `percent` does not lie in (0, 100].
    """
    if not values:
        raise ValueError("a percentile needs at least one value")
    if not 0 < percent <= 100:
        raise ValueError(f"percent {percent} does not lie in (0, 100]")
    rank = math.ceil(len(values) * percent / 100)
    return sorted(values)[rank - 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Latencies:
    """What of many latencies is told, in milliseconds."""

    count: int
    p50_ms: float
    p99_ms: float
    longest_ms: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Self:
        """Condense latencies in seconds; `ValueError` when there are none."""
        return cls(
            count=len(seconds),
            p50_ms=percentile(seconds, 50) * 1000,
            p99_ms=percentile(seconds, 99) * 1000,
            longest_ms=max(seconds) * 1000,
        )
