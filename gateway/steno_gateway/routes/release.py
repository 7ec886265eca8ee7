"""``POST | DELETE /release/{task_id}``: delete a task and everything it left."""

from fastapi import APIRouter, Response

from steno_gateway import problems
from steno_gateway.access.permission import Writer
from steno_gateway.context import ContextDependency
from steno_gateway.openapi import problem_responses
from steno_gateway.problems import unknown_task
from steno_gateway.responses import Released
from steno_gateway.routes.tasks import TaskId
from steno_gateway.tasks import views
from steno_gateway.tasks.release import release as release_job
from steno_kube import ResourceNotFoundError

router = APIRouter(
    tags=["tasks"],
    responses={
        **problem_responses(problems.TASK_UNKNOWN, problems.API_SERVER_AWAY),
        202: {"model": Released, "description": "It is being deleted; repeat the call to wait for the receipt"},
    },
)


@router.post("/release/{task_id}", operation_id="release_by_post", summary="Delete a task (POST)")
@router.delete("/release/{task_id}", operation_id="release_by_delete", summary="Delete a task")
async def release(task_id: TaskId, caller: Writer, response: Response, context: ContextDependency) -> Released:
    """Delete the task, its recording and its transcript, and answer with the receipt.

    A task that runs is ended first. From the acceptance of this call on every other one says that there is no such
    task. A recording that lies in your own S3 stays.
    """
    try:
        releasing = await release_job(
            context.jobs,
            caller.namespace,
            task_id,
            wait_seconds=context.settings.release_wait_seconds,
            told=context.reads.delivered,
        )
    except ResourceNotFoundError as error:
        raise unknown_task(task_id) from error
    if releasing.gone:
        context.reads.gone(releasing.job)
    else:
        response.status_code = 202
    return views.released(task_id, gone=releasing.gone, release=releasing.receipt)
