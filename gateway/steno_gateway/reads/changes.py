"""Following jobs: what becomes of one, or of all of a namespace, for as long as somebody wants to know.

Made by `cache.JobCache.changes`; read by the routes that push and by whoever waits for a job. A reader remembers how
far it has come and looks the rest up in the `Room`, so that a slow one finds the latest state of each job that
changed, and there is no backlog to grow.
"""

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from steno_types import TranscriptionJob

if TYPE_CHECKING:
    from steno_gateway.reads.room import Room


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What became of one job."""

    job: TranscriptionJob
    """As last seen."""
    gone: bool = False
    """Whether the job is deleted, or about to be: to clients it does not exist any more."""
    deleted: bool = False
    """Whether it is deleted altogether; `job` then has, of its last status, the conditions and the receipt."""
    sequence: int = 0
    """The gateway's own count of changes: greater is later."""


class Changes:
    """One reader; an asynchronous iterator that begins with how things are.

    Ends with the gateway; one job's also once the job is deleted, and all jobs' for a reader that was away for so
    long that deletions it has not heard of are forgotten.
    """

    def __init__(self, room: "Room", name: str | None, after: int | None) -> None:
        self._room = room
        self._name = name
        self._after = after or 0
        self._ahead: deque[tuple[int, str]] = deque()
        if name is None and after is None:
            # Deletions that it never heard the beginning of are nothing to it.
            self._ahead.extend(room.present())
            self._after = room.sequence
        self._waiter: asyncio.Future[None] | None = None
        self._ended = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Change:
        change = await self.next()
        if change is None:
            raise StopAsyncIteration
        return change

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self._ended or self._room.ending

    async def next(self, *, seconds: float | None = None) -> Change | None:
        """Give the next change; None when there is none in time, or nothing more will come."""
        loop = asyncio.get_running_loop()
        end = None if seconds is None else loop.time() + seconds
        while True:
            change = self._look()
            if change is not None or self.ended:
                return change
            self._waiter = loop.create_future()
            alarm = None if end is None else loop.call_at(end, self.wake)
            try:
                await self._waiter
            finally:
                self._waiter = None
                if alarm is not None:
                    alarm.cancel()
            if end is not None and loop.time() >= end:
                return self._look()

    def wake(self) -> None:
        """Let the reader look again."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _look(self) -> Change | None:
        if self._ended:
            return None
        if self._name is not None:
            change = self._room.change(self._name)
            if change is None or change.sequence <= self._after:
                return None
            self._after, self._ended = change.sequence, change.deleted
            return change
        while True:
            if not self._ahead:
                if self._after < self._room.forgotten_sequence:
                    self._ended = True
                    return None
                self._ahead.extend(self._room.changed_after(self._after))
                self._after = self._room.sequence
            if not self._ahead:
                return None
            sequence, name = self._ahead.popleft()
            change = self._room.change(name)
            if change is not None and change.sequence == sequence:
                return change
            # It changed again, and comes later.
