"""Read ``multipart/form-data`` (RFC 7578) as it arrives, holding no more than one chunk of it.

`submit` feeds it what the client sends and takes what it means: where a part begins, bytes of it, where it ends.
Starlette's own ``request.form()`` would write a recording to the container's disk first.

Knows the format alone; must not know which parts are expected.
"""

from dataclasses import dataclass
from typing import Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from steno_gateway import problems
from steno_gateway.problems import ProblemError

MEDIA_TYPE: Final = "multipart/form-data"

BOUNDARY_MAX_LENGTH: Final = 70
"""Of a boundary (RFC 2046, section 5.1.1)."""

MAX_PARTS: Final = 128
"""Parts in one form; more than the file, the options there are and the longest list, one part for each of it."""

_TRANSPARENT_ENCODINGS: Final = frozenset({b"", b"7bit", b"8bit", b"binary"})
"""Content-Transfer-Encodings that leave the bytes as they are; RFC 7578 (section 4.7) deprecates all others."""


@dataclass(frozen=True, slots=True)
class PartBegins:
    """The headers of a part are read."""

    name: str
    file_name: str | None
    """As the client gave it: not to be trusted."""


@dataclass(frozen=True, slots=True)
class PartData:
    """Bytes of the part that began last."""

    data: bytes


@dataclass(frozen=True, slots=True)
class PartEnds:
    """The part that began last is whole."""


FormEvent = PartBegins | PartData | PartEnds


class FormReader:
    """Turns the chunks of one body into events."""

    def __init__(self, content_type: str) -> None:
        boundary = _boundary(content_type)
        self._events: list[FormEvent] = []
        self._headers: dict[bytes, bytes] = {}
        self._header_name = bytearray()
        self._header_value = bytearray()
        self._parts = 0
        self._ended = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._on_part_begin,
                "on_header_field": self._on_header_field,
                "on_header_value": self._on_header_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_headers_finished,
                "on_part_data": self._on_part_data,
                "on_part_end": self._on_part_end,
                "on_end": self._on_end,
            },
        )

    def feed(self, chunk: bytes) -> list[FormEvent]:
        """Take the next bytes of the body; gives what they complete."""
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise _malformed(f"The form is malformed: {error}.") from error
        events, self._events = self._events, []
        return events

    def finish(self) -> None:
        """Say that the body is over; raises unless the form is whole."""
        if not self._ended:
            raise _malformed("The form ends before its closing boundary.")

    def _on_part_begin(self) -> None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise _malformed(f"The form has more than {MAX_PARTS} parts.")
        self._headers = {}

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _on_header_end(self) -> None:
        self._headers[bytes(self._header_name).lower()] = bytes(self._header_value)
        self._header_name.clear()
        self._header_value.clear()

    def _on_headers_finished(self) -> None:
        disposition, parameters = parse_options_header(_text(self._headers.get(b"content-disposition", b"")))
        name = parameters.get(b"name")
        if disposition != b"form-data" or name is None:
            raise _malformed("A part of the form has no Content-Disposition: form-data with a name.")
        encoding = self._headers.get(b"content-transfer-encoding", b"").strip().lower()
        if encoding not in _TRANSPARENT_ENCODINGS:
            raise _malformed(f"The part {_utf8(name)!r} is encoded as {_utf8(encoding)}; send its bytes as they are.")
        file_name = parameters.get(b"filename")
        self._events.append(PartBegins(_utf8(name), None if file_name is None else _utf8(file_name)))

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        self._events.append(PartData(data[start:end]))

    def _on_part_end(self) -> None:
        self._events.append(PartEnds())

    def _on_end(self) -> None:
        self._ended = True


def _boundary(content_type: str) -> bytes:
    _, parameters = parse_options_header(content_type)
    boundary = parameters.get(b"boundary", b"")
    if not boundary:
        raise _malformed("The Content-Type of the form names no boundary.", field="Content-Type")
    if len(boundary) > BOUNDARY_MAX_LENGTH:
        raise _malformed(
            f"The form's boundary is longer than {BOUNDARY_MAX_LENGTH} characters.", field="Content-Type"
        )
    return boundary


def _malformed(detail: str, *, field: str | None = None) -> ProblemError:
    return ProblemError(
        problems.BODY_MALFORMED,
        detail,
        field=field,
        remedy="Let an HTTP client build the form, for example: curl -F file=@recording.wav.",
    )


def _text(header: bytes) -> str:
    return header.decode("latin-1")


def _utf8(value: bytes) -> str:
    """Read what browsers and curl send as UTF-8 (RFC 7578, section 5.1), whatever it is."""
    return value.decode("utf-8", errors="replace")
