"""The synchronous way of other APIs: one request brings a recording, and its answer is the transcript.

Called by the dialects whose clients know no tasks. `take` stores the recording while it arrives, `begin` makes the
job or joins the one that an earlier request made, `Awaited` waits for its end; the answer is the dialect's to spell.

A job's identity is made of tenant, recording and options, so that a client that tries again (most do by themselves)
joins what it began: while it runs, and as long as its transcript is kept. One that failed or was given up stands in
nobody's way: the next request makes another try, under the next number.

Must not know forms' fields or the shapes of answers.
"""

import asyncio
import hashlib
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request

from steno_gateway import problems
from steno_gateway.access.caller import Caller
from steno_gateway.context import Context
from steno_gateway.dialects.recording_form import Fields, RecordingForm
from steno_gateway.problems import ProblemError
from steno_gateway.tasks.creation import create
from steno_gateway.tasks.idempotency import identify
from steno_gateway.tasks.results import find_result, gone
from steno_gateway.tasks.views import FILE_NAME_ANNOTATION
from steno_gateway.tasks.waiters import is_awaitable
from steno_gateway.uploads.multipart_form import MEDIA_TYPE as FORM_TYPE
from steno_gateway.uploads.multipart_form import FormReader
from steno_gateway.uploads.request_body import RequestBody
from steno_gateway.uploads.streaming import open_upload
from steno_kube import KubeUnavailableError, ResourceNotFoundError
from steno_store import ObjectNotFoundError, StoreError, new_upload_id
from steno_types import (
    Blame,
    ConditionType,
    Disposition,
    FailureStatus,
    Reason,
    Source,
    TranscriptFormat,
    TranscriptionJob,
    TranscriptionJobSpec,
    UploadSource,
    failure_for,
)

logger = logging.getLogger(__name__)

MAX_TRIES: Final = 20
"""Jobs of one identity at a time: a client that sends again and again what cannot succeed is told of the last failure
once there are so many, until the first of them expires."""

