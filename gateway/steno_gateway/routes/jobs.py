"""``GET /jobs``: the tasks that there are."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic_core import to_json

from steno_gateway import problems
from steno_gateway.access.permission import Reader
from steno_gateway.context import ContextDependency
from steno_gateway.openapi import problem_responses
from steno_gateway.reads.listing import JobsQuery, page_of
from steno_gateway.responses import TaskList
from steno_gateway.routes.tasks import LinksDependency

router = APIRouter(tags=["tasks"])


@router.get(
    "/jobs",
    summary="The tasks that there are",
    response_model=TaskList,
    responses=problem_responses(problems.FIELD_UNKNOWN, problems.FIELD_INVALID, problems.API_SERVER_AWAY),
)
async def jobs(
    caller: Reader, query: Annotated[JobsQuery, Query()], context: ContextDependency, links: LinksDependency
) -> Response:
    """List tasks, those made last first, page by page.

    The pages are stable while tasks come and go: none that is there all the time is left out or shown twice.
    """
    # Before the list, so that what happens meanwhile is told again rather than not at all.
    version = context.reads.version(caller.namespace)
    newest_first = await context.reads.newest_first(caller.namespace)
    page = page_of(newest_first, query, context.outlook.moment().order.profile)
    tasks = b",".join(context.documents.status(job, links) for job in page.jobs)
    body = b'{"tasks":[%s],"next_cursor":%s,"version":"%d"}' % (tasks, to_json(page.next_cursor), version)
    return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})
