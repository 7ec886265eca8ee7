"""What a client may ask for: the REST models, and the TranscriptionJob they become.

snake_case, as all of the REST API; unknown fields are refused by name, since an option that is silently ignored is
noticed only in the transcript. Bounds are those of `steno_types`; a test compares the two.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from steno_gateway import problems
from steno_gateway.problems import ProblemError
from steno_gateway.refusals import invalid_fields
from steno_types import (
    LANGUAGE_PATTERN,
    NAME_PATTERN,
    NEVER_SECONDS,
    Engine,
    EngineName,
    S3Source,
    Source,
    TranscriptFormat,
    TranscriptionJobSpec,
)


class _RequestModel(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class TranscribeOptions(_RequestModel):
    """How to transcribe; every field may be left out."""

    language: Annotated[str, Field(max_length=35, pattern=LANGUAGE_PATTERN)] = "auto"
    """Language spoken, as a BCP 47 tag; auto to detect it; mixed to detect it chunk by chunk."""
    profile: Annotated[str | None, Field(min_length=1, max_length=63, pattern=NAME_PATTERN)] = None
    """Worker profile of the installation; default: the installation's own."""
    word_timestamps: bool = False
    """Whether the JSON transcript carries the time and probability of every word."""
    engine: EngineName | None = None
    """Engine; it must be one that the worker profile lists."""
    model: Annotated[str | None, Field(min_length=1, max_length=253)] = None
    """The engine's model; default: the worker profile's."""
    compute_type: Annotated[str | None, Field(max_length=32, pattern=r"^[a-z0-9_]+$")] = None
    """CTranslate2's compute type; default: the worker profile's."""
    beam_size: Annotated[int | None, Field(ge=1, le=20)] = None
    """Hypotheses kept while decoding; more is slower and slightly better; default: the worker profile's."""
    backoff_limit: Annotated[int, Field(ge=0, le=20)] = 3
    """Retries after attempts that failed for a retryable reason."""
    ttl_seconds_after_finished: Annotated[int | None, Field(ge=NEVER_SECONDS, le=315_360_000)] = None
    """Seconds after its end until the task and its transcript are deleted; -1: never; default: the installation's
    CACHE_EXPIRY."""

    def spec_for(self, source: Source) -> TranscriptionJobSpec:
        """Give the spec that asks for `source` to be transcribed this way."""
        engine = Engine(name=self.engine, model=self.model, compute_type=self.compute_type, beam_size=self.beam_size)
        return TranscriptionJobSpec(
            source=source,
            profile=self.profile,
            engine=engine if engine.to_wire() else None,
            language=self.language,
            word_timestamps=self.word_timestamps,
            backoff_limit=self.backoff_limit,
            ttl_seconds_after_finished=self.ttl_seconds_after_finished,
        )


class S3Location(S3Source):
    """A recording that lies in an S3 bucket."""

    model_config = ConfigDict(extra="forbid")


class TranscribeRequest(TranscribeOptions):
    """A recording in S3 and how to transcribe it."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"s3": {"bucket": "recordings", "key": "2026/interview.flac"}}]}
    )

    s3: S3Location
    """Where the recording lies; Steno reads it with its own credentials and never deletes it."""


class DownloadQuery(_RequestModel):
    """Parameters of a download."""

    fmt: TranscriptFormat = TranscriptFormat.JSON
    """How the transcript is spelled: json (Steno's own, with all that is known), verbose_json (as OpenAI's audio API
    spells it), md (for reading), srt and vtt (subtitles), txt (the words alone), tsv (a table of times and text),
    report (what of the speech the transcript covers, in JSON)."""
    redirect: bool = False
    """Whether to answer with a redirect to a URL of the object store that is valid for a while."""


def parse_options(fields: Mapping[str, Any]) -> TranscribeOptions:
    """Read the options of a form."""
    try:
        return TranscribeOptions.model_validate(fields)
    except ValidationError as error:
        raise invalid_fields(error.errors()) from error


def parse_request(body: bytes) -> TranscribeRequest:
    """Read a JSON body."""
    try:
        return TranscribeRequest.model_validate_json(body)
    except ValidationError as error:
        errors = error.errors()
        if errors[0]["type"] == "json_invalid":
            raise ProblemError(
                problems.BODY_MALFORMED,
                f"The body is no JSON: {errors[0]['msg'].removeprefix('Invalid JSON: ')}.",
                remedy="Send a JSON object, in UTF-8.",
            ) from error
        raise invalid_fields(errors) from error
