"""Read the first frame of an MP3, where encoders leave how many frames and bytes are to follow.

`claims` asks; FFmpeg knows as well, but drops what it read where the file is shorter. After "MP3 Info Tag" (LAME) and
Fraunhofer's VBRI header.
"""

from dataclasses import dataclass
from typing import BinaryIO, Final

MAX_FRAME_BYTES: Final = 1_441
"""Of MPEG-1 layer III, at 320 kbit/s and 32 kHz; whether an encoder counts its own tag frame is its own affair."""

_ID3_HEADER_BYTES: Final = 10
_ID3_FOOTER_FLAG: Final = 0x10
_SYNC: Final = 0x7FF
_LAYER_3: Final = 1
_MPEG_1: Final = 3
_MPEG_2_5: Final = 0
_MONO: Final = 3
_HAS_FRAMES: Final = 1
_HAS_BYTES: Final = 2
_VBRI_OFFSET: Final = 36
_RATES_HZ: Final = (44_100, 48_000, 32_000)
"""Of MPEG-1; MPEG-2 has half of each, MPEG-2.5 a quarter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstFrame:
    """What it says of the rest."""

    seconds: float | None
    """Playing time of all frames, the encoder's padding included."""
    end: int | None
    """Where the last frame ends, in bytes from the file's start."""


def read_first_frame(file: BinaryIO) -> FirstFrame | None:
    """Find the tag of a whole MP3; None where there is none."""
    start = _end_of_id3(file)
    file.seek(start)
    frame = file.read(MAX_FRAME_BYTES)
    header = int.from_bytes(frame[:4], "big")
    version, layer, rate_index = header >> 19 & 3, header >> 17 & 3, header >> 10 & 3
    if header >> 21 != _SYNC or layer != _LAYER_3 or rate_index >= len(_RATES_HZ):
        return None
    rate_hz = _RATES_HZ[rate_index] >> (0 if version == _MPEG_1 else 2 if version == _MPEG_2_5 else 1)
    frame_seconds = (1152 if version == _MPEG_1 else 576) / rate_hz

    mono = header >> 6 & 3 == _MONO
    side_bytes = (17 if mono else 32) if version == _MPEG_1 else (9 if mono else 17)
    num_frames, num_bytes = _xing(frame[4 + side_bytes :]) or _vbri(frame[_VBRI_OFFSET:]) or (None, None)
    if num_frames is None and num_bytes is None:
        return None
    return FirstFrame(
        seconds=num_frames * frame_seconds if num_frames else None, end=start + num_bytes if num_bytes else None
    )


def _end_of_id3(file: BinaryIO) -> int:
    """Give where the sound begins: behind a tag of any length."""
    file.seek(0)
    head = file.read(_ID3_HEADER_BYTES)
    if len(head) < _ID3_HEADER_BYTES or not head.startswith(b"ID3"):
        return 0
    size = 0
    for byte in head[6:]:  # seven bits each
        size = size << 7 | byte & 0x7F
    return _ID3_HEADER_BYTES + size + (_ID3_HEADER_BYTES if head[5] & _ID3_FOOTER_FLAG else 0)


def _xing(tag: bytes) -> tuple[int | None, int | None] | None:
    if tag[:4] not in {b"Xing", b"Info"}:
        return None
    flags = int.from_bytes(tag[4:8], "big")
    num_frames = int.from_bytes(tag[8:12], "big") if flags & _HAS_FRAMES else None
    at = 12 if flags & _HAS_FRAMES else 8
    return num_frames, int.from_bytes(tag[at : at + 4], "big") if flags & _HAS_BYTES else None


def _vbri(tag: bytes) -> tuple[int | None, int | None] | None:
    if not tag.startswith(b"VBRI"):
        return None
    return int.from_bytes(tag[14:18], "big"), int.from_bytes(tag[10:14], "big")
