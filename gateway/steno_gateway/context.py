"""What every request shares: made once by `server`, or by a test, and given to `app.create_app`."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Self

from fastapi import Depends
from starlette.requests import HTTPConnection

from steno_gateway.access.access import Access, AnonymousAccess
from steno_gateway.readiness import Readiness
from steno_gateway.reads.cache import JobCache
from steno_gateway.settings import GatewaySettings
from steno_gateway.tasks.expiry import Expiry
from steno_kube import TranscriptionJobs
from steno_store import Layout, ObjectStore


def _now() -> datetime:
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
    store: ObjectStore
    access: Access
    readiness: Readiness
    expiry: Expiry
    """Deletes jobs past their expiration; to be finished before the API server's client is closed."""
    upload_slots: asyncio.Semaphore
    """Taken by whoever reads an upload: what bounds the memory of all uploads together."""
    now: Callable[[], datetime] = field(default=_now)
    """The time, aware; tests bring their own."""

    @classmethod
    def of(
        cls,
        settings: GatewaySettings,
        layout: Layout,
        jobs: TranscriptionJobs,
        store: ObjectStore,
        *,
        now: Callable[[], datetime] = _now,
    ) -> Self:
        """Make what follows from the rest."""
        return cls(
            settings=settings,
            layout=layout,
            jobs=jobs,
            reads=JobCache(jobs),
            store=store,
            access=AnonymousAccess(settings.namespace),
            readiness=Readiness(jobs, store, namespace=settings.namespace),
            expiry=Expiry(jobs, namespace=settings.namespace, now=now),
            upload_slots=asyncio.Semaphore(settings.max_concurrent_uploads),
            now=now,
        )


def context_of(connection: HTTPConnection) -> Context:
    """Give what the application was made from; for dependencies, which FastAPI hands nothing else."""
    context = connection.app.state.context
    if not isinstance(context, Context):
        raise TypeError("the application was not made by create_app")
    return context


ContextDependency = Annotated[Context, Depends(context_of)]
"""How a route asks for the context."""
