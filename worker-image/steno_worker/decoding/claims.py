"""What a file says of its own length, held against what is there, so that no truncation goes unnoticed.

`probing` reads the claims, `decoder` asks in the end what to warn of. A claim is no promise: it reserves nothing and
refuses nothing. What a container cannot tell (MPEG-TS, ADTS, AMR, whatever was written live) stays unknown.
Must not know how sound is decoded.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, cast

import av
from av.audio.stream import AudioStream
from av.container import InputContainer

from steno_worker.decoding.boxes import caf_chunks, matroska_elements, mp4_boxes, riff_chunks
from steno_worker.decoding.mpeg_audio import MAX_FRAME_BYTES, read_first_frame

TOLERANCE_SECONDS: Final = 0.5
"""Between claim and sound where codecs pad: an MP3 of 8 kHz by up to 0.4 s, containers round besides."""

LOSSLESS_TOLERANCE_SECONDS: Final = 0.01
"""The same where each sample is counted."""

_COUNT_SAMPLES: Final = frozenset({"flac", "aiff", "tta", "wv", "ape"})
_STATE_DURATION: Final = frozenset({"mov", "matroska", "asf", "flv", "mxf", "rm"})
"""The rest state none, and FFmpeg's figure is a guess from the bit rate."""

_UNFILLED_SIZE: Final = 0x7FFF_0000
"""From here on a 32-bit size is what programs write when they cannot seek back: 0xFFFFFFFF, 0x7FFFFFFF or near."""

_MP4_BOXES: Final = frozenset(
    {b"ftyp", b"moov", b"mdat", b"moof", b"free", b"skip", b"wide", b"sidx", b"uuid", b"mfra"}
)
"""What may be cut at the end of an MP4; anything else there is not MP4."""

_RIFF_HEADER_BYTES: Final = 12
_CAF_HEADER_BYTES: Final = 8
_SEGMENT: Final = bytes.fromhex("18538067")
"""Matroska's element around everything but the first header."""

_MAX_OGG_PAGE_BYTES: Final = 65_307
_OGG_HEADER_BYTES: Final = 27
_OGG_END_OF_STREAM: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a file says of its own length."""

    seconds: float | None = None
    """When its sound ends, counted from its start; None where it does not say."""
    tolerance_seconds: float = TOLERANCE_SECONDS
    missing_bytes: int = 0
    """How much of it is not there."""
    size_bytes: int = 0
    """How much is."""
    ends_unmarked: bool = False
    """Whether the mark is absent that stands at the end of such files."""

    def warnings(self, name: str, decoded_seconds: float) -> Iterator[str]:
        """Say in sentences for people what `name`, of which so much could be decoded, lacks."""
        missing_seconds = 0.0 if self.seconds is None else self.seconds - decoded_seconds
        short = missing_seconds > self.tolerance_seconds
        if self.missing_bytes and (short or self.seconds is None):
            of_claimed = f" of {self.seconds:.1f} s" if self.seconds is not None else " s"
            yield (
                f"The recording ({name}) breaks off: {self.missing_bytes:,} of its "
                f"{self.size_bytes + self.missing_bytes:,} bytes are missing; {decoded_seconds:.1f}{of_claimed} "
                "could be decoded."
            )
        elif short:
            yield (
                f"The recording ({name}) claims to last {self.seconds:.1f} s; {decoded_seconds:.1f} s of audio could "
                f"be decoded, {missing_seconds:.1f} s are missing."
            )
        elif self.ends_unmarked:
            yield (
                f"The recording ({name}) lacks its end mark: it may have been cut off after {decoded_seconds:.1f} s."
            )


def claims_of(recording: Path, container: InputContainer, stream: AudioStream) -> Claims:
    """Read what the file says; `container` is the same file, open."""
    format_name = container.format.name.split(",")[0]
    size_bytes = recording.stat().st_size
    with recording.open("rb") as file:
        missing_bytes = missing_bytes_of(file, size_bytes)
        ends_unmarked = format_name == "ogg" and _ends_unmarked(file, size_bytes)
        first_frame = read_first_frame(file) if format_name == "mp3" else None
    if first_frame is not None:
        lacking = (first_frame.end or 0) - size_bytes
        missing_bytes = lacking if lacking > MAX_FRAME_BYTES else 0
        seconds = first_frame.seconds
    elif format_name in _COUNT_SAMPLES | _STATE_DURATION:
        seconds = _stated_seconds(container, stream)
    else:
        seconds = None
    return Claims(
        seconds=seconds,
        tolerance_seconds=LOSSLESS_TOLERANCE_SECONDS if format_name in _COUNT_SAMPLES else TOLERANCE_SECONDS,
        missing_bytes=missing_bytes,
        size_bytes=size_bytes,
        ends_unmarked=ends_unmarked,
    )


def guessed_seconds(container: InputContainer, stream: AudioStream) -> float | None:
    """Give the duration by header or, failing that, by FFmpeg's guess; for progress alone."""
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return container.duration / av.time_base if container.duration is not None else None


