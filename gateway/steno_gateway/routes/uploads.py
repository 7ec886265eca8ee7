"""``/uploads``: recordings that come before the task that is to be made of them."""

import re
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import ValidationError
from starlette.datastructures import Headers

from steno_gateway import file_names, problems
from steno_gateway.access.permission import Writer
from steno_gateway.context import Context, ContextDependency
from steno_gateway.openapi import UPLOAD_BODY, UPLOAD_PART_BODY, UPLOAD_RAW_BODY, problem_responses
from steno_gateway.problems import ProblemError
from steno_gateway.refusals import invalid_fields
from steno_gateway.routes.tasks import LinksDependency
from steno_gateway.tasks.views import Links
from steno_gateway.uploads import deletion, direct
from steno_gateway.uploads.documents import (
    UPLOAD_ID,
    PartReceived,
    UploadDeleted,
    UploadQuery,
    UploadRequest,
    UploadState,
    state_of_stored,
    state_of_unfinished,
)
from steno_gateway.uploads.existing import StoredUpload, unknown_upload
from steno_gateway.uploads.receiving import empty_upload, receive
from steno_gateway.uploads.request_body import RequestBody
from steno_store import MAX_PARTS
from steno_store.direct_upload import default_part_bytes
from steno_types import UPLOAD_ID_PATTERN

router = APIRouter(tags=["uploads"])

JSON_MAX_BYTES: Final = 64 << 10
"""Of a JSON body; it says how large a recording is, and never holds one."""

_UPLOAD_ID: Final = re.compile(UPLOAD_ID_PATTERN)
_SENT: Final = (
    problems.BODY_EMPTY,
    problems.BODY_INTERRUPTED,
    problems.BODY_IDLE,
    problems.BODY_SLOW,
    problems.BODY_TOO_LARGE,
    problems.CONTENT_TYPE_UNKNOWN,
    problems.FIELD_UNKNOWN,
    problems.FIELD_INVALID,
    problems.DIGEST_MISMATCH,
    problems.UPLOADS_BUSY,
    problems.STORE_AWAY,
)
"""Problems of a request whose body is a recording."""


def _upload_id(
    upload: Annotated[str, Path(description="The upload, as it was named when it was begun.", examples=[UPLOAD_ID])],
) -> str:
    """Refuse what can be no upload's id, before anyone is asked for it."""
    if _UPLOAD_ID.fullmatch(upload) is None:
        raise unknown_upload(upload)
    return upload


UploadId = Annotated[str, Depends(_upload_id)]
"""An upload's id out of the path, shaped like one."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request that brings a recording, or announces one."""

    request: Request
    caller: Writer
    query: Annotated[UploadQuery, Query()]
    context: ContextDependency
    links: LinksDependency

    def body(self, max_bytes: int) -> RequestBody:
        return _body(self.request, self.context, max_bytes)


Asked = Annotated[_Asked, Depends()]
"""What every upload is asked for with."""


@router.post(
    "/uploads",
    status_code=201,
    summary="Upload a recording, or begin to upload it in parts",
    response_description="The upload",
    responses=problem_responses(problems.BODY_MALFORMED, *_SENT),
    openapi_extra=UPLOAD_BODY,
)
async def begin_upload(asked: Asked, response: Response) -> UploadState:
    """Take a recording in, whole or in parts.

    A JSON body announces a recording: the answer has a URL of the object store for each part, to PUT its bytes to,
    without credentials. Any other body is the recording itself.
    """
    content_type = asked.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if content_type == "application/json":
        state = await _begin(asked)
    else:
        state = await _receive(asked, asked.query.file_name)
    response.headers["Location"] = state.url
    return state


