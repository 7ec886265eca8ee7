"""What a user asks for: the spec of a TranscriptionJob.

The gateway builds it from a request, `kubectl apply` writes it directly, the operator reads it. Field docstrings
become the CRD's descriptions, and the bounds and patterns its schema. The spec is immutable but for the fields of
`MUTABLE_FIELDS`; the API server enforces that by CEL (`steno_types.crdgen`).
"""

from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from steno_types.base import ResourceModel

UPLOAD_ID_PATTERN: Final = r"^[0-9a-f]{32}$"
"""An upload's id: 128 random bits in lower-case hexadecimal, so that no id can leave its folder of the store."""

SHA256_PATTERN: Final = r"^[0-9a-f]{64}$"
"""A SHA-256 digest in lower-case hexadecimal."""

NAME_PATTERN: Final = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
"""A DNS-1123 label, as Kubernetes' own names."""

NAME_MAX_LENGTH: Final = 52
"""Of a job: `-`, 8 digits of its uid and `-` with an attempt must fit a label's 63 characters behind it."""

LANGUAGE_PATTERN: Final = r"^(auto|mixed|[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*)$"
"""``auto``, ``mixed`` or the shape of a BCP 47 tag (RFC 5646, section 2.1)."""

BUCKET_PATTERN: Final = r"^[a-z0-9][a-z0-9.-]*[a-z0-9]$"
"""An S3 bucket's name, as far as a pattern can say."""

NEVER_SECONDS: Final = -1
"""The TTL that means: keep until released."""


DEADLINE_MAX_SECONDS: Final = 31_536_000
"""A year: longer than anything that is waited for."""


class S3Source(ResourceModel):
    """A recording that already lies in an S3 bucket; it stays the user's own and is never deleted."""

    bucket: Annotated[str | None, Field(min_length=3, max_length=63, pattern=BUCKET_PATTERN)] = None
    """Bucket of the recording; default: Steno's own store."""
    key: Annotated[str, Field(min_length=1, max_length=1024, pattern=r"^[^\x00-\x1f]+$")]
    """Object key of the recording, without a leading slash."""


class UploadSource(ResourceModel):
    """A recording that the gateway took in; deleted with the last job that names it."""

    id: Annotated[str, Field(max_length=32, pattern=UPLOAD_ID_PATTERN)]
    """Id of the upload, as the gateway gave it."""
    sha256: Annotated[str | None, Field(max_length=64, pattern=SHA256_PATTERN)] = None
    """Digest that the recording must have, in lower-case hexadecimal; default: it is not checked."""


class Source(ResourceModel):
    """Where the recording is: exactly one of the fields."""

    s3: S3Source | None = None
    """An object in an S3 bucket."""
    upload: UploadSource | None = None
    """An upload that the gateway took in."""
    url: Annotated[str | None, Field(max_length=4096, pattern=r"^https?://[^\s/?#]+[^\s]*$", repr=False)] = None
    """An http or https address that the worker fetches; its query may be a secret and is never shown elsewhere."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if sum(source is not None for source in (self.s3, self.upload, self.url)) != 1:
            raise ValueError("set exactly one of source.s3, source.upload and source.url")
        return self


class EngineName(StrEnum):
    """A way to turn speech into text."""

    FASTER_WHISPER = "faster-whisper"
    """Whisper on CTranslate2, in the worker's own process."""
    OPENAI = "openai"
    """Any server that speaks OpenAI's audio API."""
    MULTISTEP = "multistep"
    """geraldthewes/multistep-transcriber, in an image of its own."""
    FAKE = "fake"
    """No model at all: each chunk says how long and how loud it is. For tests of everything around an engine."""


class Task(StrEnum):
    """What becomes of the speech."""

    TRANSCRIBE = "transcribe"
    """Text in the language spoken."""
    TRANSLATE = "translate"
    """Text in English."""


class TranscriptFormat(StrEnum):
    """A way to spell the result."""

    JSON = "json"
    """Steno's own, with all that is known."""
    VERBOSE_JSON = "verbose_json"
    """As OpenAI's audio API spells it."""
    MARKDOWN = "md"
    """For reading."""
    SRT = "srt"
    """SubRip subtitles."""
    VTT = "vtt"
    """WebVTT subtitles."""
    TEXT = "txt"
    """Text alone, one segment a line."""
    TSV = "tsv"
    """Start and end in milliseconds and text, tab-separated, as Whisper's own command writes it."""
    REPORT = "report"
    """What of the speech the transcript covers, in JSON."""


OptionName = Annotated[str, Field(max_length=63, pattern=r"^[a-z][A-Za-z0-9]*$")]
"""An engine's option, in camelCase."""


class Engine(ResourceModel):
    """How the recording is transcribed; each absent field takes the worker profile's value."""

    name: EngineName | None = None
    """The engine; it must be one that the worker profile lists."""
    model: Annotated[str | None, Field(min_length=1, max_length=253)] = None
    """The engine's model: a name it knows, or a path inside the worker's image."""
    compute_type: Annotated[str | None, Field(max_length=32, pattern=r"^[a-z0-9_]+$")] = None
    """CTranslate2's compute type, for example int8 or float16."""
    beam_size: Annotated[int | None, Field(ge=1, le=20)] = None
    """Hypotheses kept while decoding; more is slower and slightly better."""
    batch_size: Annotated[int | None, Field(ge=1, le=256)] = None
    """Chunks of speech decoded at once; more is faster until the device's memory is full."""
    vad: bool | None = None
    """Whether silence is found and left out first; default: yes."""
    options: Annotated[dict[OptionName, Annotated[str, Field(max_length=256)]] | None, Field(max_length=16)] = None
    """More settings of the engine, by name; one that the engine does not know is refused (docs/engines.md)."""


