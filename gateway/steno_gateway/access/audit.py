"""The audit log: one line of JSON for every request that may change something, refused ones too.

Around the whole application, outside of all that may refuse a request; also ends what `record` holds for its
duration. A line never has a key, a query, a header, or a byte of a body.
"""

import json
import logging
import sys
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from steno_gateway.access import record
from steno_gateway.access.credentials import is_write
from steno_gateway.access.record import RequestRecord

LOGGER: Final = logging.getLogger("steno_gateway.audit")

PATH_MAX_LENGTH: Final = 200
"""Of a path in the log; whoever sends a longer one means no call of ours."""

_TASK_PARAMETERS: Final = ("task_id", "transcript_id")
"""Of paths: what the REST API and the dialects call a task."""


class Audited:
    """Records every request to an application, and logs those that may change something.

    Parameters
    ----------
    app
        The application.
    now
        The time, aware.
    clock
        Monotonic seconds.
    """

    def __init__(
        self, app: ASGIApp, *, now: Callable[[], datetime], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._app = app
        self._now = now
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        noted = record.begin()
        try:
            if is_write(connection := HTTPConnection(scope)):
                await self._audit(connection, receive, send, noted)
            else:
                await self._app(scope, receive, send)
        finally:
            for end in noted.at_end:
                end()

    async def _audit(self, connection: HTTPConnection, receive: Receive, send: Send, noted: RequestRecord) -> None:
        begun = self._clock()
        size_bytes, status = 0, None

        async def counted() -> Message:
            nonlocal size_bytes
            message = await receive()
            size_bytes += len(message.get("body", b""))
            return message

        async def seen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(connection.scope, counted, seen)
        except Exception:
            status = status or 500  # Starlette answers so, further out
            raise
        finally:
            seconds = round(self._clock() - begun, 3)
            said = self._line(connection, noted) | {"status": status, "bytes": size_bytes, "seconds": seconds}
            LOGGER.info("%s", json.dumps(said, separators=(",", ":")))

    def _line(self, connection: HTTPConnection, noted: RequestRecord) -> dict[str, Any]:
        scope, caller = connection.scope, noted.caller
        named = [scope.get("path_params", {}).get(parameter) for parameter in _TASK_PARAMETERS]
        return {
            "time": self._now().isoformat(timespec="milliseconds"),
            "caller": caller.name if caller else None,
            "namespace": caller.namespace if caller else None,
            "shown_by": noted.shown_by,
            "client": connection.client.host if connection.client else None,
            "method": scope["method"],
            "path": scope["path"][:PATH_MAX_LENGTH],
            "tasks": [*noted.tasks, *(task[:PATH_MAX_LENGTH] for task in named if task)],
        }


def write_lines_to_stdout() -> None:
    """Give the audit log an output of its own: lines that are JSON and nothing besides, whatever the log's level."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(message)s"))
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.INFO)
    LOGGER.propagate = False
