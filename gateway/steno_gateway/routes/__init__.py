"""The routes: each unpacks the request, calls one function and shows what it gives."""

from typing import Final

from fastapi import APIRouter

from steno_gateway.routes import docs, download, probes, queue, release, status, transcribe

ROUTERS: Final[tuple[APIRouter, ...]] = (
    transcribe.router,
    status.router,
    download.router,
    release.router,
    queue.router,
    probes.router,
    docs.router,
)
"""In the order of the docs page."""
