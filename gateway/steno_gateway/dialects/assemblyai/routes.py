"""``/v2/upload`` and ``/v2/transcript``.

Each route unpacks the request, calls one function and shows what that gives.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from steno_gateway.access.caller import Caller
from steno_gateway.access.permission import Reader, Writer
from steno_gateway.context import Context, ContextDependency
from steno_gateway.dialects.assemblyai import captions, documents, views
from steno_gateway.dialects.assemblyai.addresses import upload_url
from steno_gateway.dialects.assemblyai.errors import PREFIX, not_completed, refused, unknown_transcript
from steno_gateway.dialects.assemblyai.listing import ListQuery, page
from steno_gateway.dialects.assemblyai.sentences import Passage, paragraphs, sentences
from steno_gateway.dialects.assemblyai.submission import submit, take_upload
from steno_gateway.dialects.assemblyai.word_search import MAX_PHRASE_WORDS, search
from steno_gateway.dialects.assemblyai.words import Word, read_words
from steno_gateway.tasks.release import release
from steno_gateway.tasks.results import FILES, find_result, gone
from steno_kube import ResourceNotFoundError
from steno_store import ObjectNotFoundError
from steno_types import NAME_MAX_LENGTH, NAME_PATTERN, TranscriptFormat, TranscriptionJob

router = APIRouter(prefix=PREFIX, include_in_schema=False)
"""Its documentation is AssemblyAI's own."""

DELETE_WAIT_SECONDS: Final = 10.0
"""For which a deletion is waited for: the SDK gives up after 30, and the deletion goes on without anybody waiting."""

MAX_PHRASES: Final = 100
"""Of one search."""

MAX_PHRASE_CHARACTERS: Final = 200
"""Of one phrase."""

_NAME: Final = re.compile(NAME_PATTERN)


class CaptionQuery(BaseModel):
    """How captions are laid out."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    chars_per_caption: Annotated[int | None, Field(ge=1, le=10_000)] = None
    """Characters of a caption; default: the worker's own subtitles."""


class SearchQuery(BaseModel):
    """What to look for."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    words: list[str] = []
    """Words and phrases, with commas between them."""


def _transcript_id(transcript_id: str) -> str:
    """Refuse what can be no job's name, before anyone is asked for it."""
    if len(transcript_id) > NAME_MAX_LENGTH or _NAME.fullmatch(transcript_id) is None:
        raise unknown_transcript(transcript_id)
    return transcript_id


def _base_url(request: Request) -> str:
    return str(request.base_url).rstrip("/")


TranscriptId = Annotated[str, Depends(_transcript_id)]
"""A transcript's id out of the path, shaped like one."""

BaseUrl = Annotated[str, Depends(_base_url)]
"""The gateway's address as this request's client knows it, without a slash."""


@router.post("/upload")
async def upload(request: Request, caller: Writer, context: ContextDependency, base_url: BaseUrl) -> dict[str, str]:
    """Take a recording in, and name it by an address."""
    return {"upload_url": upload_url(base_url, await take_upload(context, caller, request))}


@router.post("/transcript")
async def create_transcript(
    request: Request, caller: Writer, context: ContextDependency, base_url: BaseUrl
) -> dict[str, Any]:
    """Make the job, and show it as it is."""
    job = await submit(context, caller, request)
    return views.fields(job, base_url=base_url, bucket=context.store.bucket)


@router.get("/transcript")
async def list_transcripts(
    caller: Reader, query: Annotated[ListQuery, Query()], context: ContextDependency, base_url: BaseUrl
) -> dict[str, Any]:
    """Show a page of the tenant's transcripts."""
    jobs = await context.reads.list(caller.namespace)
    return await run_in_threadpool(page, jobs, query, base_url=base_url, bucket=context.store.bucket)


@router.get("/transcript/{transcript_id}")
async def get_transcript(
    transcript_id: TranscriptId, caller: Reader, context: ContextDependency, base_url: BaseUrl
) -> Response:
    """Show a transcript: how far it is, and once it is completed what was said."""
    job = await _find(context, caller, transcript_id)
    fields = views.fields(job, base_url=base_url, bucket=context.store.bucket)
    if views.status_of(job) != views.COMPLETED:
        return JSONResponse(fields)

    def again() -> Iterator[Word]:
        return read_words(_open(job, context, TranscriptFormat.JSON, "it"))

    said = read_words(await _opened(job, context, TranscriptFormat.JSON, "it"))
    return _streamed(documents.transcript(said, again, fields), "application/json")


@router.delete("/transcript/{transcript_id}")
async def delete_transcript(
    transcript_id: TranscriptId, caller: Writer, context: ContextDependency, base_url: BaseUrl
) -> dict[str, Any]:
    """Delete the task with its recording and all that came of it."""
    job = await _find(context, caller, transcript_id)
    try:
        releasing = await release(
            context.jobs,
            caller.namespace,
            job.metadata.name,
            wait_seconds=min(DELETE_WAIT_SECONDS, context.settings.release_wait_seconds),
            told=context.reads.delivered,
        )
    except ResourceNotFoundError as error:
        raise unknown_transcript(job.metadata.name) from error
    if releasing.gone:
        context.reads.gone(releasing.job)
    return views.deleted(job, base_url=base_url, bucket=context.store.bucket)


