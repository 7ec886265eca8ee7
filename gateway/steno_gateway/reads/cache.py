"""All jobs of the namespaces that the gateway serves, as last seen.

Read by the routes and dialects; fed by one list-and-watch for each namespace (`steno_kube.Reflector`), and by what
this gateway itself reads and writes. What an answer rests on:

- a watch that gave a sign of life within the age limit: what it told;
- an older one, or none: one live read for all that ask at the time, and if that fails nobody knows;
- a job that the watch has not told of: one live read, of which a miss is remembered for `MISS_SECONDS`.

Of a job the newest that was seen counts, whoever brought it, and nothing older ever takes its place (`room`). So a
client finds what it wrote through this gateway at once. Through another replica it finds a new job at once too, by
the live read; a change of an old job once that replica's own watch has told of it, as a rule within milliseconds. A
change is therefore answered after `delivered`: when this replica's watch has told of it, the others' have too, but
for one that has fallen behind. Such a one is noticed within `steno_kube.reflector`'s limits; a client that cannot
bear that asks with ``Cache-Control: no-cache`` (`get`'s `fresh`).
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from typing import Final, Self

from pydantic import ValidationError

from steno_gateway.reads.changes import Change, Changes
from steno_gateway.reads.feed import Feed
from steno_gateway.reads.room import Record, Room, version_of
from steno_kube import KubeUnavailableError, Reflector, ResourceNotFoundError
from steno_kube import TranscriptionJobs as Jobs
from steno_types import ConditionType, PaceBook, TranscriptionJob

__all__ = ["Change", "Changes", "JobCache", "Record"]

logger = logging.getLogger(__name__)

MAX_AGE_SECONDS: Final = 60.0
"""Since the watch's last sign of life, for which it is believed: three times as long as it should ever be."""

MISS_SECONDS: Final = 1.0
"""For which a job that the API server does not know is not asked for again; live lists are kept as long."""

MISSES_MOST: Final = 10_000
"""Remembered in one namespace."""

LIVE_SECONDS: Final = 4.0
"""For which a live read may keep its readers waiting; after one that took longer none is tried for a moment."""

HUNG_SECONDS: Final = 1.0
"""That moment."""

BROKEN_SECONDS: Final = 10.0
"""Before a watch is begun anew that ended by a mistake of ours."""

DELIVERY_SECONDS: Final = 2.0
"""For which a write waits for the watch, before it is answered all the same."""

LOOK_AGAIN_SECONDS: Final = 10.0
"""Between two looks of somebody who waits for a job, should the watch have fallen silent."""

LOOK_AGAIN_UNWATCHED_SECONDS: Final = 1.0
"""The same where there is no young watch to wake anybody."""


