"""What the gateway answers: the REST models of the documents that are no problems.

snake_case; times are RFC 3339 in UTC; sizes are bytes and durations seconds. `views` fills them.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from steno_gateway.problems import Problem
from steno_types import Phase, Reason, Stage, Time, TranscriptFormat, WaitingReason

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


class TaskChanged(_ResponseModel):
    """A task with what may be changed of it."""

    task_id: Annotated[str, Field(examples=[TASK_ID])]
    """The task."""
    status: TaskState
    """pending, processing, completed or failed, as it was when the change was made."""
    phase: Phase
    """The TranscriptionJob's own word."""
    cancel: bool
    """Whether it is to end as failed with the reason Cancelled; final."""
    suspend: bool
    """Whether no worker may run for it."""
    queue_priority: str | None
    """Which waiting tasks go first; null: none in particular."""
    ttl_seconds_after_finished: int | None
    """Seconds after its end until it is deleted; -1: never; null: the installation's CACHE_EXPIRY."""
    status_url: Annotated[str, Field(examples=[f"/status/{TASK_ID}"])]
    """Where to ask how far it is."""


class BatchItem(_ResponseModel):
    """What came of one item of a batch: a task, or a problem."""

    index: int
    """Its place in the batch, from 0."""
    key: Annotated[str | None, Field(examples=["2026/interview.flac"])]
    """The object's key, where the batch was an S3 prefix."""
    task: TaskAccepted | None
    """The task, which is like that of POST /transcribe; null if there is a problem."""
    replayed: bool
    """Whether the task is that of an earlier request with the same Idempotency-Key."""
    problem: Problem | None
    """Why there is no task; `field` begins with where the item stands, for example items.3.s3.key."""


class BatchAccepted(_ResponseModel):
    """What came of a batch, item by item."""

    accepted: int
    """Items that have a task."""
    refused: int
    """Items that have a problem: to be sent again, corrected or later, without the others."""
    items: tuple[BatchItem, ...]
    """In the order in which they were sent, or of the objects' keys."""
    next_after: Annotated[str | None, Field(examples=["2026/march/standup.flac"])]
    """With an S3 prefix of more keys than one call takes: what to give as `after` for the next; else null."""


class TaskProgress(_ResponseModel):
    """How far the worker is."""

    stage: Annotated[Stage | None, Field(examples=[Stage.TRANSCRIBE])]
    """What the worker is doing; null where it does not say."""
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


class TaskWaiting(_ResponseModel):
    """Why a task waits, and for how long it may."""

    position: Annotated[int | None, Field(ge=1, examples=[3])]
    """Its place in its queue, 1 for whoever is next; null: it stands in none, or has only just come."""
    reason: Annotated[WaitingReason, Field(examples=[WaitingReason.BEHIND_OTHERS])]
    """What it waits for, in one word for programs."""
    message: Annotated[str, Field(examples=["2 jobs of the profile 'gpu' go first."])]
    """The same in a sentence."""
    estimated_start: Time | None
    """When a worker may take it, if all goes on as measured; an estimate, null where nothing tells."""


class TaskAttempt(_ResponseModel):
    """One worker's try at a task."""

    started: Time
    """When it began."""
    ended: Time | None
    """When it ended; null while it runs."""
    reason: Annotated[Reason | None, Field(examples=[Reason.PREEMPTED])]
    """Why it ended without an outcome; null while it runs, or where it came to one."""
    counted: bool
    """Whether it counts against backoff_limit."""


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
    profile: Annotated[str, Field(examples=["gpu"])]
    """Worker profile that it has, or will have."""
    suspended: bool
    """Whether no worker may run for it, as was asked for."""
    waiting: TaskWaiting | None
    """What it waits for; null if it is worked on, or has ended."""
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
    estimated_completion: Time | None
    """When it may be complete; an estimate, null unless it runs and something was measured that tells."""
    completed: Time | None
    """When the task became completed or failed."""
    expires: Time | None
    """When the task and its transcript will be deleted; null: unfinished, or not before it is released."""
    attempts: tuple[TaskAttempt, ...]
    """The workers' tries, oldest first."""
    warnings: tuple[str, ...]
    """What a reader of the transcript should know."""
    error: TaskError | None
    """Why the task failed; null unless it did."""
    outputs: tuple[TaskOutput, ...]
    """The transcript's renderings; empty before the end."""


class TaskList(_ResponseModel):
    """A page of tasks."""

    tasks: tuple[TaskStatus, ...]
    """Those made last first; each as GET /status shows it."""
    next_cursor: Annotated[str | None, Field(examples=["MjAyNi0wMS0zMVQxMjowMDowMFp8dHNqLTNmOWMyYWI0MWQwNw"])]
    """What to give as `cursor` for the page that follows; null: this is the last one."""
    version: Annotated[str, Field(examples=["48211"])]
    """Of the list: given to GET /events as Last-Event-ID, it tells of all that happens after it."""


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


class QueueProfile(_ResponseModel):
    """What there is to do for the workers of one profile."""

    profile: Annotated[str, Field(examples=["gpu"])]
    """The worker profile."""
    waiting: int
    """Tasks that wait for a worker."""
    running: int
    """Tasks that a worker is at."""


class QueueThroughput(_ResponseModel):
    """What was done in the last hour."""

    completed: int
    """Tasks that were completed."""
    failed: int
    """Tasks that failed."""
    audio_hours: Annotated[float, Field(examples=[31.5])]
    """Hours of audio of those completed."""


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
    profiles: tuple[QueueProfile, ...]
    """Waiting and running tasks by worker profile, by name."""
    waiting_reasons: Annotated[dict[WaitingReason, int], Field(examples=[{"BehindOthers": 4, "NoNodeFits": 1}])]
    """Waiting tasks by what they wait for; a reason that none has is absent."""
    failed_reasons: Annotated[dict[Reason, int], Field(examples=[{"AudioUndecodable": 2}])]
    """Failed tasks by why they did; a reason that none has is absent."""
    last_hour: QueueThroughput
    """What was done in the last hour, by the tasks that are still there."""


class Health(_ResponseModel):
    """A probe's good answer."""

    status: Annotated[str, Field(examples=["ok"])] = "ok"
    """ok."""
