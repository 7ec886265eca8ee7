"""A request's body as it arrives: bounded in size, and in how long it may pause.

Wraps Starlette's stream for `submit`. What is not read stays with the client: the server stops reading its
connection, and throws the rest away once an answer is sent.
"""

import asyncio
from collections.abc import AsyncIterator

from starlette.requests import Request

from steno_gateway import problems
from steno_gateway.problems import ProblemError


class RequestBody:
    """The bytes of one request."""

    def __init__(self, request: Request, *, max_bytes: int, idle_seconds: float) -> None:
        self._chunks = aiter(request.stream())
        self._max_bytes = max_bytes
        self._idle_seconds = idle_seconds
        self.size_bytes = 0
        """Bytes read so far."""
        claimed = request.headers.get("Content-Length", "")
        if claimed.isdecimal() and int(claimed) > max_bytes:
            raise self._too_large()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        """Read the next chunk; `ClientDisconnect` when the client is gone."""
        try:
            async with asyncio.timeout(self._idle_seconds):
                chunk = await anext(self._chunks)
        except TimeoutError as error:
            raise ProblemError(
                problems.BODY_IDLE,
                f"Nothing came for {self._idle_seconds:g} seconds.",
                remedy="Send the request again over a connection that does not pause as long.",
                headers={"Connection": "close"},
            ) from error
        self.size_bytes += len(chunk)
        if self.size_bytes > self._max_bytes:
            raise self._too_large()
        return chunk

    async def read(self) -> bytes:
        """Read it whole."""
        return b"".join([chunk async for chunk in self])

    def _too_large(self) -> ProblemError:
        return ProblemError(
            problems.BODY_TOO_LARGE,
            f"The body is larger than {self._max_bytes} bytes.",
            remedy="Split or compress the recording, or put it into S3 and send its key.",
        )


def empty_body() -> ProblemError:
    """Say that nothing was sent."""
    return ProblemError(
        problems.BODY_EMPTY,
        "The request has no body.",
        remedy='Send a form with the part "file", or JSON with "s3".',
    )
