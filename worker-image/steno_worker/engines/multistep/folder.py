"""The folder in which the package keeps what each step made, and its copy among the checkpoints.

Made by `Multistep.transcribe`, one for each recording: the package names the folder after the recording's file, and
would take another recording of that name for the same one. Only sound results are kept for later attempts. Must not
know what the steps do.

Checkpoints, by name: ``steps/<step>.json``, each the package's own file; or mended, where `steps` says so.
"""

import errno
import tempfile
import wave
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self

import numpy as np

from steno_worker.checkpoints import Checkpoints
from steno_worker.decoding import Audio
from steno_worker.engines.multistep.names import StepName
from steno_worker.engines.multistep.reading import UnsoundError, sound
from steno_worker.errors import ScratchFullError
from steno_worker.samples import FULL_SCALE, SAMPLE_RATE_HZ

WINDOW_SAMPLES: Final = 120 * SAMPLE_RATE_HZ
"""Copied at once: 8 MB."""

_NO_SPACE: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


class StepFolder:
    """What the package made of one recording."""

    def __init__(self, folder: Path, checkpoints: Checkpoints) -> None:
        self.recording = folder / "recording.wav"
        """The recording as the package reads it."""
        self._files = folder / "recording.d"
        self._checkpoints = checkpoints

    @classmethod
    def make(cls, scratch: Path, checkpoints: Checkpoints, pieces: Mapping[str, bytes]) -> Self:
        """Make an empty folder below `scratch`, and put what earlier attempts left into it."""
        made = cls(Path(tempfile.mkdtemp(prefix="multistep-", dir=scratch)), checkpoints)
        made._files.mkdir()
        for name in StepName:
            body = pieces.get(_checkpoint(name))
            if body is not None:
                made.path(name).write_bytes(body)
        return made

    def path(self, name: StepName) -> Path:
        """Say where the package keeps a step's result."""
        return self._files / f"cache.{name}"

    def read(self, name: StepName) -> bytes | None:
        """Read what a step left; None where it left nothing."""
        try:
            return self.path(name).read_bytes()
        except FileNotFoundError:
            return None

    def keep(self, name: StepName, body: bytes) -> bytes:
        """Leave a sound result for later attempts; gives the one that counts, should another attempt run as well."""
        counts = self._checkpoints.put(_checkpoint(name), body)
        try:
            sound(name, counts)
        except UnsoundError:
            counts = body
        self.path(name).write_bytes(counts)
        return counts

    def discard(self, name: StepName) -> None:
        """Remove a result that must not be taken for one."""
        self.path(name).unlink(missing_ok=True)

    def write_recording(self, audio: Audio) -> None:
        """Write all samples as the one kind of file that the package promises to read; waits for the decoder.

        Raises
        ------
        ScratchFullError
            Retryable (exit 75).
        WorkerError
            As `Audio.read`.
        """
        try:
            with wave.open(str(self.recording), "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(SAMPLE_RATE_HZ)
                start = 0
                while len(window := audio.read(start, start + WINDOW_SAMPLES)):
                    pcm = np.clip(np.rint(window * np.float32(FULL_SCALE)), -FULL_SCALE, FULL_SCALE - 1)
                    file.writeframesraw(pcm.astype("<i2").tobytes())
                    start += len(window)
        except OSError as error:
            if error.errno in _NO_SPACE:
                raise ScratchFullError(
                    "No space is left in the worker's scratch folder for the recording as multistep reads it, which "
                    "takes 115 MB an hour."
                ) from error
            raise


def _checkpoint(name: StepName) -> str:
    return f"steps/{name}.json"
