"""End the process promptly when the cluster asks for it, whatever runs at that moment.

Started by `__main__` before anything else. A signal handler of Python would have to wait for the main thread to come
back from CTranslate2, which can take minutes. Its other half, in C, runs at once and writes the signal's number to a
pipe (``signal.set_wakeup_fd``). A thread of its own waits there, as native calls release the interpreter's lock:
within moments it leaves the termination message, removes the scratch folders and ends the process. As a handler is in
place, that holds for PID 1 too, to which the kernel sends no signal that would take its default action.

Nothing is claimed: another attempt does the work. Must not know what the work is.
"""

import logging
import os
import shutil
import signal
import threading
from pathlib import Path

from steno_types import Reason, failure_for
from steno_worker.termination import write_termination_message

logger = logging.getLogger(__name__)


class SigtermWatch:
    """Waits for SIGTERM once started."""

    def __init__(self) -> None:
        self._folders: list[Path] = []

    def remove_on_exit(self, folder: Path) -> None:
        """Remember a folder that must not outlive the process."""
        self._folders.append(folder)

    def start(self) -> None:
        """Begin to wait; called in the main thread, once."""
        ear, mouth = os.pipe()
        os.set_blocking(mouth, False)
        signal.set_wakeup_fd(mouth)
        signal.signal(signal.SIGTERM, lambda *_: None)
        threading.Thread(target=self._wait, args=(ear,), name="sigterm", daemon=True).start()

    def _wait(self, ear: int) -> None:
        while os.read(ear, 1) != bytes([signal.SIGTERM]):
            pass  # another signal that has a handler
        failure = failure_for(Reason.TERMINATED)
        write_termination_message(failure.reason, failure.meaning)
        logger.warning("SIGTERM: %s", failure.meaning)
        for folder in self._folders:
            shutil.rmtree(folder, ignore_errors=True)
        os._exit(failure.exit_code or 128 + signal.SIGTERM)