_ABOUT_RECORDING: Final = frozenset(
    {Reason.AUDIO_UNDECODABLE, Reason.NO_AUDIO_STREAM, Reason.AUDIO_TOO_LONG, Reason.TRANSCRIPT_INCOMPLETE}
)
_ABOUT_MODEL: Final = frozenset({Reason.PROFILE_UNKNOWN, Reason.ENGINE_UNAVAILABLE, Reason.MODEL_UNKNOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What a request has just brought: the recording is whole in the store, and no job names it yet."""

    upload: UploadSource
    sha256: str
    """Of its bytes, in hexadecimal."""
    part: str
    """Name of the form's part that it came in."""
    file_name: str | None
    """As the client called it, cleaned."""
    fields: Fields
    """What else the form held; the checks have let them pass."""


async def take(
    context: Context,
    caller: Caller,
    request: Request,
    *,
    part: str,
    check_some: Callable[[Fields], object],
    check_all: Callable[[Fields], object],
    lead: bytes = b"",
) -> Recording:
    """Store the form's recording while it arrives; a request that is refused leaves nothing in the store.

    Parameters
    ----------
    part
        Name of the part that is the recording.
    check_some
        Refuses those fields before the recording that cannot be honoured, before it is taken.
    check_all
        Refuses fields that cannot be honoured, and a form that lacks some.
    lead
        Bytes to put before the recording's own.

    Raises
    ------
    ProblemError
        The body is no form with one recording, too large, or stopped coming; or a check refused it.
    ClientDisconnect
        The client went away in the middle of it.
    StoreError
        The store did not take it.
    """
    content_type = request.headers.get("Content-Type", "")
    if content_type.partition(";")[0].strip().lower() != FORM_TYPE:
        raise ProblemError(
            problems.CONTENT_TYPE_UNKNOWN,
            f"The Content-Type is {content_type!r}." if content_type else "The request has no Content-Type.",
            field="Content-Type",
            remedy=f'Send {FORM_TYPE} with the recording in the part "{part}".',
            headers={"Accept-Post": FORM_TYPE},
        )
    settings = context.settings
    body = RequestBody(request, max_bytes=settings.max_upload_bytes, idle_seconds=settings.upload_idle_seconds)
    reader = FormReader(content_type)
    upload_id = new_upload_id()
    key = context.layout.upload(caller.namespace, upload_id)
    async with open_upload(context, key, digest=True) as upload:
        form = RecordingForm(upload, part, check=check_some, lead=lead)
        async for chunk in body:
            for event in reader.feed(chunk):
                await form.take(event)
        if body.size_bytes == 0:
            raise ProblemError(
                problems.BODY_EMPTY,
                "The request has no body.",
                remedy=f'Send a form with the recording in the part "{part}".',
            )
        reader.finish()
        form.finish()
        check_all(form.fields)
        await upload.complete()
    if upload.sha256 is None:
        raise AssertionError("the digest was asked for")
    return Recording(
        upload=UploadSource(id=upload_id),
        sha256=upload.sha256,
        part=part,
        file_name=form.file_name,
        fields=form.fields,
    )


async def begin(
    context: Context, caller: Caller, recording: Recording, spec_for: Callable[[Source], TranscriptionJobSpec]
) -> "Awaited":
    """Make the job of this recording and these options, or join the one there is; to be entered, or it is never left.

    Raises
    ------
    ProblemError
        There are too many tasks, or too many of this identity have failed.
    KubeError
        The API server refused the job, or did not answer.
    """
    spec = spec_for(Source(upload=recording.upload)).model_copy(
        update={"ttl_seconds_after_finished": context.settings.sync_ttl_seconds}
    )
    uses_upload = False
    try:
        job, uses_upload = await _create_or_join(context, caller, recording, spec)
    except KubeUnavailableError:
        # The job may have been made behind the silence, and a retry will join it: it is to find its recording. If
        # there is none, the operator's sweep takes the upload.
        uses_upload = True
        raise
    finally:
        if not uses_upload:
            # Shielded: a cancelled request cleans up too.
            await asyncio.shield(asyncio.ensure_future(_forget(context, caller, recording)))
    return Awaited(context, job, part=recording.part)


async def _create_or_join(
    context: Context, caller: Caller, recording: Recording, spec: TranscriptionJobSpec
) -> tuple[TranscriptionJob, bool]:
    """Give the job to wait for, and whether this request made it; the request is counted among its waiters."""
    namespace, waiters = caller.namespace, context.waiters
    annotations = dict(waiters.annotations)
    if recording.file_name:
        annotations[FILE_NAME_ANNOTATION] = recording.file_name
    asked = {**spec.to_wire(), "source": recording.sha256}
    identity = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
    last: TranscriptionJob | None = None
    for number in range(MAX_TRIES):
        key = f"awaited:{identity}:{number}"
        name = identify(namespace, key, spec, recording.sha256).name
        if not waiters.enter(namespace, name):
            continue
        stays = False
        try:
            submitted = await create(
                context, caller, spec, annotations=annotations, idempotency_key=key, sha256=recording.sha256
            )
            last = submitted.job if submitted.created else await waiters.join(submitted.job)
            stays = is_awaitable(last)
            if stays:
                return last, submitted.created
        except ResourceNotFoundError:
            continue  # it went between two looks
        except ProblemError as problem:
            if problem.kind is not problems.KEY_RELEASING:
                raise
        finally:
            if not stays:
                waiters.leave(namespace, name, gone=False)
    if last is not None and last.status.failure is not None:
        raise failed(last, last.status.failure, part=recording.part)
    raise _ended_by_another()


async def _forget(context: Context, caller: Caller, recording: Recording) -> None:
    try:
        await run_in_threadpool(context.store.delete, context.layout.upload(caller.namespace, recording.upload.id))
    except StoreError as error:
        logger.warning("an upload that no job names stays in the store: %s", error)


class Awaited:
    """A job that one request waits for; leaving the context ends the wait, not the job."""

    def __init__(self, context: Context, job: TranscriptionJob, *, part: str) -> None:
        self._context = context
        self._part = part
        self.job = job
        """As last seen."""
        self.client_gone = False
        """Set when the client is found to be gone: without another that waits, its job is in vain."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        metadata = self.job.metadata
        self._context.waiters.leave(metadata.namespace, metadata.name, gone=self.client_gone)

    async def look(self, seconds: float) -> bool:
        """Wait that long for the job's end; says whether it completed.

        Raises
        ------
        ProblemError
            It failed, was cancelled, or was released.
        KubeError
            Nobody knows how it is.
        """
        metadata = self.job.metadata
        try:
            self.job = await self._context.reads.wait(metadata.namespace, metadata.name, _is_over, seconds=seconds)
        except ResourceNotFoundError as error:
            raise _ended_by_another() from error
        terminal = self.job.status.terminal
        if terminal is None:
            return False
        if terminal.type is ConditionType.FAILED:
            failure = self.job.status.failure or FailureStatus.of(Reason.INTERNAL_ERROR, terminal.message)
            raise failed(self.job, failure, part=self._part)
        return True

    async def outcome(self, request: Request) -> TranscriptionJob:
        """Wait until the job is complete, and give it.

        Raises
        ------
        ProblemError
            It failed, was ended by somebody else, or takes longer than a request may wait: then it goes on.
        ClientDisconnect
            The client went away.
        KubeError
            Nobody knows how the job is; it goes on.
        """
        limit_seconds = self._context.settings.sync_limit_seconds
        looking = asyncio.ensure_future(self.look(limit_seconds))
        leaving = asyncio.ensure_future(_disconnected(request))
        try:
            await asyncio.wait({looking, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not looking.done():
                self.client_gone = True
                raise ClientDisconnect
            if not await looking:
                raise late(limit_seconds)
        finally:
            looking.cancel()
            leaving.cancel()
            await asyncio.gather(looking, leaving, return_exceptions=True)
        return self.job

    async def rendering(self, fmt: TranscriptFormat) -> bytes:
        """Read the completed job's transcript in one format, whole: 10 MB for twelve hours with times of words.

        Raises
        ------
        ProblemError
            It is no longer in the store.
        StoreError
            The store did not answer.
        """
        store = self._context.store
        result = find_result(self.job, fmt, layout=self._context.layout, bucket=store.bucket)
        try:
            return await run_in_threadpool(store.get, result.key)
        except ObjectNotFoundError as error:
            raise gone(self.job) from error


def late(limit_seconds: float) -> ProblemError:
    """Say that the answer must wait for another request."""
    return ProblemError(
        problems.OUTCOME_LATE,
        f"The transcription takes longer than the {limit_seconds:g} seconds that a request waits; it goes on.",
        remedy="Send the same request again: it joins the transcription that runs.",
    )


def failed(job: TranscriptionJob, failure: FailureStatus, *, part: str) -> ProblemError:
    """Say why there will be no transcript, and whether that is the request's fault.

    `part` is the field at fault where that is the recording.
    """
    row = failure_for(failure.reason)
    if failure.reason is Reason.CANCELLED:
        return _ended_by_another()
    detail = f"{failure.reason}: {failure.message}"
    chosen = job.spec.engine is not None or job.spec.profile is not None
    if failure.reason in _ABOUT_MODEL and chosen:
        return ProblemError(problems.MODEL_UNKNOWN, detail, field="model", remedy=row.remedy)
    if row.blame is Blame.USER and row.disposition is Disposition.TERMINAL and failure.reason not in _ABOUT_MODEL:
        field = None
        if failure.reason in _ABOUT_RECORDING:
            field = part
        elif failure.reason is Reason.LANGUAGE_UNSUPPORTED:
            field = "language"
        return ProblemError(problems.RECORDING_UNUSABLE, detail, field=field, remedy=row.remedy)
    return ProblemError(problems.TRANSCRIPTION_FAILED, detail, remedy=row.remedy)


def _ended_by_another() -> ProblemError:
    return ProblemError(
        problems.TRANSCRIPTION_ENDED,
        "The transcription was cancelled, or released, while this request waited for it.",
        remedy="Send the request again if the transcript is wanted after all.",
    )


def _is_over(job: TranscriptionJob) -> bool:
    return job.status.terminal is not None


async def _disconnected(request: Request) -> None:
    """Return once the client is gone; the body must have been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
