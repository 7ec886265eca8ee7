"""The manifest: the one object of the store that says how a job ended.

Written once, under ``If-None-Match: *``, by the attempt that won or by the operator; read by the operator (for the
status) and by the gateway (for downloads). It is the truth about completion, not the pod's phase. Knows no store
and no Kubernetes.
"""

from enum import StrEnum
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from steno_types.base import Time, WireModel
from steno_types.status import Effective, FailureStatus, LongText, Media

MANIFEST_VERSION: Final = 1
"""Raised when an older reader could misunderstand a newer manifest."""

OPERATOR_ATTEMPT: Final = "operator"
"""The attempt named by a manifest that no pod wrote."""


class Outcome(StrEnum):
    """How a job ended; the words of the conditions."""

    COMPLETE = "Complete"
    FAILED = "Failed"


class JobIdentity(WireModel):
    """Which job, across re-creations of the same name."""

    namespace: str
    name: str
    uid: str


class ManifestOutput(WireModel):
    """One rendering of the transcript."""

    format: str
    """One of `steno_types.TranscriptFormat`."""
    key: str
    """Object key in Steno's bucket."""
    bytes: Annotated[int, Field(ge=0)]
    """Size in bytes."""
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    """Digest of its bytes."""
    content_type: str
    """Media type to serve it with."""


class Telemetry(WireModel):
    """What one attempt took."""

    stage_seconds: dict[str, Annotated[float, Field(ge=0)]]
    """Wall seconds by stage (`steno_types.Stage`)."""
    peak_rss_bytes: Annotated[int, Field(ge=0)]
    """Most memory that the worker's process held at once."""
    gpu_memory_bytes: Annotated[int | None, Field(ge=0)] = None
    """GPU memory in use once the transcript was whole; absent on a CPU."""


class Delivery(WireModel):
    """What was copied to the user's destination, and by whom; lies beside the manifest once all of it is there."""

    attempt: str
    """Name of the pod that saw it through."""
    time: Time
    """When."""
    uris: tuple[str, ...]
    """Where the copies lie: s3://bucket/key."""


class Manifest(WireModel):
    """How a job ended, and what it left."""

    version: Literal[1] = MANIFEST_VERSION
    """Version of this document's form."""
    job: JobIdentity
    """The job it belongs to."""
    attempt: str
    """Name of the pod that claimed the outcome, or ``operator``."""
    outcome: Outcome
    """How the job ended."""
    time: Time
    """When the outcome was claimed."""
    failure: FailureStatus | None = None
    """Why it failed; present exactly when it did."""
    outputs: tuple[ManifestOutput, ...] = ()
    """The transcript's renderings; present exactly when it completed."""
    media: Media | None = None
    """What was found in the recording, as far as the attempt came."""
    processing_seconds: Annotated[float | None, Field(ge=0)] = None
    """Wall seconds from the first decoded sample to the last rendered output, without loading the model; of a resumed
    job, the last attempt's alone."""
    real_time_factor: Annotated[float | None, Field(ge=0)] = None
    """`processing_seconds` per second of audio."""
    effective: Effective | None = None
    """What really ran."""
    telemetry: Telemetry | None = None
    """What the attempt took, where one ran."""
    warnings: tuple[LongText, ...] = ()
    """What a reader of the transcript should know."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.outcome is Outcome.FAILED) != (self.failure is not None):
            raise ValueError("a manifest carries a failure exactly when its outcome is Failed")
        if (self.outcome is Outcome.COMPLETE) != bool(self.outputs):
            raise ValueError("a manifest carries outputs exactly when its outcome is Complete")
        return self
