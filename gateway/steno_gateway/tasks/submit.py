"""Turn a request into a TranscriptionJob.

Called by the routes and the dialects. An upload is whole in the store before the job that names it exists; a request
that is refused, or whose client goes away, leaves neither.
"""

import asyncio
import logging

from starlette.concurrency import run_in_threadpool

from steno_gateway.access.caller import Caller
from steno_gateway.context import Context
from steno_gateway.requests import TranscribeOptions, TranscribeRequest
from steno_gateway.tasks.creation import Submitted, check_upload, create
from steno_gateway.tasks.limits import Slot
from steno_gateway.tasks.permissible import check_spec
from steno_gateway.tasks.transcribe_form import TranscribeForm
from steno_gateway.tasks.views import FILE_NAME_ANNOTATION
from steno_gateway.uploads.multipart_form import FormReader
from steno_gateway.uploads.request_body import RequestBody, empty_body
from steno_gateway.uploads.streaming import open_upload
from steno_kube import KubeUnavailableError
from steno_store import StoreError, new_upload_id
from steno_types import Source, TranscriptionJobSpec, UploadSource

logger = logging.getLogger(__name__)


async def submit_request(
    context: Context, caller: Caller, request: TranscribeRequest, *, idempotency_key: str | None
) -> Submitted:
    """Make a job for a recording that lies in S3, at an address, or is uploaded already."""
    spec = request.spec()
    if request.upload is None:
        return await create(context, caller, spec, idempotency_key=idempotency_key)
    stored = await check_upload(context, caller.namespace, request.upload)
    source = Source(upload=UploadSource(id=stored.upload_id, sha256=stored.sha256))
    return await create(
        context,
        caller,
        spec.model_copy(update={"source": source}),
        annotations={FILE_NAME_ANNOTATION: stored.file_name} if stored.file_name else None,
        idempotency_key=idempotency_key,
    )


async def submit_form(
    context: Context, caller: Caller, content_type: str, body: RequestBody, *, idempotency_key: str | None
) -> Submitted:
    """Store the form's file while it arrives, then make a job for it."""
    reader = FormReader(content_type)
    uploaded = UploadSource(id=new_upload_id())
    source = Source(upload=uploaded)

    def check(options: TranscribeOptions) -> None:
        check_spec(context.premises, caller.namespace, options.spec_for(source))

    # What can be refused without the recording is refused before it travels: a full queue, options before the file.
    async with context.limits.slot(caller, idempotency_key) as slot:
        key = context.layout.upload(caller.namespace, uploaded.id)
        async with open_upload(context, key, digest=idempotency_key is not None) as upload:
            form = TranscribeForm(upload, check)
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
            options.spec_for(source),
            file_name=form.file_name,
            idempotency_key=idempotency_key,
            sha256=upload.sha256,
            slot=slot,
        )


async def submit_upload(
    context: Context,
    caller: Caller,
    spec: TranscriptionJobSpec,
    *,
    file_name: str | None = None,
    idempotency_key: str | None = None,
    sha256: str | None = None,
    slot: Slot | None = None,
) -> Submitted:
    """Make a job for an upload that this request has just stored; without a job the upload goes again.

    One upload stays: that of a key whose job may have been made behind an API server that no longer answers. The
    key's next request finds that job, which is to find its recording; if there is none, the operator's sweep takes
    the upload.

    Parameters
    ----------
    spec
        Names the upload.
    file_name
        Of the recording, cleaned.
    idempotency_key, sha256
        The request's key, and with it the digest of the recording's bytes.
    slot
        Held for the job, as `creation.create` takes it.
    """
    if spec.source.upload is None:
        raise AssertionError("the spec names an upload")
    key = context.layout.upload(caller.namespace, spec.source.upload.id)
    annotations = {FILE_NAME_ANNOTATION: file_name} if file_name else {}
    is_wanted = False
    try:
        submitted = await create(
            context,
            caller,
            spec,
            annotations=annotations,
            idempotency_key=idempotency_key,
            sha256=sha256,
            slot=slot,
        )
        is_wanted = submitted.created
    except KubeUnavailableError:
        is_wanted = idempotency_key is not None
        raise
    finally:
        if not is_wanted:
            # Whoever could not be told the task's name cannot use it: should the job exist after all, unheard of
            # behind a silent API server, it fails as SourceNotFound. Shielded: a cancelled request cleans up too.
            await asyncio.shield(asyncio.ensure_future(_forget(context, key)))
    return submitted


async def _forget(context: Context, key: str) -> None:
    try:
        await run_in_threadpool(context.store.delete, key)
    except StoreError as error:
        logger.warning("an upload that no job names stays in the store: %s", error)
