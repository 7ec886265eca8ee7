"""``GET /status/{task_id}``: how far a task is."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from steno_gateway import problems
from steno_gateway.access.permission import Reader
from steno_gateway.context import ContextDependency
from steno_gateway.openapi import problem_responses
from steno_gateway.problems import unknown_task
from steno_gateway.reads.queries import StatusQuery
from steno_gateway.responses import TaskStatus
from steno_gateway.routes.tasks import Fresh, LinksDependency, TaskId, find_job
from steno_kube import ResourceNotFoundError
from steno_types import TranscriptionJob

router = APIRouter(tags=["tasks"])


@router.get(
    "/status/{task_id}",
    summary="How far a task is",
    response_model=TaskStatus,
    responses=problem_responses(
        problems.TASK_UNKNOWN, problems.FIELD_UNKNOWN, problems.FIELD_INVALID, problems.API_SERVER_AWAY
    ),
)
async def status(
    *,
    task_id: TaskId,
    caller: Reader,
    query: Annotated[StatusQuery, Query()],
    fresh: Fresh,
    context: ContextDependency,
    links: LinksDependency,
) -> Response:
    """Say how far the task is, and once it has ended what became of it.

    With `wait` the answer comes when the task has ended, or when that many seconds are over.
    """
    job = await find_job(context, caller, task_id, fresh=fresh)
    if query.wait and not _has_ended(job):
        try:
            job = await context.reads.wait(caller.namespace, task_id, _has_ended, seconds=query.wait)
        except ResourceNotFoundError as error:
            raise unknown_task(task_id) from error
    document = context.documents.status(job, links)
    return Response(document, media_type="application/json", headers={"Cache-Control": "no-store"})


def _has_ended(job: TranscriptionJob) -> bool:
    return job.status.terminal is not None
