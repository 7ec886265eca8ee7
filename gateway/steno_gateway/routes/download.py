"""``GET /download/{task_id}``: the transcript."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import RedirectResponse, StreamingResponse
from starlette.concurrency import run_in_threadpool

from steno_gateway import file_names, problems
from steno_gateway.access.permission import Reader
from steno_gateway.context import ContextDependency
from steno_gateway.openapi import problem_responses
from steno_gateway.requests import DownloadQuery
from steno_gateway.routes.tasks import TaskId, find_job
from steno_gateway.tasks.results import FILES, find_result, gone
from steno_gateway.tasks.views import FILE_NAME_ANNOTATION
from steno_store import ObjectNotFoundError

router = APIRouter(tags=["tasks"])


@router.get(
    "/download/{task_id}",
    summary="The transcript",
    response_class=Response,
    response_description="The transcript",
    responses={
        **problem_responses(
            problems.TASK_UNKNOWN,
            problems.NOT_FINISHED,
            problems.TASK_FAILED,
            problems.RESULT_GONE,
            problems.FIELD_UNKNOWN,
            problems.FIELD_INVALID,
            problems.API_SERVER_AWAY,
            problems.STORE_AWAY,
        ),
        200: {"content": {file.content_type.partition(";")[0]: {} for file in FILES.values()}},
        307: {"description": "Location is a URL of the object store that needs no credentials for a while"},
    },
)
async def download(
    task_id: TaskId, caller: Reader, query: Annotated[DownloadQuery, Query()], context: ContextDependency
) -> Response:
    """Give the transcript of a completed task, streamed from the object store or as a redirect to it."""
    job = await find_job(context, caller, task_id)
    result = find_result(job, query.fmt, layout=context.layout, bucket=context.store.bucket)
    stem = file_names.download_stem(job.metadata.annotations.get(FILE_NAME_ANNOTATION), task_id)
    if query.redirect:
        url = await run_in_threadpool(
            context.store.presigned_url,
            result.key,
            expires_seconds=context.settings.presign_seconds,
            file_name=file_names.ascii_name(stem, result.file.suffix),
        )
        return RedirectResponse(url, headers={"Cache-Control": "no-store"})
    try:
        chunks = await run_in_threadpool(context.store.stream, result.key)
    except ObjectNotFoundError as error:
        raise gone(job) from error
    headers = {
        "Content-Length": str(result.size_bytes),
        "Content-Disposition": file_names.content_disposition(stem, result.file.suffix),
        "ETag": f'"{result.sha256}"',
        "Cache-Control": "private, no-cache",
    }
    return StreamingResponse(chunks, media_type=result.file.content_type, headers=headers)
