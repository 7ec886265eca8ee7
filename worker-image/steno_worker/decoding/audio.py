"""The decoded recording as readers see it, and the thread behind it.

Called by `pipeline` (`start_decoding`); read by engines and by whoever looks for speech. Must not know packets.
"""

import os
import tempfile
import threading
import weakref
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np

from steno_worker.decoding.decoder import decode_into
from steno_worker.decoding.limits import DecodingLimits
from steno_worker.decoding.probing import Source, open_source
from steno_worker.decoding.spool import Spool, SpoolClosedError
from steno_worker.samples import FULL_SCALE, SAMPLE_RATE_HZ, Samples

DEFAULT_LIMITS: Final = DecodingLimits()
"""What is decoded where nobody says otherwise."""


class Audio:
    """A recording on its way from file to samples: read it while it grows, close it in the end.

    An error of the decoder ends every call that is waiting, and every later one: from `read`, `wait` or a property,
    whichever comes first. What was decoded before it cannot be read any more, so that nobody works on in vain.
    """

    def __init__(
        self, spool: Spool, *, stop: "Stop | None" = None, duration_seconds_from_header: float | None = None
    ) -> None:
        self._spool = spool
        self._duration_seconds_from_header = duration_seconds_from_header
        # Called once: by `close`, when nobody holds this any more, or at exit while threads still run.
        self._close = weakref.finalize(self, stop or spool.close)

    def read(self, start: int, end: int) -> Samples:
        """Wait for samples [start, end), offsets in samples at 16 kHz, and give them.

        Returns
        -------
        Samples
            float32, shape (num_samples,), in [-1, 1), mono; short or empty only at the recording's end.

        Raises
        ------
        AudioUndecodableError, AudioTooLongError, OptionUnsupportedError
            Terminal, the user's (exit 65): found while decoding.
        ScratchFullError
            Retryable (exit 75).
        """
        return self._spool.read(start, end)

    def wait(self) -> None:
        """Wait until all is decoded; raises as `read` does."""
        self._spool.wait()

    @property
    def num_samples(self) -> int:
        """Length of the whole at 16 kHz, silence for what is missing included; waits and raises as `wait` does."""
        return self._spool.wait()[0]

    @property
    def duration_seconds(self) -> float:
        """Playing time that was decoded; waits and raises as `wait` does."""
        return self.num_samples / SAMPLE_RATE_HZ

    @property
    def num_decoded(self) -> int:
        """How many samples can be read without waiting."""
        return self._spool.num_readable

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was lost on the way, in sentences for people; waits and raises as `wait` does."""
        return self._spool.wait()[1]

    @property
    def duration_seconds_from_header(self) -> float | None:
        """Playing time by the header or FFmpeg's guess: a claim, for progress until `duration_seconds` is known."""
        return self._duration_seconds_from_header

    @property
    def expected_seconds(self) -> float:
        """Playing time as far as it is known: the header's claim, or what is there already, until all is decoded."""
        is_complete = self._spool.is_complete  # asked first: nothing is added after it is true
        decoded_seconds = self.num_decoded / SAMPLE_RATE_HZ
        return decoded_seconds if is_complete else max(decoded_seconds, self._duration_seconds_from_header or 0.0)

    def close(self) -> None:
        """Stop decoding, remove the spool file; calls that wait, and later ones, raise ValueError."""
        self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(num_decoded={self._spool.num_readable})"


def start_decoding(
    recording: Path, spool: Path, *, limits: DecodingLimits = DEFAULT_LIMITS, channel: int | None = None
) -> Audio:
    """Decode the audio of a recording, of its best stream, into the file `spool` that is made for it.

    Returns as soon as the recording is open; the file may be unlinked from then on. The first sample is where a
    player shows zero: a track that starts late begins with silence.

    Parameters
    ----------
    channel
        0-based, to hear one channel alone; all are mixed without it.

    Raises
    ------
    AudioUndecodableError, NoAudioStreamError, AudioTooLongError, OptionUnsupportedError
        Terminal, the user's (exit 65); what shows only while decoding is raised by the `Audio`.
    ScratchFullError
        Retryable (exit 75).
    """
    stopped = threading.Event()
    source = open_source(recording, limits=limits, channel=channel, stopped=stopped)
    guessed_seconds = source.guessed_seconds
    try:
        samples = Spool(spool)
    except BaseException:
        source.__exit__(None, None, None)
        raise
    thread = threading.Thread(
        target=_decode, args=(samples, source, limits, channel, stopped), name="decoding", daemon=True
    )
    thread.start()
    return Audio(samples, stop=Stop(stopped, thread, samples), duration_seconds_from_header=guessed_seconds)


def audio_of(samples: Samples, folder: Path) -> Audio:
    """Make the `Audio` of samples at hand, spooled in `folder`: rounded to 16 bits as a recording's would be."""
    file, path = tempfile.mkstemp(prefix="samples-", dir=folder)
    os.close(file)
    spool = Spool(Path(path))
    scaled = np.rint(np.asarray(samples, np.float32) * np.float32(FULL_SCALE))
    spool.append(np.clip(scaled, -FULL_SCALE, FULL_SCALE - 1).astype(np.int16))
    spool.finish(())
    return Audio(spool)


class Stop:
    """Ends the thread and removes its file. Holds no `Audio`, which therefore can be forgotten."""

    def __init__(self, stopped: threading.Event, thread: threading.Thread, spool: Spool) -> None:
        self._stopped = stopped
        self._thread = thread
        self._spool = spool

    def __call__(self) -> None:
        """Do so; returns when the thread is gone."""
        self._stopped.set()
        self._spool.close()
        if threading.current_thread() is not self._thread:  # whichever collects garbage may come here
            self._thread.join()


def _decode(
    spool: Spool, source: Source, limits: DecodingLimits, channel: int | None, stopped: threading.Event
) -> None:
    try:
        with source:
            decode_into(spool, source, limits=limits, channel=channel, stopped=stopped)
    except SpoolClosedError:
        pass
    except Exception as error:  # noqa: BLE001  # whatever it is, a reader waits for it
        spool.fail(error)