@router.put(
    "/uploads/{upload}",
    status_code=201,
    summary="Upload a recording (curl -T)",
    response_description="The upload",
    responses=problem_responses(*_SENT),
    openapi_extra=UPLOAD_RAW_BODY,
)
async def upload_whole(
    asked: Asked,
    response: Response,
    upload: Annotated[
        str, Path(description="Name of the file; the upload gets an id of its own.", examples=["interview.flac"])
    ],
) -> UploadState:
    """Take a recording in whose bytes are the request's body, with or without a Content-Length.

    Each request makes an upload of its own, whatever its name; the answer says what the upload is called.
    """
    state = await _receive(asked, asked.query.file_name or upload)
    response.headers["Location"] = state.url
    return state


@router.put("/uploads", status_code=201, include_in_schema=False)
@router.put("/uploads/", status_code=201, include_in_schema=False)
async def upload_without_a_name(asked: Asked, response: Response) -> UploadState:
    """Do the same for a body that comes from a pipe."""
    state = await _receive(asked, asked.query.file_name)
    response.headers["Location"] = state.url
    return state


@router.get(
    "/uploads/{upload}",
    summary="How far an upload is",
    responses=problem_responses(problems.UPLOAD_UNKNOWN, problems.STORE_AWAY),
)
async def upload_state(
    upload: UploadId, caller: Writer, context: ContextDependency, links: LinksDependency
) -> UploadState:
    """Say which parts have come, and give fresh URLs for those that have not: to go on after a broken connection."""
    return _state(await direct.look(context, caller, upload), context, links)


@router.put(
    "/uploads/{upload}/parts/{number}",
    summary="Send one part of an upload through the gateway",
    responses=problem_responses(
        problems.UPLOAD_UNKNOWN,
        problems.UPLOAD_WHOLE,
        problems.BODY_INTERRUPTED,
        problems.BODY_IDLE,
        problems.BODY_SLOW,
        problems.BODY_TOO_LARGE,
        problems.FIELD_INVALID,
        problems.UPLOADS_BUSY,
        problems.STORE_AWAY,
    ),
    openapi_extra=UPLOAD_PART_BODY,
)
async def upload_part(
    request: Request,
    upload: UploadId,
    number: Annotated[int, Path(ge=1, le=MAX_PARTS, description="The part, from 1 on.", examples=[1])],
    caller: Writer,
    context: ContextDependency,
) -> PartReceived:
    """Take one part's bytes, for clients that cannot reach the object store; a part that came may come again."""
    claimed = request.headers.get("Content-Length", "")
    size_bytes = await direct.take_part(
        context,
        caller,
        upload,
        number,
        claimed_bytes=int(claimed) if claimed.isdecimal() else None,
        body=lambda most: _body(request, context, most),
    )
    return PartReceived(upload=upload, number=number, bytes=size_bytes)


@router.post(
    "/uploads/{upload}/complete",
    summary="Make an upload whole",
    responses=problem_responses(problems.UPLOAD_UNKNOWN, problems.UPLOAD_INCOMPLETE, problems.STORE_AWAY),
)
async def complete_upload(
    upload: UploadId, caller: Writer, context: ContextDependency, links: LinksDependency
) -> UploadState:
    """Make the upload whole of its parts, once all have come; it may be repeated."""
    return _state(await direct.complete(context, caller, upload), context, links)


@router.delete(
    "/uploads/{upload}",
    summary="Delete an upload",
    responses=problem_responses(
        problems.UPLOAD_UNKNOWN, problems.UPLOAD_NAMED, problems.API_SERVER_AWAY, problems.STORE_AWAY
    ),
)
async def delete_upload(upload: UploadId, caller: Writer, context: ContextDependency) -> UploadDeleted:
    """Delete an upload that no task names, whole or not, with all parts that have come."""
    deleted = await deletion.delete(context, caller, upload)
    return UploadDeleted(upload=upload, objects=deleted.objects, bytes=deleted.size_bytes)


