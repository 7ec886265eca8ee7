"""Turn a request into a TranscriptionJob.

Called by the routes and the dialects. An upload is whole in the store before the job that names it exists; a request
that is refused, or whose client goes away, leaves neither.
"""

import asyncio
import logging

from starlette.concurrency import run_in_threadpool

from steno_gateway.access.caller import Caller
from steno_gateway.context import Context
from steno_gateway.requests import TranscribeRequest
from steno_gateway.tasks.creation import Submitted, create
from steno_gateway.tasks.transcribe_form import TranscribeForm
from steno_gateway.tasks.views import FILE_NAME_ANNOTATION
from steno_gateway.uploads.multipart_form import FormReader
from steno_gateway.uploads.request_body import RequestBody, empty_body
from steno_gateway.uploads.streaming import Upload
from steno_store import StoreError, new_upload_id
from steno_types import Source, TranscriptionJobSpec, UploadSource

logger = logging.getLogger(__name__)


async def submit_s3(
    context: Context, caller: Caller, request: TranscribeRequest, *, idempotency_key: str | None
) -> Submitted:
    """Make a job for a recording that lies in S3."""
    return await create(context, caller, request.spec_for(Source(s3=request.s3)), idempotency_key=idempotency_key)


async def submit_form(
    context: Context, caller: Caller, content_type: str, body: RequestBody, *, idempotency_key: str | None
) -> Submitted:
    """Store the form's file while it arrives, then make a job for it."""
    reader = FormReader(content_type)
    upload_id = new_upload_id()
    key = context.layout.upload(caller.namespace, upload_id)
    async with context.upload_slots, Upload(context.store, key, digest=idempotency_key is not None) as upload:
        form = TranscribeForm(upload)
        async for chunk in body:
            for event in reader.feed(chunk):
                await form.take(event)
        if body.size_bytes == 0:
            raise empty_body()
        reader.finish()
        options = form.finish()
        await upload.complete()
    return await submit_upload(
        context,
        caller,
        options.spec_for(Source(upload=UploadSource(id=upload_id))),
        file_name=form.file_name,
        idempotency_key=idempotency_key,
        sha256=upload.sha256,
    )


async def submit_upload(
    context: Context,
    caller: Caller,
    spec: TranscriptionJobSpec,
    *,
    file_name: str | None = None,
    idempotency_key: str | None = None,
    sha256: str | None = None,
) -> Submitted:
    """Make a job for an upload that this request has just stored; without a job the upload goes again.

    Parameters
    ----------
    spec
        Names the upload.
    file_name
        Of the recording, cleaned.
    idempotency_key, sha256
        The request's key, and with it the digest of the recording's bytes.
    """
    if spec.source.upload is None:
        raise AssertionError("the spec names an upload")
    key = context.layout.upload(caller.namespace, spec.source.upload.id)
    annotations = {FILE_NAME_ANNOTATION: file_name} if file_name else {}
    submitted = None
    try:
        submitted = await create(
            context, caller, spec, annotations=annotations, idempotency_key=idempotency_key, sha256=sha256
        )
    finally:
        if submitted is None or not submitted.created:
            # Whoever could not be told the task's name cannot use it: should the job exist after all, unheard of
            # behind a silent API server, it fails as SourceNotFound. Shielded: a cancelled request cleans up too.
            await asyncio.shield(asyncio.ensure_future(_forget(context, key)))
    return submitted


async def _forget(context: Context, key: str) -> None:
    try:
        await run_in_threadpool(context.store.delete, key)
    except StoreError as error:
        logger.warning("an upload that no job names stays in the store: %s", error)
