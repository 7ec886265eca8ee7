"""What a client may ask for: the REST models, and the TranscriptionJob they become.

snake_case, as all of the REST API; unknown fields are refused by name, since an option that is silently ignored is
noticed only in the transcript. Bounds are those of `steno_types`; a test compares the two. Whether what is asked for
is allowed is said by `tasks.permissible`.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json

from steno_gateway import problems
from steno_gateway.problems import ProblemError
from steno_gateway.refusals import invalid_fields
from steno_gateway.tasks.addresses import checked_url
from steno_gateway.tasks.destinations import checked_path, destination_of, only_with_path
from steno_types import (
    LANGUAGE_PATTERN,
    NAME_PATTERN,
    NEVER_SECONDS,
    UPLOAD_ID_PATTERN,
    Engine,
    EngineName,
    Outputs,
    S3Source,
    Source,
    Task,
    TranscriptFormat,
    TranscriptionJobSpec,
    UploadSource,
)
from steno_types.spec import DEADLINE_MAX_SECONDS, OptionName

_Name = Annotated[str, Field(min_length=1, max_length=63, pattern=NAME_PATTERN)]
_Deadline = Annotated[int, Field(ge=1, le=DEADLINE_MAX_SECONDS)]
_Ttl = Annotated[int, Field(ge=NEVER_SECONDS, le=315_360_000)]


class RequestModel(BaseModel):
    """A document of a client's, frozen, whose unknown fields are refused."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        # An address may be a secret, and refusals are logged.
        hide_input_in_errors=True,
    )


