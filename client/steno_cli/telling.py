"""What a person, or the next program, is told: answers on stdout, troubles on stderr, bars on a terminal.

Called by `acting`, from several threads at once. Text that comes from the server, or is a file's name, is shown
without control characters; an address without its query, which may be a secret.
"""

import contextlib
import json
import sys
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from steno_client import ProblemError, TaskStatus, Upload, UploadInterruptedError


def plain(text: str) -> str:
    """Take from a text what could move a terminal's cursor."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def label(source: str) -> str:
    """Name a source: an address without query and fragment."""
    if source.lower().startswith(("http://", "https://")):
        parts = urlsplit(source)
        return plain(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}")
    return plain(source)


class Telling:
    """Tells, in the way that was asked for."""

    def __init__(self, command: str, *, as_json: bool) -> None:
        self._command = command
        self._as_json = as_json
        self._one_at_a_time = threading.Lock()
        self._bars: Progress | None = None

    def answer(self, line: str, document: dict[str, Any]) -> None:
        """Give an answer: the line to a person, the document to a program."""
        with self._one_at_a_time:
            text = json.dumps(document, ensure_ascii=False) if self._as_json else line
            if self._bars is not None and sys.stdout.isatty():
                self._bars.console.print(text, markup=False, highlight=False, soft_wrap=True)
            else:
                sys.stdout.write(f"{text}\n")
                sys.stdout.flush()

    def trouble(self, about: str, error: Exception) -> None:
        """Say what went wrong with `about`; in JSON on stdout too, so that every target has its line there."""
        if self._as_json:
            self.answer("", {"about": about, "error": described(error)})
        with self._one_at_a_time:
            text = f"steno {self._command}: {about + ': ' if about else ''}{plain(described(error)['message'])}"
            if self._bars is not None:
                self._bars.console.print(text, markup=False, highlight=False, soft_wrap=True)
            else:
                sys.stderr.write(f"{text}\n")

    @contextlib.contextmanager
    def bars(self) -> Iterator[None]:
        """Draw bars meanwhile, if stderr is a terminal."""
        if self._as_json or not sys.stderr.isatty():
            yield
            return
        columns = (TextColumn("{task.description}", markup=False), BarColumn(), TextColumn("{task.percentage:3.0f}%"))
        # stdout stays as it is: it may lead into a file while the bars are seen.
        bars = Progress(
            *columns,
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        with bars:
            self._bars = bars
            try:
                yield
            finally:
                self._bars = None

    def bar(self, about: str) -> "Bar":
        """Begin a bar; where none are drawn it does nothing."""
        return Bar(self._bars, about)


class Bar:
    """One bar, for one target."""

    def __init__(self, bars: Progress | None, about: str) -> None:
        self._bars = bars
        self._about = about
        self._id = None if bars is None else bars.add_task(about, total=100)

    @property
    def drawn(self) -> bool:
        """Whether anybody sees it."""
        return self._bars is not None

    def upload(self, upload: Upload) -> None:
        """Show how much has been sent."""
        self._show("uploading", 100 * upload.received_bytes / upload.bytes)

    def status(self, status: TaskStatus) -> None:
        """Show how far the task is."""
        self._show(status.phase, status.progress.percent if status.progress else 0)

    def end(self) -> None:
        """Take the bar away."""
        if self._bars is not None and self._id is not None:
            self._bars.remove_task(self._id)

    def _show(self, doing: str, percent: float) -> None:
        if self._bars is not None and self._id is not None:
            self._bars.update(self._id, completed=percent, description=f"{self._about}  {plain(doing)}")


def described(error: Exception) -> dict[str, Any]:
    """Give an error as a document: always with ``message``, and all of the server's problem if it is one."""
    document = {"kind": type(error).__name__.removesuffix("Error"), "message": str(error)}
    if isinstance(error, OSError) and error.strerror:
        document["message"] = f"{error.filename}: {error.strerror}"
    if isinstance(error, UploadInterruptedError):
        document["upload"] = error.upload
    if isinstance(error, ProblemError):
        document |= error.problem.model_dump(mode="json")
    return document
