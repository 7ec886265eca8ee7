"""A client's connection, until a request's headers are whole: bounded in size and time.

Used by `server` as uvicorn's protocol: the C parser that uvicorn has for speed puts no limit on either, so that one
client could fill the memory with headers, or keep thousands of connections open with a byte now and then. What
follows the headers is `uploads.request_body`'s to bound. What is refused here never reached the application.
"""

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from steno_gateway import problems
from steno_gateway.problems import MEDIA_TYPE, ProblemError

HEADERS_MAX_BYTES: Final = 64 << 10
"""Of a request's line and headers together; nginx takes 32 KiB, and our longest header is a key."""


class BoundedConnection(HttpToolsProtocol):
    """One connection.

    Parameters
    ----------
    named
        What uvicorn gives every protocol.
    headers_seconds
        From a request's first byte, or the opening of the connection, to the end of the headers.
    """

    def __init__(self, *, headers_seconds: float, **named: Any) -> None:
        super().__init__(**named)
        self._headers_seconds = headers_seconds
        self._head_bytes = 0
        self._head_ends = False
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """Begin to wait for headers."""
        super().connection_made(transport)
        self._expect_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._expect_nothing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Let the parser read on, unless its headers are too large by then."""
        self._head_ends = False
        super().data_received(data)
        # Bytes that end headers may begin a body; at most one read of them goes uncounted.
        if self._deadline is None or self._head_ends or self.transport.is_closing():
            return
        self._head_bytes += len(data)
        if self._head_bytes > HEADERS_MAX_BYTES:
            self._refuse(
                ProblemError(
                    problems.HEADERS_TOO_LARGE,
                    f"The request's headers are larger than {HEADERS_MAX_BYTES} bytes.",
                    remedy="Leave out what Steno does not read; a proxy on the way may add cookies of other sites.",
                )
            )

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        if self._deadline is None:
            self._expect_headers()

    def on_headers_complete(self) -> None:
        """Hand the request to the application."""
        self._head_ends = True
        self._expect_nothing()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP; `msg` is uvicorn's."""
        self._refuse(
            ProblemError(
                problems.REQUEST_MALFORMED, msg, remedy="Let an HTTP client build the request, curl for example."
            )
        )

    def _expect_headers(self) -> None:
        self._head_bytes = 0
        self._deadline = self.loop.call_later(self._headers_seconds, self._on_late)

    def _expect_nothing(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _on_late(self) -> None:
        self._deadline = None
        self._refuse(
            ProblemError(
                problems.HEADERS_LATE,
                f"The request's headers were not there after {self._headers_seconds:g} seconds.",
                remedy="Send the request again, all of its headers at once.",
            )
        )

    def _refuse(self, problem: ProblemError) -> None:
        """Answer in the application's stead, and hang up."""
        self._expect_nothing()
        body = problem.document().model_dump_json().encode()
        self.transport.write(
            STATUS_LINE[problem.kind.status]
            + f"content-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n".encode()
            + body
        )
        self.transport.close()
