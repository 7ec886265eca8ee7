"""``GET /events``, ``/events/{task_id}`` and ``/ws/{task_id}``: tasks as they change, pushed."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query, Response, WebSocket
from fastapi.responses import StreamingResponse
from starlette.websockets import WebSocketDisconnect

from steno_gateway import problems
from steno_gateway.access.permission import Reader
from steno_gateway.context import Context, ContextDependency
from steno_gateway.openapi import problem_responses
from steno_gateway.problems import ProblemError
from steno_gateway.reads.pushing import RETRY_MILLISECONDS, Pushed, follow_all, follow_task
from steno_gateway.reads.queries import VERSION_PATTERN, EventsQuery
from steno_gateway.routes.tasks import LinksDependency, TaskId, find_job

router = APIRouter(tags=["tasks"])

MEDIA_TYPE: Final = "text/event-stream"
HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""A proxy that gathers a stream before it passes it on makes it useless; nginx heeds the second."""

NORMAL: Final = 1000
GOING_AWAY: Final = 1001
"""WebSocket close codes: the task has ended, or the gateway (RFC 6455, section 7.4.1)."""

LastEventId = Annotated[
    str | None,
    Header(alias="Last-Event-ID", description="The last event that was received; a browser sends it by itself."),
]

_VERSION: Final = re.compile(VERSION_PATTERN)
_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "content": {MEDIA_TYPE: {}},
        "description": "Events `status`, with the document of GET /status as data, and `released`",
    },
    204: {"description": "The task has ended, and the client knows; a browser does not connect again"},
}


@router.get(
    "/events",
    summary="All tasks as they change",
    response_class=StreamingResponse,
    responses={
        **problem_responses(problems.FIELD_UNKNOWN, problems.FIELD_INVALID),
        200: _RESPONSES[200],
    },
)
async def all_events(
    *,
    caller: Reader,
    query: Annotated[EventsQuery, Query()],
    context: ContextDependency,
    links: LinksDependency,
    last_event_id: LastEventId = None,
) -> StreamingResponse:
    """Push every task as server-sent events: first as they are, or what happened since the last event, then on.

    A comment every 15 seconds says that the stream lives. After an event `reset`, which comes where too much happened
    since the last event, all tasks follow as they are.
    """
    known = _known(query, last_event_id)
    followed = follow_all(
        context.reads,
        context.documents,
        caller.namespace,
        links,
        known=int(known) if known is not None else None,
    )
    return StreamingResponse(_spelled(followed), media_type=MEDIA_TYPE, headers=HEADERS)


@router.get(
    "/events/{task_id}",
    summary="A task as it changes",
    response_class=StreamingResponse,
    responses={
        **problem_responses(
            problems.TASK_UNKNOWN, problems.FIELD_UNKNOWN, problems.FIELD_INVALID, problems.API_SERVER_AWAY
        ),
        **_RESPONSES,
    },
)
async def events(
    *,
    task_id: TaskId,
    caller: Reader,
    query: Annotated[EventsQuery, Query()],
    context: ContextDependency,
    links: LinksDependency,
    last_event_id: LastEventId = None,
) -> Response:
    """Push one task as server-sent events, until it has ended or is released.

    A comment every 15 seconds says that the stream lives. A client that connects again with Last-Event-ID hears
    nothing twice.
    """
    known = _known(query, last_event_id)
    job = await find_job(context, caller, task_id)
    if job.status.terminal is not None and job.metadata.resource_version == known:
        return Response(status_code=204)
    followed = follow_task(context.reads, context.documents, job, links, known=known)
    return StreamingResponse(_spelled(followed), media_type=MEDIA_TYPE, headers=HEADERS)


@router.websocket("/ws/{task_id}")
async def socket(
    websocket: WebSocket, task_id: TaskId, caller: Reader, context: ContextDependency, links: LinksDependency
) -> None:
    """Push one task as the messages of a WebSocket: what ``GET /events/{task_id}`` pushes, as JSON."""
    known = _known_by(websocket.query_params.get("last_event_id"), "last_event_id")
    job = await find_job(context, caller, task_id)
    await websocket.accept()
    followed = follow_task(context.reads, context.documents, job, links, known=known)
    pushing = asyncio.create_task(_push(websocket, followed, context), name=f"push of {task_id}")
    leaving = asyncio.create_task(_until_left(websocket), name=f"reader of {task_id}")
    try:
        await asyncio.wait({pushing, leaving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        pushing.cancel()
        leaving.cancel()
        await asyncio.gather(pushing, leaving, return_exceptions=True)


async def _push(websocket: WebSocket, followed: AsyncIterator[Pushed], context: Context) -> None:
    with contextlib.suppress(WebSocketDisconnect):
        async for pushed in followed:
            await websocket.send_text(pushed.as_message())
        await websocket.close(GOING_AWAY if context.reads.ending else NORMAL)


async def _until_left(websocket: WebSocket) -> None:
    """Read until the client goes; what it says is nothing to us."""
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass


async def _spelled(followed: AsyncIterator[Pushed]) -> AsyncIterator[bytes]:
    yield b"retry: %d\n\n" % RETRY_MILLISECONDS
    async for pushed in followed:
        yield pushed.as_server_sent()


def _known(query: EventsQuery, header: str | None) -> str | None:
    """Give the last event that the client has; a browser that connects again says it in the header."""
    return _known_by(header, "Last-Event-ID") or query.last_event_id


def _known_by(told: str | None, field: str) -> str | None:
    if not told:
        return None
    if _VERSION.fullmatch(told) is None:
        raise ProblemError(
            problems.FIELD_INVALID,
            f"{field} is no id of an event.",
            field=field,
            remedy="Send the id of the last event as it was, or leave it out to begin anew.",
        )
    return told
