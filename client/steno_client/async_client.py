"""`AsyncSteno`: the client that does not block, on asyncio. The same as `client`, of the same `flows`."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar, Unpack

import httpx

from steno_client import flows
from steno_client.asking import Retries
from steno_client.downloading import downloaded
from steno_client.flows import OnStatus
from steno_client.results import Queue, Released, TaskAccepted, TaskChanged, TaskStatus
from steno_client.sources import Options, Recording
from steno_client.steps import Flow
from steno_client.uploading import OnUpload
from steno_client.wire import Server, run_async

Result = TypeVar("Result")


class AsyncSteno:
    """A Steno gateway; may be used by several tasks of one event loop at once.

    Every method raises `StenoError`, as `errors` draws it; each request is sent again where that may help.
    """

    def __init__(
        self,
        base_url: str,
        *,
        key: str | None = None,
        retries: Retries | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """Make a client; nothing is sent yet.

        Parameters
        ----------
        base_url
            Of the gateway, for example ``http://127.0.0.1:8080``, with a path if it stands behind one.
        key
            The API key; None: the gateway lets anybody in.
        retries
            How often a request is sent again.
        transport
            How requests travel, for httpx: proxies, certificates of one's own.
        pause
            Lets seconds pass between retries.
        """
        self._server = Server(base_url=base_url, key=key)
        self._retries = retries or Retries()
        self._pause = pause
        self._http = httpx.AsyncClient(transport=transport)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Let go of all connections."""
        await self._http.aclose()

    async def submit(
        self,
        recording: Recording,
        *,
        idempotency_key: str | None = None,
        resume: str | None = None,
        part_bytes: int | None = None,
        progress: OnUpload | None = None,
        **options: Unpack[Options],
    ) -> TaskAccepted:
        """Make a task of a recording.

        Parameters
        ----------
        recording
            A path; or text: an http or https URL, an ``s3://bucket/key``, or else a path.
        idempotency_key
            Stands for this very request, so that it makes one task however often it is sent; None: a random one.
        resume
            The upload that `UploadInterruptedError` named, to go on with it.
        part_bytes
            Size of the parts of a large file, 5 to 64 MiB; None: as the gateway likes.
        progress
            Told of the upload of a large file, as it goes.
        **options
            Of the task: see `Options`.
        """
        return await self._do(
            flows.submit(
                recording,
                options,
                self._retries,
                idempotency_key=idempotency_key,
                resume=resume,
                part_bytes=part_bytes,
                progress=progress,
            )
        )

    async def status(self, task_id: str) -> TaskStatus:
        """Say how far a task is."""
        return await self._do(flows.status(task_id, self._retries))

    async def wait(
        self, task_id: str, *, timeout_seconds: float | None = None, progress: OnStatus | None = None
    ) -> TaskStatus:
        """Wait until a task is completed or failed, and say which; `progress` is told every two seconds."""
        return await self._do(flows.wait(task_id, self._retries, timeout_seconds=timeout_seconds, progress=progress))

    async def download(self, task_id: str, fmt: str = "json", *, to: str | Path = ".") -> Path:
        """Have a rendering in a file, or in a folder under its own name; what broke off goes on. Gives the file."""
        return await self._do(downloaded(task_id, fmt, Path(to), self._retries))

    async def read(self, task_id: str, fmt: str = "json") -> bytes:
        """Give a rendering's bytes."""
        return await self._do(flows.content(task_id, fmt, self._retries))

    async def jobs(self, **conditions: str) -> AsyncIterator[TaskStatus]:
        """List tasks, those made last first, page by page as they are wanted; `conditions` are those of GET /jobs."""
        cursor = None
        while True:
            page = await self._do(flows.jobs_page(conditions, cursor, self._retries))
            for task in page.tasks:
                yield task
            cursor = page.next_cursor
            if cursor is None:
                return

    async def queue(self) -> Queue:
        """Say how much there is to do."""
        return await self._do(flows.queue(self._retries))

    async def cancel(self, task_id: str) -> TaskChanged:
        """End a task as failed; its recording stays, for a retry."""
        return await self._do(flows.cancel(task_id, self._retries))

    async def retry(self, task_id: str, *, idempotency_key: str | None = None) -> TaskAccepted:
        """Make a new task from the source and settings of one that has ended."""
        return await self._do(flows.retry(task_id, self._retries, idempotency_key=idempotency_key))

    async def release(self, task_id: str) -> Released:
        """Have everything of a task deleted, and wait for the receipt."""
        return await self._do(flows.release(task_id, self._retries))

    async def _do(self, flow: Flow[Result]) -> Result:
        return await run_async(flow, self._server, self._http, self._pause)
