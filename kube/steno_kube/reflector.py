"""Keep somebody informed of all TranscriptionJobs of a namespace: list them, then watch, for as long as it runs.

Run by the gateway's cache, once for each namespace, or once for the whole cluster. lightkube, and so our client, has
none of the guards against a watch that has fallen silent; these are they::

    list     page by page, of one moment
    watch    from that moment on, WATCH_SECONDS at a time, which the server ends; given up PATIENCE_SECONDS after that
    410      or any other ERROR: list again
    failure  the same watch again, after a pause; after RELIST_AFTER of them in a row, list again
    pause    random between a half and the whole of min(PAUSE_MOST_SECONDS, PAUSE_SECONDS * 2 ** (failures - 1))

The server's consent to each watch, each event and each bookmark is a sign of life, so that a connection which is open
at one end alone is noticed within WATCH_SECONDS + PATIENCE_SECONDS. An API server whose own cache lags behind etcd
looks alive; no client can see that.

Knows nothing of what jobs mean. The sink works out what a list changes, as it may know more than it was told.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import Final, Protocol

from steno_kube.errors import KubeError, KubeUnavailableError, VersionExpiredError
from steno_kube.transcription_jobs import JobEvent, JobEventKind, TranscriptionJobs
from steno_types import TranscriptionJob

logger = logging.getLogger(__name__)

PAGE_JOBS: Final = 500
"""Jobs per page of a list; client-go's default."""

WATCH_SECONDS: Final = 20
"""Of one watch request: three signs of life in each minute of which nothing happens."""

PATIENCE_SECONDS: Final = 5.0
"""For which the end of a watch may be overdue."""

PAUSE_SECONDS: Final = 0.5
"""Before the first try after a failure, at the most."""

PAUSE_MOST_SECONDS: Final = 15.0
"""Before any other."""

RELIST_AFTER: Final = 5
"""Failures in a row, after which the version that the watch goes on from is no longer trusted."""

SHORT_SECONDS: Final = 1.0
"""A watch that ends sooner, and says nothing, has failed."""


class Sink(Protocol):
    """Who is kept informed; every method returns at once."""

    def listed(self, jobs: Sequence[TranscriptionJob], version: str) -> None:
        """Hear of all jobs that there are, as of a version of the list; of one that is missing there is none."""

    def changed(self, job: TranscriptionJob) -> None:
        """Hear of a job that was added or changed."""

    def deleted(self, job: TranscriptionJob) -> None:
        """Hear of a job that was deleted, as it was in the end."""

    def lost(self, namespace: str, name: str) -> None:
        """Hear of a job that has become something that this version cannot read."""

    def alive(self, version: str) -> None:
        """Hear that the server lives, and has told all up to a version; after each of the others too."""

    def failed(self, error: KubeError) -> None:
        """Hear that a list or a watch failed, and will be tried again."""


async def _pause(seconds: float) -> None:
    await asyncio.sleep(seconds)


class Reflector:
    """One list and watch.

    Parameters
    ----------
    jobs
        The API server.
    namespace
        Whose jobs; None: those of all namespaces.
    sink
        Who is kept informed.
    watch_seconds
        Of one watch request.
    patience_seconds
        For which its end may be overdue.
    pause
        Lets so many seconds pass.
    chance
        Gives a random number between a half and one.
    clock
        Monotonic seconds: what a watch that ends too soon is told by.
    """

    def __init__(
        self,
        jobs: TranscriptionJobs,
        namespace: str | None,
        sink: Sink,
        *,
        watch_seconds: int = WATCH_SECONDS,
        patience_seconds: float = PATIENCE_SECONDS,
        pause: Callable[[float], Awaitable[None]] = _pause,
        chance: Callable[[], float] = lambda: random.uniform(0.5, 1),  # noqa: S311 -- it spreads tries, no secrets
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._jobs = jobs
        self._namespace = namespace
        self._sink = sink
        self._watch_seconds = watch_seconds
        self._patience_seconds = patience_seconds
        self._pause = pause
        self._chance = chance
        self._clock = clock
        self._version: str | None = None
        self._failures = 0
        self._told: str | None = None

    async def run(self) -> None:
        """List and watch until cancelled; no failure ends it."""
        while True:
            try:
                if self._version is None:
                    self._version = await self._list()
                await self._watch(self._version)
            except KubeError as error:
                await self._fail(error)

    async def _list(self) -> str:
        found: list[TranscriptionJob] = []
        following = ""
        while True:
            page = await self._jobs.list_page(self._namespace, following=following, limit=PAGE_JOBS)
            found += page.jobs
            following = page.following
            if not following:
                break
            # Reading a page keeps the loop busy: whoever waits has its turn between two.
            await asyncio.sleep(0)
        self._sink.listed(found, page.resource_version)
        self._sink.alive(page.resource_version)
        return page.resource_version

    async def _watch(self, version: str) -> None:
        """Follow one watch request to its end."""
        began_at, spoke = self._clock(), False
        events = self._jobs.watch_all(
            self._namespace,
            resource_version=version,
            timeout_seconds=self._watch_seconds,
            patience_seconds=self._watch_seconds + self._patience_seconds,
        )
        async with aclosing(events):
            async for event in events:
                self._version = event.resource_version
                self._tell(event)
                if event.kind is not JobEventKind.BEGUN:
                    spoke = True
                    self._well()
        if not spoke and self._clock() - began_at < SHORT_SECONDS:
            raise KubeUnavailableError("the watch ended as soon as it began")
        self._well()

    def _tell(self, event: JobEvent) -> None:
        if event.job is not None:
            (self._sink.deleted if event.kind is JobEventKind.DELETED else self._sink.changed)(event.job)
        elif event.name:
            self._sink.lost(event.namespace, event.name)
        self._sink.alive(event.resource_version)

    def _well(self) -> None:
        if self._failures and self._told is not None:
            logger.info("the jobs of %s are watched again", self._whose)
        self._failures, self._told = 0, None

    async def _fail(self, error: KubeError) -> None:
        self._failures += 1
        if isinstance(error, VersionExpiredError) or self._failures >= RELIST_AFTER:
            self._version = None
        if self._told != type(error).__name__ and not isinstance(error, VersionExpiredError):
            # Once for each kind of failure: an outage of an hour is one line, not thousands.
            self._told = type(error).__name__
            logger.warning("the jobs of %s are not watched for now: %s: %s", self._whose, self._told, error)
        self._sink.failed(error)
        # The exponent has a limit too: two to the power of a night's failures is too large for a float.
        longest = min(PAUSE_MOST_SECONDS, PAUSE_SECONDS * 2 ** min(self._failures - 1, 10))
        await self._pause(longest * self._chance())

    @property
    def _whose(self) -> str:
        return "all namespaces" if self._namespace is None else f"the namespace {self._namespace}"
