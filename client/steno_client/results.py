"""What the gateway answers, typed: frozen pydantic models, which parse times and check what came.

pydantic, as the distribution needs it in any case. Fields that a newer gateway adds are passed over, and words that
it may add to (phases, reasons, formats) are plain strings, so that an old client goes on. Times are aware, sizes
bytes, durations seconds; what each field means, docs/api.md says. Pure.
"""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

TaskState = Literal["pending", "processing", "completed", "failed"]
"""A task in one word; the last two are final."""


class _Result(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)


class Problem(_Result):
    """Why the gateway did not do as asked (RFC 9457)."""

    type: str
    """For programs to match: ``urn:steno:problem:`` and a slug that never changes."""
    title: str
    """The kind of problem, for people."""
    status: int
    """The answer's HTTP status."""
    detail: str
    """What happened this time."""
    field: str | None = None
    """The field, parameter or header at fault, if it is one."""
    remedy: str
    """What to do about it."""
    locations: tuple[str, ...] = ()
    """Where the results are, as s3:// addresses, if the task had an `s3_path`."""

    @property
    def slug(self) -> str:
        """The last word of `type`."""
        return self.type.rpartition(":")[2]


class TaskAccepted(_Result):
    """A task that was just made, or found again by its ``Idempotency-Key``."""

    task_id: str
    """Names the task in every other call."""
    status: TaskState
    phase: str
    created: datetime | None


class TaskChanged(_Result):
    """A task with what may be changed of it."""

    task_id: str
    status: TaskState
    phase: str
    cancel: bool
    """Whether it is to end as failed with the reason Cancelled."""
    suspend: bool
    queue_priority: str | None
    ttl_seconds_after_finished: int | None


class Progress(_Result):
    """How far the worker is."""

    stage: str | None
    percent: int
    """Of the audio, 0 to 100."""
    processed_seconds: float
    total_seconds: float
    """Of audio; 0 while unknown."""
    time: datetime


class Waiting(_Result):
    """What a task waits for."""

    position: int | None
    """In its queue, from 1; None: it stands in none."""
    reason: str
    message: str
    estimated_start: datetime | None


class TaskError(_Result):
    """Why a task failed."""

    reason: str
    """One word for programs; docs/failure-reasons.md lists them."""
    message: str
    remedy: str
    retryable: bool
    """Whether a new task from the same recording may succeed."""


class Media(_Result):
    """What was found in the recording."""

    duration_seconds: float


class Attempt(_Result):
    """One worker's try."""

    started: datetime
    ended: datetime | None
    reason: str | None
    counted: bool


class Output(_Result):
    """One rendering of the transcript."""

    format: str
    bytes: int
    sha256: str


class TaskStatus(_Result):
    """How far a task is, and what became of it."""

    task_id: str
    status: TaskState
    phase: str
    file_name: str | None
    profile: str
    suspended: bool
    waiting: Waiting | None
    progress: Progress | None
    media: Media | None
    language: str | None
    real_time_factor: float | None
    created: datetime | None
    started: datetime | None
    estimated_completion: datetime | None
    completed: datetime | None
    expires: datetime | None
    attempts: tuple[Attempt, ...]
    warnings: tuple[str, ...]
    error: TaskError | None
    """None unless it failed."""
    outputs: tuple[Output, ...]

    @property
    def ended(self) -> bool:
        """Whether this is the last word."""
        return self.status in {"completed", "failed"}


class TaskPage(_Result):
    """A page of tasks, those made last first."""

    tasks: tuple[TaskStatus, ...]
    next_cursor: str | None


class Receipt(_Result):
    """What a release deleted."""

    objects: int
    bytes: int
    verified_empty: bool
    time: datetime


class Released(_Result):
    """How far a release is."""

    task_id: str
    released: bool
    """Whether everything of the task is gone."""
    receipt: Receipt | None
    """None while it is being deleted, and where nobody left one."""


class Depth(_Result):
    """How many tasks there are, by phase."""

    pending: int
    queued: int
    processing: int
    completed: int
    failed: int


class QueueProfile(_Result):
    """What there is to do for one worker profile."""

    profile: str
    waiting: int
    running: int


class LastHour(_Result):
    """What was done in the last hour."""

    completed: int
    failed: int
    audio_hours: float


class Queue(_Result):
    """What there is to do."""

    depth: Depth
    waiting: int
    running: int
    oldest_wait_seconds: float | None
    profiles: tuple[QueueProfile, ...]
    waiting_reasons: dict[str, int]
    failed_reasons: dict[str, int]
    last_hour: LastHour


class UploadPart(_Result):
    """One part of an upload."""

    number: int
    """From 1 on."""
    bytes: int
    received: bool
    url: str | None = None
    """Of the object store; None where it has come, or the gateway named enough others."""


class Upload(_Result):
    """A recording on its way, or there."""

    upload: str
    """Names it, to go on with it and to make tasks of it."""
    whole: bool
    bytes: int
    received_bytes: int
    sha256: str | None
    part_bytes: int | None
    parts: tuple[UploadPart, ...]
