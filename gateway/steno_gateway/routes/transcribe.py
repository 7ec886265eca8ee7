"""``POST /transcribe``: take a recording in."""

from typing import Final

from fastapi import APIRouter, Request, Response

from steno_gateway import problems
from steno_gateway.access.caller import Caller
from steno_gateway.access.permission import Writer
from steno_gateway.context import Context, ContextDependency
from steno_gateway.openapi import IDEMPOTENCY_PARAMETER, TRANSCRIBE_BODY, problem_responses
from steno_gateway.requests import parse_request
from steno_gateway.responses import TaskAccepted
from steno_gateway.routes.bodies import JSON_TYPE, media_type, refuse_empty, refuse_query, wrong_type
from steno_gateway.routes.tasks import LinksDependency
from steno_gateway.tasks import idempotency, views
from steno_gateway.tasks.creation import Submitted
from steno_gateway.tasks.submit import submit_form, submit_request
from steno_gateway.uploads.multipart_form import MEDIA_TYPE as FORM_TYPE
from steno_gateway.uploads.request_body import RequestBody

router = APIRouter(tags=["tasks"])

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
        problems.KEY_REUSED,
        problems.KEY_RELEASING,
        problems.UPLOAD_GONE,
        problems.BODY_TOO_LARGE,
        problems.CONTENT_TYPE_UNKNOWN,
        problems.SOURCE_MISSING,
        problems.SOURCE_REPEATED,
        problems.SOURCE_FORBIDDEN,
        problems.DESTINATION_UNSET,
        problems.DESTINATION_FORBIDDEN,
        problems.FIELD_UNKNOWN,
        problems.FIELD_INVALID,
        problems.QUEUE_FULL,
        problems.API_SERVER_AWAY,
        problems.STORE_AWAY,
    ),
    openapi_extra=TRANSCRIBE_BODY | IDEMPOTENCY_PARAMETER,
)
async def transcribe(
    request: Request, caller: Writer, response: Response, context: ContextDependency, links: LinksDependency
) -> TaskAccepted:
    """Take a recording in and answer with the task that transcribes it.

    Either a form with the recording as its part `file`, which is streamed to the object store, or JSON that says
    where the recording is: at an address, in S3, or uploaded before. Whether it holds audio is found out by the
    worker, and said by the task's status.
    """
    submitted = await _submit(request, context, caller)
    job = submitted.job
    response.headers["Location"] = links.status(job.metadata.name)
    if not submitted.created:
        response.headers[idempotency.REPLAY_HEADER] = "true"
    return views.accepted(job, links)


async def _submit(request: Request, context: Context, caller: Caller) -> Submitted:
    refuse_query(request)
    refuse_empty(request)
    idempotency_key = idempotency.checked_key(request.headers.get(idempotency.HEADER))
    idle_seconds = context.settings.upload_idle_seconds
    match media_type(request):
        case "multipart/form-data":
            max_bytes = context.settings.max_upload_bytes
            body = RequestBody(request, max_bytes=max_bytes, idle_seconds=idle_seconds)
            content_type = request.headers["Content-Type"]
            return await submit_form(context, caller, content_type, body, idempotency_key=idempotency_key)
        case "application/json":
            body = RequestBody(request, max_bytes=JSON_MAX_BYTES, idle_seconds=idle_seconds)
            asked = parse_request(await body.read())
            return await submit_request(context, caller, asked, idempotency_key=idempotency_key)
    raise wrong_type(
        request,
        remedy=f'Send {FORM_TYPE} with the part "file": curl -F file=@talk.mp3; or {JSON_TYPE} with "url", "s3" or '
        '"upload". A recording as the body itself is taken by PUT /uploads: curl -T talk.mp3.',
        accepted=f"{FORM_TYPE}, {JSON_TYPE}",
    )
