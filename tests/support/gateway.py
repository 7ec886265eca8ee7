"""A gateway to talk to: the real application over stores in memory, and forms as clients build them."""

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from fastapi import FastAPI

from steno_gateway.app import create_app
from steno_gateway.context import Context
from steno_gateway.reads.documents import Documents
from steno_gateway.reads.outlook import Outlook
from steno_gateway.server import Server
from steno_gateway.settings import GatewaySettings
from steno_store import Layout
from steno_types import (
    FINALIZER,
    Condition,
    ConditionType,
    Output,
    S3Source,
    Source,
    TranscriptionJob,
    TranscriptionJobSpec,
)
from support.object_store import InMemoryObjectStore
from support.transcription_jobs import InMemoryTranscriptionJobs

NAMESPACE = "speech"
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
BOUNDARY = "----steno-test-7d1f"
FORM_TYPE = f"multipart/form-data; boundary={BOUNDARY}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """The application's surroundings, and a client to it."""

    client: httpx.AsyncClient
    jobs: InMemoryTranscriptionJobs
    store: InMemoryObjectStore
    context: Context

    async def a_job(self, name: str = "tsj-1", **spec: Any) -> TranscriptionJob:
        """Have a job that the operator has adopted."""
        asked = TranscriptionJobSpec(source=Source(s3=S3Source(key="talk.wav")), **spec)
        return await self.jobs.create(NAMESPACE, name, asked, finalizers=(FINALIZER,))

    async def become(self, job: TranscriptionJob, *true: ConditionType, **status: Any) -> TranscriptionJob:
        """Write a status as the operator would, with the conditions `true`."""
        conditions = [Condition(type=t, status="True", reason="Test", last_transition_time=NOON) for t in true]
        changed = job.status.model_copy(update=status).with_conditions(conditions)
        return await self.jobs.patch_status(job, changed)

    async def a_completed_job(
        self, name: str = "tsj-1", *, bodies: Mapping[str, bytes], prefix: str | None = None, **metadata: Any
    ) -> TranscriptionJob:
        """Have a completed job whose renderings are `bodies`, by format."""
        job = await self.a_job(name)
        if metadata:
            job = await self.jobs.patch_metadata(job, metadata)
        prefix = prefix or self.context.layout.results(NAMESPACE, name, job.metadata.uid)
        outputs = []
        for fmt, body in bodies.items():
            key = f"{prefix}attempts/pod-1/transcript.{fmt}"
            self.store.put(key, body)
            outputs.append(Output(format=fmt, uri=self.store.uri(key), bytes=len(body), sha256="ab" * 32))
        return await self.become(job, ConditionType.COMPLETE, outputs=tuple(outputs))

    def uploads(self) -> dict[str, bytes]:
        """What lies in the store's folder of uploads, whole or unfinished."""
        folder = self.context.layout.upload(NAMESPACE, "")
        whole = {key: body for key, body in self.store.objects.items() if key.startswith(folder)}
        return whole | dict.fromkeys(self.store.unfinished, b"unfinished")


@contextlib.asynccontextmanager
async def gateway(*, now: datetime = NOON, root_path: str = "", **settings: Any) -> AsyncIterator[Gateway]:
    """Make a gateway; requests reach it without a socket."""
    jobs, store = InMemoryTranscriptionJobs(now=lambda: now), InMemoryObjectStore()
    here = {"namespace": NAMESPACE, "gateway_host": "127.0.0.1", "gateway_port": 0, "anonymous": True}
    chosen = GatewaySettings.model_validate(here | settings)
    context = without_pause(Context.of(chosen, Layout("steno"), jobs, store, now=lambda: now))
    transport = _InStep(create_app(context), jobs, root_path=root_path)
    async with context.reads, httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        await jobs.until_called("watch_all")
        yield Gateway(client=client, jobs=jobs, store=store, context=context)
    await context.waiters.finish()
    await context.expiry.finish()


def without_pause(context: Context) -> Context:
    """Let the queues be looked at anew whenever somebody asks."""
    settings = context.settings
    outlook = Outlook(
        context.reads,
        default_profile=settings.default_profile,
        priorities=settings.queue_priorities,
        now=context.now,
        kept_seconds=0,
    )
    return dataclasses.replace(context, outlook=outlook, documents=Documents(outlook))


class _InStep(httpx.ASGITransport):
    """Sends no request before the gateway's watch has told it what was written before."""

    def __init__(self, app: FastAPI, jobs: InMemoryTranscriptionJobs, *, root_path: str) -> None:
        super().__init__(app, raise_app_exceptions=False, root_path=root_path)
        self._jobs = jobs

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await self._jobs.until_told()
        return await super().handle_async_request(request)


@contextlib.asynccontextmanager
async def served(context: Context) -> AsyncIterator[int]:
    """Serve `context` on a free port of the loopback interface, as `steno_gateway.server` does; gives the port."""
    server = _Server(context)
    serving = asyncio.create_task(server.serve())
    await server.listening.wait()
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await serving


class _Server(Server):
    """Tells when it listens, and leaves the test runner's signals alone."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[Any] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    def capture_signals(self) -> contextlib.AbstractContextManager[None]:  # type: ignore[override]
        return contextlib.nullcontext()


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a form."""

    name: str
    body: bytes = b""
    file_name: str | None = None
    headers: str = ""
    """Further header lines, each with its CRLF."""

    def encoded(self) -> bytes:
        """Spell the part as browsers and curl do."""
        file_name = f'; filename="{self.file_name}"' if self.file_name is not None else ""
        head = f'Content-Disposition: form-data; name="{self.name}"{file_name}\r\n{self.headers}\r\n'
        return f"--{BOUNDARY}\r\n{head}".encode() + self.body + b"\r\n"


def a_file(body: bytes = b"RIFF....WAVE", file_name: str | None = "talk.wav") -> Part:
    """Have the part that holds the recording."""
    return Part("file", body, file_name)


def a_form(*parts: Part) -> bytes:
    """Have a whole form."""
    return b"".join(part.encoded() for part in parts) + f"--{BOUNDARY}--\r\n".encode()


def in_chunks(body: bytes, size: int) -> Iterable[bytes]:
    """Cut `body` into chunks of `size`."""
    return [body[start : start + size] for start in range(0, len(body), size)]


async def streamed(chunks: Iterable[bytes]) -> AsyncIterator[bytes]:
    """Send a body without a Content-Length."""
    for chunk in chunks:
        yield chunk


def problem_of(response: httpx.Response) -> dict[str, Any]:
    """Check that a response is a problem document as the API promises, and give it."""
    problem: dict[str, Any] = response.json()
    assert "application/problem+json" == response.headers["Content-Type"]
    assert {"type", "title", "status", "detail", "field", "remedy"} == set(problem)
    assert response.status_code == problem["status"]
    assert problem["type"].startswith("urn:steno:problem:")
    assert all(problem[member] for member in ("title", "detail", "remedy"))
    return problem


def kind_of(response: httpx.Response) -> tuple[int, str, str | None]:
    """Say what kind of problem a response is, and with which field."""
    problem = problem_of(response)
    return problem["status"], problem["type"].removeprefix("urn:steno:problem:"), problem["field"]
