"""Write a recording of unknown size into the store while it arrives.

`submit` writes what the client sends; parts of `PART_BYTES` go to the store from threads, at most `PARTS_IN_FLIGHT`
at once. While that many are under way `write` waits, so nothing more is read from the client: a slow store slows the
client, and an upload never holds more than the part being filled, its copy and the parts in flight.

Leaving the context before `complete` gives the upload up: the store keeps nothing of it.
"""

import asyncio
import hashlib
import logging
from types import TracebackType
from typing import Final, Self

from starlette.concurrency import run_in_threadpool

from steno_store import PART_BYTES, MultipartUpload, ObjectStore, StoreError

logger = logging.getLogger(__name__)

PARTS_IN_FLIGHT: Final = 2
"""Sent at once for one upload: one travels while the next one's connection is prepared."""


class Upload:
    """One object on its way into the store."""

    def __init__(self, store: ObjectStore, key: str, *, part_bytes: int = PART_BYTES, digest: bool = False) -> None:
        self._store = store
        self._key = key
        self._part_bytes = part_bytes
        self._multipart: MultipartUpload | None = None
        self._filling = bytearray()
        self._parts = 0
        self._digest = hashlib.sha256() if digest else None
        self._sending: set[asyncio.Task[None]] = set()
        self._completing = False
        self._complete = False
        self.size_bytes = 0
        """Bytes written so far."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if not self._complete:
            # Shielded: giving up is also what a cancelled request must see through.
            await asyncio.shield(asyncio.ensure_future(self._abort()))

    async def write(self, data: bytes) -> None:
        """Add `data`; waits while the store is behind. Raises what went wrong with an earlier part."""
        self.size_bytes += len(data)
        self._filling += data
        while len(self._filling) >= self._part_bytes:
            part = bytes(memoryview(self._filling)[: self._part_bytes])
            del self._filling[: self._part_bytes]
            await self._send(part)

    @property
    def sha256(self) -> str | None:
        """Of all bytes, in hexadecimal, once the object is whole; None unless it was asked for."""
        return None if self._digest is None else self._digest.hexdigest()

    async def complete(self) -> None:
        """Make the object whole; only then is it to be seen."""
        if self._filling or not self._parts:
            part = bytes(self._filling)
            self._filling.clear()
            await self._send(part)
        while self._sending:
            await self._settle()
        if self._multipart is None:
            raise AssertionError("the first part begins the upload")
        self._completing = True
        await run_in_threadpool(self._multipart.complete)
        self._complete = True

    async def _send(self, part: bytes) -> None:
        if self._multipart is None:
            self._multipart = await run_in_threadpool(self._store.start_upload, self._key)
        while len(self._sending) >= PARTS_IN_FLIGHT:
            await self._settle()
        self._parts += 1
        if self._digest is not None:
            await run_in_threadpool(self._digest.update, part)
        self._sending.add(asyncio.ensure_future(run_in_threadpool(self._multipart.send, self._parts, part)))

    async def _settle(self) -> None:
        """Wait until a part in flight has landed, and raise the first failure among those that did."""
        done, self._sending = await asyncio.wait(self._sending, return_when=asyncio.FIRST_COMPLETED)
        failures = [failure for task in done if (failure := task.exception()) is not None]
        if failures:
            raise failures[0]

    async def _abort(self) -> None:
        """Let the parts in flight land, since one that lands after the abort would stay; then give up."""
        await asyncio.gather(*self._sending, return_exceptions=True)
        if self._multipart is None:
            return
        try:
            await run_in_threadpool(self._multipart.abort)
            if self._completing:
                # The store's answer was lost or bad: the object may be whole all the same.
                await run_in_threadpool(self._store.delete, self._key)
        except StoreError as error:
            logger.warning("an upload stays in the store: %s", error)
