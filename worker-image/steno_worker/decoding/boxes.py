"""Walk a file that is made of sections, each with a name and a length: RIFF, AIFF, CAF, MP4, Matroska.

`claims` and `encryption` read with it what FFmpeg does not hand on. A stranger wrote the lengths: nothing is read or
reserved by them, and the walk is bounded. Must not know what the sections mean.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

MAX_SECTIONS: Final = 1_000_000
"""After so many a walk gives up: 12 hours of MP4 in fragments of a tenth of a second have as many."""

_SIZE_OF_LARGE_BOX: Final = 1
_EBML_ID_BYTES: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One section; half-open, in bytes from the file's start."""

    name: bytes
    body_start: int
    end: int
    """Where its own header says that it ends, be it beyond the end of the file."""


def riff_chunks(file: BinaryIO, start: int, end: int, *, big_endian: bool = False) -> Iterator[Section]:
    """Walk chunks of RIFF or, with `big_endian`, of AIFF: name, 32-bit size, body padded to an even length."""
    position = start
    for _ in range(MAX_SECTIONS):
        if (header := _read(file, position, 8, end)) is None:
            return
        size = int.from_bytes(header[4:], "big" if big_endian else "little")
        yield Section(name=header[:4], body_start=position + 8, end=position + 8 + size)
        position += 8 + size + size % 2


def caf_chunks(file: BinaryIO, start: int, end: int) -> Iterator[Section]:
    """Walk chunks of Apple's CAF: name, signed 64-bit size, body. Size -1 reaches to the end of the file."""
    position = start
    for _ in range(MAX_SECTIONS):
        if (header := _read(file, position, 12, end)) is None:
            return
        size = int.from_bytes(header[4:], "big", signed=True)
        if size < 0:
            return
        yield Section(name=header[:4], body_start=position + 12, end=position + 12 + size)
        position += 12 + size


def mp4_boxes(file: BinaryIO, start: int, end: int) -> Iterator[Section]:
    """Walk boxes of MP4: 32-bit size of the whole, name, body. Size 0 reaches to `end`, 1 is followed by 64 bits."""
    position = start
    for _ in range(MAX_SECTIONS):
        if (header := _read(file, position, 8, end)) is None:
            return
        size, header_bytes = int.from_bytes(header[:4], "big"), 8
        if size == _SIZE_OF_LARGE_BOX:
            if (large := _read(file, position + 8, 8, end)) is None:
                return
            size, header_bytes = int.from_bytes(large, "big"), 16
        elif size == 0:
            size = end - position
        if size < header_bytes:
            return
        yield Section(name=header[4:], body_start=position + header_bytes, end=position + size)
        position += size


def matroska_elements(file: BinaryIO, start: int, end: int) -> Iterator[Section]:
    """Walk Matroska's topmost elements, whose ids have four bytes; stops where a length is not known."""
    position = start
    for _ in range(MAX_SECTIONS):
        if (head := _read(file, position, _EBML_ID_BYTES + 1, end)) is None:
            return
        length_bytes = 9 - head[-1].bit_length()  # as many as there are zeros before its first one, and one more
        length = _read(file, position + _EBML_ID_BYTES, length_bytes, end)
        if head[-1] == 0 or length is None:
            return
        mask = (1 << 7 * length_bytes) - 1
        size = int.from_bytes(length, "big") & mask
        if size == mask:  # all ones: written live, the length was never filled in
            return
        body = position + _EBML_ID_BYTES + length_bytes
        yield Section(name=head[:_EBML_ID_BYTES], body_start=body, end=body + size)
        position = body + size


def _read(file: BinaryIO, position: int, num_bytes: int, end: int) -> bytes | None:
    """Read a header; None where it is cut off."""
    if position + num_bytes > end:
        return None
    file.seek(position)
    header = file.read(num_bytes)
    return header if len(header) == num_bytes else None