class TranscribeOptions(RequestModel):
    """How to transcribe; every field may be left out."""

    task: Task = Task.TRANSCRIBE
    """Whether to write what is said (transcribe), or its translation into English (translate)."""
    language: Annotated[str, Field(max_length=35, pattern=LANGUAGE_PATTERN)] = "auto"
    """Language spoken, as a BCP 47 tag; auto to detect it; mixed to detect it chunk by chunk."""
    prompt: Annotated[str | None, Field(min_length=1, max_length=1000)] = None
    """Text that the model takes for what was said before: spelling of names, style."""
    hotwords: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=63)], ...], Field(max_length=50)] = ()
    """Words that are likely to occur. In a form: one part for each, or one with a JSON array."""
    channel: Annotated[int | None, Field(ge=0, le=63)] = None
    """Audio channel to transcribe, from 0; default: all of them, mixed."""
    word_timestamps: bool = False
    """Whether the JSON transcript carries the time and probability of every word."""
    profile: _Name | None = None
    """Worker profile of the installation; default: the installation's own."""
    engine: EngineName | None = None
    """Engine; it must be one that the worker profile lists."""
    model: Annotated[str | None, Field(min_length=1, max_length=253)] = None
    """The engine's model; default: the worker profile's."""
    compute_type: Annotated[str | None, Field(max_length=32, pattern=r"^[a-z0-9_]+$")] = None
    """CTranslate2's compute type; default: the worker profile's."""
    beam_size: Annotated[int | None, Field(ge=1, le=20)] = None
    """Hypotheses kept while decoding; more is slower and slightly better; default: the worker profile's."""
    batch_size: Annotated[int | None, Field(ge=1, le=256)] = None
    """Chunks of speech decoded at once; more is faster until the device's memory is full; default: the profile's."""
    vad: bool | None = None
    """Whether silence is found and left out first; default: the worker profile's, as a rule yes."""
    engine_options: Annotated[
        dict[OptionName, Annotated[str, Field(max_length=256)]] | None, Field(max_length=16)
    ] = None
    """More settings of the engine, by name; one that the engine does not know is refused (docs/engines.md). In a
    form: a JSON object."""
    s3_path: Annotated[str | None, Field(min_length=1, max_length=1024), AfterValidator(checked_path)] = None
    """Where a copy of the results goes that is yours to keep: s3://bucket/prefix/, or prefix/ in the installation's
    S3_STORAGE_BUCKET. The transcript is then fetched from there, not by a download."""
    s3_formats: Annotated[
        tuple[TranscriptFormat, ...] | None, Field(min_length=1, max_length=8), AfterValidator(only_with_path)
    ] = None
    """What is copied to s3_path; default: json and md. In a form: one part for each, or one with a JSON array."""
    backoff_limit: Annotated[int, Field(ge=0, le=20)] = 3
    """Retries after attempts that failed for a retryable reason."""
    queue_name: _Name | None = None
    """Kueue LocalQueue that admits the task; default: none, and the operator admits it by itself."""
    queue_priority: _Name | None = None
    """Which waiting tasks go first: with queue_name a WorkloadPriorityClass of Kueue, else one of the installation's
    queuePriorities."""
    suspend: bool = False
    """Whether the task waits until it is resumed."""
    active_deadline_seconds: _Deadline | None = None
    """Seconds for which workers may run in all, over all attempts; then the task fails as DeadlineExceeded."""
    pending_deadline_seconds: _Deadline | None = None
    """Seconds for which the task may wait for a worker; then it fails as PendingDeadlineExceeded."""
    stall_seconds: Annotated[int | None, Field(ge=30, le=DEADLINE_MAX_SECONDS)] = None
    """Seconds without progress after which a worker is ended, and its attempt counted as failed."""
    ttl_seconds_after_finished: _Ttl | None = None
    """Seconds after its end until the task and its transcript are deleted; -1: never; default: the installation's
    CACHE_EXPIRY."""

    def spec_for(self, source: Source) -> TranscriptionJobSpec:
        """Give the spec that asks for `source` to be transcribed this way."""
        return TranscriptionJobSpec(
            source=source,
            profile=self.profile,
            engine=self._engine(),
            task=self.task,
            language=self.language,
            prompt=self.prompt,
            hotwords=self.hotwords,
            channel=self.channel,
            word_timestamps=self.word_timestamps,
            outputs=self._outputs(),
            backoff_limit=self.backoff_limit,
            queue_name=self.queue_name,
            queue_priority=self.queue_priority,
            suspend=self.suspend,
            active_deadline_seconds=self.active_deadline_seconds,
            pending_deadline_seconds=self.pending_deadline_seconds,
            stall_seconds=self.stall_seconds,
            ttl_seconds_after_finished=self.ttl_seconds_after_finished,
        )

    def _engine(self) -> Engine | None:
        engine = Engine(
            name=self.engine,
            model=self.model,
            compute_type=self.compute_type,
            beam_size=self.beam_size,
            batch_size=self.batch_size,
            vad=self.vad,
            options=self.engine_options,
        )
        return engine if engine.to_wire() else None

    def _outputs(self) -> Outputs | None:
        if self.s3_path is None:
            return None
        destination = destination_of(self.s3_path)
        return Outputs(destination=destination, **({"formats": self.s3_formats} if self.s3_formats else {}))


_LISTS: Final = frozenset({"hotwords", "s3_formats"})
"""Options whose part may come again in a form."""


class S3Location(S3Source):
    """A recording that lies in an S3 bucket."""

    model_config = ConfigDict(extra="forbid")


class TranscribeRequest(TranscribeOptions):
    """A recording and how to transcribe it; exactly one of url, s3 and upload says where it is."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"s3": {"bucket": "recordings", "key": "2026/interview.flac"}},
                {"url": "https://example.com/interview.mp3", "language": "de"},
            ]
        }
    )

    url: Annotated[str | None, Field(max_length=4096, repr=False), AfterValidator(checked_url)] = None
    """Its http or https address, which a worker fetches; its query is treated as a secret."""
    s3: S3Location | None = None
    """Where it lies in S3; Steno reads it with its own credentials and never deletes it."""
    upload: Annotated[str | None, Field(max_length=32, pattern=UPLOAD_ID_PATTERN)] = None
    """Id of an upload that POST /uploads, or PUT /uploads, answered with."""

    def spec(self) -> TranscriptionJobSpec:
        """Give the spec of the job that does it."""
        upload = None if self.upload is None else UploadSource(id=self.upload)
        s3 = None if self.s3 is None else S3Source(bucket=self.s3.bucket, key=self.s3.key)
        return self.spec_for(Source(s3=s3, url=self.url, upload=upload))


SOURCES: Final = ("url", "s3", "upload")
"""The fields of which a request has one."""


class ChangeRequest(RequestModel):
    """What may be changed of a task; a field that is left out stays as it is."""

    queue_priority: _Name | None = None
    """Which waiting tasks go first; null: none in particular."""
    ttl_seconds_after_finished: _Ttl | None = None
    """Seconds after its end until the task is deleted; -1: never; null: the installation's CACHE_EXPIRY."""


