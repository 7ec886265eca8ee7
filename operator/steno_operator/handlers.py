"""kopf's handlers: whatever is new about a job, its Job or its pods, its key goes into the queue, and that is all.

Registered by `process`. An event is a hint to look, never evidence: decisions read the objects afresh.
"""

import asyncio
import time
from collections.abc import Mapping
from typing import Any, Final, cast

import kopf

from steno_operator.api_session import open_session
from steno_operator.heartbeat import Heartbeat, Watch
from steno_operator.policies.waiting import PULL_SECONDS
from steno_operator.queue import ReconcileQueue
from steno_operator.roster import Roster
from steno_operator.scope import Scope
from steno_operator.settings import WATCH_SILENCE_SECONDS
from steno_operator.sightings import Kind, Sightings, is_on_its_way, key_of
from steno_types import GROUP, JOB_LABEL, PLURAL, VERSION

CHILDREN: Final = (("batch", "jobs"), ("", "pods"))
"""Group and plural of what a job owns; all v1, all labelled with the job's name."""

CHILD_SECONDS: Final = 0.05
"""For which news of Jobs and pods is gathered: a worker's end is three events within a moment."""

LIST_CHUNK: Final = 500
"""Objects per page of the lists that watches begin with; client-go's default."""

LOGIN_PAUSE_SECONDS: Final = 5.0
"""At least between two logins."""


def register(registry: kopf.OperatorRegistry, news: "News", queue: ReconcileQueue, roster: Roster) -> None:
    """Put the handlers into kopf's registry."""
    turns = _Turns(queue, roster)
    roster.on_change = turns.come
    # For the jobs that the roster knows already: their events say nothing new to it.
    turns.come()
    kopf.on.event(GROUP, VERSION, PLURAL, registry=registry)(news.of_job)
    for (group, plural), seen in zip(CHILDREN, (news.of_batch_job, news.of_pod), strict=True):
        kopf.on.event(group, "v1", plural, id=plural, labels={JOB_LABEL: kopf.PRESENT}, registry=registry)(seen)


class News:
    """Takes events in: `passes` as they arrive, the others as kopf hands them on.

    These are coroutines, so that kopf calls them on its own loop: a plain function would go to a thread.
    """

    def __init__(self, queue: ReconcileQueue, sightings: Sightings, roster: Roster) -> None:
        self._queue = queue
        self._sightings = sightings
        self._roster = roster

    def passes(self, watch: Watch, event: Mapping[str, Any]) -> bool:
        """Whether kopf is to be told of an event; what would say nothing new to any handler it is spared."""
        kind, raw = cast("Kind", watch[0]), event["object"]
        passes = self._sightings.passes(kind, raw, gone=event["type"] == "DELETED")
        if not passes and kind == PLURAL:
            # Own writes too: where a job stands is what they say.
            self._roster.saw_job(key_of(kind, raw), raw)
        return passes

    async def of_job(self, *, event: kopf.RawEvent, **_: Any) -> None:
        """A TranscriptionJob was listed, has changed, or is gone."""
        raw, gone = event["object"], event["type"] == "DELETED"
        key = key_of("transcriptionjobs", raw)
        # Own writes too: where a job stands is what they say.
        if gone:
            self._roster.lost_job(key)
        else:
            self._roster.saw_job(key, raw)
        if self._sightings.saw("transcriptionjobs", raw, gone=gone) is not None:
            # Of a list: what has a status is at rest as likely as not.
            self._queue.add(key, later=event["type"] is None and bool(raw.get("status")))

    async def of_batch_job(self, *, event: kopf.RawEvent, **_: Any) -> None:
        """A Job of a job's was listed, has changed, or is gone."""
        key = self._sightings.saw("jobs", event["object"], gone=event["type"] == "DELETED")
        if key is not None:
            self._queue.add_after(key, CHILD_SECONDS)

    async def of_pod(self, *, event: kopf.RawEvent, **_: Any) -> None:
        """A pod of a job's was listed, has changed, or is gone."""
        raw, gone = event["object"], event["type"] == "DELETED"
        key, has_news = key_of("pods", raw), self._sightings.saw("pods", raw, gone=gone) is not None
        if gone:
            self._roster.lost_pod(key, raw["metadata"]["name"])
        else:
            self._roster.saw_pod(key, raw)
        if has_news:
            self._queue.add_after(key, CHILD_SECONDS)
        elif is_on_its_way(raw):
            # By then it runs, or there is something to say about it.
            self._queue.add_after(key, PULL_SECONDS)


class _Turns:
    """Has it worked out whose turn it is, once for all that happens within a moment."""

    def __init__(self, queue: ReconcileQueue, roster: Roster) -> None:
        self._queue = queue
        self._roster = roster
        self._coming: asyncio.TimerHandle | None = None

    def come(self) -> None:
        """Work the turns out soon."""
        if self._coming is None:
            self._coming = asyncio.get_running_loop().call_later(CHILD_SECONDS, self._take)

    def _take(self) -> None:
        self._coming = None
        for key in self._roster.turns():
            self._queue.add(key)


