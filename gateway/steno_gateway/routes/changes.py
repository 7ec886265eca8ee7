"""``POST /cancel``, ``/suspend``, ``/resume`` and ``PATCH /jobs``: change what may be changed of a task.

What is done to a task is a call of its own; what is set on it, its priority and its expiration, is patched.
"""

from typing import Any, Final

from fastapi import APIRouter, Request

from steno_gateway import problems
from steno_gateway.access.caller import Caller
from steno_gateway.access.permission import Writer
from steno_gateway.context import Context, ContextDependency
from steno_gateway.openapi import CHANGE_BODY, problem_responses
from steno_gateway.problems import unknown_task
from steno_gateway.requests import parse_change
from steno_gateway.responses import TaskChanged
from steno_gateway.routes.bodies import read_json, refuse_body, refuse_query
from steno_gateway.routes.tasks import LinksDependency, TaskId
from steno_gateway.tasks import views
from steno_gateway.tasks.changes import Decision, adjusted, cancelled, change, resumed, suspended
from steno_gateway.tasks.views import Links
from steno_kube import ResourceNotFoundError

CHANGE_MAX_BYTES: Final = 1 << 16
"""Of the JSON body of a change."""

_PROBLEMS: Final[dict[int | str, dict[str, Any]]] = problem_responses(
    problems.BODY_MALFORMED,
    problems.TASK_UNKNOWN,
    problems.TASK_FINISHED,
    problems.BODY_TOO_LARGE,
    problems.FIELD_UNKNOWN,
    problems.API_SERVER_AWAY,
)

router = APIRouter(tags=["tasks"])


@router.post("/cancel/{task_id}", summary="End a task", responses=_PROBLEMS)
async def cancel(
    request: Request, task_id: TaskId, caller: Writer, context: ContextDependency, links: LinksDependency
) -> TaskChanged:
    """End the task as failed with the reason Cancelled, and keep what is published already; it may be repeated.

    Unlike a release this deletes nothing: the recording stays for a retry.
    """
    await _refuse_extras(request, context)
    return await _change(context, caller, task_id, links, cancelled)


@router.post("/suspend/{task_id}", summary="Hold a task back", responses=_PROBLEMS)
async def suspend(
    request: Request, task_id: TaskId, caller: Writer, context: ContextDependency, links: LinksDependency
) -> TaskChanged:
    """Let no worker run for the task: the one that does is ended, and what it has finished is kept."""
    await _refuse_extras(request, context)
    return await _change(context, caller, task_id, links, suspended)


@router.post("/resume/{task_id}", summary="Let a task go on", responses=_PROBLEMS)
async def resume(
    request: Request, task_id: TaskId, caller: Writer, context: ContextDependency, links: LinksDependency
) -> TaskChanged:
    """Let workers run for the task again: it goes on where it was ended."""
    await _refuse_extras(request, context)
    return await _change(context, caller, task_id, links, resumed)


@router.patch(
    "/jobs/{task_id}",
    summary="Change a task's priority or expiration",
    responses=_PROBLEMS
    | problem_responses(problems.CONTENT_TYPE_UNKNOWN, problems.BODY_EMPTY, problems.BODY_MALFORMED),
    openapi_extra=CHANGE_BODY,
)
async def patch(
    request: Request, task_id: TaskId, caller: Writer, context: ContextDependency, links: LinksDependency
) -> TaskChanged:
    """Set what the body names and leave the rest; the priority counts until the task ends."""
    refuse_query(request)
    asked = parse_change(await read_json(request, context, max_bytes=CHANGE_MAX_BYTES))
    return await _change(context, caller, task_id, links, adjusted(asked))


async def _refuse_extras(request: Request, context: Context) -> None:
    refuse_query(request)
    await refuse_body(request, context)


async def _change(context: Context, caller: Caller, task_id: str, links: Links, decide: Decision) -> TaskChanged:
    try:
        job = await change(context, caller, task_id, decide)
    except ResourceNotFoundError as error:
        raise unknown_task(task_id) from error
    task, spec = views.accepted(job, links), job.spec
    return TaskChanged(
        task_id=task.task_id,
        status=task.status,
        phase=task.phase,
        cancel=spec.cancel,
        suspend=spec.suspend,
        queue_priority=spec.queue_priority,
        ttl_seconds_after_finished=spec.ttl_seconds_after_finished,
        status_url=task.status_url,
    )
