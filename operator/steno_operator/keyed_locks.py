"""Locks by key: whoever holds one keeps others from the same thing, and from nothing else.

Used by `condemnation`. Single event loop. A lock that nobody holds or waits for is forgotten.
"""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from weakref import WeakValueDictionary


class KeyedLocks:
    """A lock for each key, made when it is first wanted."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def __len__(self) -> int:
        """Keys that somebody holds or waits for."""
        return len(self._locks)

    @asynccontextmanager
    async def hold(self, keys: Collection[str]) -> AsyncIterator[None]:
        """Hold all of `keys`; in their order, so that two who want some of the same never wait for each other."""
        async with AsyncExitStack() as held:
            for key in sorted({*keys}):
                lock = self._locks.setdefault(key, asyncio.Lock())
                await held.enter_async_context(lock)
            yield
