"""``GET /queue``: how much there is to do."""

from fastapi import APIRouter

from steno_gateway import problems, views
from steno_gateway.context import ContextDependency
from steno_gateway.openapi import problem_responses
from steno_gateway.responses import Queue

router = APIRouter(tags=["queue"])


@router.get("/queue", summary="How much there is to do", responses=problem_responses(problems.API_SERVER_AWAY))
async def queue(context: ContextDependency) -> Queue:
    """Count the tasks by phase, and say how long the oldest has waited."""
    return views.queue(await context.jobs.list(context.settings.namespace), context.now())
