"""Packets of one stream to samples in the spool, in order and at their time.

`audio` runs it in a thread of its own. Whatever is damaged or absent becomes silence of its length, so that what
follows keeps its time, and is said in the warnings. Must not know who reads.
"""

import threading
from collections.abc import Iterable, Iterator
from typing import Final

from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.error import FFmpegError
from av.packet import Packet

from steno_worker.decoding.claims import start_seconds_of
from steno_worker.decoding.limits import DecodingLimits
from steno_worker.decoding.mixing import Mixer
from steno_worker.decoding.probing import Source, too_long
from steno_worker.decoding.spool import Pcm, Spool
from steno_worker.decoding.timeline import MAX_GAP_OF_BROADCAST_SECONDS, MAX_GAP_SECONDS, Timeline
from steno_worker.errors import AudioUndecodableError
from steno_worker.samples import SAMPLE_RATE_HZ

MAX_PACKET_SILENCE_SECONDS: Final = 10.0
"""Most silence for one damaged packet, whatever it claims; the longest real ones, of APE, last 7 s at 44.1 kHz."""

_STORE_TIMES: Final = frozenset({"mov", "matroska", "mpegts", "mpeg", "flv", "asf", "ogg", "mxf", "rm"})
"""Containers that store a time with their packets."""

_CLOCK_JUMPS: Final = frozenset({"mpegts", "mpeg"})
"""Those whose clock is known to be set anew on the way."""


def decode_into(
    spool: Spool, source: Source, *, limits: DecodingLimits, channel: int | None, stopped: threading.Event
) -> None:
    """Decode all of `source`; returns early when `stopped`.

    Raises
    ------
    AudioUndecodableError, AudioTooLongError, OptionUnsupportedError
        Terminal, the user's (exit 65).
    ScratchFullError
        Retryable (exit 75).
    """
    decoding = _Decoding(spool, source, limits, channel)
    for packet in decoding.packets():
        if stopped.is_set():
            return
        decoding.take(packet)
    decoding.finish()


class _Decoding:
    def __init__(self, spool: Spool, source: Source, limits: DecodingLimits, channel: int | None) -> None:
        self._spool = spool
        self._source = source
        self._limits = limits
        self._mixer = Mixer(channel)
        self._timeline = _timeline_of(source)
        self._seconds = 0.0  # what was fed; the spool lags behind by what the resampler holds
        self._heard = False
        self._num_damaged = 0
        self._breaks_off = False

    def packets(self) -> "Iterator[Packet[AudioStream]]":
        packets = self._source.container.demux(self._source.stream)
        while True:
            try:
                packet = next(packets, None)
            except FFmpegError:  # the demuxer has lost its way for good: the file is cut off or damaged here
                self._breaks_off = True
                return
            except IndexError:  # PyAV, at the very end, of streams that showed up only on the way
                return
            if packet is None:
                return
            yield packet

    def take(self, packet: "Packet[AudioStream]") -> None:
        try:
            frames = packet.decode()
        except FFmpegError:
            self._take_for_silence(packet)
            return
        for frame in frames:
            self._take_frame(frame)

    def finish(self) -> None:
        self._write(self._mixer.drain())
        if not self._heard:
            raise AudioUndecodableError(f"Not one sample of the recording ({self._source.name}) could be decoded.")
        self._spool.finish(tuple(self._warnings(self._spool.num_appended / SAMPLE_RATE_HZ)))

    def _take_frame(self, frame: AudioFrame) -> None:
        limits = self._limits
        if (
            not limits.min_source_rate_hz <= frame.sample_rate <= limits.max_source_rate_hz
            or not 1 <= frame.layout.nb_channels <= limits.max_channels
        ):
            self._num_damaged += 1  # the stream was checked: it is this frame that lies
            return
        if self._timeline is not None and frame.time is not None:
            self._insert_silence(self._timeline.silence_before(frame.time, self._seconds))
        self._advance(frame.samples / frame.sample_rate)
        try:
            self._write(self._mixer.feed(frame))
        except (FFmpegError, ValueError) as error:
            raise AudioUndecodableError(
                f"The recording ({self._source.name}) has {frame.layout.name} at {frame.sample_rate:,} Hz in "
                f"{frame.format.name}, which FFmpeg cannot resample."
            ) from error
        self._heard = True

    def _take_for_silence(self, packet: "Packet[AudioStream]") -> None:
        self._num_damaged += 1
        claimed_seconds = float((packet.duration or 0) * packet.time_base)
        self._insert_silence(min(max(0.0, claimed_seconds), MAX_PACKET_SILENCE_SECONDS))

    def _insert_silence(self, seconds: float) -> None:
        if seconds:
            self._write(self._mixer.drain())
            self._advance(seconds)
            self._spool.append_silence(max(0, round(self._seconds * SAMPLE_RATE_HZ) - self._spool.num_appended))

    def _advance(self, seconds: float) -> None:
        """Count before anything is made of it: a few bytes may stand for hours."""
        self._seconds += seconds
        if self._seconds > self._limits.max_seconds + 0.5 / SAMPLE_RATE_HZ:  # so many sums are not exact
            raise too_long(self._source.name, self._limits)

    def _write(self, blocks: Iterable[Pcm]) -> None:
        for block in blocks:
            self._spool.append(block)

    def _warnings(self, decoded_seconds: float) -> Iterator[str]:
        name = self._source.name
        if self._num_damaged:
            yield f"{self._num_damaged} damaged packets of the recording ({name}) were taken for silence."
        if self._breaks_off:
            yield f"The recording ({name}) cannot be read beyond {decoded_seconds:.1f} s: it is damaged there."
        if self._timeline is not None and self._timeline.num_gaps:
            yield (
                f"The recording ({name}) has {self._timeline.num_gaps} gaps, {self._timeline.gap_seconds:.1f} s in "
                "all, which were taken for silence."
            )
        if self._timeline is not None and self._timeline.num_jumps:
            yield (
                f"The clock of the recording ({name}) jumps {self._timeline.num_jumps} times; from there on times "
                "count the sound alone."
            )
        yield from self._source.claims.warnings(name, decoded_seconds)


def _timeline_of(source: Source) -> Timeline | None:
    if source.format_name not in _STORE_TIMES:
        return None
    return Timeline(
        start_seconds=start_seconds_of(source.container),
        max_gap_seconds=MAX_GAP_OF_BROADCAST_SECONDS if source.format_name in _CLOCK_JUMPS else MAX_GAP_SECONDS,
    )
