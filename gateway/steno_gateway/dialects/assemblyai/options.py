"""The body of ``POST /v2/transcript``: what of it can be honoured, and the job that it becomes.

Called by `submission`. Pure. What cannot be honoured is refused by name, never ignored, since it would be noticed
only in the transcript. A value that asks for nothing (`NO_OPS`) is taken: AssemblyAI's clients send some by default.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from steno_gateway import problems
from steno_gateway.dialects.assemblyai.addresses import is_upload_id, named_upload
from steno_gateway.dialects.assemblyai.errors import refused
from steno_gateway.problems import ProblemError
from steno_gateway.refusals import invalid_fields
from steno_gateway.requests import parse_json
from steno_gateway.settings import ModelChoice
from steno_gateway.tasks.addresses import checked_url
from steno_types import LANGUAGE_PATTERN, Engine, Source, TranscriptionJobSpec, UploadSource

MAX_HOTWORDS: Final = 50
"""Of one job, as `TranscriptionJobSpec.hotwords` has it; a test compares the two."""

NO_OPS: Final[Mapping[str, tuple[object, ...]]] = {
    "audio_channels": (),
    "audio_end_at": (),
    "audio_start_from": (0,),
    "auto_chapters": (False,),
    "auto_highlights": (False,),
    "boost_param": ("default",),
    "content_safety": (False,),
    "content_safety_confidence": (50,),
    "custom_spelling": ([],),
    "custom_topics": (False,),
    "disfluencies": (False,),
    "domain": (),
    "dual_channel": (False,),
    "entity_detection": (False,),
    "filter_profanity": (False,),
    "format_text": (True,),
    "iab_categories": (False,),
    "keyterms_prompt_options": ({}, {"keyterms_match_strength": "standard"}),
    "language_confidence_threshold": (0,),
    "language_detection_results": (),
    "multichannel": (False,),
    "prompt": (),
    "punctuate": (True,),
    "redact_pii": (False,),
    "redact_pii_audio": (False,),
    "redact_pii_audio_options": ({},),
    "redact_pii_audio_quality": ("mp3",),
    "redact_pii_policies": ([],),
    "redact_pii_return_unredacted": (False,),
    "redact_pii_sub": ("hash",),
    "remove_audio_tags": (),
    "sentiment_analysis": (False,),
    "speaker_labels": (False,),
    "speaker_options": ({},),
    "speakers_expected": (),
    "speech_threshold": (0,),
    "speech_understanding": ({},),
    "speed_boost": (False,),
    "summarization": (False,),
    "summary_model": ("informative",),
    "summary_type": ("bullets",),
    "temperature": (0,),
    "topics": ([],),
    "webhook_auth_header_name": (),
    "webhook_auth_header_value": (),
    "webhook_url": (),
}
"""AssemblyAI's options that nothing here can do, and the values beside null that ask for nothing: the defaults of its
API. ``punctuate`` and ``format_text`` are the other way round: the models always do both."""

_REMEDIES: Final = {
    "audio_end_at": "Cut the recording before it is sent.",
    "audio_start_from": "Cut the recording before it is sent.",
    "format_text": "Leave it out: the models always format numbers and names.",
    "prompt": "Give names and terms in keyterms_prompt: the models take no instructions.",
    "punctuate": "Leave it out: the models always punctuate.",
    "webhook_auth_header_name": "Leave it out, and ask GET /v2/transcript/{id} until the transcript is completed.",
    "webhook_auth_header_value": "Leave it out, and ask GET /v2/transcript/{id} until the transcript is completed.",
    "webhook_url": "Leave it out, and ask GET /v2/transcript/{id} until the transcript is completed.",
}
"""What to do instead, where it is not just to leave the option out."""

DEFAULT_MODEL: Final = "best"
"""AssemblyAI's name for no choice; here the worker profile's own model, unless the installation says otherwise."""

_LANGUAGES: Final = {"en-uk": "en-GB"}
"""Codes of AssemblyAI that are no BCP 47, their underscores replaced."""

ENGLISH: Final = "en"
"""The language of a recording where detection is switched off and no language given, as AssemblyAI has it."""

_LANGUAGE: Final = re.compile(LANGUAGE_PATTERN)
_LANGUAGE_MAX_LENGTH: Final = 35
"""Of a tag, as `TranscriptionJobSpec.language` has it."""

_Term = Annotated[str, Field(min_length=1, max_length=63)]


class DetectionOptions(BaseModel):
    """How the language is detected."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, strict=True)

    code_switching: bool | None = None
    """Whether the language may change within the recording; it is then detected chunk by chunk."""


