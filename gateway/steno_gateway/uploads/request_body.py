"""A request's body as it arrives: bounded in size, in how long it may pause, and in how slowly it may come.

Wraps Starlette's stream for `receiving`, `submit` and the dialects. What is not read stays with the client: the
server stops reading its connection, and throws the rest away once an answer is sent.

Two clocks stand against clients that hold memory without need. One is wound up by every byte: after `idle_seconds`
without any the request is over. The other counts only the time that is spent waiting for the client, never that which
the store takes: whenever `WINDOW_SECONDS` of it have passed, `SLOWEST_BYTES_PER_SECOND` must have come meanwhile. So
one that drips a byte every 59 s is refused within two minutes, and one whose every minute carries a little may go on.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Final

from starlette.requests import Request

from steno_gateway import problems
from steno_gateway.problems import ProblemError

WINDOW_SECONDS: Final = 60.0
"""Of waiting for the client, over which its rate is measured: long enough for a train in a tunnel."""

SLOWEST_BYTES_PER_SECOND: Final = 4096
"""Least rate that is waited for: 32 kbit/s, which is what speech in Opus needs (RFC 7587, section 3.1.1: 16 to 40
kbit/s); who sends more slowly than people speak will hardly send the end."""


class RequestBody:
    """The bytes of one request.

    Parameters
    ----------
    max_bytes
        More are refused: at once where the request says how many it has, else when they come.
    idle_seconds
        For which nothing may come.
    clock
        Monotonic seconds.
    """

    def __init__(
        self,
        request: Request,
        *,
        max_bytes: int,
        idle_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._chunks = aiter(request.stream())
        self._max_bytes = max_bytes
        self._idle_seconds = idle_seconds
        self._clock = clock
        self._waited_seconds = 0.0
        self._window_bytes = 0
        self.size_bytes = 0
        """Bytes read so far."""
        claimed = request.headers.get("Content-Length", "")
        if claimed.isdecimal() and int(claimed) > max_bytes:
            raise self._too_large()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        """Read the next chunk; `ClientDisconnect` when the client is gone."""
        began = self._clock()
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
        self._keep_pace(len(chunk), self._clock() - began)
        return chunk

    async def read(self) -> bytes:
        """Read it whole."""
        return b"".join([chunk async for chunk in self])

    def _keep_pace(self, size_bytes: int, waited_seconds: float) -> None:
        self._window_bytes += size_bytes
        self._waited_seconds += waited_seconds
        if self._waited_seconds < WINDOW_SECONDS:
            return
        if self._window_bytes < SLOWEST_BYTES_PER_SECOND * self._waited_seconds:
            raise ProblemError(
                problems.BODY_SLOW,
                f"{self._window_bytes} bytes came in the last {self._waited_seconds:.0f} seconds; "
                f"at least {SLOWEST_BYTES_PER_SECOND} are waited for in each.",
                remedy="Send the request again over a faster connection, or a smaller encoding of the recording.",
                headers={"Connection": "close"},
            )
        self._waited_seconds = 0.0
        self._window_bytes = 0

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
