"""What each subcommand does, over `steno_client`; called by `commands` when the arguments are read.

Targets are seen to by several threads at once. Each comes to an exit code of its own, and the first in the order of
the arguments that is not 0 is the command's. Ctrl-C ends this program and no task: it says which go on, and how to
end them.
"""

import argparse
import contextlib
import glob
import itertools
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from steno_cli.telling import Bar, Telling, label, plain
from steno_client import (
    AnswerError,
    BusyError,
    PermissionDeniedError,
    ProblemError,
    Retries,
    SourceError,
    Steno,
    StenoError,
    TaskStatus,
    UnauthenticatedError,
    UnreachableError,
    Upload,
    WaitTimeoutError,
)

EXIT_TASK_FAILED: Final = 1
EXIT_NOT_ENDED: Final = 124
"""As timeout(1) exits."""
EXIT_INTERRUPTED: Final = 128 + signal.SIGINT
"""As a shell reports a program that Ctrl-C ended."""

_EXITS: Final[Sequence[tuple[type[Exception], int]]] = (
    (UnauthenticatedError, os.EX_NOPERM),
    (PermissionDeniedError, os.EX_NOPERM),
    (BusyError, os.EX_UNAVAILABLE),
    (UnreachableError, os.EX_UNAVAILABLE),
    (ProblemError, os.EX_DATAERR),
    (SourceError, os.EX_NOINPUT),
    (AnswerError, os.EX_PROTOCOL),
    (WaitTimeoutError, EXIT_NOT_ENDED),
    (OSError, os.EX_IOERR),
)
"""The first that an error is an instance of decides."""


def act(given: argparse.Namespace) -> int:
    """Do what the arguments say; gives the exit code.

    Raises
    ------
    ValueError
        The server's address or the key is no such thing.
    """
    retries = Retries(most=given.retries)
    with Steno(given.server, key=given.key, retries=retries) as steno:
        acting = _Acting(steno, given, Telling(given.name, as_json=given.json))
        return acting.guarded()


