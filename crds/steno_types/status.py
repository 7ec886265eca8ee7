"""What became of a TranscriptionJob: its status, written by the operator alone.

Conditions are the contract and use batch/v1's words, so that ``kubectl wait --for=condition=Complete`` works;
`phase` is derived from them for people. Strings and lists are bounded, as a status shares etcd's 1.5 MB limit.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import Field

from steno_types.base import ResourceModel, Time
from steno_types.failure import Reason, failure_for
from steno_types.stage import Stage

ShortText = Annotated[str, Field(max_length=256)]
"""A name, a version, a tag."""
LongText = Annotated[str, Field(max_length=1024)]
"""A sentence or two for people, or an address."""


MAX_WARNINGS: Final = 20
"""Of one job; all that there is to say of a transcript is in its report."""

MAX_ATTEMPTS: Final = 100
"""Attempts that a status lists: more than one Job can have pods, so that none that is still there is forgotten."""


def shorten(text: str, *, max_length: int = 1024) -> str:
    """Cut `text` to fit a bounded field, with an ellipsis where something was lost."""
    return text if len(text) <= max_length else text[: max_length - 1] + "…"


class ConditionType(StrEnum):
    """The conditions of a job."""

    QUEUED = "Queued"
    """A Job exists and its pod waits for a node, an image or quota."""
    RUNNING = "Running"
    """The pod's container runs."""
    SUSPENDED = "Suspended"
    """No worker may run, as the spec asks."""
    RELEASING = "Releasing"
    """The job is being deleted, and something holds that up."""
    COMPLETE = "Complete"
    """Terminal: the transcript is there."""
    FAILED = "Failed"
    """Terminal: `failure` says why."""


TERMINAL: frozenset[ConditionType] = frozenset({ConditionType.COMPLETE, ConditionType.FAILED})
"""Conditions that, once True, never turn back (by CEL)."""


class Phase(StrEnum):
    """A job in one word for people; programs read the conditions."""

    PENDING = "Pending"
    """No Job exists yet."""
    QUEUED = "Queued"
    """A Job exists; its pod waits."""
    PROCESSING = "Processing"
    """The worker runs."""
    COMPLETED = "Completed"
    """The transcript is there."""
    FAILED = "Failed"
    """There will be none; the failure says why."""


class Condition(ResourceModel):
    """One observed aspect of the job, as ``metav1.Condition``."""

    type: ConditionType
    """What is claimed."""
    status: Annotated[str, Field(pattern="^(True|False|Unknown)$")]
    """Whether it holds."""
    reason: Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z]([A-Za-z0-9_]*)$")]
    """Why, as one CamelCase word for programs."""
    message: LongText = ""
    """Why, for people."""
    last_transition_time: Time
    """When `status` last changed."""
    observed_generation: Annotated[int | None, Field(ge=0)] = None
    """metadata.generation that this was decided on."""

    @property
    def is_true(self) -> bool:
        """Whether the claim holds."""
        return self.status == "True"


class JobReference(ResourceModel):
    """The batch/v1 Job that does the work."""

    name: ShortText
    """Its name, in the same namespace."""
    uid: ShortText
    """Its uid."""


class Attempt(ResourceModel):
    """One worker's try at the job."""

    name: ShortText
    """Name of its pod; of its Job, where no pod was ever seen."""
    start: Time
    """When its container began to run, or when it was first seen."""
    end: Time | None = None
    """When it ended; absent while it runs."""
    reason: Reason | None = None
    """Why it ended without an outcome; absent where it came to one."""
    counted: bool = False
    """Whether it counts against backoffLimit."""


class EarlierAttempts(ResourceModel):
    """What attempts came to that are no longer listed."""

    count: Annotated[int, Field(ge=0)] = 0
    """How many they are."""
    counted: Annotated[int, Field(ge=0)] = 0
    """How many of them count against backoffLimit."""
    interrupted: Annotated[int, Field(ge=0)] = 0
    """How many of them the cluster ended."""
    active_seconds: Annotated[float, Field(ge=0)] = 0
    """For which they ran in all."""


class Stopping(ResourceModel):
    """Why the operator ends the job; written before anything is done about it, so that no restart forgets it."""

    reason: Reason
    """One word for programs, from the failure table."""
    message: LongText
    """What happened, for people."""
    exit_code: int | None = None
    """The last worker's exit code, where there was one."""
    time: Time
    """When this was decided."""


class Progress(ResourceModel):
    """How far the work is."""

    stage: Stage | None = None
    """What the worker is doing."""

    percent: Annotated[int, Field(ge=0, le=100)]
    """Share of the audio that is transcribed, rounded down."""
    processed_seconds: Annotated[float, Field(ge=0)]
    """Seconds of audio that are transcribed."""
    total_seconds: Annotated[float, Field(ge=0)]
    """Seconds of audio in all."""
    time: Time
    """When the work last got on."""


class Media(ResourceModel):
    """What was found in the recording."""

    duration_seconds: Annotated[float, Field(ge=0)]
    """Seconds of audio that were decoded."""
    language: Annotated[str | None, Field(max_length=35)] = None
    """Language as given or detected; a BCP 47 tag."""
    speech_seconds: Annotated[float | None, Field(ge=0)] = None
    """Seconds of it in which speech was found."""


