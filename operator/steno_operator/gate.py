"""The gate that whatever acts passes: nothing begins once this process may not act, or is about to end.

`process` puts it around the controller's reconcile and around every other duty of the leader; `lifecycle` closes it.
Single event loop; knows keys, not jobs.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager


class Gate:
    """Lets duties through, and knows how many are under way.

    Parameters
    ----------
    reconcile
        The duty that most pass for: works one key.
    insist
        Called before each duty; does not return where this process may not act.
    """

    def __init__(self, reconcile: Callable[[str], Awaitable[float | None]], insist: Callable[[], None]) -> None:
        self._reconcile = reconcile
        self._insist = insist
        self._inside = 0
        self._open = True
        self._empty = asyncio.Event()
        self._empty.set()

    async def reconcile(self, key: str) -> float | None:
        """Work one key, or wait for the end of the process where the gate is closed."""
        async with self.passage():
            return await self._reconcile(key)

    @asynccontextmanager
    async def passage(self) -> AsyncIterator[None]:
        """Do one duty in the context, which is entered as long as the gate is open and waited for when it closes."""
        if not self._open:
            await asyncio.Event().wait()
        self._insist()
        self._inside += 1
        self._empty.clear()
        try:
            yield
        finally:
            self._inside -= 1
            if not self._inside:
                self._empty.set()

    async def close(self) -> None:
        """Let nothing begin any more, and wait until what is under way is done."""
        self._open = False
        await self._empty.wait()
