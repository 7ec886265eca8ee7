"""What the routes about one task share: its id, the job behind it, the links to it."""

import re
from typing import Annotated, Final

from fastapi import Depends, Path
from starlette.requests import HTTPConnection

from steno_gateway.access.caller import Caller
from steno_gateway.context import Context
from steno_gateway.problems import unknown_task
from steno_gateway.responses import TASK_ID
from steno_gateway.tasks.views import Links
from steno_kube import ResourceNotFoundError
from steno_types import NAME_MAX_LENGTH, NAME_PATTERN, TranscriptionJob

# The dependencies are asynchronous, or FastAPI would send every request to a thread for each of them.

_NAME: Final = re.compile(NAME_PATTERN)


async def _task_id(
    task_id: Annotated[str, Path(description="The task, as POST /transcribe named it.", examples=[TASK_ID])],
) -> str:
    """Refuse what can be no job's name, before anyone is asked for it."""
    if len(task_id) > NAME_MAX_LENGTH or _NAME.fullmatch(task_id) is None:
        raise unknown_task(task_id)
    return task_id


async def _links(connection: HTTPConnection) -> Links:
    return Links(connection.scope.get("root_path", ""))


async def _fresh(connection: HTTPConnection) -> bool:
    return "no-cache" in connection.headers.get("Cache-Control", "").lower()


TaskId = Annotated[str, Depends(_task_id)]
"""A task's id out of the path, shaped like one."""

LinksDependency = Annotated[Links, Depends(_links)]
"""Paths of the API as this request's client reaches them."""


Fresh = Annotated[bool, Depends(_fresh)]
"""Whether the client takes nothing from a cache (RFC 9111, section 5.2.1.4)."""


async def find_job(context: Context, caller: Caller, task_id: str, *, fresh: bool = False) -> TranscriptionJob:
    """Read the task's job, if need be afresh; one that is being released is not to be seen any more."""
    try:
        return await context.reads.get(caller.namespace, task_id, fresh=fresh)
    except ResourceNotFoundError as error:
        raise unknown_task(task_id) from error
