"""What the gateway answers: the REST models of the documents that are no problems.

snake_case; times are RFC 3339 in UTC; sizes are bytes and durations seconds. `views` fills them.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from steno_types import Phase, Reason, Time, TranscriptFormat

TASK_ID = "tsj-3f9c2ab41d07"
"""The task of the examples."""


class TaskState(StrEnum):
    """A task in one of four words; final are completed and failed."""

    PENDING = "pending"
    """It waits for a worker."""
    PROCESSING = "processing"
    """A worker is at it."""
    COMPLETED = "completed"
    """The transcript is there."""
    FAILED = "failed"
    """There will be no transcript; the error says why."""


class _ResponseModel(BaseModel):
    model_config = ConfigDict(
        frozen=True, use_attribute_docstrings=True, json_schema_serialization_defaults_required=True
    )


class TaskAccepted(_ResponseModel):
    """A task that was just made."""

    task_id: Annotated[str, Field(examples=[TASK_ID])]
    """Names the task in every other call; also the name of its TranscriptionJob."""
    status: TaskState
    """pending."""
    phase: Phase
    """The TranscriptionJob's own word."""
    status_url: Annotated[str, Field(examples=[f"/status/{TASK_ID}"])]
    """Where to ask how far it is."""
    download_url: Annotated[str, Field(examples=[f"/download/{TASK_ID}"])]
    """Where the transcript will be."""
    release_url: Annotated[str, Field(examples=[f"/release/{TASK_ID}"])]
    """Where to have everything of it deleted."""
    created: Time | None
    """When it was made."""


class TaskProgress(_ResponseModel):
    """How far the worker is."""

    percent: Annotated[int, Field(ge=0, le=100, examples=[42])]
    """Share of the audio that is transcribed, rounded down."""
    processed_seconds: Annotated[float, Field(examples=[1512.0])]
    """Seconds of audio that are transcribed."""
    total_seconds: Annotated[float, Field(examples=[3600.0])]
    """Seconds of audio in all; 0 while unknown."""
    time: Time
    """When this was true."""


class TaskMedia(_ResponseModel):
    """What was found in the recording."""

    duration_seconds: Annotated[float, Field(examples=[3600.0])]
    """Seconds of audio that were decoded."""


class TaskError(_ResponseModel):
    """Why a task failed."""

    reason: Annotated[Reason, Field(examples=[Reason.AUDIO_UNDECODABLE])]
    """One word for programs; docs/failure-reasons.md lists them."""
    message: str
    """What happened."""
    remedy: str
    """What to do about it."""
    retryable: bool
    """Whether a new task from the same recording may succeed."""


class TaskOutput(_ResponseModel):
    """One rendering of the transcript."""

    format: Annotated[str, Field(examples=[TranscriptFormat.JSON])]
    """One of json, verbose_json, md, srt, vtt, txt, tsv and report; what `fmt` of a download takes."""
    bytes: int
    """Size in bytes."""
    sha256: Annotated[str, Field(examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])]
    """Digest of its bytes, in hexadecimal; also the download's ETag."""
    download_url: Annotated[str, Field(examples=[f"/download/{TASK_ID}?fmt=json"])]
    """Where it is."""


class TaskStatus(_ResponseModel):
    """How far a task is, and what became of it."""

    task_id: Annotated[str, Field(examples=[TASK_ID])]
    """The task."""
    status: TaskState
    """pending, processing, completed or failed."""
    phase: Phase
    """The TranscriptionJob's own word, which tells Pending (not started) from Queued (waiting for a node)."""
    file_name: Annotated[str | None, Field(examples=["interview.flac"])]
    """Name of the file that was uploaded, if it had one."""
    progress: TaskProgress | None
    """How far the worker is; null before it says so."""
    media: TaskMedia | None
    """What was found in the recording; null before it is known."""
    language: Annotated[str | None, Field(examples=["de"])]
    """Language given or detected, as a BCP 47 tag; null while it is to be detected."""
    real_time_factor: Annotated[float | None, Field(examples=[0.12])]
    """Processing seconds per second of audio; null before the end."""
    created: Time | None
    """When the task was made."""
    started: Time | None
    """When a worker first ran."""
    completed: Time | None
    """When the task became completed or failed."""
    expires: Time | None
    """When the task and its transcript will be deleted; null: unfinished, or not before it is released."""
    warnings: tuple[str, ...]
    """What a reader of the transcript should know."""
    error: TaskError | None
    """Why the task failed; null unless it did."""
    outputs: tuple[TaskOutput, ...]
    """The transcript's renderings; empty before the end."""


class Receipt(_ResponseModel):
    """What a release deleted."""

    objects: int
    """Objects deleted from the store, versions and unfinished uploads included."""
    bytes: int
    """Bytes deleted."""
    verified_empty: bool
    """Whether the task's part of the store was listed again afterwards and found empty."""
    time: Time
    """When."""


class Released(_ResponseModel):
    """How far a release is."""

    task_id: Annotated[str, Field(examples=[TASK_ID])]
    """The task."""
    released: bool
    """Whether everything of it is gone; false: it is being deleted, and the call may be repeated to wait for it."""
    receipt: Receipt | None
    """What was deleted; null while it is being deleted, or if the task left nothing in the store."""


class QueueDepth(_ResponseModel):
    """How many tasks there are, by phase."""

    pending: int
    """No Job exists yet."""
    queued: int
    """A Job exists; its pod waits."""
    processing: int
    """A worker is at it."""
    completed: int
    """The transcript is there."""
    failed: int
    """There will be none."""


class Queue(_ResponseModel):
    """What there is to do."""

    depth: QueueDepth
    """Tasks by phase, without those being released."""
    waiting: int
    """Tasks that wait for a worker: pending and queued."""
    running: int
    """Tasks that a worker is at."""
    oldest_wait_seconds: Annotated[float | None, Field(examples=[12.5])]
    """Age of the oldest waiting task; null when none waits."""


class Health(_ResponseModel):
    """A probe's good answer."""

    status: Annotated[str, Field(examples=["ok"])] = "ok"
    """ok."""