class Relisting:
    """Has all jobs looked at once a watch had to begin anew, with a list of what is there.

    What went in between leaves no event, and what is left looks as before.
    """

    def __init__(self, queue: ReconcileQueue, sightings: Sightings, roster: Roster) -> None:
        self._queue = queue
        self._sightings = sightings
        self._roster = roster
        self._listed: set[Watch] = set()

    def listed(self, watch: Watch) -> None:
        """Take note of a list; the first of a watch is its beginning."""
        self._sightings.listed(*watch)
        if watch in self._listed:
            # Of a job that has ended nothing can be missed but its own deletion.
            for key in self._roster.keys(with_ended=watch[0] == PLURAL):
                self._queue.add(key)
        self._listed.add(watch)


def register_login(registry: kopf.OperatorRegistry, heartbeat: Heartbeat, news: News, relisting: Relisting) -> None:
    """Put the login into kopf's registry: what kopf would find, in a session that tells what it hears.

    kopf asks for it at the start, and again whenever the API server answers 401.
    """
    last: float | None = None

    async def login(**kwargs: Any) -> kopf.AiohttpSession | None:
        nonlocal last
        # Each login is a new session to kopf, never one that failed before: by itself it would try without a pause.
        if last is not None:
            await asyncio.sleep(max(0.0, last + LOGIN_PAUSE_SECONDS - time.monotonic()))
        last = time.monotonic()
        found = kopf.login_with_service_account(**kwargs) or kopf.login_with_kubeconfig(**kwargs)
        if found is None:
            return None
        session = open_session(
            found,
            read_again=lambda: kopf.login_with_service_account(**kwargs),
            heartbeat=heartbeat,
            listed=relisting.listed,
            passes=news.passes,
        )
        return kopf.AiohttpSession(
            server=found.server,
            priority=found.priority,
            default_namespace=found.default_namespace,
            aiohttp_session=session,
        )

    kopf.on.login(registry=registry)(login)


def settings(scope: Scope, *, silence_seconds: float = WATCH_SILENCE_SECONDS) -> kopf.OperatorSettings:
    """Give kopf's settings; each differs from kopf's default for the reason beside it.

    A watch that says nothing for `silence_seconds` is taken for dead.
    """
    tuned = kopf.OperatorSettings()
    # A server that is silent for minutes is asked again, before the watch counts as dead.
    tuned.networking.connect_timeout = 10
    tuned.networking.request_timeout = 60
    # One worker an object, and it holds its slot until idle: 5 s of idling would let 100 workers take 20 jobs/s.
    # A burst of thousands of jobs has three objects each: a hundred workers that idle for 0.2 s take 500 a second.
    tuned.queueing.worker_limit = 400
    tuned.queueing.idle_timeout = 0.05
    tuned.watching.inactivity_timeout = silence_seconds
    tuned.watching.server_timeout = 300
    tuned.watching.client_timeout = 310
    # Ten thousand jobs in one answer are 200 MiB for a moment, which the process never gives back.
    tuned.watching.chunk_size = LIST_CHUNK
    # Only what carries our label crosses the wire.
    for group, plural in CHILDREN:
        tuned.watching.label_selectors[group, "v1", plural] = JOB_LABEL
    if scope.job_selector:
        tuned.watching.label_selectors[GROUP, VERSION, PLURAL] = scope.job_selector
    # A third of kopf's time goes into copies for handlers that nobody has.
    tuned.persistence.diffbase_storage = _NoEssence()
    tuned.persistence.progress_storage = _NoProgress()
    # High availability is not kopf's here, and the kinds are known.
    tuned.peering.standalone = True
    tuned.scanning.disabled = True
    # Logs are logs; Events on the job are written on purpose or not at all.
    tuned.posting.enabled = False
    return tuned


class _NoEssence(kopf.DiffBaseStorage):
    """What an object was when it was last handled: of no use to handlers of events."""

    def build(self, *, body: kopf.Body, extra_fields: Any = None) -> kopf.BodyEssence:
        """Give nothing to compare."""
        del body, extra_fields
        return cast("kopf.BodyEssence", {})

    def fetch(self, *, body: kopf.Body) -> kopf.BodyEssence | None:
        """Give nothing that was kept."""
        del body
        return None

    def store(self, *, body: kopf.Body, patch: kopf.Patch, essence: kopf.BodyEssence) -> None:
        """Keep nothing."""


class _NoProgress(kopf.ProgressStorage):
    """How far the retries of a handler are: those of events have none."""

    def fetch(self, *, key: Any, body: kopf.Body) -> None:
        """Give nothing that was kept."""

    def store(self, *, key: Any, record: Any, body: kopf.Body, patch: kopf.Patch) -> None:
        """Keep nothing."""

    def purge(self, *, key: Any, body: kopf.Body, patch: kopf.Patch) -> None:
        """Forget nothing."""

    def touch(self, *, body: kopf.Body, patch: kopf.Patch, value: str | None) -> None:
        """Touch nothing."""

    def clear(self, *, essence: kopf.BodyEssence) -> kopf.BodyEssence:
        """Give it back as it is."""
        return essence
