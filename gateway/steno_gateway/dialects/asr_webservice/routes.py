"""``POST /asr`` and ``POST /detect-language``.

Errors are problem documents: the service's own errors are FastAPI's, whose ``detail`` a problem has too.
"""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response

from steno_gateway import file_names, problems
from steno_gateway.access.caller import Caller
from steno_gateway.access.permission import Writer
from steno_gateway.context import Context, ContextDependency
from steno_gateway.dialects import outcome
from steno_gateway.dialects.asr_webservice.answers import language_of, transcript_of
from steno_gateway.dialects.asr_webservice.options import (
    FILE_PART,
    RENDERINGS,
    AsrQuery,
    DetectQuery,
    OutputFormat,
    refuse,
)
from steno_gateway.problems import ProblemError
from steno_types import TranscriptFormat

router = APIRouter(include_in_schema=False)

MEDIA_TYPE: Final = "text/plain; charset=utf-8"
"""Of every answer of ``/asr``, JSON too: the service's own."""

UNNAMED: Final = "audio"
"""What a recording without a name is called in an answer's file name."""


@router.post("/asr")
async def asr(
    request: Request, caller: Writer, query: Annotated[AsrQuery, Query()], context: ContextDependency
) -> Response:
    """Answer a recording with what is said in it."""
    recording, awaited = await _begin(request, caller, query, context)
    async with awaited:
        job = await awaited.outcome(request)
        if query.output is OutputFormat.JSON:
            own, verbose = await _both(awaited)
            body = transcript_of(own, verbose)
        else:
            body = await awaited.rendering(RENDERINGS[query.output])
    headers = {
        "Content-Type": MEDIA_TYPE,
        "Content-Disposition": file_names.content_disposition(recording.file_name or UNNAMED, query.output),
        "Cache-Control": "no-store",
    }
    if job.status.effective is not None:
        headers["Asr-Engine"] = job.status.effective.engine.partition(" ")[0]  # without its version
    return Response(body, headers=headers)


@router.post("/detect-language")
async def detect_language(
    request: Request, caller: Writer, query: Annotated[DetectQuery, Query()], context: ContextDependency
) -> dict[str, Any]:
    """Answer a recording with the language that is spoken in it; the whole of it is transcribed for that."""
    _, awaited = await _begin(request, caller, query, context)
    async with awaited:
        await awaited.outcome(request)
        answer = language_of(*await _both(awaited))
    if answer is None:
        raise ProblemError(
            problems.LANGUAGE_UNDETECTED,
            "No speech was found in the recording, so no language was detected.",
            field=FILE_PART,
            remedy="Send a recording in which somebody speaks.",
        )
    return answer


async def _begin(
    request: Request, caller: Caller, query: DetectQuery, context: Context
) -> tuple[outcome.Recording, outcome.Awaited]:
    recording = await outcome.take(
        context, caller, request, part=FILE_PART, check_some=refuse, check_all=refuse, lead=query.lead
    )
    return recording, await outcome.begin(context, caller, recording, query.spec_for)


async def _both(awaited: outcome.Awaited) -> tuple[bytes, bytes]:
    return await awaited.rendering(TranscriptFormat.JSON), await awaited.rendering(TranscriptFormat.VERBOSE_JSON)
