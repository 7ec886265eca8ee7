"""Write a recording of unknown size into the store while it arrives.

`receiving` and `submit` write what the client sends; parts go to the store from threads, at most `PARTS_IN_FLIGHT` at
once. While an upload has no memory for another part `write` waits, so nothing more is read from the client: a slow
store slows the client. An upload holds the part being filled, which its caller has taken from `UploadMemory`, and the
parts in flight, which it takes itself where there is room.

What fits one part goes to the store by one PUT. Leaving the context before `complete` gives the upload up: the store
keeps nothing of it.
"""

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Final, Self

from starlette.concurrency import run_in_threadpool

from steno_gateway.context import Context
from steno_gateway.uploads.memory import PART_BYTES, UploadMemory
from steno_store import MultipartUpload, ObjectStore, StoreError

logger = logging.getLogger(__name__)

PARTS_IN_FLIGHT: Final = 2
"""Sent at once for one upload: one travels while the next one's connection is prepared."""


class DigestMismatchError(Exception):
    """What came is not what was announced."""


@asynccontextmanager
async def open_upload(
    context: Context, key: str, *, digest: bool = False, metadata: Mapping[str, str] | None = None
) -> AsyncIterator["Upload"]:
    """Begin an object at `key` once there is memory for it; leaving before `complete` gives it up.

    Raises
    ------
    ProblemError
        There was no memory for long.
    """
    memory = context.upload_slots
    async with (
        memory,
        Upload(
            context.store, key, part_bytes=memory.part_bytes, spare=memory, digest=digest, metadata=metadata
        ) as upload,
    ):
        yield upload


class Upload:
    """One object on its way into the store.

    Parameters
    ----------
    store, key
        Where it goes.
    part_bytes
        Of every part but the last; the caller has taken the memory of one.
    spare
        Where the memory of parts in flight is taken from; None: parts are filled and sent by turns.
    digest
        Whether `sha256` is to be known.
    metadata
        What the store keeps with the object, by name; short ASCII text.
    """

    def __init__(
        self,
        store: ObjectStore,
        key: str,
        *,
        part_bytes: int = PART_BYTES,
        spare: UploadMemory | None = None,
        digest: bool = False,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        self._store = store
        self._key = key
        self._part_bytes = part_bytes
        self._spare = spare
        self._metadata = metadata
        self._multipart: MultipartUpload | None = None
        self._filling: bytearray | None = None
        self._filled_bytes = 0
        self._extra_parts = 0
        """Parts whose memory was taken from `spare`."""
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
        left = memoryview(data)
        while left:
            if self._filling is None:
                await self._make_room()
                self._filling = bytearray(self._part_bytes)
            taken = min(len(left), self._part_bytes - self._filled_bytes)
            self._filling[self._filled_bytes : self._filled_bytes + taken] = left[:taken]
            self._filled_bytes += taken
            left = left[taken:]
            if self._filled_bytes == self._part_bytes:
                await self._send(self._taken())

    @property
    def sha256(self) -> str | None:
        """Of all bytes, in hexadecimal, once the object is whole; None unless it was asked for."""
        return None if self._digest is None else self._digest.hexdigest()

    async def complete(self, *, sha256: str | None = None) -> None:
        """Make the object whole; only then is it to be seen.

        Raises
        ------
        DigestMismatchError
            `sha256` is given, and is not that of what was written.
        """
        if self._multipart is None:
            body = self._taken()
            await self._hash(body)
            self._compare(sha256)
            self._completing = True
            await run_in_threadpool(self._store.put, self._key, body, metadata=self._metadata)
        else:
            if self._filled_bytes:
                await self._send(self._taken())
            while self._sending:
                await self._settle()
            self._compare(sha256)
            self._completing = True
            await run_in_threadpool(self._multipart.complete)
        self._complete = True

    def _compare(self, sha256: str | None) -> None:
        if sha256 is not None and sha256 != self.sha256:
            raise DigestMismatchError(f"the bytes have the sha256 {self.sha256}, not {sha256}")

    def _taken(self) -> bytearray:
        """Give the bytes of the part being filled; the next one is another buffer."""
        body, self._filling = self._filling or bytearray(), None
        del body[self._filled_bytes :]
        self._filled_bytes = 0
        return body

    async def _make_room(self) -> None:
        """Have memory for one part more than those in flight."""
        while self._sending and self._extra_parts < len(self._sending):
            if self._spare is not None and self._spare.try_take(self._part_bytes):
                self._extra_parts += 1
            else:
                await self._settle()

    async def _send(self, part: bytearray) -> None:
        if self._multipart is None:
            self._multipart = await run_in_threadpool(self._store.start_upload, self._key, metadata=self._metadata)
        while len(self._sending) >= PARTS_IN_FLIGHT:
            await self._settle()
        self._parts += 1
        await self._hash(part)
        self._sending.add(asyncio.ensure_future(run_in_threadpool(self._multipart.send, self._parts, part)))

    async def _hash(self, part: bytearray) -> None:
        if self._digest is not None and part:
            await run_in_threadpool(self._digest.update, part)

    async def _settle(self) -> None:
        """Wait until a part in flight has landed, and raise the first failure among those that did."""
        done, self._sending = await asyncio.wait(self._sending, return_when=asyncio.FIRST_COMPLETED)
        self._give_back(len(self._sending))
        failures = [failure for task in done if (failure := task.exception()) is not None]
        if failures:
            raise failures[0]

    def _give_back(self, needed_parts: int) -> None:
        while self._spare is not None and self._extra_parts > needed_parts:
            self._extra_parts -= 1
            self._spare.give_back(self._part_bytes)

    async def _abort(self) -> None:
        """Let the parts in flight land, since one that lands after the abort would stay; then give up."""
        await asyncio.gather(*self._sending, return_exceptions=True)
        self._give_back(0)
        try:
            if self._multipart is not None:
                await run_in_threadpool(self._multipart.abort)
            if self._completing:
                # The store's answer was lost or bad: the object may be whole all the same.
                await run_in_threadpool(self._store.delete, self._key)
        except StoreError as error:
            logger.warning("an upload stays in the store: %s", error)
