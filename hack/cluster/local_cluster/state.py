"""Where everything that outlives a command is kept, and the locks that keep two commands apart.

Every module asks here for its folder. Must not know what lies in them.
"""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from local_cluster import steps


def state_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """`STENO_STATE_DIR`, else ``steno`` in the user's cache folder; made if it is not there."""
    cache = Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = Path(environment.get("STENO_STATE_DIR") or cache / "steno").absolute()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def lock(name: str, *, shared: bool = False) -> Iterator[None]:
    """Hold the lock `name` against every other process of this state folder; waits for it.

    The kernel drops it when its holder dies, however it dies, so no lock is ever stale.
    """
    operation = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    with _lock_file(name) as descriptor:
        try:
            fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
        except BlockingIOError:
            with steps.step(f"waiting for another command ({name})"):
                fcntl.flock(descriptor, operation)
        yield


@contextmanager
def lock_if_free(name: str) -> Iterator[bool]:
    """Take the lock `name` alone if nobody holds it; yields whether it was taken."""
    with _lock_file(name) as descriptor:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


@contextmanager
def _lock_file(name: str) -> Iterator[int]:
    folder = state_folder() / "locks"
    folder.mkdir(exist_ok=True)
    # Python's descriptors are not inherited, so a daemon started meanwhile does not hold the lock on.
    descriptor = os.open(folder / name, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
