"""The file that a recording grows in: counted and hashed as it is written, removed unless it was finished.

Used by `s3` and `url`. The one place that meets a full disk. Must not know where the bytes come from.
"""

import errno
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from steno_worker.errors import ScratchFullError
from steno_worker.intake.limits import SCRATCH_VARIABLE

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
"""What the kernel says of a disk, or of a quota, that is used up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What came."""

    size_bytes: int
    sha256: str
    """Of all bytes of the file, in hexadecimal."""


class PartialFile:
    """A recording that is not there in full yet."""

    def __init__(self, file: BinaryIO, on_bytes: Callable[[int], None]) -> None:
        self.size_bytes = 0
        """Written so far."""
        self._file = file
        self._on_bytes = on_bytes
        self._digest = hashlib.sha256()

    def append(self, chunk: bytes) -> None:
        """Write the next bytes."""
        with self._on_disk():
            self._file.write(chunk)
        self._digest.update(chunk)
        self.size_bytes += len(chunk)
        self._on_bytes(self.size_bytes)

    def start_over(self) -> None:
        """Forget what was written."""
        if self.size_bytes == 0:
            return
        with self._on_disk():
            self._file.seek(0)
            self._file.truncate()
        self._digest = hashlib.sha256()
        self.size_bytes = 0
        self._on_bytes(0)

    def finish(self) -> Fetched:
        """Say what was written, once all of it is with the kernel."""
        with self._on_disk():
            self._file.flush()
        return Fetched(size_bytes=self.size_bytes, sha256=self._digest.hexdigest())

    @contextmanager
    def _on_disk(self) -> Iterator[None]:
        with scratch_faults_told(self.size_bytes):
            yield


@contextmanager
def partial_file(path: Path, on_bytes: Callable[[int], None]) -> Iterator[PartialFile]:
    """Open `path` to be filled; whatever is raised meanwhile removes it.

    Raises
    ------
    ScratchFullError
        Retryable (exit 75): another node may have more room.
    """
    with scratch_faults_told(0):
        file = path.open("wb")
    try:
        partial = PartialFile(file, on_bytes)
        yield partial
        with scratch_faults_told(partial.size_bytes):  # a file system across the network may tell only now
            file.close()
    except BaseException:
        with suppress(OSError):  # closing writes what is left, onto a disk that may be full
            file.close()
        path.unlink(missing_ok=True)
        raise


@contextmanager
def scratch_faults_told(written_bytes: int) -> Iterator[None]:
    """Turn a disk that is full after `written_bytes` into the worker's error."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise ScratchFullError(
            f"The scratch folder ({SCRATCH_VARIABLE}) is full after {written_bytes} bytes of the recording; raise the"
            " worker's ephemeral-storage request and limit, or mount a larger volume there."
        ) from error
