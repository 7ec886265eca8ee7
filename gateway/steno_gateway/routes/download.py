"""``GET /download/{task_id}``: the transcript."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse
from starlette.concurrency import run_in_threadpool

from steno_gateway import file_names, problems
from steno_gateway.access.permission import Reader
from steno_gateway.context import Context, ContextDependency
from steno_gateway.openapi import problem_responses
from steno_gateway.problems import ProblemError
from steno_gateway.requests import DownloadQuery
from steno_gateway.routes.tasks import TaskId, find_job
from steno_gateway.tasks.ranges import Span, UnsatisfiableError, is_known, requested_span
from steno_gateway.tasks.results import FILES, Result, exactly, find_result, gone
from steno_gateway.tasks.views import FILE_NAME_ANNOTATION
from steno_store import ObjectNotFoundError

router = APIRouter(tags=["tasks"])

_FILE: Final[dict[str, Any]] = {"content": {file.content_type.partition(";")[0]: {} for file in FILES.values()}}

_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    **problem_responses(
        problems.TASK_UNKNOWN,
        problems.NOT_FINISHED,
        problems.TASK_FAILED,
        problems.DELIVERED,
        problems.RESULT_GONE,
        problems.RANGE_UNSATISFIABLE,
        problems.FIELD_UNKNOWN,
        problems.FIELD_INVALID,
        problems.API_SERVER_AWAY,
        problems.STORE_AWAY,
    ),
    200: _FILE,
    206: {**_FILE, "description": "The part of it that Range asks for"},
    304: {"description": "It is still what If-None-Match names"},
    307: {"description": "Location is a URL of the object store that needs no credentials for a while"},
}


@router.head("/download/{task_id}", include_in_schema=False)
@router.get(
    "/download/{task_id}",
    summary="The transcript",
    response_class=Response,
    response_description="The transcript",
    responses=_RESPONSES,
)
async def download(
    request: Request,
    task_id: TaskId,
    caller: Reader,
    query: Annotated[DownloadQuery, Query()],
    context: ContextDependency,
) -> Response:
    """Give the transcript of a completed task, streamed from the object store or as a redirect to it.

    Ranges, `If-Range` and `If-None-Match` are honoured, and `HEAD` gives the headers alone. A task that was given an
    `s3_path` has its results there: the problem's `locations` say where.
    """
    job = await find_job(context, caller, task_id)
    result = find_result(
        job,
        query.fmt,
        layout=context.layout,
        bucket=context.store.bucket,
        default_bucket=context.premises.default_bucket,
    )
    stem = file_names.download_stem(job.metadata.annotations.get(FILE_NAME_ANNOTATION), task_id)
    if query.redirect and request.method == "GET":
        return await _redirect(context, result, stem)
    try:
        return await _answer(request, context, result, stem)
    except ObjectNotFoundError as error:
        raise gone(job) from error


async def _redirect(context: Context, result: Result, stem: str) -> Response:
    url = await run_in_threadpool(
        context.store.presigned_url,
        result.key,
        expires_seconds=context.settings.presign_seconds,
        file_name=file_names.ascii_name(stem, result.file.suffix),
    )
    return RedirectResponse(url, headers={"Cache-Control": "no-store"})


async def _answer(request: Request, context: Context, result: Result, stem: str) -> Response:
    etag = f'"{result.sha256}"'
    headers = {
        "ETag": etag,
        "Cache-Control": "private, no-cache",
        "Accept-Ranges": "bytes",
        "Content-Disposition": file_names.content_disposition(stem, result.file.suffix),
    }
    if is_known(request.headers.get("If-None-Match"), etag):
        return Response(status_code=304, headers=headers)
    if request.method == "HEAD":
        await run_in_threadpool(context.store.head, result.key)
        headers["Content-Length"] = str(result.size_bytes)
        return Response(headers=headers, media_type=result.file.content_type)
    span = _span(request, result, etag)
    whole = Span(0, result.size_bytes)
    chunks = await run_in_threadpool(context.store.stream, result.key, start_bytes=(span or whole).start)
    headers["Content-Length"] = str((span or whole).size_bytes)
    if span is not None:
        headers["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{result.size_bytes}"
    return StreamingResponse(
        exactly(chunks, (span or whole).size_bytes),
        status_code=200 if span is None else 206,
        media_type=result.file.content_type,
        headers=headers,
    )


def _span(request: Request, result: Result, etag: str) -> Span | None:
    asked = request.headers.get("Range")
    try:
        return requested_span(asked, request.headers.get("If-Range"), etag=etag, size_bytes=result.size_bytes)
    except UnsatisfiableError as error:
        raise ProblemError(
            problems.RANGE_UNSATISFIABLE,
            f"The transcript has {result.size_bytes} bytes.",
            field="Range",
            remedy="Ask for bytes that it has, or for all of them.",
            headers={"Content-Range": f"bytes */{result.size_bytes}"},
        ) from error
