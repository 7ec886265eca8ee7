"""A file of samples that one thread writes while others read: raw s16le, mono, 16 kHz, 115 MB an hour.

`audio` makes and closes it, `decoder` writes, readers come through `audio.Audio`. Read with `pread` and not mapped,
so that what was read long ago is the page cache's and not the process's. Must not know where samples come from.
"""

import errno
import os
import threading
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from steno_worker.errors import ScratchFullError
from steno_worker.samples import FULL_SCALE, Samples

Pcm = npt.NDArray[np.int16]
"""int16, shape (num_samples,), mono, 16 kHz: one block on its way to the file."""

_SAMPLE_BYTES: Final = 2
_FLUSH_BYTES: Final = 65_536
"""Two seconds: few enough to follow closely, enough to spare a system call per packet."""

_NO_SPACE: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""The disk, the quota, or the largest file that is allowed here."""


class SpoolClosedError(Exception):
    """The reader has closed the spool: the writer may go home."""


class Spool:
    """Append-only for its writer; readers block until what they ask for is there.

    Silence is a hole in the file and takes no disk.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._changed = threading.Condition()  # guards all below
        self._pending = bytearray()
        self._num_written = 0
        self._complete = False
        self._closed = False
        self._error: Exception | None = None
        self._warnings: tuple[str, ...] = ()
        try:
            self._file = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _translated(error) from error

    def append(self, block: Pcm) -> None:
        """Add samples at the end.

        Raises
        ------
        ScratchFullError
            Retryable (exit 75).
        SpoolClosedError
            Nobody will read them.
        """
        self._pending += block.astype("<i2", copy=False).tobytes()
        if len(self._pending) >= _FLUSH_BYTES:
            self._flush()

    def append_silence(self, num_samples: int) -> None:
        """Add zeros at the end; raises as `append` does."""
        self._flush()
        with self._changed:
            self._check_open()
            try:
                os.ftruncate(self._file, (self._num_written + num_samples) * _SAMPLE_BYTES)
            except OSError as error:
                raise _translated(error) from error
            self._num_written += num_samples
            self._changed.notify_all()

    @property
    def num_appended(self) -> int:
        """What the writer has added, readable or not yet; for the writer."""
        return self._num_written + len(self._pending) // _SAMPLE_BYTES

    def finish(self, warnings: tuple[str, ...]) -> None:
        """Say that all is there; raises as `append` does."""
        self._flush()
        with self._changed:
            self._warnings, self._complete = warnings, True
            self._changed.notify_all()

    def fail(self, error: Exception) -> None:
        """Say that no more will come; every reader gets `error`."""
        with self._changed:
            self._error = error
            self._changed.notify_all()

    @property
    def num_readable(self) -> int:
        """How many samples can be read without waiting."""
        with self._changed:
            return self._num_written

    @property
    def is_complete(self) -> bool:
        """Whether all is there."""
        with self._changed:
            return self._complete

    def wait(self) -> tuple[int, tuple[str, ...]]:
        """Wait for the end; give the number of samples and the warnings.

        Raises
        ------
        Exception
            The one that the writer failed with.
        ValueError
            The spool is closed.
        """
        with self._changed:
            self._wait_for(None)
            return self._num_written, self._warnings

    def read(self, start: int, end: int) -> Samples:
        """Wait for the samples [start, end) and give them; fewer only where the recording ends; raises as `wait`."""
        if not 0 <= start <= end:
            raise ValueError(f"There is no interval of samples [{start}, {end}).")
        with self._changed:
            self._wait_for(end)
            first, last = min(start, self._num_written), min(end, self._num_written)
            body = self._pread((last - first) * _SAMPLE_BYTES, first * _SAMPLE_BYTES)
        return np.frombuffer(body, "<i2").astype(np.float32) / np.float32(FULL_SCALE)

    def close(self) -> None:
        """Remove the file; whoever still reads or writes is told."""
        with self._changed:
            if self._closed:
                return
            self._closed = True
            os.close(self._file)
            self._path.unlink(missing_ok=True)
            self._changed.notify_all()

    def _flush(self) -> None:
        with self._changed:
            self._check_open()
            offset = self._num_written * _SAMPLE_BYTES
            with memoryview(self._pending) as left:
                written = 0
                while written < len(left):
                    try:
                        written += os.pwrite(self._file, left[written:], offset + written)
                    except OSError as error:
                        raise _translated(error) from error
            self._num_written += len(self._pending) // _SAMPLE_BYTES
            self._pending.clear()
            self._changed.notify_all()

    def _check_open(self) -> None:
        if self._closed:
            raise SpoolClosedError

    def _wait_for(self, num_samples: int | None) -> None:
        """Wait until so many are written, or all; an error comes before what could still be read."""

        def over() -> bool:
            enough = num_samples is not None and self._num_written >= num_samples
            return enough or self._complete or self._closed or self._error is not None

        self._changed.wait_for(over)
        if self._closed:
            raise ValueError("The audio is closed.")
        if self._error is not None:
            raise self._error

    def _pread(self, num_bytes: int, offset: int) -> bytearray:
        body = bytearray()
        while len(body) < num_bytes:  # Linux gives at most 2 GiB at once
            part = os.pread(self._file, num_bytes - len(body), offset + len(body))
            if not part:
                raise OSError(errno.EIO, "The spool file is shorter than what was written to it.")
            body += part
        return body


def _translated(error: OSError) -> Exception:
    if error.errno in _NO_SPACE:
        return ScratchFullError(
            "No space is left in the worker's scratch folder for the decoded samples, which take 115 MB an hour."
        )
    return error
