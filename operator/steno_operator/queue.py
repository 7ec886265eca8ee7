"""The keyed, coalescing queue: at most one reconcile per job, and one more after it if anything changed meanwhile.

Fed by `handlers` and by the controller's own requeues, drained by `run`. The design is client-go's workqueue: a key
is waiting, or being processed, or both (then it runs once more). Backoff of a key that fails in a row::

    delay = min(0.5 s * 2 ** failures, 60 s) * uniform(0.75, 1.25)

Single event loop; knows keys, not jobs.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Final

BACKOFF_FIRST_SECONDS: Final = 0.5
BACKOFF_LONGEST_SECONDS: Final = 60.0

Reconcile = Callable[[str], Awaitable[float | None]]
"""Works one key; gives the seconds after which it wants it again, or None."""

logger = logging.getLogger(__name__)


class ReconcileQueue:
    """Keys that want a reconcile."""

    def __init__(self) -> None:
        self._waiting: dict[str, None] = {}  # a set that remembers the order
        self._later: dict[str, None] = {}
        self._running: set[str] = set()
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._failures: dict[str, int] = {}
        self._changed = asyncio.Event()

    def __len__(self) -> int:
        """Keys that wait now, without the timed ones."""
        return len(self._waiting) + len(self._later)

    def add(self, key: str, *, later: bool = False) -> None:
        """Want `key` soon; wanting it twice is wanting it once. A timed wish for it is thereby met.

        What can wait goes `later`, after all that cannot: at a start thousands of jobs at rest are looked at, and
        none that is new is to stand behind them.
        """
        if (timer := self._timers.pop(key, None)) is not None:
            timer.cancel()
        if later and key not in self._waiting:
            self._later[key] = None
        else:
            self._later.pop(key, None)
            self._waiting[key] = None
        self._changed.set()

    def add_after(self, key: str, delay_seconds: float) -> None:
        """Want `key` after a while; the earlier of two such wishes counts."""
        loop = asyncio.get_running_loop()
        due = loop.time() + delay_seconds
        if (earlier := self._timers.get(key)) is not None:
            if earlier.when() <= due:
                return
            earlier.cancel()
        self._timers[key] = loop.call_at(due, self.add, key)

    async def run(self, reconcile: Reconcile, *, concurrency: int) -> None:
        """Work keys off until cancelled."""
        async with asyncio.TaskGroup() as workers:
            for _ in range(concurrency):
                workers.create_task(self._work(reconcile))

    async def _work(self, reconcile: Reconcile) -> None:
        while True:
            key = await self._take()
            try:
                again = await reconcile(key)
            except Exception as error:
                # One job's trouble is not the others': said here, tried again later.
                failures = self._failures[key] = self._failures.get(key, 0) + 1
                again = backoff_seconds(failures)
                first = failures == 1
                logger.warning("reconcile of %s failed, again in %.1f s: %s", key, again, error, exc_info=first)
            else:
                self._failures.pop(key, None)
            finally:
                self._running.discard(key)
                self._changed.set()
            if again is not None and key not in self._waiting and key not in self._later:
                self.add_after(key, again)

    async def _take(self) -> str:
        while True:
            for keys in (self._waiting, self._later):
                key = next((key for key in keys if key not in self._running), None)
                if key is not None:
                    del keys[key]
                    self._running.add(key)
                    return key
            self._changed.clear()
            await self._changed.wait()


def backoff_seconds(failures: int) -> float:
    """Seconds to wait after `failures` in a row, with jitter so that jobs do not return in step."""
    delay = min(BACKOFF_FIRST_SECONDS * 2.0 ** min(failures, 16), BACKOFF_LONGEST_SECONDS)
    return delay * random.uniform(0.75, 1.25)  # noqa: S311 -- jitter, not a secret
