"""``GET /queue``: how much there is to do."""

from fastapi import APIRouter

from steno_gateway import problems
from steno_gateway.access.permission import Reader
from steno_gateway.context import ContextDependency
from steno_gateway.openapi import problem_responses
from steno_gateway.responses import Queue
from steno_gateway.tasks import views

router = APIRouter(tags=["queue"])


@router.get("/queue", summary="How much there is to do", responses=problem_responses(problems.API_SERVER_AWAY))
async def queue(caller: Reader, context: ContextDependency) -> Queue:
    """Count the tasks by phase, profile and reason; say how long the oldest has waited, and what was done lately."""
    return views.queue(await context.reads.newest_first(caller.namespace), context.outlook.moment())