class JobCache:
    """The jobs.

    An asynchronous context manager: within it the watches run. Before and after it every read is a live one.

    Parameters
    ----------
    jobs
        The API server.
    namespaces
        Those served, each with a watch of its own; None: all of the cluster, with one watch.
    max_age_seconds
        For how long a watch is believed without a sign of life.
    clock
        Monotonic seconds.
    pause
        Lets so many seconds pass, for the watches' tries after failures.
    """

    def __init__(
        self,
        jobs: Jobs,
        namespaces: Collection[str] | None = (),
        *,
        max_age_seconds: float = MAX_AGE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._jobs = jobs
        self._max_age_seconds = max_age_seconds
        self._clock = clock
        self._pause = pause
        chosen: Iterable[str | None] = (None,) if namespaces is None else dict.fromkeys(namespaces)
        self._feeds = {namespace: Feed(self, namespace, clock) for namespace in chosen}
        self._rooms: dict[str, Room] = {}
        self._watches: list[asyncio.Task[None]] = []
        self.ending = False
        """Whether everybody who waits for something is to go on with what there is."""
        self._misses: dict[str, dict[str, float]] = {}
        self._flights: dict[tuple[str | None, str], asyncio.Task[Sequence[TranscriptionJob]]] = {}
        self._lists: dict[str | None, tuple[float, Sequence[TranscriptionJob]]] = {}
        self._hung_at: float | None = None
        self.paces = PaceBook()
        """How fast jobs were transcribed lately; kept here, as every job that ends comes by."""

    async def __aenter__(self) -> Self:
        for namespace, feed in self._feeds.items():
            reflector = Reflector(self._jobs, namespace, feed, pause=self._pause)
            watch = asyncio.create_task(self._keep(reflector), name=f"watch of {namespace or 'all namespaces'}")
            self._watches.append(watch)
        return self

    async def _keep(self, reflector: Reflector) -> None:
        while True:
            try:
                await reflector.run()
            except Exception:
                # A mistake of ours must not end the watch unseen: the age limit covers for it in the meantime.
                logger.exception("a watch ended, and is begun anew")
                await self._pause(BROKEN_SECONDS)

    async def __aexit__(self, *_: object) -> None:
        self.end()
        for watch in self._watches:
            watch.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)
        self._watches.clear()
        for feed in self._feeds.values():
            feed.alive_at = None

    def end(self) -> None:
        """Let everybody who waits for something go on with what there is; before the server's own end."""
        self.ending = True
        for room in self._rooms.values():
            room.end()

    @property
    def answered(self) -> bool:
        """Whether every watch has had a first answer: a list, or the refusal of one."""
        return all(feed.answered for feed in self._feeds.values())

    @property
    def age_seconds(self) -> float | None:
        """Since the watch that has been silent longest said anything; None: one never has."""
        ages = [None if feed.alive_at is None else self._clock() - feed.alive_at for feed in self._feeds.values()]
        return None if None in ages else max((age for age in ages if age is not None), default=None)

    async def get(self, namespace: str, name: str, *, fresh: bool = False) -> TranscriptionJob:
        """Give one job; one that is being deleted does not exist any more.

        Parameters
        ----------
        namespace, name
            Which.
        fresh
            Ask the API server, whatever is known.

        Raises
        ------
        ResourceNotFoundError
            There is no such job.
        KubeError
            It is not known whether there is: the watch is too old, and the API server does not answer either.
        """
        room = self.room(namespace)
        record = room.find(name)
        if record is None or fresh or not self.is_young(namespace):
            record = await self._ask(room, namespace, name, remember=not fresh)
        if record is None or record.gone:
            raise ResourceNotFoundError(f"there is no job {namespace}/{name}")
        return record.job

    def known(self, namespace: str, name: str) -> TranscriptionJob | None:
        """Give one job if that takes no question; None says nothing of whether there is one."""
        room = self._rooms.get(namespace)
        record = room.find(name) if room is not None else None
        return record.job if record is not None and not record.gone and self.is_young(namespace) else None

    async def list(self, namespace: str) -> Sequence[TranscriptionJob]:
        """Give the jobs of a namespace, those too that are being deleted, in no order; raises as `get`."""
        if self.is_young(namespace):
            return self.room(namespace).jobs()
        return await self._list_live(namespace)

    async def newest_first(self, namespace: str) -> Sequence[Record]:
        """Give the jobs that there are to clients in a namespace, those made last first; raises as `get`."""
        if self.is_young(namespace):
            return [record for record in self.room(namespace).newest_first() if not record.gone]
        records = [Record.of(job) for job in await self._list_live(namespace)]
        return sorted((r for r in records if not r.gone), key=lambda record: record.rank, reverse=True)

    async def all(self) -> Sequence[TranscriptionJob]:
        """Give the jobs of all namespaces served, as `list` does."""
        if None in self._feeds:
            if self._feed_is_young(self._feeds[None]):
                return [job for room in self._rooms.values() for job in room.jobs()]
            return await self._list_live(None)
        return [job for namespace in self._feeds if namespace is not None for job in await self.list(namespace)]

    def unfinished(self) -> Sequence[TranscriptionJob]:
        """Give the jobs of all namespaces that wait or run, as far as they are known here; for estimates."""
        return [job for room in self._rooms.values() for job in room.unfinished.values()]

    def seen(self, job: TranscriptionJob) -> None:
        """Take note of a job that this gateway has just written or read."""
        metadata = job.metadata
        if self.room(metadata.namespace).put(job):
            if (missed := self._misses.get(metadata.namespace)) is not None:
                missed.pop(metadata.name, None)
            if (end := job.status.terminal) is not None and end.type is ConditionType.COMPLETE:
                self.paces.add(job)

    def gone(self, job: TranscriptionJob) -> None:
        """Take note that a job is deleted altogether, as this gateway has seen by itself."""
        self.room(job.metadata.namespace).bury(job, version_of(job))

    async def delivered(self, job: TranscriptionJob, *, seconds: float = DELIVERY_SECONDS) -> bool:
        """Wait until the watch has told of the job as it is, or of something newer; says whether it did in time.

        For a change that this gateway wrote, before it is answered: what this replica's watch has told of, the other
        replicas' have too, as a rule.
        """
        self.seen(job)
        feed = self._feed_of(job.metadata.namespace)
        if feed is None or not self._feed_is_young(feed):
            return False
        return await feed.reach(version_of(job), seconds)

    async def wait(
        self, namespace: str, name: str, until: Callable[[TranscriptionJob], bool], *, seconds: float
    ) -> TranscriptionJob:
        """Give the job as soon as `until(job)` holds, else as it is when the time is up; raises as `get`."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while True:
            # Before the look, so that nothing happens between the two.
            changes = self.changes(namespace, name)
            job = await self.get(namespace, name)
            left = end - loop.time()
            if until(job) or left <= 0 or self.ending:
                return job
            young = self.is_young(namespace)
            again = loop.time() + min(left, LOOK_AGAIN_SECONDS if young else LOOK_AGAIN_UNWATCHED_SECONDS)
            while (change := await changes.next(seconds=again - loop.time())) is not None:
                if change.gone or until(change.job):
                    break

    def changes(self, namespace: str, name: str | None = None, *, since: int | None = None) -> Changes:
        """Follow one job, or all of a namespace, beginning with how they are: each time the latest state.

        Changes that come faster than they are read melt into one.

        Parameters
        ----------
        namespace, name
            Which; None: all jobs.
        since
            A resourceVersion up to which all is known already; of all jobs only.

        Raises
        ------
        LookupError
            What happened since that version is forgotten.
        """
        room = self.room(namespace)
        if since is None:
            return room.follow(name)
        after = room.sequence_at(since)
        if after is None:
            raise LookupError(f"what happened since {since} is forgotten")
        return room.follow(name, after)

    def version(self, namespace: str) -> int:
        """Give the resourceVersion up to which everything of a namespace is known here; 0: nothing is."""
        feed = self._feed_of(namespace)
        return feed.version if feed is not None else 0

    def is_young(self, namespace: str) -> bool:
        """Whether what is known of a namespace is believed."""
        feed = self._feed_of(namespace)
        return feed is not None and self._feed_is_young(feed)

    def room(self, namespace: str) -> Room:
        """Give what is known of a namespace; for the feeds and the tests."""
        room = self._rooms.get(namespace)
        if room is None:
            feed = self._feed_of(namespace)
            room = self._rooms[namespace] = Room(self._clock, since=feed.first_version if feed is not None else 0)
            room.ending = self.ending
        return room

    def take(
        self, namespace: str | None, jobs: Sequence[TranscriptionJob], version: int, *, history_is_other: bool
    ) -> None:
        """Take in a list of all jobs of a namespace, or of all namespaces."""
        self._lists.pop(namespace, None)
        by_namespace: dict[str, list[TranscriptionJob]] = {}
        for job in jobs:
            by_namespace.setdefault(job.metadata.namespace, []).append(job)
            if (end := job.status.terminal) is not None and end.type is ConditionType.COMPLETE:
                self.paces.add(job)
        rooms = {namespace} if namespace is not None else self._rooms.keys() | by_namespace.keys()
        for name in rooms:
            found = by_namespace.get(name, [])
            self.room(name).replace(found, version, history_is_other=history_is_other)

    def _feed_of(self, namespace: str) -> Feed | None:
        return self._feeds.get(namespace) or self._feeds.get(None)

    def _feed_is_young(self, feed: Feed) -> bool:
        return feed.alive_at is not None and self._clock() - feed.alive_at <= self._max_age_seconds

    async def _ask(self, room: Room, namespace: str, name: str, *, remember: bool) -> Record | None:
        """Read one job live; None: there is none."""
        missed = self._misses.setdefault(namespace, {})
        missed_at = missed.get(name)
        if remember and missed_at is not None and self._clock() - missed_at <= MISS_SECONDS:
            return None
        known = room.find(name)

        async def read() -> Sequence[TranscriptionJob]:
            try:
                job = await self._jobs.get(namespace, name)
            except ResourceNotFoundError:
                pass
            except ValidationError as error:
                logger.warning("%s/%s is no TranscriptionJob this version can read: %s", namespace, name, error)
            else:
                self.seen(job)
                return (job,)
            if known is not None and room.find(name) is known:
                # What was known before the question is no more.
                room.bury(known.job, known.version)
            if len(missed) >= MISSES_MOST:
                missed.clear()
            missed[name] = self._clock()
            return ()

        # One that is under way may have been answered before whoever wants it fresh wrote what they look for.
        found = await self._fly((namespace, name), read, share=remember)
        # Of one whose deletion came in meanwhile there is nothing to be found any more.
        return room.find(name) if found else None

    async def _list_live(self, namespace: str | None) -> Sequence[TranscriptionJob]:
        kept = self._lists.get(namespace)
        if kept is not None and self._clock() - kept[0] <= MISS_SECONDS:
            return kept[1]

        async def read() -> Sequence[TranscriptionJob]:
            found: list[TranscriptionJob] = []
            following = ""
            while True:
                page = await self._jobs.list_page(namespace, following=following)
                found += page.jobs
                if not (following := page.following):
                    break
            self._lists[namespace] = (self._clock(), found)
            return found

        return await self._fly((namespace, ""), read)

    async def _fly(
        self,
        key: tuple[str | None, str],
        read: Callable[[], Awaitable[Sequence[TranscriptionJob]]],
        *,
        share: bool = True,
    ) -> Sequence[TranscriptionJob]:
        """Let all that ask for the same at a time share one question."""
        if self._hung_at is not None and self._clock() - self._hung_at <= HUNG_SECONDS:
            raise KubeUnavailableError("the API server has just not answered")
        flight = self._flights.get(key) if share else None
        if flight is None:
            flight = asyncio.create_task(self._patiently(read), name=f"read of {key}")
            self._flights[key] = flight

            def land(landed: asyncio.Task[Sequence[TranscriptionJob]]) -> None:
                if self._flights.get(key) is landed:
                    del self._flights[key]
                if not landed.cancelled():
                    landed.exception()  # its readers may all be gone

            flight.add_done_callback(land)
        return await asyncio.shield(flight)

    async def _patiently(
        self, read: Callable[[], Awaitable[Sequence[TranscriptionJob]]]
    ) -> Sequence[TranscriptionJob]:
        try:
            async with asyncio.timeout(LIVE_SECONDS):
                return await read()
        except TimeoutError as error:
            self._hung_at = self._clock()
            raise KubeUnavailableError(f"the API server did not answer within {LIVE_SECONDS:g} s") from error
