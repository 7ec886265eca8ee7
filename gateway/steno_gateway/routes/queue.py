"""``GET /queue``: how much there is to do."""

from fastapi import APIRouter, Response

from steno_gateway import problems
from steno_gateway.access.permission import Reader
from steno_gateway.context import ContextDependency
from steno_gateway.openapi import problem_responses
from steno_gateway.responses import Queue

router = APIRouter(tags=["queue"])


@router.get(
    "/queue",
    summary="How much there is to do",
    response_model=Queue,
    responses=problem_responses(problems.API_SERVER_AWAY),
)
async def queue(caller: Reader, context: ContextDependency) -> Response:
    """Count the tasks by phase, profile and reason; say how long the oldest has waited, and what was done lately."""
    document = context.documents.queue(caller.namespace, await context.reads.newest_first(caller.namespace))
    return Response(document, media_type="application/json", headers={"Cache-Control": "no-store"})