class TranscriptParams(BaseModel):
    """A recording and how to transcribe it: the options of AssemblyAI's that are honoured."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, strict=True, hide_input_in_errors=True
    )

    audio_url: Annotated[str, Field(min_length=1, max_length=4096), AfterValidator(checked_url)]
    """Where the recording is: what POST /v2/upload answered with, or any http or https address."""
    language_code: str | None = None
    """Language spoken, for example de or en_us; default: it is detected."""
    language_codes: Annotated[list[str] | None, Field(max_length=1)] = None
    """The same as a list of one; for several, see language_detection_options.code_switching."""
    language_detection: bool | None = None
    """Whether the language is detected, which is the default; false without a language_code means English."""
    language_detection_options: DetectionOptions | None = None
    """How the language is detected."""
    speech_model: str | None = None
    """A name of the installation's STENO_MODELS; default, and best: the worker profile's own model."""
    speech_models: list[str] | None = None
    """Names in the order of preference; the first that the installation has is taken."""
    word_boost: list[_Term] | None = None
    """Words that are likely to occur."""
    keyterms_prompt: list[_Term] | None = None
    """The same; both lists together have at most 50."""


def spec_of(body: bytes, models: Mapping[str, ModelChoice]) -> TranscriptionJobSpec:
    """Read the body, and give the spec that asks for the same.

    `models` says what the names of models stand for.

    Raises
    ------
    ProblemError
        It is no JSON object, or asks for what cannot be honoured; the field is named as AssemblyAI names it.
    """
    params = _params(body)
    choice = _choice(params, models)
    engine = Engine(name=choice.engine, model=choice.model)
    return TranscriptionJobSpec(
        source=_source(params.audio_url),
        profile=choice.profile,
        engine=engine if engine.to_wire() else None,
        language=_language(params),
        hotwords=_hotwords(params),
        word_timestamps=True,
    )


def _params(body: bytes) -> TranscriptParams:
    asked = parse_json(body)
    if not isinstance(asked, dict):
        raise ProblemError(
            problems.BODY_MALFORMED, "The body is no JSON object.", remedy="Send an object with an audio_url."
        )
    _refuse_unsupported(asked)
    try:
        return TranscriptParams.model_validate({name: value for name, value in asked.items() if name not in NO_OPS})
    except ValidationError as error:
        found = invalid_fields(error.errors(include_url=False, include_input=False, include_context=False))
        raise ProblemError(
            found.kind,
            found.detail,
            field=found.field,
            remedy="Correct it or leave it out; docs/dialects.md lists the options.",
        ) from error


def _refuse_unsupported(asked: Mapping[str, Any]) -> None:
    wrong = [name for name, value in asked.items() if not _asks_nothing(name, value)]
    if wrong:
        raise ProblemError(
            problems.FIELD_INVALID,
            f"This installation cannot do what {', '.join(wrong)} {'asks' if len(wrong) == 1 else 'ask'} for.",
            field=wrong[0],
            remedy=_REMEDIES.get(wrong[0], "Leave it out."),
        )


def _asks_nothing(name: str, value: object) -> bool:
    if name not in NO_OPS or value is None:
        return True
    # 0 is False, and 1 is True, to Python; a client that sends one for the other means it.
    return any(type(value) in {type(no_op), float} and value == no_op for no_op in NO_OPS[name])


def _source(url: str) -> Source:
    upload_id = named_upload(url)
    if upload_id is None:
        return Source(url=url)
    if not is_upload_id(upload_id):
        raise ProblemError(
            problems.UPLOAD_GONE,
            "audio_url names no upload of this gateway.",
            field="audio_url",
            remedy="Use the upload_url that POST /v2/upload answered with.",
        )
    return Source(upload=UploadSource(id=upload_id))


def _language(params: TranscriptParams) -> str:
    codes = [code for code in (params.language_code, *(params.language_codes or ())) if code is not None]
    options = params.language_detection_options
    switching = options is not None and options.code_switching
    if len({*codes}) > 1:
        raise refused("language_codes", "and language_code differ", "Leave one of them out.")
    if codes and (params.language_detection or switching):
        raise refused(
            "language_code",
            "cannot be given together with language_detection",
            "Leave language_code out, or language_detection.",
        )
    if switching:
        if params.language_detection is False:
            raise refused(
                "language_detection_options.code_switching", "needs language_detection", "Leave one of them out."
            )
        return "mixed"
    if codes:
        return _tag(codes[0])
    return ENGLISH if params.language_detection is False else "auto"


def _tag(code: str) -> str:
    tag = code.strip().lower().replace("_", "-")
    tag = _LANGUAGES.get(tag, tag)
    if tag in {"auto", "mixed"} or len(tag) > _LANGUAGE_MAX_LENGTH or _LANGUAGE.fullmatch(tag) is None:
        raise refused("language_code", "is no language's code", "Give one like de or en_us, or leave it out.")
    return tag


def _choice(params: TranscriptParams, models: Mapping[str, ModelChoice]) -> ModelChoice:
    """Give what the model's name stands for; the installation's own where none is named."""
    field, names = "speech_models", params.speech_models
    if params.speech_model is not None:
        if names is not None:
            raise refused("speech_models", "and speech_model are given together", "Leave one of them out.")
        field, names = "speech_model", [params.speech_model]
    if not names:
        return ModelChoice()
    known = {DEFAULT_MODEL: ModelChoice(), **models}
    choice = next((known[name] for name in names if name in known), None)
    if choice is None:
        raise refused(
            field,
            f"names no model of this installation: {', '.join(repr(name[:_SHOWN]) for name in names[:_SHOWN_NAMES])}",
            f"Leave {field} out, or name one of {', '.join(sorted(known))}.",
        )
    return choice


_SHOWN: Final = 64
_SHOWN_NAMES: Final = 3


def _hotwords(params: TranscriptParams) -> tuple[str, ...]:
    hotwords = tuple(dict.fromkeys([*(params.keyterms_prompt or ()), *(params.word_boost or ())]))
    if len(hotwords) > MAX_HOTWORDS:
        field = "keyterms_prompt" if params.keyterms_prompt else "word_boost"
        raise refused(field, f"has more than {MAX_HOTWORDS} terms", "Keep those that are heard wrong without it.")
    return hotwords
