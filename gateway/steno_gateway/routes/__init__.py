"""The routes: each unpacks the request, calls one function and shows what it gives."""

from typing import Final

from fastapi import APIRouter

from steno_gateway.routes import (
    batch,
    changes,
    docs,
    download,
    events,
    jobs,
    probes,
    queue,
    release,
    retry,
    session,
    status,
    transcribe,
    uploads,
)

ROUTERS: Final[tuple[APIRouter, ...]] = (
    transcribe.router,
    uploads.router,
    batch.router,
    status.router,
    events.router,
    jobs.router,
    download.router,
    changes.router,
    retry.router,
    release.router,
    queue.router,
    session.router,
    probes.router,
    docs.router,
)
"""In the order of the docs page."""