class _Acting:
    """One run of one subcommand."""

    def __init__(self, steno: Steno, given: argparse.Namespace, telling: Telling) -> None:
        self._steno = steno
        self._given = given
        self._telling = telling
        self._unfinished: dict[str, None] = {}
        """Tasks that are waited for, in their order."""
        self._uploads: dict[str, str] = {}
        """Uploads under way, with what is sent."""

    def guarded(self) -> int:
        """Do it; what goes wrong is said, and Ctrl-C is heeded at once, whatever the threads are at."""
        by_name: Mapping[str, Callable[[], int]] = {
            "submit": lambda: self._each(_expanded(self._given.sources), self._submit),
            "status": lambda: self._each(self._given.tasks, self._status),
            "wait": lambda: self._each(self._given.tasks, self._wait),
            "download": lambda: self._each(self._given.tasks, self._download),
            "cancel": lambda: self._each(self._given.tasks, self._cancel),
            "release": lambda: self._each(self._given.tasks, self._release),
            "jobs": self._jobs,
            "queue": self._queue,
        }
        try:
            return by_name[self._given.name]()
        except (StenoError, OSError) as error:
            self._telling.trouble("", error)
            return _exit_of(error)
        except KeyboardInterrupt:
            with contextlib.suppress(OSError):  # the terminal may be gone
                sys.stderr.write(self._farewell())
                sys.stderr.flush()
            os._exit(EXIT_INTERRUPTED)

    def _farewell(self) -> str:
        lines = [f"steno {self._given.name}: interrupted"]
        if self._unfinished:
            lines.append("The tasks go on. To end them: steno cancel " + " ".join(self._unfinished))
        lines += [
            f"What was sent of {about} is kept for a day. To go on: steno submit --resume {upload} FILE"
            for upload, about in self._uploads.items()
        ]
        return "\n".join([*lines, ""])

    def _each(self, targets: Sequence[str], do: Callable[[str, Bar], int]) -> int:
        """See to all targets, several at once; gives the first exit code that is not 0."""

        def one(target: str) -> int:
            bar = self._telling.bar(label(target))
            try:
                return do(target, bar)
            except (StenoError, OSError) as error:
                self._telling.trouble(label(target), error)
                return _exit_of(error)
            finally:
                bar.end()

        with self._telling.bars():
            pool = ThreadPoolExecutor(self._given.parallel)
            codes = list(pool.map(one, targets))
            pool.shutdown()
        return next((code for code in codes if code), 0)

    def _submit(self, source: str, bar: Bar) -> int:
        begun: list[str] = []

        def noted(upload: Upload) -> None:
            begun[:] = [upload.upload]
            self._uploads[upload.upload] = label(source)
            bar.upload(upload)

        accepted = self._steno.submit(source, resume=self._given.resume, progress=noted, **self._given.options)
        for upload in begun:
            del self._uploads[upload]
        task_id = accepted.task_id
        if not (self._given.wait or self._given.download):
            document = {"source": label(source), "task": accepted.model_dump(mode="json")}
            self._telling.answer(f"{task_id}  {label(source)}", document)
            return 0
        status = self._ended(task_id, bar)
        files = []
        if status.status == "completed":
            files = [self._steno.download(task_id, fmt, to=self._given.output_dir) for fmt in self._given.download]
        self._telling.answer(
            "\n".join([f"{_line(status)}  {label(source)}", *(f"  {plain(str(file))}" for file in files)]),
            {
                "source": label(source),
                "task": status.model_dump(mode="json"),
                "files": [str(file) for file in files],
            },
        )
        return self._judged(status)

    def _status(self, task_id: str, _bar: Bar) -> int:
        status = self._steno.status(task_id)
        self._telling.answer(_line(status), status.model_dump(mode="json"))
        return 0

    def _wait(self, task_id: str, bar: Bar) -> int:
        status = self._ended(task_id, bar)
        self._telling.answer(_line(status), status.model_dump(mode="json"))
        return self._judged(status)

    def _ended(self, task_id: str, bar: Bar) -> TaskStatus:
        self._unfinished[task_id] = None
        # Where nobody watches, long polls do with fewer requests.
        progress = bar.status if bar.drawn else None
        status = self._steno.wait(task_id, timeout_seconds=self._given.timeout, progress=progress)
        del self._unfinished[task_id]
        return status

    def _judged(self, status: TaskStatus) -> int:
        return EXIT_TASK_FAILED if status.status == "failed" else 0

    def _download(self, task_id: str, _bar: Bar) -> int:
        for fmt in self._given.format:
            if self._given.stdout:
                sys.stdout.buffer.write(self._steno.read(task_id, fmt))
                sys.stdout.buffer.flush()
                continue
            file = self._steno.download(task_id, fmt, to=self._given.output_dir)
            document = {"task_id": task_id, "format": fmt, "file": str(file)}
            self._telling.answer(plain(str(file)), document)
        return 0

    def _cancel(self, task_id: str, _bar: Bar) -> int:
        changed = self._steno.cancel(task_id)
        self._telling.answer(f"{plain(task_id)}  is being cancelled", changed.model_dump(mode="json"))
        return 0

    def _release(self, task_id: str, _bar: Bar) -> int:
        released = self._steno.release(task_id)
        receipt = released.receipt
        if receipt is not None:
            said = f"released: {receipt.objects} objects, {receipt.bytes} bytes"
            said += ", nothing is left" if receipt.verified_empty else ", not seen to be empty"
        else:
            said = "released" if released.released else "is still being deleted"
        self._telling.answer(f"{plain(task_id)}  {said}", released.model_dump(mode="json"))
        return 0 if released.released else EXIT_NOT_ENDED

    def _jobs(self) -> int:
        names = ("status", "phase", "profile", "file_name", "reason", "created_after", "created_before")
        conditions = {name: value for name in names if (value := getattr(self._given, name)) is not None}
        for status in itertools.islice(self._steno.jobs(**conditions), self._given.limit):
            self._telling.answer(_line(status), status.model_dump(mode="json"))
        return 0

    def _queue(self) -> int:
        queue = self._steno.queue()
        depth = queue.depth
        lines = [
            f"waiting {queue.waiting}, running {queue.running}, completed {depth.completed}, failed {depth.failed}"
        ]
        lines += [f"  {plain(p.profile)}: waiting {p.waiting}, running {p.running}" for p in queue.profiles]
        lines += [f"  waiting for {plain(reason)}: {count}" for reason, count in queue.waiting_reasons.items()]
        lines += [f"  failed for {plain(reason)}: {count}" for reason, count in queue.failed_reasons.items()]
        self._telling.answer("\n".join(lines), queue.model_dump(mode="json"))
        return 0


def _line(status: TaskStatus) -> str:
    """Say in one line how far a task is."""
    words = [status.task_id, status.status]
    if status.progress is not None and not status.ended:
        words.append(f"{status.progress.percent}%")
    if status.file_name:
        words.append(status.file_name)
    if status.waiting is not None:
        words.append(status.waiting.message)
    if status.error is not None:
        words.append(f"{status.error.reason}: {status.error.message} {status.error.remedy}")
    return plain("  ".join(words))


def _expanded(sources: Sequence[str]) -> list[str]:
    """Replace patterns that no shell has replaced by the files that they fit, in order.

    Raises
    ------
    SourceError
        A pattern fits nothing.
    """
    found: list[str] = []
    for source in sources:
        if "://" in source or not glob.has_magic(source) or Path(source).exists():
            found.append(source)
            continue
        fitting = [path for path in sorted(glob.glob(source, recursive=True)) if Path(path).is_file()]  # noqa: PTH207 -- as given
        if not fitting:
            raise SourceError(f"No file fits {plain(source)}.")
        found += fitting
    return found


def _exit_of(error: Exception) -> int:
    return next((code for kind, code in _EXITS if isinstance(error, kind)), os.EX_SOFTWARE)
