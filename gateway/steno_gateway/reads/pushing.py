"""What is pushed to whoever follows tasks: by server-sent events, or over a WebSocket.

Made by `routes.events`. Each stream waits for the next change of what it follows, and for the heartbeat; nothing is
polled. A task's document is spelled once for all streams of it (`documents`).
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pydantic_core import to_json

from steno_gateway.reads.cache import JobCache
from steno_gateway.reads.documents import Documents
from steno_gateway.tasks.views import Links
from steno_kube import KubeError, ResourceNotFoundError
from steno_types import TranscriptionJob

HEARTBEAT_SECONDS: Final = 15.0
"""Between two signs of life of a stream: less than proxies' usual limits, nginx's 60 s among them."""

RETRY_MILLISECONDS: Final = 3000
"""What a browser is told to wait before it connects again."""


class EventKind(StrEnum):
    """What an event says."""

    STATUS = "status"
    """How far a task is: the document of ``GET /status``."""
    RELEASED = "released"
    """That a task is released; nothing follows of it."""
    RESET = "reset"
    """That it is forgotten what happened since the Last-Event-ID: all tasks as they are follow."""
    HEARTBEAT = "heartbeat"
    """Nothing, but that the stream lives; a comment among server-sent events."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """One event."""

    kind: EventKind
    id: str = ""
    """What a client says it has, when it connects again: a resourceVersion."""
    data: bytes = b"{}"
    """JSON on one line."""

    def as_server_sent(self) -> bytes:
        """Spell it for ``text/event-stream``."""
        if self.kind is EventKind.HEARTBEAT:
            return b": heartbeat\n\n"
        return b"id: %s\nevent: %s\ndata: %s\n\n" % (self.id.encode(), self.kind.encode(), self.data)

    def as_message(self) -> str:
        """Spell it for a WebSocket."""
        return f'{{"event":"{self.kind}","id":"{self.id}","data":{self.data.decode()}}}'


async def follow_task(
    reads: JobCache,
    documents: Documents,
    job: TranscriptionJob,
    links: Links,
    *,
    known: str | None,
    heartbeat_seconds: float = HEARTBEAT_SECONDS,
) -> AsyncIterator[Pushed]:
    """Push how far one task is, until it has ended or is released.

    The queue moves without the task's own doing: what that changes in its document comes with the heartbeat.

    Parameters
    ----------
    reads, documents
        The jobs, and how they are spelled.
    job
        The task's job, just read.
    links
        Paths as the client reaches them.
    known
        Last event's id that the client has: not repeated if nothing happened since.
    heartbeat_seconds
        Between two signs of life.
    """
    namespace, name, uid = job.metadata.namespace, job.metadata.name, job.metadata.uid
    sent = b""
    changes = reads.changes(namespace, name)
    while True:
        change = await changes.next(seconds=heartbeat_seconds)
        if change is None and changes.ended:
            return
        if change is not None:
            if change.gone or change.job.metadata.uid != uid:
                yield _released(name, change.job.metadata.resource_version)
                return
            job = change.job
        document = documents.status(job, links)
        if document != sent:
            sent = document
            if change is None or job.metadata.resource_version != known:
                yield Pushed(EventKind.STATUS, job.metadata.resource_version, document)
        elif change is None:
            yield Pushed(EventKind.HEARTBEAT)
        if job.status.terminal is not None:
            return
        if change is None and not await _still_there(reads, job):
            yield _released(name, job.metadata.resource_version)
            return


async def follow_all(
    reads: JobCache,
    documents: Documents,
    namespace: str,
    links: Links,
    *,
    known: int | None,
    heartbeat_seconds: float = HEARTBEAT_SECONDS,
) -> AsyncIterator[Pushed]:
    """Push how far all tasks of a namespace are, without an end.

    Begins with all of them as they are, or with what happened since the event `known`. An event's id is the version
    up to which everything has been told: it may be lower than that of the task itself, of which this gateway may know
    before its watch has told what happened elsewhere. Other parameters as those of `follow_task`.
    """
    try:
        changes = reads.changes(namespace, since=known)
    except LookupError:
        yield Pushed(EventKind.RESET, str(reads.version(namespace)))
        changes = reads.changes(namespace)
    leaving: set[str] = set()
    while True:
        change = await changes.next(seconds=heartbeat_seconds)
        if change is None:
            if changes.ended:
                return
            yield Pushed(EventKind.HEARTBEAT)
            continue
        metadata = change.job.metadata
        told = str(min(int(metadata.resource_version), reads.version(namespace)))
        if not change.gone:
            yield Pushed(EventKind.STATUS, told, documents.status(change.job, links))
            continue
        # A job changes several times on its way out; the first time tells all.
        if metadata.uid not in leaving:
            yield _released(metadata.name, told)
        leaving.add(metadata.uid)
        if change.deleted:
            leaving.discard(metadata.uid)


def _released(name: str, version: str) -> Pushed:
    return Pushed(EventKind.RELEASED, version, to_json({"task_id": name}))


async def _still_there(reads: JobCache, job: TranscriptionJob) -> bool:
    """Ask, where the watch does not tell; says whether there is the task. What is new of it comes by the cache."""
    if reads.is_young(job.metadata.namespace):
        return True
    try:
        now = await reads.get(job.metadata.namespace, job.metadata.name)
    except ResourceNotFoundError:
        return False
    except KubeError:
        return True  # as far as anybody knows
    return now.metadata.uid == job.metadata.uid
