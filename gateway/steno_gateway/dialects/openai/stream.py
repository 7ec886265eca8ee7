"""``stream=true``: the answer as server-sent events.

Called by `routes`. The worker publishes a transcript once it is whole, so all of its text comes at the end; until
then comments keep the connection alive. What goes wrong once the answer has begun is an event with an ``error``,
which OpenAI's clients raise.
"""

import json
from collections.abc import AsyncIterator
from typing import Any, Final

from fastapi.responses import StreamingResponse
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from steno_gateway.dialects.openai.answers import events_of
from steno_gateway.dialects.openai.errors import error_of
from steno_gateway.dialects.outcome import Awaited, late
from steno_gateway.refusals import problem_of
from steno_types import TranscriptFormat

HEARTBEAT_SECONDS: Final = 15.0
"""Between two comments; below the 60 s after which nginx takes a silent server for dead."""

_COMMENT: Final = b": the transcription goes on\n\n"
_END: Final = b"data: [DONE]\n\n"
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # nginx would keep events back
}


class TranscriptStream(StreamingResponse):
    """The events of one request; leaves the job when it is over, or when the client goes away."""

    def __init__(self, request: Request, awaited: Awaited, *, limit_seconds: float) -> None:
        super().__init__(self._events(), media_type="text/event-stream", headers=_HEADERS)
        self._request = request
        self._awaited = awaited
        self._limit_seconds = limit_seconds
        self._left_seconds = limit_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; a client that goes away ends this before the events are over."""
        async with self._awaited:
            self._awaited.client_gone = True
            await super().__call__(scope, receive, send)

    async def _events(self) -> AsyncIterator[bytes]:
        try:
            yield _COMMENT
            while not await self._look():
                yield _COMMENT
            rendering = await self._awaited.rendering(TranscriptFormat.VERBOSE_JSON)
        except Exception as error:  # noqa: BLE001 -- the status is sent: whatever it is, the client hears of it here
            yield _event({"error": error_of(problem_of(self._request, error))})
        else:
            for event in events_of(rendering):
                yield _event(event)
            yield _END
        self._awaited.client_gone = False

    async def _look(self) -> bool:
        """Wait until the next comment is due; says whether the job is complete."""
        if self._left_seconds <= 0:
            raise late(self._limit_seconds)
        seconds = min(HEARTBEAT_SECONDS, self._left_seconds)
        self._left_seconds -= seconds
        return await self._awaited.look(seconds)


def _event(data: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n".encode()
