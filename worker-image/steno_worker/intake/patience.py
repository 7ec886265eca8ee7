"""How often a fetch is tried again, and how long it waits before.

Used by `s3` and `url`, each with a `Patience` per recording. Pure: neither waits nor reads a clock.

Failures are counted in a row. One that comes after `PROGRESS_BYTES` of new bytes counts as the first again, so a
large recording may break off more often than a small one, yet never without end. The pause after the n-th failure
is 2^(n-1) seconds and at most `LONGEST_PAUSE_SECONDS`: 1, 2, 4, 8, 16, half a minute in all.
"""

from dataclasses import dataclass
from typing import Final

TRIES: Final = 6
"""Failures in a row that end a fetch."""

RESTARTS: Final = 3
"""Times that a fetch may throw away what it has and begin anew; it then takes at most four times the bytes."""

PROGRESS_BYTES: Final = 8 << 20
"""New bytes that make a failure the first again: eight of the chunks that the store is read in."""

LONGEST_PAUSE_SECONDS: Final = 16.0
"""Longest pause of the worker's own choice."""

LONGEST_REQUESTED_PAUSE_SECONDS: Final = 60.0
"""Longest pause that a server may ask for; meanwhile the pod holds its GPU."""


@dataclass(slots=True)
class Patience:
    """What is left of it, for one recording."""

    failures: int = 0
    """In a row."""
    restarts: int = 0

    def pause_seconds(self, *, new_bytes: int, requested_seconds: float = 0.0) -> float | None:
        """Count a failure and say how long to wait before the next try; None: no next try.

        Parameters
        ----------
        new_bytes
            Brought by the try that failed.
        requested_seconds
            Pause that the server asks for.
        """
        self.failures = 1 if new_bytes >= PROGRESS_BYTES else self.failures + 1
        if self.failures >= TRIES:
            return None
        own = min(2.0 ** (self.failures - 1), LONGEST_PAUSE_SECONDS)
        return max(own, min(requested_seconds, LONGEST_REQUESTED_PAUSE_SECONDS))

    def may_start_over(self) -> bool:
        """Count a restart and say whether it is granted."""
        self.restarts += 1
        return self.restarts <= RESTARTS
