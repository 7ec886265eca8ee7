"""The memory that all uploads together may take, in bytes of parts.

Made by `Context.of`; taken by whoever reads an upload. S3 wants parts of 5 MiB at least, so an upload that is read
holds one part at any time, however slowly its client sends. What is left over lets an upload fill its next part while
others of it travel. So uploads that find no room wait unread: their bytes stay with their clients::

    as many uploads as parts: each fills and sends by turns         one upload: fills one, sends two

Those who wait are served in the order they came, and before those who only want to be faster.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Final, Self

from steno_gateway import problems
from steno_gateway.problems import ProblemError
from steno_store import MAX_PARTS

PART_BYTES: Final = 5 << 20
"""Of a part that is streamed: S3's least, since memory is what uploads contend for. 10,000 of them make 48.8 GiB."""

WAIT_SECONDS: Final = 30.0
"""For which an upload waits for room: below the minute after which most clients and ingresses give up."""


def streamed_part_bytes(max_upload_bytes: int) -> int:
    """Say how large the parts of a streamed upload are, so that the largest upload has no more than S3 takes."""
    mebibyte = 1 << 20
    return max(PART_BYTES, -(-max_upload_bytes // (MAX_PARTS * mebibyte)) * mebibyte)


class UploadMemory:
    """A number of bytes, lent in the order of asking.

    Parameters
    ----------
    limit_bytes
        Of all together; a part at least.
    part_bytes
        Of one part of a streamed upload; what `async with` takes.
    wait_seconds
        After which whoever still waits is refused.
    """

    def __init__(self, limit_bytes: int, *, part_bytes: int = PART_BYTES, wait_seconds: float = WAIT_SECONDS) -> None:
        if limit_bytes < part_bytes:
            raise ValueError(f"{limit_bytes} bytes hold no part of {part_bytes}")
        self.limit_bytes = limit_bytes
        self.part_bytes = part_bytes
        self._free_bytes = limit_bytes
        self._wait_seconds = wait_seconds
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @property
    def free_bytes(self) -> int:
        """What is not lent."""
        return self._free_bytes

    def locked(self) -> bool:
        """Whether another upload would have to wait."""
        return bool(self._waiting) or self._free_bytes < self.part_bytes

    async def take(self, size_bytes: int) -> None:
        """Take so much, and wait while it is not to be had.

        Raises
        ------
        ProblemError
            It was not to be had for long.
        """
        if self.try_take(size_bytes):
            return
        if size_bytes > self.limit_bytes:
            raise ValueError(f"{size_bytes} bytes are more than all {self.limit_bytes}")
        turn = asyncio.get_running_loop().create_future()
        waiter = (size_bytes, turn)
        self._waiting.append(waiter)
        try:
            async with asyncio.timeout(self._wait_seconds):
                await turn
        except BaseException as error:
            if turn.cancelled():
                self._waiting.remove(waiter)
                self._serve()
            else:  # served in the very moment of giving up
                self.give_back(size_bytes)
            if isinstance(error, TimeoutError):
                raise _busy() from error
            raise

    def try_take(self, size_bytes: int) -> bool:
        """Take so much if it is there and nobody waits."""
        if self._waiting or self._free_bytes < size_bytes:
            return False
        self._free_bytes -= size_bytes
        return True

    def give_back(self, size_bytes: int) -> None:
        """Give so much back."""
        self._free_bytes += size_bytes
        self._serve()

    @asynccontextmanager
    async def hold(self, size_bytes: int) -> AsyncIterator[None]:
        """Have so much for a while."""
        await self.take(size_bytes)
        try:
            yield
        finally:
            self.give_back(size_bytes)

    async def __aenter__(self) -> Self:
        await self.take(self.part_bytes)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.give_back(self.part_bytes)

    def _serve(self) -> None:
        while self._waiting and self._waiting[0][0] <= self._free_bytes:
            size_bytes, turn = self._waiting[0]
            if turn.cancelled():
                return  # whoever asked for it is about to leave, and serves the next
            self._waiting.popleft()
            self._free_bytes -= size_bytes
            turn.set_result(None)


def _busy() -> ProblemError:
    return ProblemError(
        problems.UPLOADS_BUSY,
        "As many uploads are under way as this gateway has memory for.",
        remedy="Send the upload again after the seconds of Retry-After, or straight to the store: POST /uploads.",
    )
