"""What the client can do, each as a flow: what is asked, in what order, and what comes of it.

Called by `client` and `async_client`, which carry the steps out. All raise as `asking.asked` does. Knows no network,
no clock and no event loop.
"""

import os
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, assert_never
from urllib.parse import quote

from steno_client.asking import Retries, as_json, asked, asked_for, read
from steno_client.errors import NotFoundError, SourceError, WaitTimeoutError
from steno_client.forms import form_of
from steno_client.results import Queue, Released, TaskAccepted, TaskChanged, TaskPage, TaskStatus
from steno_client.sources import Recording, S3Address, Url, understood
from steno_client.steps import Call, Flow, Time, Work
from steno_client.uploading import OnUpload, uploaded

WHOLE_MOST_BYTES: Final = 8 << 20
"""A file up to this size is sent as a form, in one request; a larger one in parts, which may be resumed."""

LOOK_SECONDS: Final = 2.0
"""How often somebody who wants to see progress sees some."""

LONGEST_WAIT_SECONDS: Final = 50.0
"""Of one request that waits for a task's end: within the gateway's 60, and most proxies' patience."""

RELEASE_TIMEOUT_SECONDS: Final = 45.0
"""For an answer to a release, which the gateway keeps for up to 30 seconds."""

RELEASE_ASKED_MOST: Final = 20
"""How often a release that takes long is waited for: ten minutes in all."""

OnStatus = Callable[[TaskStatus], object]
"""Told of a task, each time that it is looked at."""


def status(task_id: str, retries: Retries) -> Flow[TaskStatus]:
    """Say how far a task is."""
    return asked_for(TaskStatus, Call(method="GET", path=_path("status", task_id)), retries)


def wait(
    task_id: str, retries: Retries, *, timeout_seconds: float | None, progress: OnStatus | None
) -> Flow[TaskStatus]:
    """Wait until a task has ended, well or not; the gateway is asked in long polls.

    Raises
    ------
    WaitTimeoutError
        It had not within `timeout_seconds`.
    """
    began: float = yield Time()
    step_seconds = LONGEST_WAIT_SECONDS if progress is None else LOOK_SECONDS
    wait_seconds = 0.0 if progress else step_seconds
    while True:
        now: float = yield Time()
        left = float("inf") if timeout_seconds is None else max(timeout_seconds - (now - began), 0)
        seconds = min(wait_seconds, left)
        call = Call(
            method="GET",
            path=_path("status", task_id),
            query={"wait": f"{seconds:.3f}"} if seconds else {},
            timeout_seconds=seconds + 30,
        )
        seen = yield from asked_for(TaskStatus, call, retries)
        if progress is not None:
            progress(seen)
        if seen.ended:
            return seen
        if left <= seconds:
            raise WaitTimeoutError(seen)
        wait_seconds = step_seconds


def jobs_page(conditions: Mapping[str, str], cursor: str | None, retries: Retries) -> Flow[TaskPage]:
    """List tasks, those made last first: one page of them."""
    query = dict(conditions) if cursor is None else {**conditions, "cursor": cursor}
    return asked_for(TaskPage, Call(method="GET", path="/jobs", query=query), retries)


def queue(retries: Retries) -> Flow[Queue]:
    """Say how much there is to do."""
    return asked_for(Queue, Call(method="GET", path="/queue"), retries)


def cancel(task_id: str, retries: Retries) -> Flow[TaskChanged]:
    """End a task as failed; its recording stays."""
    return asked_for(TaskChanged, Call(method="POST", path=_path("cancel", task_id)), retries)


def retry(task_id: str, retries: Retries, *, idempotency_key: str | None) -> Flow[TaskAccepted]:
    """Make a new task from the source and settings of one that has ended."""
    return asked_for(
        TaskAccepted, Call(method="POST", path=_path("retry", task_id), headers=_keyed(idempotency_key)), retries
    )


def release(task_id: str, retries: Retries) -> Flow[Released]:
    """Have all of a task deleted, and wait for the receipt, for ten minutes at the most."""
    call = Call(method="DELETE", path=_path("release", task_id), timeout_seconds=RELEASE_TIMEOUT_SECONDS)
    released = Released(task_id=task_id, released=False, receipt=None)
    for turn in range(RELEASE_ASKED_MOST):
        try:
            answer = yield from asked(call, retries)
        except NotFoundError:
            if turn == 0:
                raise
            return Released(task_id=task_id, released=True, receipt=None)
        released = read(Released, answer)
        if released.released:
            break
    return released


def content(task_id: str, fmt: str, retries: Retries) -> Flow[bytes]:
    """Give a rendering's bytes."""
    answer = yield from asked(Call(method="GET", path=_path("download", task_id), query={"fmt": fmt}), retries)
    return answer.body


def submit(
    recording: Recording,
    options: Mapping[str, Any],
    retries: Retries,
    *,
    idempotency_key: str | None,
    resume: str | None,
    part_bytes: int | None,
    progress: OnUpload | None,
) -> Flow[TaskAccepted]:
    """Make a task of a recording, which is uploaded if it is a file.

    Raises
    ------
    SourceError
        It cannot be read.
    UploadInterruptedError
        The upload broke off.
    """
    headers = _keyed(idempotency_key)
    source = understood(recording)
    match source:
        case Path():
            if resume is None and (yield Work(lambda: _size_of(source))) <= WHOLE_MOST_BYTES:
                whole: bytes = yield Work(source.read_bytes)
                body, kind = form_of(options, source.name, whole)
                return (yield from asked_for(TaskAccepted, _transcribe(body, headers | kind), retries))
            upload = yield from uploaded(source, retries, resume=resume, part_bytes=part_bytes, progress=progress)
            named: dict[str, Any] = {"upload": upload.upload}
        case S3Address():
            named = {"s3": {"bucket": source.bucket, "key": source.key}}
        case Url():
            named = {"url": source.url}
        case other:
            assert_never(other)
    body, kind = as_json({**named, **options})
    return (yield from asked_for(TaskAccepted, _transcribe(body, headers | kind), retries))


def _transcribe(body: bytes, headers: Mapping[str, str]) -> Call:
    return Call(method="POST", path="/transcribe", body=body, headers=headers, timeout_seconds=120)


def _path(call: str, task_id: str) -> str:
    return f"/{call}/{quote(task_id, safe='')}"


def _keyed(idempotency_key: str | None) -> dict[str, str]:
    return {"Idempotency-Key": idempotency_key or str(uuid.uuid4())}


def _size_of(path: Path) -> int:
    try:
        with path.open("rb") as file:
            size_bytes = os.fstat(file.fileno()).st_size
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}.") from error
    if not size_bytes:
        raise SourceError(f"{path} is empty.")
    return size_bytes
