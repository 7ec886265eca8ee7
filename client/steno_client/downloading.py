"""A transcript comes down into a file, whole or not at all, and goes on where it broke off.

What has come stands beside the file, as ``talk.srt.part``, until the whole is there and its SHA-256 is what the
gateway said (its ETag): then it takes the file's name. A ``.part`` of an earlier attempt is gone on with; if it was
of something else, the digest tells, and it is fetched anew, once. Called by `flows`; knows no network.
"""

import contextlib
import hashlib
from dataclasses import replace
from email.message import Message
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from steno_client.asking import Retries, asked
from steno_client.errors import AnswerError, BusyError, InvalidRequestError, UnreachableError
from steno_client.steps import Answer, Call, Flow, Head, Pause, Sink, Work


class _Part:
    """The file beside the file, and what takes bytes into it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: BinaryIO | None = None

    def size_bytes(self) -> int:
        """Say how much has come."""
        with contextlib.suppress(FileNotFoundError):
            return self.path.stat().st_size
        return 0

    def sink(self, head: Head) -> Sink | None:
        """Take what follows: behind what there is, or in its place."""
        self.close()
        if head.status not in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT}:
            return None
        self._file = self.path.open("ab" if head.status == HTTPStatus.PARTIAL_CONTENT else "wb")
        return self._file.write

    def close(self) -> None:
        """Have it all on disk."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def digest(self) -> str:
        """Give the SHA-256 of what has come."""
        self.close()
        if not self.path.exists():
            self.path.touch()
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def downloaded(task_id: str, fmt: str, to: Path, retries: Retries) -> Flow[Path]:
    """Have a rendering in the file `to`, or in the folder `to` under the name that the gateway gives it.

    Raises
    ------
    AnswerError
        What came is not what the gateway announced, twice.
    OSError
        The file cannot be written.
    """
    call = Call(method="GET", path=f"/download/{quote(task_id, safe='')}", query={"fmt": fmt})
    target = to
    if (yield Work(to.is_dir)):
        described = yield from asked(replace(call, method="HEAD"), retries)
        target = to / _name_in(described, f"{task_id}.{fmt}")
    part = _Part(target.with_name(f"{target.name}.part"))
    try:
        for last in (False, True):
            answer = yield from _fetched(call, part, retries)
            digest: str = yield Work(part.digest)
            if answer.headers.get("etag", "").strip('"') == digest:
                yield Work(lambda: part.path.replace(target))
                return target
            yield Work(part.path.unlink)
            if last:
                break
    finally:
        part.close()
    raise AnswerError(f"What came of the {fmt} of {task_id} is not what the server announced. Try again later.")


def _fetched(call: Call, part: _Part, retries: Retries) -> Flow[Answer]:
    """Fetch what is missing, retry by retry from where the last one ended."""
    retry = 0
    while True:
        have: int = yield Work(part.size_bytes)
        ranged = {"Range": f"bytes={have}-"} if have else {}
        try:
            return (yield from asked(replace(call, headers=ranged, sink=part.sink), Retries(most=0)))
        except InvalidRequestError as error:
            if error.problem.status != HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                raise
            # All of it came before, or more than there is: the digest tells.
            return (yield from asked(replace(call, method="HEAD"), retries))
        except (BusyError, UnreachableError):
            pause = retries.pause_seconds(retry, None, 1)
            if pause is None:
                raise
        yield Pause(pause)
        retry += 1


def _name_in(answer: Answer, otherwise: str) -> str:
    """Read the file's name out of Content-Disposition; no path comes out of it."""
    message = Message()
    message["Content-Disposition"] = answer.headers.get("content-disposition", "")
    name = Path(message.get_filename() or "").name
    return name if name not in {"", ".", ".."} else otherwise
