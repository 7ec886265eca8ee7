"""A TranscriptionJob as the REST API shows it. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from steno_gateway.responses import (
    Queue,
    QueueDepth,
    QueueProfile,
    QueueThroughput,
    Receipt,
    Released,
    TaskAccepted,
    TaskAttempt,
    TaskError,
    TaskMedia,
    TaskOutput,
    TaskProgress,
    TaskState,
    TaskStatus,
    TaskWaiting,
)
from steno_types import (
    GROUP,
    FailureStatus,
    Phase,
    Release,
    TranscriptionJob,
    Waiting,
    derive_phase,
    estimated_completion_time,
    explain,
    failure_for,
)

if TYPE_CHECKING:
    from steno_gateway.reads.cache import Record
    from steno_gateway.reads.outlook import Moment

FILE_NAME_ANNOTATION: Final = f"{GROUP}/file-name"
"""Name of the uploaded file, cleaned; on the job itself, as nothing else remembers it."""

_STATES: Final = {
    Phase.PENDING: TaskState.PENDING,
    Phase.QUEUED: TaskState.PENDING,
    Phase.PROCESSING: TaskState.PROCESSING,
    Phase.COMPLETED: TaskState.COMPLETED,
    Phase.FAILED: TaskState.FAILED,
}


@dataclass(frozen=True, slots=True)
class Links:
    """Paths of a task's calls, as the client reaches them."""

    root_path: str
    """What an ingress strips from the paths it forwards."""

    def status(self, task_id: str) -> str:
        """Where to ask how far a task is."""
        return f"{self.root_path}/status/{task_id}"

    def download(self, task_id: str, fmt: str | None = None) -> str:
        """Where the transcript is."""
        return f"{self.root_path}/download/{task_id}" + (f"?fmt={fmt}" if fmt else "")

    def release(self, task_id: str) -> str:
        """Where to have everything deleted."""
        return f"{self.root_path}/release/{task_id}"


def phase_of(job: TranscriptionJob) -> Phase:
    """Say where the job stands, by its conditions: those are the contract."""
    return derive_phase(job.status.conditions)


def accepted(job: TranscriptionJob, links: Links) -> TaskAccepted:
    """Show a job that was just made."""
    phase = phase_of(job)
    name = job.metadata.name
    return TaskAccepted(
        task_id=name,
        status=_STATES[phase],
        phase=phase,
        status_url=links.status(name),
        download_url=links.download(name),
        release_url=links.release(name),
        created=job.metadata.creation_timestamp,
    )


def state_of(phase: Phase) -> TaskState:
    """Say where a job stands in the REST API's four words."""
    return _STATES[phase]


def file_name_of(job: TranscriptionJob) -> str | None:
    """Give the name of the file that was uploaded, if it had one."""
    return job.metadata.annotations.get(FILE_NAME_ANNOTATION)


def status(job: TranscriptionJob, links: Links, moment: "Moment") -> TaskStatus:
    """Show how far a job is, at a moment of the queues."""
    phase, name, now = phase_of(job), job.metadata.name, job.status
    waiting = explain(job, moment.order, moment.starts)
    return TaskStatus(
        task_id=name,
        status=_STATES[phase],
        phase=phase,
        file_name=file_name_of(job),
        profile=moment.order.profile(job),
        suspended=job.spec.suspend,
        waiting=_waiting(waiting) if waiting is not None else None,
        progress=TaskProgress.model_validate(now.progress.model_dump()) if now.progress else None,
        media=TaskMedia(duration_seconds=now.media.duration_seconds) if now.media else None,
        language=_language(job),
        real_time_factor=now.real_time_factor,
        created=job.metadata.creation_timestamp,
        started=now.start_time,
        estimated_completion=estimated_completion_time(job, moment.paces, moment.now),
        completed=now.completion_time,
        expires=now.expiration_time,
        attempts=tuple(
            TaskAttempt(started=attempt.start, ended=attempt.end, reason=attempt.reason, counted=attempt.counted)
            for attempt in now.attempts
        ),
        warnings=now.warnings,
        error=_error(now.failure) if now.failure else None,
        outputs=tuple(
            TaskOutput(
                format=output.format,
                bytes=output.bytes,
                sha256=output.sha256,
                download_url=links.download(name, output.format),
            )
            for output in now.outputs
        ),
    )


