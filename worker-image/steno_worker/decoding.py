"""Decode any recording to the samples that engines want.

Called by `pipeline` on the fetched file. FFmpeg (by PyAV) reads it block by block; `decode` joins the blocks. The
file's bytes are a stranger's: only containers that hold media themselves are accepted, and no demuxer may open
anything besides this one file, so that a playlist cannot reach for the pod's files or network.

Must not know stores, jobs or engines.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet

from steno_worker.errors import AudioUndecodableError, NoAudioStreamError
from steno_worker.samples import SAMPLE_RATE_HZ, Samples, duration_seconds

CONTAINERS: Final = (
    "aac,ac3,aiff,amr,amrnb,amrwb,ape,asf,au,avi,caf,dts,eac3,flac,flv,gsm,loas,matroska,mov,mp3,mpeg,mpegts,mxf,"
    "ogg,rm,tta,voc,w64,wav,webm,wv"
)
"""FFmpeg's names of the accepted containers; playlists (hls, dash, concat, sdp), pictures and subtitles are none."""

_OPTIONS: Final = {"format_whitelist": CONTAINERS, "protocol_whitelist": "none"}
"""The recording itself is read through a Python file object, for which no protocol is needed."""

HEADER_TOLERANCE_SECONDS: Final = 1.0
"""Difference between header and decoded audio that codec delay and a container's rounding explain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audio:
    """A decoded recording."""

    samples: Samples
    """Never empty."""
    warnings: tuple[str, ...]
    """What was lost on the way, in sentences for people."""

    @property
    def duration_seconds(self) -> float:
        """Playing time that was decoded; the header's claim may differ."""
        return duration_seconds(self.samples)


def decode(recording: Path) -> Audio:
    """Decode the audio of a whole recording: of its best stream, mixed down to mono.

    Damaged packets become silence of their length, and are said in the warnings.

    Raises
    ------
    AudioUndecodableError, NoAudioStreamError
        Terminal, the user's (exit 65).

    Notes
    -----
    Holds all samples at once: 230 MB an hour (16,000 float32 a second).
    """
    if recording.stat().st_size == 0:
        raise AudioUndecodableError("The recording is an empty file.")
    with recording.open("rb") as file:
        try:
            container = av.open(file, mode="r", options=_OPTIONS, metadata_errors="ignore")
        except av.error.ArgumentError as error:  # what the whitelist of formats answers
            raise AudioUndecodableError(
                "The recording is a playlist, a picture, or in no container known."
            ) from error
        except (FFmpegError, ValueError) as error:
            raise AudioUndecodableError("The recording is no audio or video file, or its head is damaged.") from error
        with container:
            return _decode_best_stream(container)


def _decode_best_stream(container: InputContainer) -> Audio:
    # FFmpeg calls no stream the best whose form it could not find out.
    stream = container.streams.best("audio") or next(iter(container.streams.audio), None)
    if not isinstance(stream, AudioStream):
        others = ", ".join(f"{s.type} ({s.codec_context.name})" for s in container.streams)
        raise NoAudioStreamError(
            f"The recording ({container.format.name}) holds {others or 'no stream'} and no audio."
        )
    name = f"{container.format.name}, {stream.codec_context.name}"
    blocks = _Blocks(container, stream)
    samples = np.concatenate([np.zeros(0, np.float32), *blocks])
    if not len(samples):
        raise AudioUndecodableError(f"Not one sample of the recording ({name}) could be decoded.")
    warnings = []
    if blocks.damaged:
        warnings.append(f"{blocks.damaged} damaged packets of the recording ({name}) were taken for silence.")
    from_header = _duration_seconds_from_header(container, stream)
    if from_header is not None and from_header - duration_seconds(samples) > HEADER_TOLERANCE_SECONDS:
        warnings.append(
            f"The recording ({name}) claims to last {from_header:.1f} s; "
            f"{duration_seconds(samples):.1f} s of audio could be decoded."
        )
    return Audio(samples=samples, warnings=tuple(warnings))


def _duration_seconds_from_header(container: InputContainer, stream: AudioStream) -> float | None:
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return container.duration / av.time_base if container.duration is not None else None


class _Blocks:
    """The blocks of one stream's samples in order; counts the packets that it could not decode."""

    def __init__(self, container: InputContainer, stream: AudioStream) -> None:
        self._container = container
        self._stream = stream
        self.damaged = 0

    def __iter__(self) -> Iterator[Samples]:
        resampler, heard = _new_resampler(), None
        for packet in self._packets():
            try:
                frames = packet.decode()
            except FFmpegError:
                self.damaged += 1
                yield _silence(packet)
                continue
            for frame in frames:
                form = (frame.format.name, frame.layout.name, frame.sample_rate)
                if heard not in {None, form}:  # a stream may change on the way, as concatenated MP3s do
                    yield from _drain(resampler, None)
                    resampler = _new_resampler()
                heard = form
                frame.pts = None  # gaps and jumps of the clock are none of the resampler's business
                yield from _drain(resampler, frame)
        if heard is not None:
            yield from _drain(resampler, None)

    def _packets(self) -> "Iterator[Packet[AudioStream]]":
        try:
            yield from self._container.demux(self._stream)
        except FFmpegError:  # the demuxer has lost its way for good: the file is cut off or damaged here
            self.damaged += 1


def _new_resampler() -> AudioResampler:
    # s16 like Whisper's own loader: to floats FFmpeg mixes many channels down without keeping them within [-1, 1].
    return AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE_HZ)


def _drain(resampler: AudioResampler, frame: AudioFrame | None) -> Iterator[Samples]:
    for resampled in resampler.resample(frame):
        yield resampled.to_ndarray().reshape(-1).astype(np.float32) / np.float32(32768)


def _silence(packet: "Packet[AudioStream]") -> Samples:
    """Stand in for a packet that cannot be decoded, so that what follows keeps its time."""
    seconds = float(packet.duration * packet.time_base) if packet.duration else 0.0
    return np.zeros(round(seconds * SAMPLE_RATE_HZ), np.float32)
