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

NAME_PATTERN: Final = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
"""A DNS-1123 label, as Kubernetes' own names."""

NAME_MAX_LENGTH: Final = 52
"""Of a job: `-`, 8 digits of its uid and `-` with an attempt must fit a label's 63 characters behind it."""

LANGUAGE_PATTERN: Final = r"^(auto|[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*)$"
"""``auto`` or the shape of a BCP 47 tag (RFC 5646, section 2.1)."""

NEVER_SECONDS: Final = -1
"""The TTL that means: keep until released."""


class S3Source(ResourceModel):
    """A recording that already lies in an S3 bucket; it stays the user's own and is never deleted."""

    bucket: Annotated[str | None, Field(min_length=3, max_length=63, pattern=r"^[a-z0-9][a-z0-9.-]*[a-z0-9]$")] = None
    """Bucket of the recording; default: Steno's own store."""
    key: Annotated[str, Field(min_length=1, max_length=1024, pattern=r"^[^\x00-\x1f]+$")]
    """Object key of the recording, without a leading slash."""


class UploadSource(ResourceModel):
    """A recording that the gateway took in; deleted with the last job that names it."""

    id: Annotated[str, Field(max_length=32, pattern=UPLOAD_ID_PATTERN)]
    """Id of the upload, as the gateway gave it."""


class Source(ResourceModel):
    """Where the recording is: exactly one of the fields."""

    s3: S3Source | None = None
    """An object in an S3 bucket."""
    upload: UploadSource | None = None
    """An upload that the gateway took in."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.s3 is None) == (self.upload is None):
            raise ValueError("set exactly one of source.s3 and source.upload")
        return self


class EngineName(StrEnum):
    """A way to turn speech into text."""

    FASTER_WHISPER = "faster-whisper"
    """Whisper on CTranslate2, in the worker's own process."""


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


class TranscriptionJobSpec(ResourceModel):
    """One recording to transcribe, and how."""

    source: Source
    """Where the recording is: exactly one of the fields. Immutable."""
    profile: Annotated[str | None, Field(min_length=1, max_length=63, pattern=NAME_PATTERN)] = None
    """Name of a worker profile of the installation; default: the installation's own. Immutable."""
    engine: Engine | None = None
    """How the recording is transcribed; each absent field takes the worker profile's value. Immutable."""
    language: Annotated[str, Field(max_length=35, pattern=LANGUAGE_PATTERN)] = "auto"
    """Language spoken, as a BCP 47 tag, or auto to detect it. Immutable."""
    word_timestamps: bool = False
    """Whether the JSON transcript carries the time and probability of every word. Immutable."""
    backoff_limit: Annotated[int, Field(ge=0, le=20)] = 3
    """Retries after attempts that failed for a retryable reason. Immutable."""
    ttl_seconds_after_finished: Annotated[int | None, Field(ge=NEVER_SECONDS, le=315_360_000)] = None
    """Seconds after its end until the job and its results are deleted; -1: never; default: the installation's
    CACHE_EXPIRY. May be changed at any time."""


MUTABLE_FIELDS: Final = frozenset({"ttl_seconds_after_finished"})
"""Fields of the spec that may change once the job exists."""