class Effective(ResourceModel):
    """What really ran, once every default was filled in."""

    profile: ShortText
    """Worker profile."""
    image: LongText
    """Worker image."""
    engine: ShortText
    """Engine, with its version once it ran."""
    model: ShortText
    """Model."""
    model_digest: Annotated[str | None, Field(max_length=71)] = None
    """Digest of the model's files, as sha256:<hex>; absent where the engine cannot see them."""
    device: ShortText | None = None
    """Device the model ran on: cpu or cuda."""
    compute_type: ShortText | None = None
    """CTranslate2's compute type."""
    beam_size: Annotated[int | None, Field(ge=1)] = None
    """Beam size."""


class Output(ResourceModel):
    """One rendering of the transcript in Steno's store."""

    format: Annotated[str, Field(max_length=16)]
    """One of json, verbose_json, md, srt, vtt, txt, tsv and report."""
    uri: Annotated[str, Field(max_length=2048)]
    """Where it lies: s3://bucket/key."""
    bytes: Annotated[int, Field(ge=0)]
    """Size in bytes."""
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    """Digest of its bytes."""


class FailureStatus(ResourceModel):
    """Why the job failed."""

    reason: Reason
    """One word for programs, from the failure table (docs/failure-reasons.md)."""
    message: LongText
    """What happened, for people."""
    remedy: LongText = ""
    """What to do about it, for people."""
    exit_code: int | None = None
    """The worker's exit code, where there was one."""
    retryable: bool
    """Whether a new job from the same source may succeed."""

    @classmethod
    def of(cls, reason: Reason, message: str, *, exit_code: int | None = None) -> Self:
        """Fill what the failure table says of `reason` around what happened this time."""
        row = failure_for(reason)
        return cls(
            reason=reason,
            message=shorten(message or row.meaning),
            remedy=row.remedy,
            exit_code=exit_code,
            retryable=row.retryable,
        )


class Release(ResourceModel):
    """The receipt of a release: what was deleted from the store."""

    objects: Annotated[int, Field(ge=0)]
    """Objects, versions and unfinished multipart uploads deleted."""
    bytes: Annotated[int, Field(ge=0)]
    """Bytes deleted."""
    verified_empty: bool
    """Whether the job's prefix was listed again afterwards and found empty."""
    gave_up: bool = False
    """Whether the job went without waiting for that any longer; the sweep deletes what was left."""
    time: Time
    """When."""


class TranscriptionJobStatus(ResourceModel):
    """What became of the job."""

    phase: Phase | None = None
    """The conditions in one word, for people."""
    conditions: Annotated[
        tuple[Condition, ...],
        Field(
            max_length=8, json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}
        ),
    ] = ()
    """The contract: Queued, Running, Suspended, Complete, Failed; Releasing while a deletion is held up."""
    observed_generation: Annotated[int | None, Field(ge=0)] = None
    """metadata.generation that this status was decided on."""
    start_time: Time | None = None
    """When a worker first ran."""
    completion_time: Time | None = None
    """When the job became Complete or Failed."""
    expiration_time: Time | None = None
    """When the job and its results will be deleted; absent: not before it is released."""
    job_ref: JobReference | None = None
    """The batch/v1 Job that does the work; any other of this job's is deleted."""
    launches: Annotated[int | None, Field(ge=0)] = None
    """Jobs that were created for it so far."""
    attempts: Annotated[tuple[Attempt, ...], Field(max_length=MAX_ATTEMPTS)] = ()
    """The workers' tries, oldest first."""
    earlier_attempts: EarlierAttempts | None = None
    """What became of those that the list has no room for."""
    stopping: Stopping | None = None
    """Why the operator ends the job, until its end is written down."""
    progress: Progress | None = None
    """How far the work is."""
    media: Media | None = None
    """What was found in the recording."""
    real_time_factor: Annotated[float | None, Field(ge=0)] = None
    """Processing seconds per second of audio; below 1 is faster than real time."""
    effective: Effective | None = None
    """What really ran, once every default was filled in."""
    outputs: Annotated[tuple[Output, ...], Field(max_length=16)] = ()
    """The transcript's renderings in Steno's store."""
    warnings: Annotated[tuple[LongText, ...], Field(max_length=MAX_WARNINGS)] = ()
    """What a reader of the transcript should know."""
    failure: FailureStatus | None = None
    """Why the job failed."""
    release: Release | None = None
    """The receipt of the release."""

    def condition(self, kind: ConditionType) -> Condition | None:
        """Find the condition of one type."""
        return next((c for c in self.conditions if c.type is kind), None)

    @property
    def terminal(self) -> Condition | None:
        """The terminal condition that holds, if any."""
        return next((c for c in self.conditions if c.type in TERMINAL and c.is_true), None)

    def with_conditions(self, updates: Iterable[Condition]) -> Self:
        """Take `updates` in, keep each unchanged transition time, and derive the phase anew."""
        merged = {c.type: c for c in self.conditions}
        for new in updates:
            old = merged.get(new.type)
            since = old.last_transition_time if old and old.status == new.status else new.last_transition_time
            merged[new.type] = new.model_copy(update={"last_transition_time": since})
        conditions = tuple(merged.values())
        return self.model_copy(update={"conditions": conditions, "phase": derive_phase(conditions)})


def derive_phase(conditions: Iterable[Condition]) -> Phase:
    """Say the conditions in one word; the most final one that holds decides."""
    true = {c.type for c in conditions if c.is_true}
    for kind, phase in (
        (ConditionType.COMPLETE, Phase.COMPLETED),
        (ConditionType.FAILED, Phase.FAILED),
        (ConditionType.RUNNING, Phase.PROCESSING),
        (ConditionType.QUEUED, Phase.QUEUED),
    ):
        if kind in true:
            return phase
    return Phase.PENDING
