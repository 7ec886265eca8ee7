"""``POST /transcribe``: take a recording in."""

from typing import Final

from fastapi import APIRouter, Request, Response

from steno_gateway import problems
from steno_gateway.access.caller import Caller
from steno_gateway.access.permission import Writer
from steno_gateway.context import Context, ContextDependency
from steno_gateway.openapi import TRANSCRIBE_BODY, problem_responses
from steno_gateway.problems import ProblemError
from steno_gateway.requests import parse_request
from steno_gateway.responses import TaskAccepted
from steno_gateway.routes.tasks import LinksDependency
from steno_gateway.tasks import idempotency, views
from steno_gateway.tasks.creation import Submitted
from steno_gateway.tasks.submit import submit_form, submit_s3
from steno_gateway.uploads.multipart_form import MEDIA_TYPE as FORM_TYPE
from steno_gateway.uploads.request_body import RequestBody, empty_body

router = APIRouter(tags=["tasks"])

JSON_TYPE: Final = "application/json"
JSON_MAX_BYTES: Final = 1 << 20
"""Of a JSON body; it holds options, never a recording."""


@router.post(
    "/transcribe",
    status_code=202,
    summary="Transcribe a recording",
    response_description="The task; Location is where to ask how far it is",
    responses=problem_responses(
        problems.BODY_EMPTY,
        problems.BODY_MALFORMED,
        problems.FILE_MISSING,
        problems.FILE_REPEATED,
        problems.FILE_EMPTY,
        problems.BODY_IDLE,
        problems.BODY_TOO_LARGE,
        problems.CONTENT_TYPE_UNKNOWN,
        problems.FIELD_UNKNOWN,
        problems.FIELD_INVALID,
        problems.API_SERVER_AWAY,
        problems.STORE_AWAY,
    ),
    openapi_extra=TRANSCRIBE_BODY,
)
async def transcribe(
    request: Request, caller: Writer, response: Response, context: ContextDependency, links: LinksDependency
) -> TaskAccepted:
    """Take a recording in and answer with the task that transcribes it.

    Either a form with the recording as its part `file`, which is streamed to the object store, or JSON that names a
    recording in S3. Whether it holds audio is found out by the worker, and said by the task's status.
    """
    submitted = await _submit(request, context, caller)
    job = submitted.job
    response.headers["Location"] = links.status(job.metadata.name)
    return views.accepted(job, links)


async def _submit(request: Request, context: Context, caller: Caller) -> Submitted:
    if request.query_params:
        name = next(iter(request.query_params))
        raise ProblemError(
            problems.FIELD_UNKNOWN,
            f"There is no query parameter {name!r}.",
            field=name,
            remedy="Put options into the body: as parts of the form, or as fields of the JSON.",
        )
    if "Transfer-Encoding" not in request.headers and request.headers.get("Content-Length", "0") == "0":
        raise empty_body()
    content_type = request.headers.get("Content-Type", "")
    idempotency_key = request.headers.get(idempotency.HEADER)
    idle_seconds = context.settings.upload_idle_seconds
    match content_type.partition(";")[0].strip().lower():
        case "multipart/form-data":
            max_bytes = context.settings.max_upload_bytes
            body = RequestBody(request, max_bytes=max_bytes, idle_seconds=idle_seconds)
            return await submit_form(context, caller, content_type, body, idempotency_key=idempotency_key)
        case "application/json":
            body = RequestBody(request, max_bytes=JSON_MAX_BYTES, idle_seconds=idle_seconds)
            return await submit_s3(context, caller, parse_request(await body.read()), idempotency_key=idempotency_key)
    raise ProblemError(
        problems.CONTENT_TYPE_UNKNOWN,
        f"The Content-Type is {content_type!r}." if content_type else "The request has no Content-Type.",
        field="Content-Type",
        remedy=f'Send {FORM_TYPE} with the part "file", or {JSON_TYPE} with "s3".',
        headers={"Accept-Post": f"{FORM_TYPE}, {JSON_TYPE}"},
    )
