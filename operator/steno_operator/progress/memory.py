"""A bounded memory that forgets, for `identity` and `intake`: one class, a clock of its own, no I/O."""

import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """A mapping that forgets an entry `seconds` after it was put, and the oldest where there are more than `size`."""

    def __init__(self, *, seconds: float, size: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._size = size
        self._clock = clock
        # All entries live equally long: the order in which they were put is that in which they end.
        self._entries: dict[K, tuple[float, V]] = {}

    def __len__(self) -> int:
        """Count what is remembered now."""
        self._forget()
        return len(self._entries)

    def get(self, key: K) -> V | None:
        """Give what is remembered of `key`; None when nothing is."""
        self._forget()
        entry = self._entries.get(key)
        return entry[1] if entry is not None else None

    def put(self, key: K, value: V) -> None:
        """Remember `value`, from now on."""
        self._entries.pop(key, None)
        self._entries[key] = (self._clock() + self._seconds, value)
        self._forget()

    def _forget(self) -> None:
        now = self._clock()
        while self._entries:
            oldest = next(iter(self._entries))
            if self._entries[oldest][0] > now and len(self._entries) <= self._size:
                return
            del self._entries[oldest]
