"""A gateway that is served to clients on the loopback interface, with somebody who ends its jobs."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx

from steno_types import TranscriptionJob
from support.gateway import Gateway, gateway, served
from support.transcriber import Transcriber, at_work


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """A gateway on a port, and the worker behind it."""

    gateway: Gateway
    transcriber: Transcriber
    url: str
    http: httpx.AsyncClient
    """Bound to `url`."""

    @property
    def jobs(self) -> tuple[TranscriptionJob, ...]:
        """The jobs there are."""
        return self.gateway.jobs.jobs


@contextlib.asynccontextmanager
async def installed(**settings: Any) -> AsyncIterator[Installation]:
    """Serve a gateway with these settings; a client that goes is missed at once unless they say otherwise."""
    async with gateway(**({"sync_grace_seconds": 0} | settings)) as made, served(made.context) as port:
        transcriber = Transcriber(made.jobs, made.store, made.context.layout)
        url = f"http://127.0.0.1:{port}"
        async with at_work(transcriber), httpx.AsyncClient(base_url=url, timeout=30) as http:
            yield Installation(gateway=made, transcriber=transcriber, url=url, http=http)
