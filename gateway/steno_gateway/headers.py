"""Headers: those of security on every response, and those that pages of other sites may send and read.

Plain ASGI: Starlette's own middleware base class would stand between the server and a streamed body.
"""

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}
"""Transcripts are other people's words: no browser may guess them to be a page, frame them or tell where they lay."""

TAKEN: Final = (
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-None-Match",
    "If-Range",
    "Last-Event-ID",
    "Range",
)
"""What a page of another site may send, where any may call."""

EXPOSED: Final = (
    "Accept-Ranges",
    "Content-Disposition",
    "Content-Range",
    "ETag",
    "Idempotent-Replay",
    "Idempotency-Replayed",
    "Location",
    "Retry-After",
)
"""What such a page may read of an answer, beside what every page may."""


class SecurityHeaders:
    """Adds `HEADERS` to every response of an application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does, with the headers added."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self._app(scope, receive, send_with_headers)
