"""One list-and-watch of a `JobCache`: hands on what it is told, and knows how far it is.

Made by `cache`, one for each namespace, or one for all; called by a `steno_kube.Reflector`. Must not know what
anybody asks the cache for.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from steno_gateway.reads.room import version_of
from steno_kube import KubeError, KubeForbiddenError, ResourceNotFoundError
from steno_types import TranscriptionJob

if TYPE_CHECKING:
    from steno_gateway.reads.cache import JobCache

logger = logging.getLogger(__name__)


class Feed:
    """One list-and-watch, and how far it is; a `steno_kube.Sink`."""

    def __init__(self, cache: "JobCache", namespace: str | None, clock: Callable[[], float]) -> None:
        self._cache = cache
        self._namespace = namespace
        self._clock = clock
        self.alive_at: float | None = None
        """When the watch gave its last sign of life; None: there was no list yet."""
        self.answered = False
        """Whether the API server has said anything at all: a list, or that we may not have it."""
        self.version = 0
        """Up to which all has been told."""
        self.first_version = 0
        """Of the first list."""
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []

    def listed(self, jobs: Sequence[TranscriptionJob], version: str) -> None:
        """Take a whole list: what it lacks is gone."""
        told = int(version)
        history_is_other = told < self.version
        if history_is_other:
            logger.warning("the API server's history went back from %d to %d: it was restored", self.version, told)
        if history_is_other or self.first_version == 0:
            self.first_version = told
        self._cache.take(self._namespace, jobs, told, history_is_other=history_is_other)
        self.version = told
        self.alive_at = self._clock()

    def changed(self, job: TranscriptionJob) -> None:
        """Take a job as it is now."""
        self._cache.seen(job)

    def deleted(self, job: TranscriptionJob) -> None:
        """Take note that a job is gone."""
        self._cache.room(job.metadata.namespace).bury(job, version_of(job))

    def lost(self, namespace: str, name: str) -> None:
        """Forget a job that this version cannot read."""
        self._cache.room(namespace).lose(name)

    def alive(self, version: str) -> None:
        """Take note that all up to a version has been told, and wake who waits for it."""
        self.answered = True
        self.alive_at = self._clock()
        self.version = max(self.version, int(version))
        if self._waiting:
            for at, waiter in self._waiting:
                if at <= self.version and not waiter.done():
                    waiter.set_result(None)
            self._waiting = [pair for pair in self._waiting if not pair[1].done()]

    def failed(self, error: KubeError) -> None:
        """Take note of a failure; a refusal is an answer too."""
        self.answered = self.answered or isinstance(error, KubeForbiddenError | ResourceNotFoundError)

    async def reach(self, version: int, seconds: float) -> bool:
        """Wait until all up to a version has been told; says whether it was in time."""
        if self.version >= version:
            return True
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.append((version, waiter))
        done, _ = await asyncio.wait({waiter}, timeout=seconds)
        waiter.cancel()
        return bool(done)
