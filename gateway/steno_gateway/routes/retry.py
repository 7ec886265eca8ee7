"""``POST /retry/{task_id}``: do a finished task again."""

from fastapi import APIRouter, Request, Response

from steno_gateway import problems
from steno_gateway.access.permission import Writer
from steno_gateway.context import ContextDependency
from steno_gateway.openapi import IDEMPOTENCY_PARAMETER, problem_responses
from steno_gateway.problems import unknown_task
from steno_gateway.responses import TaskAccepted
from steno_gateway.routes.bodies import refuse_body, refuse_query
from steno_gateway.routes.tasks import LinksDependency, TaskId
from steno_gateway.tasks import idempotency, views
from steno_gateway.tasks.retry import retry as retry_job
from steno_kube import ResourceNotFoundError

router = APIRouter(tags=["tasks"])


@router.post(
    "/retry/{task_id}",
    status_code=202,
    summary="Do a task again",
    response_description="The new task; Location is where to ask how far it is",
    responses=problem_responses(
        problems.BODY_MALFORMED,
        problems.TASK_UNKNOWN,
        problems.TASK_UNFINISHED,
        problems.KEY_REUSED,
        problems.KEY_RELEASING,
        problems.UPLOAD_GONE,
        problems.BODY_TOO_LARGE,
        problems.FIELD_UNKNOWN,
        problems.FIELD_INVALID,
        problems.QUEUE_FULL,
        problems.API_SERVER_AWAY,
        problems.STORE_AWAY,
    ),
    openapi_extra=IDEMPOTENCY_PARAMETER,
)
async def retry(
    request: Request,
    task_id: TaskId,
    caller: Writer,
    *,
    response: Response,
    context: ContextDependency,
    links: LinksDependency,
) -> TaskAccepted:
    """Make a new task from the source and settings of one that has finished, without another upload.

    The old task stays as it is, until it is released or expires.
    """
    refuse_query(request)
    key = idempotency.checked_key(request.headers.get(idempotency.HEADER))
    await refuse_body(request, context)
    try:
        submitted = await retry_job(context, caller, task_id, idempotency_key=key)
    except ResourceNotFoundError as error:
        raise unknown_task(task_id) from error
    response.headers["Location"] = links.status(submitted.job.metadata.name)
    if not submitted.created:
        response.headers[idempotency.REPLAY_HEADER] = "true"
    return views.accepted(submitted.job, links)