async def _begin(asked: _Asked) -> UploadState:
    context = asked.context
    for name in sorted(asked.query.model_fields_set):
        raise ProblemError(
            problems.FIELD_UNKNOWN,
            f"There is no query parameter {name!r} beside a JSON body.",
            field=name,
            remedy="Put it into the JSON.",
        )
    announced = _parsed(await asked.body(JSON_MAX_BYTES).read())
    if announced.bytes > context.settings.max_upload_bytes:
        raise ProblemError(
            problems.BODY_TOO_LARGE,
            f"The recording is larger than {context.settings.max_upload_bytes} bytes.",
            field="bytes",
            remedy="Split or compress the recording, or put it into S3 and send its key.",
        )
    part_bytes = announced.part_bytes or default_part_bytes(announced.bytes)
    if part_bytes * MAX_PARTS < announced.bytes:
        raise ProblemError(
            problems.FIELD_INVALID,
            f"part_bytes: an upload has at most {MAX_PARTS} parts.",
            field="part_bytes",
            remedy=f"Leave it out, or set it to {-(-announced.bytes // MAX_PARTS)} at least.",
        )
    plan = direct.Announced(
        size_bytes=announced.bytes,
        part_bytes=part_bytes,
        sha256=announced.sha256,
        file_name=file_names.cleaned(announced.file_name),
    )
    return _state(await direct.begin(context, asked.caller, plan), context, asked.links)


async def _receive(asked: _Asked, file_name: str | None) -> UploadState:
    headers = asked.request.headers
    _refuse_what_is_no_plain_body(headers)
    if "Transfer-Encoding" not in headers and headers.get("Content-Length", "0") == "0":
        raise empty_upload()
    stored = await receive(
        asked.context,
        asked.caller,
        asked.body(asked.context.settings.max_upload_bytes),
        file_name=file_names.cleaned(file_name),
        sha256=asked.query.sha256,
    )
    return _state(stored, asked.context, asked.links)


def _refuse_what_is_no_plain_body(headers: Headers) -> None:
    """Refuse bodies that would be stored as what they are not: a form, a part of a file, a compressed file."""
    content_type = headers.get("Content-Type", "")
    if content_type.lower().startswith("multipart/"):
        raise ProblemError(
            problems.CONTENT_TYPE_UNKNOWN,
            f"The Content-Type is {content_type[:100]!r}; a form is not taken here.",
            field="Content-Type",
            remedy="Send the bytes as the body (curl -T talk.mp3 …/uploads/), or the form to /transcribe.",
        )
    if headers.get("Content-Encoding", "identity").lower() != "identity":
        raise ProblemError(
            problems.CONTENT_TYPE_UNKNOWN,
            "The body is compressed for its transport (Content-Encoding).",
            field="Content-Encoding",
            remedy="Send the recording's bytes as they are.",
        )
    if "Content-Range" in headers:
        raise ProblemError(
            problems.FIELD_INVALID,
            "A part of a file is not taken here (Content-Range).",
            field="Content-Range",
            remedy="Send the whole recording, or in parts: POST /uploads with its size begins an upload to resume.",
        )


def _parsed(body: bytes) -> UploadRequest:
    try:
        return UploadRequest.model_validate_json(body)
    except ValidationError as error:
        errors = error.errors(include_input=False)
        if errors[0]["type"] == "json_invalid":
            raise ProblemError(
                problems.BODY_MALFORMED,
                f"The body is no JSON: {errors[0]['msg'].removeprefix('Invalid JSON: ')}.",
                remedy="Send a JSON object, in UTF-8.",
            ) from error
        raise invalid_fields(errors) from error


def _body(request: Request, context: Context, max_bytes: int) -> RequestBody:
    return RequestBody(request, max_bytes=max_bytes, idle_seconds=context.settings.upload_idle_seconds)


def _state(upload: StoredUpload | direct.Unfinished, context: Context, links: Links) -> UploadState:
    if isinstance(upload, StoredUpload):
        return state_of_stored(upload, links.root_path)
    return state_of_unfinished(
        upload, links.root_path, now=context.now(), url_seconds=context.settings.upload_url_seconds
    )
