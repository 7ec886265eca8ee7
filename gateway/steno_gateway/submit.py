"""Turn a request into a TranscriptionJob.

Called by `routes.transcribe`. An upload is whole in the store before the job that names it exists; a request that is
refused, or whose client goes away, leaves neither.
"""

import asyncio
import logging
import secrets
from typing import Final

from starlette.concurrency import run_in_threadpool

from steno_gateway import file_names, problems
from steno_gateway.context import Context
from steno_gateway.multipart_form import FormEvent, FormReader, PartBegins, PartData, PartEnds
from steno_gateway.problems import ProblemError
from steno_gateway.request_body import RequestBody, empty_body
from steno_gateway.requests import TranscribeOptions, TranscribeRequest, parse_options
from steno_gateway.uploads import Upload
from steno_gateway.views import FILE_NAME_ANNOTATION
from steno_kube import KubeError, KubeUnavailableError
from steno_store import StoreError, new_upload_id
from steno_types import FINALIZER, Source, TranscriptionJob, TranscriptionJobSpec, UploadSource

logger = logging.getLogger(__name__)

FILE_PART: Final = "file"
"""Name of the form's part that holds the recording."""

OPTION_MAX_BYTES: Final = 4096
"""Of one option's value; far above the longest that is valid."""


async def submit_s3(context: Context, request: TranscribeRequest) -> TranscriptionJob:
    """Make a job for a recording that lies in S3."""
    return await _create(context, request.spec_for(Source(s3=request.s3)), annotations={})


async def submit_form(context: Context, content_type: str, body: RequestBody) -> TranscriptionJob:
    """Store the form's file while it arrives, then make a job for it."""
    reader = FormReader(content_type)
    upload_id = new_upload_id()
    key = context.layout.upload(context.settings.namespace, upload_id)
    async with context.upload_slots, Upload(context.store, key) as upload:
        form = _TranscribeForm(upload)
        async for chunk in body:
            for event in reader.feed(chunk):
                await form.take(event)
        if body.size_bytes == 0:
            raise empty_body()
        reader.finish()
        options = form.finish()
        await upload.complete()
    annotations = {FILE_NAME_ANNOTATION: form.file_name} if form.file_name else {}
    spec = options.spec_for(Source(upload=UploadSource(id=upload_id)))
    try:
        return await _create(context, spec, annotations=annotations)
    except BaseException:
        # Whoever could not be told the task's name cannot use it: should the job exist after all, unheard of behind a
        # silent API server, it fails as SourceNotFound. Shielded: a cancelled request cleans up all the same.
        await asyncio.shield(asyncio.ensure_future(_forget(context, key)))
        raise


class _TranscribeForm:
    """What the parts of the form mean: one file, and options before or after it."""

    def __init__(self, upload: Upload) -> None:
        self._upload = upload
        self._options: dict[str, str] = {}
        self._part = ""
        self._value = bytearray()
        self._has_file = False
        self.file_name: str | None = None
        """The file's name, cleaned."""

    async def take(self, event: FormEvent) -> None:
        """Follow the form; refuses as early as can be, since a recording may be large."""
        match event:
            case PartBegins(name=name, file_name=file_name):
                self._begin(name, file_name)
            case PartData(data=data) if self._part == FILE_PART:
                await self._upload.write(data)
            case PartData(data=data):
                self._value += data
                if len(self._value) > OPTION_MAX_BYTES:
                    raise self._invalid_option(f"is longer than {OPTION_MAX_BYTES} bytes")
            case PartEnds() if self._part != FILE_PART:
                self._end_option()
            case PartEnds():
                pass

    def finish(self) -> TranscribeOptions:
        """Check that the form is what it must be, and give its options."""
        if not self._has_file:
            raise ProblemError(
                problems.FILE_MISSING,
                f'The form has no part named "{FILE_PART}".',
                field=FILE_PART,
                remedy=f'Put the recording into a part named "{FILE_PART}": curl -F {FILE_PART}=@recording.wav.',
            )
        if self._upload.size_bytes == 0:
            raise ProblemError(
                problems.FILE_EMPTY,
                "The file has no bytes.",
                field=FILE_PART,
                remedy="Check the path of the file, and send it again.",
            )
        return parse_options(self._options)

    def _begin(self, name: str, file_name: str | None) -> None:
        self._part = name
        self._value.clear()
        if name == FILE_PART:
            if self._has_file:
                raise ProblemError(
                    problems.FILE_REPEATED,
                    f'The form has two parts named "{FILE_PART}".',
                    field=FILE_PART,
                    remedy="Send one request for each recording.",
                )
            self._has_file = True
            self.file_name = file_names.cleaned(file_name)
            parse_options(self._options)
        elif name not in TranscribeOptions.model_fields:
            parse_options({name: ""})
        elif name in self._options:
            raise self._invalid_option("is given twice")

    def _end_option(self) -> None:
        try:
            self._options[self._part] = self._value.decode()
        except UnicodeDecodeError as error:
            raise self._invalid_option("is no UTF-8") from error

    def _invalid_option(self, wrong: str) -> ProblemError:
        return ProblemError(
            problems.FIELD_INVALID,
            f"{self._part}: the value {wrong}.",
            field=self._part,
            remedy="Correct the field and send the request again.",
        )


async def _create(context: Context, spec: TranscriptionJobSpec, *, annotations: dict[str, str]) -> TranscriptionJob:
    """Create the job, with the finalizer: from its first moment on its deletion takes the upload along."""
    context.expiry.begin()
    namespace, name = context.settings.namespace, f"tsj-{secrets.token_hex(6)}"
    try:
        return await context.jobs.create(namespace, name, spec, annotations=annotations, finalizers=(FINALIZER,))
    except KubeUnavailableError:
        # The request may have got through and its answer been lost: the name is random, so what is there is ours.
        try:
            return await context.jobs.get(namespace, name)
        except KubeError as error:
            logger.info("%s/%s was not created: %s", namespace, name, error)
        raise


async def _forget(context: Context, key: str) -> None:
    try:
        await run_in_threadpool(context.store.delete, key)
    except StoreError as error:
        logger.warning("an upload that no job names stays in the store: %s", error)