class S3Destination(ResourceModel):
    """Where in S3 a copy of the results goes."""

    bucket: Annotated[str | None, Field(min_length=3, max_length=63, pattern=BUCKET_PATTERN)] = None
    """Bucket; default: the installation's S3_STORAGE_BUCKET, and refused where there is none."""
    prefix: Annotated[str, Field(max_length=900, pattern=r"^[^\x00-\x1f]*$")] = ""
    """Put before ``<job>.<format>``; a slash is added where it does not end with one."""


class Destination(ResourceModel):
    """Where a copy of the results goes."""

    s3: S3Destination
    """A place in S3."""


class Outputs(ResourceModel):
    """A copy of the results for the user to keep; Steno never deletes it."""

    destination: Destination
    """Where it goes; outside of Steno's own part of the store."""
    formats: Annotated[tuple[TranscriptFormat, ...], Field(min_length=1, max_length=8)] = (
        TranscriptFormat.JSON,
        TranscriptFormat.MARKDOWN,
    )
    """What is copied."""


class TranscriptionJobSpec(ResourceModel):
    """One recording to transcribe, and how."""

    source: Source
    """Where the recording is: exactly one of the fields. Immutable."""
    profile: Annotated[str | None, Field(min_length=1, max_length=63, pattern=NAME_PATTERN)] = None
    """Name of a worker profile of the installation; default: the installation's own. Immutable."""
    engine: Engine | None = None
    """How the recording is transcribed; each absent field takes the worker profile's value. Immutable."""
    task: Task = Task.TRANSCRIBE
    """Whether to write what is said, or its translation into English. Immutable."""
    language: Annotated[str, Field(max_length=35, pattern=LANGUAGE_PATTERN)] = "auto"
    """Language spoken, as a BCP 47 tag; auto to detect it; mixed to detect it chunk by chunk. Immutable."""
    prompt: Annotated[str | None, Field(min_length=1, max_length=1000)] = None
    """Text that the model takes for what was said before: spelling of names, style. Immutable."""
    hotwords: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=63)], ...], Field(max_length=50)] = ()
    """Words that are likely to occur. Immutable."""
    channel: Annotated[int | None, Field(ge=0, le=63)] = None
    """Audio channel to transcribe, from 0; default: all of them, mixed. Immutable."""
    word_timestamps: bool = False
    """Whether the JSON transcript carries the time and probability of every word. Immutable."""
    outputs: Outputs | None = None
    """A copy of the results for the user to keep; default: none. Immutable."""
    backoff_limit: Annotated[int, Field(ge=0, le=20)] = 3
    """Retries after attempts that failed for a retryable reason. Immutable."""
    queue_name: Annotated[str | None, Field(min_length=1, max_length=63, pattern=NAME_PATTERN)] = None
    """Kueue LocalQueue that admits the job; default: none, and the operator admits it by itself. Immutable."""
    queue_priority: Annotated[str | None, Field(min_length=1, max_length=63, pattern=NAME_PATTERN)] = None
    """Which waiting jobs go first: with queueName a WorkloadPriorityClass of Kueue, else one of the installation's
    queuePriorities. May be changed while the job waits."""
    suspend: bool = False
    """Whether no worker may run: the one that does is ended, and what it has finished is kept for when the job is
    resumed. May be changed at any time."""
    cancel: bool = False
    """Whether to end the job as Failed with the reason Cancelled, and keep what is there already; true is final."""
    active_deadline_seconds: Annotated[int | None, Field(ge=1, le=DEADLINE_MAX_SECONDS)] = None
    """Seconds for which workers may run in all, summed over attempts; then the job fails as DeadlineExceeded.
    Default: no limit. Immutable."""
    pending_deadline_seconds: Annotated[int | None, Field(ge=1, le=DEADLINE_MAX_SECONDS)] = None
    """Seconds for which the job may wait for a worker, since its creation, resumption or last interruption; then it
    fails as PendingDeadlineExceeded. Default: no limit. Immutable."""
    stall_seconds: Annotated[int | None, Field(ge=30, le=DEADLINE_MAX_SECONDS)] = None
    """Seconds without progress after which a worker is ended, and its attempt counted as failed; loading a
    model is no progress. Default: no limit. Immutable."""
    ttl_seconds_after_finished: Annotated[int | None, Field(ge=NEVER_SECONDS, le=315_360_000)] = None
    """Seconds after its end until the job and its results are deleted; -1: never; default: the installation's
    CACHE_EXPIRY. May be changed at any time."""


MUTABLE_FIELDS: Final = frozenset({"cancel", "queue_priority", "suspend", "ttl_seconds_after_finished"})
"""Fields of the spec that may change once the job exists."""

ONE_WAY_FIELDS: Final = frozenset({"cancel"})
"""Those of them that, once true, stay so."""