class DownloadQuery(RequestModel):
    """Parameters of a download."""

    fmt: TranscriptFormat = TranscriptFormat.JSON
    """How the transcript is spelled: json (Steno's own, with all that is known), verbose_json (as OpenAI's audio API
    spells it), md (for reading), srt and vtt (subtitles), txt (the words alone), tsv (a table of times and text),
    report (what of the speech the transcript covers, in JSON)."""
    redirect: bool = False
    """Whether to answer with a redirect to a URL of the object store that is valid for a while."""


def may_repeat(option: str) -> bool:
    """Whether a form may have several parts of that name: those of a list."""
    return option in _LISTS


def parse_options(fields: Mapping[str, str | Sequence[str]]) -> TranscribeOptions:
    """Read the options of a form, each of them a part's text, or the texts of several parts."""
    try:
        return TranscribeOptions.model_validate({name: _unpacked(name, value) for name, value in fields.items()})
    except ValidationError as error:
        raise invalid_fields(error.errors(include_url=False, include_input=False)) from error


def parse_request(body: bytes) -> TranscribeRequest:
    """Read a JSON body."""
    return parse_item(parse_json(body))


def parse_item(item: Any) -> TranscribeRequest:
    """Read one request out of JSON."""
    try:
        request = TranscribeRequest.model_validate(item)
    except ValidationError as error:
        raise invalid_fields(error.errors(include_url=False, include_input=False)) from error
    named = [name for name in SOURCES if getattr(request, name) is not None]
    if not named:
        raise ProblemError(
            problems.SOURCE_MISSING,
            "None of url, s3 and upload is given.",
            field=SOURCES[0],
            remedy='Say where the recording is, for example {"url": "https://example.com/talk.mp3"}.',
        )
    if len(named) > 1:
        raise ProblemError(
            problems.SOURCE_REPEATED,
            f"{' and '.join(named)} are given together.",
            field=named[1],
            remedy="Name one recording in each request; POST /batches takes a list of them.",
        )
    return request


def parse_change(body: bytes) -> ChangeRequest:
    """Read the JSON body of a change."""
    try:
        change = ChangeRequest.model_validate(parse_json(body))
    except ValidationError as error:
        raise invalid_fields(error.errors(include_url=False, include_input=False)) from error
    if not change.model_fields_set:
        raise ProblemError(
            problems.FIELD_INVALID,
            "The body names nothing to change.",
            remedy=f"Give one of {', '.join(ChangeRequest.model_fields)}.",
        )
    return change


def parse_json(body: bytes) -> Any:
    """Read a body that must be JSON."""
    try:
        return from_json(body)
    except ValueError as error:
        raise ProblemError(
            problems.BODY_MALFORMED,
            f"The body is no JSON: {error}.",
            remedy="Send a JSON object, in UTF-8.",
        ) from error


def _unpacked(name: str, value: str | Sequence[str]) -> Any:
    """Give what a form's text stands for, where it stands for more than itself."""
    if name in _LISTS:
        values = [value] if isinstance(value, str) else [*value]
        return _from_text(name, values[0]) if len(values) == 1 and values[0].lstrip().startswith("[") else values
    if name == "engine_options" and isinstance(value, str):
        return _from_text(name, value)
    return value


def _from_text(name: str, text: str) -> Any:
    try:
        return from_json(text)
    except ValueError as error:
        raise ProblemError(
            problems.FIELD_INVALID,
            f"{name}: the value is no JSON: {error}.",
            field=name,
            remedy="Correct the field and send the request again.",
        ) from error
