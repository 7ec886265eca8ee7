"""An event loop whose clock the test owns: an hour of waiting takes no time, and every moment is exact.

Nothing outside the process may be waited for on it.
"""

import asyncio
import math
import selectors
from collections.abc import Coroutine
from typing import Any


class _PatientSelector(selectors.DefaultSelector):
    """Waits by moving the clock."""

    elapsed_seconds = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise AssertionError("nothing will ever happen again")
        if timeout > 0:
            # A touch late, as any clock: a year from the start, asyncio's nanosecond of grace is lost to rounding.
            self.elapsed_seconds = math.nextafter(self.elapsed_seconds + timeout, math.inf)
        return super().select(0)


class _OwnClockLoop(asyncio.SelectorEventLoop):
    """An event loop that waits for nothing but its own timers, and not really for those."""

    def __init__(self) -> None:
        self._patient = _PatientSelector()
        super().__init__(self._patient)

    def time(self) -> float:
        return self._patient.elapsed_seconds


def now() -> float:
    """Seconds since the loop began."""
    return round(asyncio.get_running_loop().time(), 3)


def on_own_clock(scenario: Coroutine[Any, Any, None]) -> None:
    """Run a scenario from second 0 on."""
    with asyncio.Runner(loop_factory=_OwnClockLoop) as runner:
        runner.run(scenario)
