"""What every request shares: made once by `server`, or by a test, and given to `app.create_app`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Self

from fastapi import Depends
from starlette.requests import HTTPConnection

from steno_gateway.access.access import Access
from steno_gateway.metrics import Metrics
from steno_gateway.readiness import Readiness
from steno_gateway.reads.cache import JobCache
from steno_gateway.reads.documents import Documents
from steno_gateway.reads.outlook import Outlook
from steno_gateway.settings import GatewaySettings
from steno_gateway.tasks.expiry import Expiry
from steno_gateway.tasks.limits import Limits
from steno_gateway.tasks.permissible import Premises
from steno_gateway.tasks.waiters import Waiters
from steno_gateway.uploads.memory import UploadMemory, streamed_part_bytes
from steno_kube import TranscriptionJobs
from steno_store import Layout, ObjectStore


def utc_now() -> datetime:
    """Give the time."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The process-wide singletons."""

    settings: GatewaySettings
    layout: Layout
    """Where things lie in the store."""
    jobs: TranscriptionJobs
    """The API server itself: for writes, and for what must be fresh."""
    reads: JobCache
    """For all that may be as old as its watch."""
    outlook: Outlook
    """The queues, as they are estimated to move."""
    documents: Documents
    """How far tasks are, as JSON."""
    store: ObjectStore
    access: Access
    readiness: Readiness
    premises: Premises
    """What the installation lets a tenant ask for."""
    limits: Limits
    """How many tasks may be unfinished at once."""
    expiry: Expiry
    """Deletes jobs past their expiration; to be finished before the API server's client is closed."""
    waiters: Waiters
    """Requests that wait for their jobs; to be finished like `expiry`."""
    upload_slots: UploadMemory
    """Taken by whoever reads an upload: what bounds the memory of all uploads together."""
    metrics: Metrics
    """What is measured."""
    now: Callable[[], datetime] = field(default=utc_now)
    """The time, aware; tests bring their own."""

    @classmethod
    def of(
        cls,
        settings: GatewaySettings,
        layout: Layout,
        jobs: TranscriptionJobs,
        store: ObjectStore,
        *,
        access: Access | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> Self:
        """Make what follows from the rest; `access` as the settings say, unless it is made already."""
        reads = JobCache(jobs, settings.served_namespaces, max_age_seconds=settings.watch_max_age_seconds)
        outlook = Outlook(
            reads, default_profile=settings.default_profile, priorities=settings.queue_priorities, now=now
        )
        upload_slots = UploadMemory(
            settings.upload_memory_bytes, part_bytes=streamed_part_bytes(settings.max_upload_bytes)
        )
        return cls(
            settings=settings,
            layout=layout,
            jobs=jobs,
            reads=reads,
            outlook=outlook,
            documents=Documents(outlook),
            store=store,
            access=access or Access.of(settings, now=now),
            readiness=Readiness(jobs, store, namespace=settings.namespace, watched=lambda: reads.answered),
            premises=Premises.of(settings, layout, store.bucket),
            limits=Limits(reads, settings.served_namespaces, max_unfinished=settings.max_unfinished, now=now),
            expiry=Expiry(jobs, reads, now=now),
            waiters=Waiters(jobs, reads, grace_seconds=settings.sync_grace_seconds),
            upload_slots=upload_slots,
            metrics=Metrics(
                watch_age_seconds=lambda: reads.age_seconds,
                upload_memory_bytes=lambda: upload_slots.limit_bytes - upload_slots.free_bytes,
            ),
            now=now,
        )


def context_of(connection: HTTPConnection) -> Context:
    """Give what the application was made from; for dependencies, which FastAPI hands nothing else."""
    context = connection.app.state.context
    if not isinstance(context, Context):
        raise TypeError("the application was not made by create_app")
    return context


async def _context(connection: HTTPConnection) -> Context:
    # Asynchronous, or FastAPI would send every request to a thread for it.
    return context_of(connection)


ContextDependency = Annotated[Context, Depends(_context)]
"""How a route asks for the context."""
