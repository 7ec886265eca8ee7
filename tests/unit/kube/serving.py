"""An API server on loopback that answers what a test lays out, and a client of it."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
from aiohttp import web
from aiohttp.test_utils import BaseTestServer, TestServer

from steno_kube import ApiServer
from steno_kube.credentials import Credentials

Raw = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    query: Raw
    headers: Raw
    body: bytes


@dataclass
class Scene:
    """The server, its client, and what passed between them."""

    client: ApiServer
    answers: list[tuple[int, bytes]] = field(default_factory=list)
    """Status and body of each answer, the next one first; the last one stays."""
    asked: list[Asked] = field(default_factory=list)
    told: list[tuple[str, str, int]] = field(default_factory=list)
    server: BaseTestServer | None = None


@asynccontextmanager
async def serving(way: httpx2.Auth | None = None) -> AsyncIterator[Scene]:
    """Serve, and connect with the credentials that `way` leads to."""

    async def answer(request: web.Request) -> web.Response:
        scene.asked.append(
            Asked(
                request.method,
                request.path_qs.partition("?")[0],
                dict(request.query),
                dict(request.headers),
                await request.read(),
            )
        )
        status, body = scene.answers.pop(0) if len(scene.answers) > 1 else scene.answers[0]
        return web.Response(status=status, body=body, content_type="application/json")

    application = web.Application()
    application.add_routes([web.route("*", "/{path:.*}", answer)])
    told: list[tuple[str, str, int]] = []
    async with TestServer(application) as server:
        client = ApiServer(
            str(server.make_url("/")),
            ssl.create_default_context(),
            Credentials(way),
            field_manager="the bench",
            told=lambda *request: told.append(request),
        )
        scene = Scene(client, told=told, server=server)
        yield scene
        await client.close()
