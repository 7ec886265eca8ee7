"""A TranscriptionJob as the REST API shows it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from steno_gateway.responses import (
    Queue,
    QueueDepth,
    Receipt,
    Released,
    TaskAccepted,
    TaskError,
    TaskMedia,
    TaskOutput,
    TaskProgress,
    TaskState,
    TaskStatus,
)
from steno_types import GROUP, FailureStatus, Phase, Release, TranscriptionJob, derive_phase, failure_for

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


def status(job: TranscriptionJob, links: Links) -> TaskStatus:
    """Show how far a job is."""
    phase, name, now = phase_of(job), job.metadata.name, job.status
    return TaskStatus(
        task_id=name,
        status=_STATES[phase],
        phase=phase,
        file_name=job.metadata.annotations.get(FILE_NAME_ANNOTATION),
        progress=TaskProgress.model_validate(now.progress.model_dump()) if now.progress else None,
        media=TaskMedia(duration_seconds=now.media.duration_seconds) if now.media else None,
        language=_language(job),
        real_time_factor=now.real_time_factor,
        created=job.metadata.creation_timestamp,
        started=now.start_time,
        completed=now.completion_time,
        expires=now.expiration_time,
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


def queue(jobs: Iterable[TranscriptionJob], now: datetime) -> Queue:
    """Count `jobs`, without those being released."""
    present = [job for job in jobs if job.metadata.deletion_timestamp is None]
    phases = [phase_of(job) for job in present]
    waiting = [job for job in present if _STATES[phase_of(job)] is TaskState.PENDING]
    ages = [(now - created).total_seconds() for job in waiting if (created := job.metadata.creation_timestamp)]
    return Queue(
        depth=QueueDepth(
            pending=phases.count(Phase.PENDING),
            queued=phases.count(Phase.QUEUED),
            processing=phases.count(Phase.PROCESSING),
            completed=phases.count(Phase.COMPLETED),
            failed=phases.count(Phase.FAILED),
        ),
        waiting=len(waiting),
        running=phases.count(Phase.PROCESSING),
        # Creation times are whole seconds of another machine's clock.
        oldest_wait_seconds=max(0.0, *ages) if ages else None,
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
