"""Replicas of the gateway over the tier's API server, each with a way to it of its own."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from steno_gateway.context import Context
from steno_gateway.settings import GatewaySettings
from steno_kube import TranscriptionJobs, connect
from steno_store import Layout
from support.gateway import served
from support.object_store import InMemoryObjectStore


@dataclass(frozen=True, slots=True)
class Replica:
    """One of them, and a client to it."""

    context: Context
    client: httpx.AsyncClient


@contextlib.asynccontextmanager
async def replica(
    monkeypatch: pytest.MonkeyPatch, kubeconfig: Path, namespace: str, **settings: object
) -> AsyncIterator[Replica]:
    """Serve a replica on loopback; it is ready once this is entered."""
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    server = connect("steno-gateway")
    here = {
        "namespace": namespace,
        "anonymous": True,
        "gateway_host": "127.0.0.1",
        "gateway_port": 0,
        "release_wait_seconds": 0.2,
        **settings,
    }
    context = Context.of(
        GatewaySettings.model_validate(here), Layout("steno"), TranscriptionJobs(server), InMemoryObjectStore()
    )
    async with (
        context.reads,
        served(context) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client,
    ):
        while (await client.get("/readyz")).status_code != 200:
            pass
        yield Replica(context, client)
    await context.waiters.finish()
    await context.expiry.finish()
    await server.close()
