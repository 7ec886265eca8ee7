"""A recording goes up in parts, and goes on where it broke off.

Parts go to the object store by the URLs that the gateway signs; should the store not be reachable from here, or
refuse one, this part and all after it go through the gateway. After all retries of a part the upload is left as it
is, and `UploadInterruptedError` says its name. The gateway is told the recording's SHA-256, so that the worker
refuses other bytes. Called by `flows`; knows no network.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import quote

from steno_client.asking import Retries, as_json, asked, asked_for
from steno_client.errors import BusyError, SourceError, UnreachableError, UploadInterruptedError
from steno_client.results import Upload, UploadPart
from steno_client.steps import Answer, BrokenConnectionError, Call, Flow, Work

OnUpload = Callable[[Upload], object]
"""Told how far an upload is: when it begins, and after each part."""

PART_TIMEOUT_SECONDS: Final = 120.0
"""For an answer to a part: the store may be slow to take 64 MiB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What is sent."""

    path: Path
    size_bytes: int
    sha256: str


def measured(path: Path) -> Sent:
    """Read a recording through, for its size and its digest. Blocks.

    Raises
    ------
    SourceError
        It cannot be read, or is empty.
    """
    try:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            size_bytes = file.tell()
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}.") from error
    if not size_bytes:
        raise SourceError(f"{path} is empty.")
    return Sent(path=path, size_bytes=size_bytes, sha256=sha256)


def uploaded(
    path: Path, retries: Retries, *, resume: str | None, part_bytes: int | None, progress: OnUpload | None
) -> Flow[Upload]:
    """Have a recording in the store, whole.

    Parameters
    ----------
    path
        Of the recording.
    retries
        Of each request.
    resume
        An upload of the same recording that broke off; None: begin one.
    part_bytes
        Size of a new upload's parts, 5 to 64 MiB; None: as the gateway likes.
    progress
        Told how far it is.

    Raises
    ------
    SourceError
        The recording cannot be read, or `resume` is an upload of another one.
    UploadInterruptedError
        It broke off, and can go on.
    """
    recording: Sent = yield Work(lambda: measured(path))
    if resume is None:
        announced = {"bytes": recording.size_bytes, "sha256": recording.sha256, "file_name": path.name}
        body, headers = as_json(announced if part_bytes is None else announced | {"part_bytes": part_bytes})
        upload = yield from asked_for(
            Upload, Call(method="POST", path="/uploads", body=body, headers=headers), retries
        )
    else:
        upload = yield from asked_for(Upload, Call(method="GET", path=f"/uploads/{quote(resume, safe='')}"), retries)
        if (upload.bytes, upload.sha256) != (recording.size_bytes, recording.sha256):
            raise SourceError(f"{path} is not the recording of the upload {resume}. Submit it without resume.")
    try:
        return (yield from _sent(upload, recording, retries, progress or (lambda _: None)))
    except (BusyError, UnreachableError) as error:
        raise UploadInterruptedError(upload.upload, str(error)) from error


def _sent(upload: Upload, recording: Sent, retries: Retries, progress: OnUpload) -> Flow[Upload]:
    directly = True
    while not upload.whole:
        progress(upload)
        missing = [part for part in upload.parts if not part.received]
        for part in missing:
            if directly and part.url is None and part is not missing[0]:
                break  # the gateway has fresh URLs once those before it have come
            offset = (part.number - 1) * (upload.part_bytes or 0)
            body: bytes = yield Work(lambda offset=offset, part=part: _piece(recording.path, offset, part.bytes))  # type: ignore[misc]
            directly = directly and (yield from _put_directly(part, body))
            if not directly:
                path = f"/uploads/{upload.upload}/parts/{part.number}"
                call = Call(method="PUT", path=path, body=body, timeout_seconds=PART_TIMEOUT_SECONDS)
                yield from asked(call, retries)
            upload = _with(upload, part)
            progress(upload)
        if all(part.received for part in upload.parts):
            call = Call(
                method="POST", path=f"/uploads/{upload.upload}/complete", timeout_seconds=PART_TIMEOUT_SECONDS
            )
        else:
            call = Call(method="GET", path=f"/uploads/{upload.upload}")
        upload = yield from asked_for(Upload, call, retries)
    progress(upload)
    return upload


def _put_directly(part: UploadPart, body: bytes) -> Flow[bool]:
    """Send a part to the object store, once, if there is a URL for it; gives whether the store took it."""
    if part.url is None:
        return False
    call = Call(method="PUT", path=part.url, body=body, timeout_seconds=PART_TIMEOUT_SECONDS)
    try:
        answer: Answer = yield call
    except BrokenConnectionError:
        return False
    return answer.status == HTTPStatus.OK


def _piece(path: Path, offset: int, size_bytes: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(offset)
            piece = file.read(size_bytes)
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}.") from error
    if len(piece) != size_bytes:
        raise SourceError(f"{path} has become shorter while it was read.")
    return piece


def _with(upload: Upload, sent: UploadPart) -> Upload:
    """Note that a part has come."""
    parts = tuple(
        part.model_copy(update={"received": True}) if part.number == sent.number else part for part in upload.parts
    )
    received_bytes = sum(part.bytes for part in parts if part.received)
    return upload.model_copy(update={"parts": parts, "received_bytes": received_bytes})
