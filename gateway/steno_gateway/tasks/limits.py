"""How many tasks may be unfinished at once: by key, and in the whole installation.

Asked by `creation` for every job, and by whoever reads a recording first, before the first byte of it. Counted are
the jobs in the cache that are neither finished nor being deleted, and the slots of this gateway's requests whose
jobs are still to come; so one gateway keeps its limits exactly. Of several, each knows the others' newest jobs only
once its watch has told it of them: together they may admit a few more.

What is full gets free when a task ends; when that may be is estimated as ever (`steno_types.estimates`).
"""

import contextlib
import math
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from datetime import datetime
from typing import Final

from steno_gateway import problems
from steno_gateway.access.caller import Caller
from steno_gateway.problems import ProblemError
from steno_gateway.reads.cache import JobCache
from steno_gateway.tasks import idempotency
from steno_kube import ResourceNotFoundError
from steno_types import GROUP, TranscriptionJob, estimated_completion_time

API_KEY_LABEL: Final = f"{GROUP}/api-key"
"""On every job: the name of the key that asked for it."""

RETRY_MAX_SECONDS: Final = 300
"""Longest Retry-After: estimates err, and tasks may be cancelled."""

_Key = tuple[str, str]


class Slot:
    """A request's leave to make one more task, until the task itself is counted."""

    def __init__(self, held: Counter[_Key], key: _Key) -> None:
        self._held = held
        self._key = key
        self._is_left = False
        held[key] += 1

    def leave(self) -> None:
        """Give the slot to the job that was made, or back; twice is no error."""
        if not self._is_left:
            self._is_left = True
            self._held[self._key] -= 1


class Limits:
    """The limits of one gateway.

    Parameters
    ----------
    reads, namespaces
        Where tasks are counted: those of all namespaces served.
    max_unfinished
        Of the whole installation; None: no limit. A key's own is the caller's.
    now
        Wall clock, aware: what estimates are told by.
    """

    def __init__(
        self,
        reads: JobCache,
        namespaces: Sequence[str],
        *,
        max_unfinished: int | None,
        now: Callable[[], datetime],
    ) -> None:
        self._reads = reads
        self._namespaces = namespaces
        self._max_unfinished = max_unfinished
        self._now = now
        self._held: Counter[_Key] = Counter()

    async def take(self, caller: Caller) -> Slot:
        """Give a slot to a request.

        Raises
        ------
        ProblemError
            There is none: 429, with Retry-After.
        KubeError
            Nobody knows how many tasks there are.
        """
        key = caller.namespace, caller.name
        own = await self._of(caller) if caller.max_unfinished is not None else ()
        every = await self._in(self._namespaces) if self._max_unfinished is not None else ()
        # Nothing is awaited from here on, so that two requests never see the same last slot.
        if caller.max_unfinished is not None and len(own) + self._held[key] >= caller.max_unfinished:
            raise self._full(f"The key {caller.name!r} has {len(own)} unfinished tasks", caller.max_unfinished, own)
        if self._max_unfinished is not None and len(every) + self._held.total() >= self._max_unfinished:
            raise self._full("This installation has all the unfinished tasks it takes", self._max_unfinished, every)
        return Slot(self._held, key)

    @contextlib.asynccontextmanager
    async def slot(self, caller: Caller, idempotency_key: str | None) -> AsyncIterator[Slot | None]:
        """Hold a slot until the context ends; None where the key's task is there already, and has its own."""
        try:
            taken = await self.take(caller)
        except ProblemError:
            if idempotency_key is None or not await self._is_there(caller.namespace, idempotency_key):
                raise
            yield None
            return
        try:
            yield taken
        finally:
            taken.leave()

    async def _of(self, caller: Caller) -> Sequence[TranscriptionJob]:
        """Give the unfinished jobs of the caller's key."""
        jobs = await self._in([caller.namespace])
        return [job for job in jobs if job.metadata.labels.get(API_KEY_LABEL) == caller.name]

    async def _in(self, namespaces: Sequence[str]) -> Sequence[TranscriptionJob]:
        """Give the unfinished jobs of some namespaces."""
        if all(map(self._reads.is_young, namespaces)):
            # Of thousands of jobs, most have finished.
            return [job for job in self._reads.unfinished() if job.metadata.namespace in namespaces]
        listed = [job for namespace in namespaces for job in await self._reads.list(namespace)]
        return [job for job in listed if job.status.terminal is None and job.metadata.deletion_timestamp is None]

    async def _is_there(self, namespace: str, idempotency_key: str) -> bool:
        try:
            await self._reads.get(namespace, idempotency.name_of(namespace, idempotency_key))
        except ResourceNotFoundError:
            return False
        return True

    def _full(self, what: str, limit: int, jobs: Sequence[TranscriptionJob]) -> ProblemError:
        seconds = self._next_finish_seconds(jobs)
        return ProblemError(
            problems.QUEUE_FULL,
            f"{what}; the limit is {limit}.",
            remedy="Send the request again after the seconds of Retry-After, or release or cancel tasks first.",
            headers={} if seconds is None else {"Retry-After": str(seconds)},
        )

    def _next_finish_seconds(self, jobs: Iterable[TranscriptionJob]) -> int | None:
        """Say when the next task may end, in whole seconds; None: nothing tells."""
        now = self._now()
        ends = (estimated_completion_time(job, self._reads.paces, now) for job in jobs)
        seconds = [(end - now).total_seconds() for end in ends if end is not None]
        return min(RETRY_MAX_SECONDS, max(1, math.ceil(min(seconds)))) if seconds else None
