"""`Steno`: the client that blocks. What it does is written in `flows`; `async_client` offers the same."""

import time
from collections.abc import Callable, Iterator
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
from steno_client.wire import Server, run

Result = TypeVar("Result")


class Steno:
    """A Steno gateway; may be used from several threads at once.

    Every method raises `StenoError`, as `errors` draws it; each request is sent again where that may help.
    """

    def __init__(
        self,
        base_url: str,
        *,
        key: str | None = None,
        retries: Retries | None = None,
        transport: httpx.BaseTransport | None = None,
        pause: Callable[[float], object] = time.sleep,
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
        self._http = httpx.Client(transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of all connections."""
        self._http.close()

    def submit(
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
        return self._do(
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

    def status(self, task_id: str) -> TaskStatus:
        """Say how far a task is."""
        return self._do(flows.status(task_id, self._retries))

    def wait(
        self, task_id: str, *, timeout_seconds: float | None = None, progress: OnStatus | None = None
    ) -> TaskStatus:
        """Wait until a task is completed or failed, and say which; `progress` is told every two seconds."""
        return self._do(flows.wait(task_id, self._retries, timeout_seconds=timeout_seconds, progress=progress))

    def download(self, task_id: str, fmt: str = "json", *, to: str | Path = ".") -> Path:
        """Have a rendering in a file, or in a folder under its own name; what broke off goes on. Gives the file."""
        return self._do(downloaded(task_id, fmt, Path(to), self._retries))

    def read(self, task_id: str, fmt: str = "json") -> bytes:
        """Give a rendering's bytes."""
        return self._do(flows.content(task_id, fmt, self._retries))

    def jobs(self, **conditions: str) -> Iterator[TaskStatus]:
        """List tasks, those made last first, page by page as they are wanted; `conditions` are those of GET /jobs."""
        cursor = None
        while True:
            page = self._do(flows.jobs_page(conditions, cursor, self._retries))
            yield from page.tasks
            cursor = page.next_cursor
            if cursor is None:
                return

    def queue(self) -> Queue:
        """Say how much there is to do."""
        return self._do(flows.queue(self._retries))

    def cancel(self, task_id: str) -> TaskChanged:
        """End a task as failed; its recording stays, for a retry."""
        return self._do(flows.cancel(task_id, self._retries))

    def retry(self, task_id: str, *, idempotency_key: str | None = None) -> TaskAccepted:
        """Make a new task from the source and settings of one that has ended."""
        return self._do(flows.retry(task_id, self._retries, idempotency_key=idempotency_key))

    def release(self, task_id: str) -> Released:
        """Have everything of a task deleted, and wait for the receipt."""
        return self._do(flows.release(task_id, self._retries))

    def _do(self, flow: Flow[Result]) -> Result:
        return run(flow, self._server, self._http, self._pause)
