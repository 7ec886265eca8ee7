"""``GET /status/{task_id}``: how far a task is."""

from fastapi import APIRouter

from steno_gateway import problems
from steno_gateway.access.permission import Reader
from steno_gateway.context import ContextDependency
from steno_gateway.openapi import problem_responses
from steno_gateway.responses import TaskStatus
from steno_gateway.routes.tasks import LinksDependency, TaskId, find_job
from steno_gateway.tasks import views

router = APIRouter(tags=["tasks"])


@router.get(
    "/status/{task_id}",
    summary="How far a task is",
    responses=problem_responses(problems.TASK_UNKNOWN, problems.API_SERVER_AWAY),
)
async def status(task_id: TaskId, caller: Reader, context: ContextDependency, links: LinksDependency) -> TaskStatus:
    """Say how far the task is, and once it has ended what became of it."""
    return views.status(await find_job(context, caller, task_id), links)
