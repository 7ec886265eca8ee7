"""``/v1/audio/transcriptions``, ``/v1/audio/translations`` and ``/v1/models``."""

from typing import Any, Final

from fastapi import APIRouter, Request, Response

from steno_gateway import problems
from steno_gateway.access.caller import Caller
from steno_gateway.access.permission import Reader, Writer
from steno_gateway.context import Context, ContextDependency
from steno_gateway.dialects import outcome
from steno_gateway.dialects.openai.answers import MEDIA_TYPES, RENDERINGS, answer_of
from steno_gateway.dialects.openai.options import (
    FILE_PART,
    Asked,
    AudioOptions,
    TranscriptionOptions,
    TranslationOptions,
    find_model,
)
from steno_gateway.dialects.openai.stream import TranscriptStream
from steno_gateway.problems import ProblemError

router = APIRouter(prefix="/v1", include_in_schema=False)

OWNER: Final = "steno"


@router.post("/audio/transcriptions")
async def create_transcription(request: Request, caller: Writer, context: ContextDependency) -> Response:
    """Answer a recording with what is said in it."""
    return await _answer(request, caller, context, TranscriptionOptions)


@router.post("/audio/translations")
async def create_translation(request: Request, caller: Writer, context: ContextDependency) -> Response:
    """Answer a recording with the English of what is said in it."""
    return await _answer(request, caller, context, TranslationOptions)


@router.get("/models")
async def list_models(caller: Reader, context: ContextDependency) -> dict[str, Any]:
    """List the names that ``model`` takes."""
    del caller
    return {"object": "list", "data": [_model(name) for name in context.settings.models]}


@router.get("/models/{model:path}")
async def retrieve_model(model: str, caller: Reader, context: ContextDependency) -> dict[str, Any]:
    """Describe one of them."""
    del caller
    find_model(context.settings.models, model)
    return _model(model)


async def _answer(request: Request, caller: Caller, context: Context, options_type: type[AudioOptions]) -> Response:
    if request.query_params:
        name = next(iter(request.query_params))
        raise ProblemError(
            problems.FIELD_UNKNOWN,
            f"There is no query parameter {name!r}.",
            field=name,
            remedy="Put options into the form.",
        )
    asked = Asked(options_type, context.settings.models)
    recording = await outcome.take(
        context, caller, request, part=FILE_PART, check_some=asked.check_some, check_all=asked.read
    )
    options, choice = asked.read(recording.fields)
    awaited = await outcome.begin(context, caller, recording, lambda source: options.spec_for(source, choice))
    if options.streamed:
        return await _stream(request, awaited, limit_seconds=context.settings.sync_limit_seconds)
    async with awaited:
        await awaited.outcome(request)
        rendering = await awaited.rendering(RENDERINGS[options.response_format])
    body = answer_of(rendering, options.response_format, options.granularities)
    return Response(body, headers={"Content-Type": MEDIA_TYPES[options.response_format], "Cache-Control": "no-store"})


async def _stream(request: Request, awaited: outcome.Awaited, *, limit_seconds: float) -> Response:
    try:
        # What went wrong already is said by the status, as long as there is one to be sent.
        await awaited.look(0)
    except BaseException:
        async with awaited:
            raise
    return TranscriptStream(request, awaited, limit_seconds=limit_seconds)


def _model(name: str) -> dict[str, Any]:
    # When a model was made is known to nobody here.
    return {"id": name, "object": "model", "created": 0, "owned_by": OWNER}