def released(task_id: str, *, gone: bool, release: Release | None) -> Released:
    """Show how far a release is."""
    receipt = Receipt.model_validate(release.model_dump()) if gone and release else None
    return Released(task_id=task_id, released=gone, receipt=receipt)


LAST_HOUR: Final = timedelta(hours=1)


def queue(records: Iterable["Record"], moment: "Moment") -> Queue:
    """Count the jobs that there are to clients."""
    phases: Counter[Phase] = Counter()
    profiles: Counter[tuple[str, TaskState]] = Counter()
    waiting_for: Counter[str] = Counter()
    failed_for: Counter[str] = Counter()
    lately: Counter[Phase] = Counter()
    audio_seconds = 0.0
    oldest = None
    since = moment.now - LAST_HOUR
    for record in records:
        job, phase = record.job, record.phase
        phases[phase] += 1
        if (state := _STATES[phase]) in _UNFINISHED:
            profiles[moment.order.profile(job), state] += 1
            if (waiting := explain(job, moment.order, moment.starts)) is not None:
                waiting_for[waiting.reason] += 1
            created = job.metadata.creation_timestamp
            if state is TaskState.PENDING and created is not None and (oldest is None or created < oldest):
                oldest = created
            continue
        if job.status.failure is not None:
            failed_for[job.status.failure.reason] += 1
        if job.status.completion_time is not None and job.status.completion_time > since:
            lately[phase] += 1
            if phase is Phase.COMPLETED and job.status.media is not None:
                audio_seconds += job.status.media.duration_seconds
    return Queue(
        depth=QueueDepth(
            pending=phases[Phase.PENDING],
            queued=phases[Phase.QUEUED],
            processing=phases[Phase.PROCESSING],
            completed=phases[Phase.COMPLETED],
            failed=phases[Phase.FAILED],
        ),
        waiting=phases[Phase.PENDING] + phases[Phase.QUEUED],
        running=phases[Phase.PROCESSING],
        # Creation times are whole seconds of another machine's clock.
        oldest_wait_seconds=max(0.0, (moment.now - oldest).total_seconds()) if oldest is not None else None,
        profiles=tuple(
            QueueProfile(
                profile=profile,
                waiting=profiles[profile, TaskState.PENDING],
                running=profiles[profile, TaskState.PROCESSING],
            )
            for profile in sorted({profile for profile, _ in profiles})
        ),
        waiting_reasons=dict(sorted(waiting_for.items())),
        failed_reasons=dict(sorted(failed_for.items())),
        last_hour=QueueThroughput(
            completed=lately[Phase.COMPLETED],
            failed=lately[Phase.FAILED],
            audio_hours=round(audio_seconds / 3600, 3),
        ),
    )


_UNFINISHED: Final = frozenset({TaskState.PENDING, TaskState.PROCESSING})


def _waiting(waiting: Waiting) -> TaskWaiting:
    return TaskWaiting(
        position=waiting.position,
        reason=waiting.reason,
        message=waiting.message,
        estimated_start=waiting.estimated_start_time,
    )


def _language(job: TranscriptionJob) -> str | None:
    if job.status.media is not None and job.status.media.language is not None:
        return job.status.media.language
    return None if job.spec.language in {"auto", "mixed"} else job.spec.language


def _error(failure: FailureStatus) -> TaskError:
    return TaskError(
        reason=failure.reason,
        message=failure.message,
        remedy=failure_for(failure.reason).remedy,
        retryable=failure.retryable,
    )
