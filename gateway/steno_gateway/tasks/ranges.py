"""What part of a file is asked for, and whether it is asked for at all: RFC 9110, sections 13 and 14. Pure.

Called by `routes.download`. A file is known by one strong ETag. Single ranges are honoured; several at once, and what
is no range of bytes, are ignored, as the RFC allows, and the whole file is the answer.
"""

import re
from dataclasses import dataclass
from typing import Final

_SINGLE: Final = re.compile(r"bytes=[ \t]*(\d{0,18})-(\d{0,18})[ \t]*", re.ASCII | re.IGNORECASE)
"""One range; positions of more digits than any file has bytes are no range."""

_TAG: Final = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')


class UnsatisfiableError(Exception):
    """The range begins behind the last byte."""


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a file, half-open: [start, end)."""

    start: int
    end: int

    @property
    def size_bytes(self) -> int:
        """How much it is."""
        return self.end - self.start


def requested_span(asked: str | None, condition: str | None, *, etag: str, size_bytes: int) -> Span | None:
    """Say which part of a file is asked for.

    Parameters
    ----------
    asked
        The header Range, if there is one.
    condition
        The header If-Range, if there is one: with another tag, or a date, the whole file is the answer.
    etag, size_bytes
        Of the file; the tag with its quotes.

    Returns
    -------
    Span or None
        None: the whole file.

    Raises
    ------
    UnsatisfiableError
        There are no such bytes.
    """
    # If-Range compares strongly: a weak tag never matches.
    if asked is None or (condition is not None and condition.strip() != etag):
        return None
    found = _SINGLE.fullmatch(asked.strip())
    if found is None:
        return None
    first, last = found.groups()
    if not first and not last:
        return None
    if not first:
        start, end = max(0, size_bytes - int(last)), size_bytes
    else:
        start, end = int(first), min(size_bytes, int(last) + 1 if last else size_bytes)
        if last and int(last) < start:
            return None
    if start >= size_bytes or start >= end:
        raise UnsatisfiableError
    return Span(start, end)


def is_known(if_none_match: str | None, etag: str) -> bool:
    """Whether the client says that it has the file already."""
    if if_none_match is None:
        return False
    return if_none_match.strip() == "*" or etag in _TAG.findall(if_none_match)
