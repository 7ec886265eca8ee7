"""Undo the compression of a body that a server has compressed although it was asked not to.

Used by `url`. Whatever a chunk swells to comes in pieces of bounded size, so that a small body that stands for a
huge one reaches the caller's limit before it fills the memory. One layer of gzip or deflate is undone; a second
layer, and other codings, are refused.
"""

import zlib
from collections.abc import Iterator
from typing import Final

PIECE_BYTES: Final = 1 << 20
"""Most that is inflated at once."""

_HEADERS_DETECTED: Final = zlib.MAX_WBITS | 32
"""zlib's own reading of gzip's or deflate's header."""

_KNOWN: Final = frozenset({"gzip", "x-gzip", "deflate"})
"""Codings that zlib undoes (RFC 9110, section 8.4.1)."""


class Inflater:
    """Inflates one body, chunk by chunk."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(_HEADERS_DETECTED)
        self._begun = False

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        """Walk what `chunk` adds, in pieces of at most `PIECE_BYTES`; `zlib.error` when it is not compressed."""
        rest = chunk
        is_pending = bool(chunk)
        self._begun |= is_pending
        while is_pending:
            if self._member.eof:  # gzip allows several members in a row (RFC 1952, section 2.2)
                self._member = zlib.decompressobj(_HEADERS_DETECTED)
            if piece := self._member.decompress(rest, PIECE_BYTES):
                yield piece
            rest = self._member.unused_data if self._member.eof else self._member.unconsumed_tail
            # A full piece may leave more behind though all input is taken.
            is_pending = bool(rest) or (len(piece) == PIECE_BYTES and not self._member.eof)

    @property
    def is_whole(self) -> bool:
        """Whether the body may end here."""
        return self._member.eof or not self._begun


def inflater_for(content_encoding: str) -> Inflater | None:
    """Give what undoes the coding that a response names; None where there is nothing to undo.

    Raises
    ------
    ValueError
        It is a coding, or a stack of codings, that is not undone.
    """
    codings = [name for part in content_encoding.lower().split(",") if (name := part.strip()) not in {"", "identity"}]
    if not codings:
        return None
    if len(codings) > 1 or codings[0] not in _KNOWN:
        raise ValueError(f"content coding {', '.join(codings)}")
    return Inflater()