@router.get("/transcript/{transcript_id}/sentences")
async def get_sentences(transcript_id: TranscriptId, caller: Reader, context: ContextDependency) -> Response:
    """Show what was said by sentences."""
    return await _by_passages("sentences", sentences, await _find(context, caller, transcript_id), context)


@router.get("/transcript/{transcript_id}/paragraphs")
async def get_paragraphs(transcript_id: TranscriptId, caller: Reader, context: ContextDependency) -> Response:
    """Show what was said by paragraphs."""
    return await _by_passages("paragraphs", paragraphs, await _find(context, caller, transcript_id), context)


@router.get("/transcript/{transcript_id}/srt")
async def get_srt(
    transcript_id: TranscriptId, caller: Reader, query: Annotated[CaptionQuery, Query()], context: ContextDependency
) -> Response:
    """Show what was said as SubRip."""
    job = await _find(context, caller, transcript_id)
    return await _captions(job, query, context, TranscriptFormat.SRT, captions.to_srt)


@router.get("/transcript/{transcript_id}/vtt")
async def get_vtt(
    transcript_id: TranscriptId, caller: Reader, query: Annotated[CaptionQuery, Query()], context: ContextDependency
) -> Response:
    """Show what was said as WebVTT."""
    job = await _find(context, caller, transcript_id)
    return await _captions(job, query, context, TranscriptFormat.VTT, captions.to_vtt)


@router.get("/transcript/{transcript_id}/word-search")
async def word_search(
    transcript_id: TranscriptId, caller: Reader, query: Annotated[SearchQuery, Query()], context: ContextDependency
) -> dict[str, Any]:
    """Find words and phrases."""
    job = await _find(context, caller, transcript_id)
    phrases = _phrases(query.words)
    chunks = await _opened(job, context, TranscriptFormat.JSON, "word search")
    found = await run_in_threadpool(lambda: search(read_words(chunks), phrases))
    return documents.matches(job.metadata.name, found)


async def _find(context: Context, caller: Caller, transcript_id: str) -> TranscriptionJob:
    try:
        return await context.reads.get(caller.namespace, transcript_id)
    except ResourceNotFoundError as error:
        raise unknown_transcript(transcript_id) from error


async def _by_passages(
    name: str, cut: Callable[[Iterable[Word]], Iterator[Passage]], job: TranscriptionJob, context: Context
) -> Response:
    chunks = await _opened(job, context, TranscriptFormat.JSON, name)
    fields = {
        "id": job.metadata.name,
        "audio_duration": views.duration_seconds(job) or 0.0,
        "speech_model_used": views.model_of(job),
    }
    return _streamed(documents.passages(name, cut(read_words(chunks)), fields), "application/json")


async def _captions(
    job: TranscriptionJob,
    query: CaptionQuery,
    context: Context,
    fmt: TranscriptFormat,
    spell: Callable[[Iterable[captions.Caption]], Iterator[str]],
) -> Response:
    media_type = FILES[fmt].content_type
    if query.chars_per_caption is None:
        chunks = await _opened(job, context, fmt, "captions")
        return StreamingResponse(chunks, media_type=media_type, headers=_HEADERS)
    words = read_words(await _opened(job, context, TranscriptFormat.JSON, "captions"))
    return _streamed(spell(captions.captions(words, max_characters=query.chars_per_caption)), media_type)


async def _opened(job: TranscriptionJob, context: Context, fmt: TranscriptFormat, wanted: str) -> Iterator[bytes]:
    """Begin to read a rendering; only with it in hand an answer begins."""
    return await run_in_threadpool(_open, job, context, fmt, wanted)


def _open(job: TranscriptionJob, context: Context, fmt: TranscriptFormat, wanted: str) -> Iterator[bytes]:
    if views.status_of(job) != views.COMPLETED:
        raise not_completed(views.status_of(job), wanted)
    result = find_result(
        job,
        fmt,
        layout=context.layout,
        bucket=context.store.bucket,
        default_bucket=context.settings.default_destination_bucket,
    )
    try:
        return context.store.stream(result.key)
    except ObjectNotFoundError as error:
        raise gone(job) from error


def _phrases(words: Iterable[str]) -> list[str]:
    phrases = [phrase for group in words for each in group.split(",") if (phrase := each.strip())]
    if not phrases:
        raise refused("words", "names nothing to look for", "Give words or phrases with commas between them.")
    if len(phrases) > MAX_PHRASES:
        raise refused("words", f"has more than {MAX_PHRASES} phrases", "Ask for some of them at a time.")
    if any(len(phrase.split()) > MAX_PHRASE_WORDS or len(phrase) > MAX_PHRASE_CHARACTERS for phrase in phrases):
        raise refused(
            "words",
            f"has a phrase of more than {MAX_PHRASE_WORDS} words or {MAX_PHRASE_CHARACTERS} characters",
            "Look for a part of it.",
        )
    return phrases


def _streamed(pieces: Iterator[str], media_type: str) -> Response:
    return StreamingResponse(documents.in_chunks(pieces), media_type=media_type, headers=_HEADERS)


_HEADERS: Final = {"Cache-Control": "private, no-cache"}
