"""Uploads, and the jobs that name them.

Called by the routes. A client that tries ``POST /v2/transcript`` again with the same upload and the same options gets
the transcript that it began, unless that failed: its key is made of both. A URL's bytes may be others by then, so the
same URL is another transcript, unless the request brings an ``Idempotency-Key``.
"""

import hashlib
import json
from typing import Final

from starlette.requests import Request

from steno_gateway import problems
from steno_gateway.access.caller import Caller
from steno_gateway.context import Context
from steno_gateway.dialects.assemblyai.options import spec_of
from steno_gateway.problems import ProblemError
from steno_gateway.tasks.creation import check_upload, create
from steno_gateway.tasks.idempotency import HEADER, checked_key
from steno_gateway.tasks.views import phase_of
from steno_gateway.uploads.request_body import RequestBody
from steno_gateway.uploads.streaming import open_upload
from steno_store import new_upload_id
from steno_types import Phase, TranscriptionJob, TranscriptionJobSpec

JSON_MAX_BYTES: Final = 1 << 20
"""Of a JSON body; it holds options, never a recording."""


async def take_upload(context: Context, caller: Caller, request: Request) -> str:
    """Store the body while it arrives; gives the upload's id.

    Raises
    ------
    ProblemError
        The body is empty, a form, too large, or stopped coming.
    ClientDisconnect
        The client went away in the middle of it.
    StoreError
        The store did not take it.
    """
    if request.headers.get("Content-Type", "").lower().startswith("multipart/"):
        raise ProblemError(
            problems.CONTENT_TYPE_UNKNOWN,
            "The body is a form.",
            field="Content-Type",
            remedy="Send the recording's bytes as they are, as application/octet-stream.",
        )
    settings = context.settings
    body = RequestBody(request, max_bytes=settings.max_upload_bytes, idle_seconds=settings.upload_idle_seconds)
    upload_id = new_upload_id()
    async with open_upload(context, context.layout.upload(caller.namespace, upload_id)) as upload:
        async for chunk in body:
            await upload.write(chunk)
        if body.size_bytes == 0:
            raise ProblemError(
                problems.BODY_EMPTY, "The upload has no bytes.", remedy="Send the recording's bytes as the body."
            )
        await upload.complete()
    return upload_id


async def submit(context: Context, caller: Caller, request: Request) -> TranscriptionJob:
    """Make the job that the body asks for, or give the one that an earlier request made.

    Raises
    ------
    ProblemError
        What is asked for cannot be honoured, or there are too many unfinished tasks.
    KubeError
        The API server refused the job, or did not answer.
    """
    key = checked_key(request.headers.get(HEADER))
    idle_seconds = context.settings.upload_idle_seconds
    body = await RequestBody(request, max_bytes=JSON_MAX_BYTES, idle_seconds=idle_seconds).read()
    if not body:
        raise ProblemError(problems.BODY_EMPTY, "The request has no body.", remedy="Send JSON with an audio_url.")
    spec = spec_of(body, context.settings.models)
    try:
        if spec.source.upload is not None:
            await check_upload(context, caller.namespace, spec.source.upload.id)
            return await _create_or_join(context, caller, spec, key or _key_of(spec))
        return (await create(context, caller, spec, idempotency_key=key)).job
    except ProblemError as problem:
        if problem.field not in _SOURCES:
            raise
        raise ProblemError(problem.kind, problem.detail, field="audio_url", remedy=problem.remedy) from problem


_SOURCES: Final = frozenset({"upload", "url"})
"""What others call an ``audio_url``."""


def _key_of(spec: TranscriptionJobSpec) -> str:
    asked = json.dumps(spec.to_wire(), sort_keys=True)
    return f"assemblyai:{hashlib.sha256(asked.encode()).hexdigest()}"


async def _create_or_join(context: Context, caller: Caller, spec: TranscriptionJobSpec, key: str) -> TranscriptionJob:
    submitted = await create(context, caller, spec, idempotency_key=key)
    if submitted.created or phase_of(submitted.job) is not Phase.FAILED:
        return submitted.job
    # Who sends again what failed wants another try.
    return (await create(context, caller, spec)).job