def start_seconds_of(container: InputContainer) -> float:
    """Give what the container's clock shows where a player's shows zero."""
    start = cast("int | None", container.start_time)  # None where packets bear no times
    return start / av.time_base if start is not None else 0.0


def missing_bytes_of(file: BinaryIO, size_bytes: int) -> int:
    """Count the bytes that the file's outermost sections promise beyond its end."""
    file.seek(0)
    head = file.read(_RIFF_HEADER_BYTES)
    for fits, end_of in _CONTAINERS:
        if fits(head):
            return max(0, end_of(file, size_bytes) - size_bytes)
    return 0


def _stated_seconds(container: InputContainer, stream: AudioStream) -> float | None:
    """Give when the stream ends by the container's clock, counted from the container's start."""
    if stream.duration is not None and stream.time_base is not None:
        start = float(stream.start_time * stream.time_base) if stream.start_time is not None else 0.0
        return max(0.0, start - start_seconds_of(container)) + float(stream.duration * stream.time_base)
    if (tag := stream.metadata.get("DURATION")) is not None:  # mkvmerge's and FFmpeg's own
        return _seconds_of_tag(tag)
    if any(s.type == "video" for s in container.streams):  # pictures may outlast the sound
        return None
    return container.duration / av.time_base if container.duration is not None else None


def _seconds_of_tag(tag: str) -> float | None:
    """Read ``00:00:05.508000000``."""
    try:
        hours, minutes, seconds = tag.split(":")
        return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    except ValueError:
        return None


def _end_of_wav(file: BinaryIO, size_bytes: int) -> int:
    """Give where the ``data`` chunk ends; the size of the whole is what many programs forget to fill in."""
    large_data_bytes = None
    for chunk in riff_chunks(file, _RIFF_HEADER_BYTES, size_bytes):
        if chunk.name == b"ds64":  # RF64's sizes, since 32 bits do not hold them
            file.seek(chunk.body_start + 8)
            large_data_bytes = int.from_bytes(file.read(8), "little")
        if chunk.name == b"data":
            if chunk.end - chunk.body_start < _UNFILLED_SIZE:
                return chunk.end
            return chunk.body_start + large_data_bytes if large_data_bytes else 0
    return 0


def _end_of_avi(file: BinaryIO, size_bytes: int) -> int:
    """Give where the last of the ``RIFF`` sections ends; one has up to 1 or 2 GB."""
    end = 0
    for section in riff_chunks(file, 0, size_bytes):
        if section.name != b"RIFF" or section.end - section.body_start >= _UNFILLED_SIZE:
            break
        end = section.end
    return end


def _end_of_aiff(file: BinaryIO, size_bytes: int) -> int:
    return next((form.end for form in riff_chunks(file, 0, size_bytes, big_endian=True)), 0)


def _end_of_caf(file: BinaryIO, size_bytes: int) -> int:
    return max((chunk.end for chunk in caf_chunks(file, _CAF_HEADER_BYTES, size_bytes)), default=0)


def _end_of_mp4(file: BinaryIO, size_bytes: int) -> int:
    end = 0
    for box in mp4_boxes(file, 0, size_bytes):
        if box.name not in _MP4_BOXES:
            break
        end = box.end
    return end


def _end_of_matroska(file: BinaryIO, size_bytes: int) -> int:
    elements = matroska_elements(file, 0, size_bytes)
    return next((element.end for element in elements if element.name == _SEGMENT), 0)


_CONTAINERS: Final[tuple[tuple[Callable[[bytes], bool], Callable[[BinaryIO, int], int]], ...]] = (
    (lambda head: head[:4] in {b"RIFF", b"RF64", b"BW64"} and head[8:] == b"WAVE", _end_of_wav),
    (lambda head: head[:4] == b"RIFF" and head[8:] == b"AVI ", _end_of_avi),
    (lambda head: head[:4] == b"FORM", _end_of_aiff),
    (lambda head: head[:4] == b"caff", _end_of_caf),
    (lambda head: head[4:8] in _MP4_BOXES, _end_of_mp4),
    (lambda head: head[:4] == bytes.fromhex("1a45dfa3"), _end_of_matroska),
)
"""Whose head it is, and where such a file should end; 0 where it does not say."""


def _ends_unmarked(file: BinaryIO, size_bytes: int) -> bool:
    """Whether an Ogg file does not end with a whole page that is marked as the last (RFC 3533, section 6)."""
    file.seek(max(0, size_bytes - _MAX_OGG_PAGE_BYTES))
    tail = file.read()
    page = tail[max(0, tail.rfind(b"OggS")) :]
    if len(page) < _OGG_HEADER_BYTES or not page[5] & _OGG_END_OF_STREAM:
        return True
    lengths = page[_OGG_HEADER_BYTES : _OGG_HEADER_BYTES + page[26]]
    return len(page) < _OGG_HEADER_BYTES + page[26] + sum(lengths)
