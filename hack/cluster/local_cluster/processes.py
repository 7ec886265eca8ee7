"""Servers on loopback that live no longer than whoever started them.

`control_plane` and `object_stores` are made of these. Must not know which programs they run.
"""

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from local_cluster import commands
from local_cluster.errors import StartFailedError

_POLL_SECONDS: Final = 0.05


class Process:
    """One server process; started, stopped and started again with the same command, a context manager too."""

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        log: Path,
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._command = tuple(command)
        self._log = log
        self._folder = folder
        self._environment = environment
        self._running: subprocess.Popen[bytes] | None = None

    @property
    def name(self) -> str:
        """The program's name, for messages."""
        return Path(self._command[0]).name

    @property
    def pid(self) -> int:
        """The process id; an error while it is stopped."""
        if self._running is None:
            raise StartFailedError(f"{self.name} is not running")
        return self._running.pid

    def start(self) -> None:
        """Start the program; its output is added to the log. Does nothing while it runs."""
        if self._running is not None:
            return
        with self._log.open("ab") as log:
            self._running = subprocess.Popen(
                commands.mortal(self._command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._folder,
                env=self._environment,
            )

    def stop(self) -> None:
        """Kill the program and wait until it is gone. Killed, not asked: nothing it holds is to be kept."""
        if self._running is not None:
            self._running.kill()
            self._running.wait()
            self._running = None

    def wait_until(self, ready: Callable[[], bool], *, timeout_seconds: float) -> None:
        """Return once `ready` says so; raise `StartFailedError` when the program ends or the time is up."""
        deadline = time.monotonic() + timeout_seconds
        while not ready():
            status = None if self._running is None else self._running.poll()
            if status is not None:
                raise StartFailedError(f"{self.name} ended with status {status}:\n{self.log_tail()}")
            if time.monotonic() > deadline:
                raise StartFailedError(f"{self.name} was not ready after {timeout_seconds:.0f} s:\n{self.log_tail()}")
            time.sleep(_POLL_SECONDS)

    def log_tail(self) -> str:
        """Return the end of the log."""
        return commands.tail(self._log.read_text(errors="replace")) if self._log.exists() else ""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
