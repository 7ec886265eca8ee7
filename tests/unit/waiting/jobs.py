"""Jobs that wait, run and have run, for the tests of this folder: each says in one line what is special about it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from steno_types import (
    ConditionType,
    PaceBook,
    QueueOrder,
    Stage,
    TranscriptionJob,
    WaitingReason,
    to_rfc3339,
)
from support.builders import NOON, JobBuilder, a_job

PROFILE: Final = "gpu"
EFFECTIVE: Final = {"profile": PROFILE, "image": "worker:1", "engine": "faster-whisper", "model": "tiny"}


def at(seconds: float) -> datetime:
    """Give the moment so many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def a_waiting_job(name: str = "talk", *, created: float = 0, priority: str | None = None, **spec: Any) -> JobBuilder:
    """Begin a job of the profile ``gpu`` that the operator has not launched, created so many seconds after noon."""
    own = {"profile": PROFILE, **spec} | ({"queuePriority": priority} if priority is not None else {})
    known = replace(a_job(name), uid=str(uuid5(NAMESPACE_URL, name)))
    return known.with_spec(**own).with_metadata(creationTimestamp=to_rfc3339(at(created)))


def a_queued_job(name: str = "talk", *, reason: WaitingReason, message: str = "", **more: Any) -> JobBuilder:
    """Begin a job that has its Job, and waits for what the operator says."""
    waiting = a_waiting_job(name, **more).with_status(effective=EFFECTIVE)
    return waiting.condition(ConditionType.QUEUED, reason=reason, message=message)


def a_running_job(name: str = "talk", *, since: float = 0, **more: Any) -> JobBuilder:
    """Begin a job whose one worker runs since so many seconds after noon."""
    attempt = {"name": f"{name}-0", "start": to_rfc3339(at(since))}
    running = a_waiting_job(name, **more).with_status(effective=EFFECTIVE, attempts=[attempt])
    return running.condition(ConditionType.RUNNING, since=at(since))


def with_progress(
    job: JobBuilder, *, done: float, total: float, heard: float, stage: Stage = Stage.TRANSCRIBE
) -> JobBuilder:
    """Let `done` of `total` seconds of audio be transcribed, as was heard so many seconds after noon."""
    percent = min(100, int(100 * done / total)) if total else 0
    told = {"stage": stage, "percent": percent, "processedSeconds": done, "totalSeconds": total}
    return job.with_status(progress={**told, "time": to_rfc3339(at(heard))})


def a_finished_job(
    name: str,
    *,
    run_seconds: float = 60,
    factor: float | None = 0.1,
    audio_seconds: float = 500,
    completed: float = 0,
    engine: str = "faster-whisper 1.2.0",
    profile: str = PROFILE,
) -> JobBuilder:
    """Begin a job that one worker completed so many seconds after noon."""
    attempt = {
        "name": f"{name}-0",
        "start": to_rfc3339(at(completed - run_seconds)),
        "end": to_rfc3339(at(completed)),
    }
    media = {"durationSeconds": audio_seconds}
    ended = a_waiting_job(name).completed(at(completed)).with_status(media=media, realTimeFactor=factor)
    return ended.with_status(attempts=[attempt], effective={**EFFECTIVE, "engine": engine, "profile": profile})


def a_book(*run_seconds: float, factor: float = 0.1, audio_seconds: float = 500) -> PaceBook:
    """Make a book of one finished job for each length of run."""
    return PaceBook.of(
        a_finished_job(f"old-{number}", run_seconds=seconds, factor=factor, audio_seconds=audio_seconds).build()
        for number, seconds in enumerate(run_seconds)
    )


def order_of(jobs: Iterable[JobBuilder], **priorities: int) -> QueueOrder:
    """Put the jobs in order; who names no profile has ``gpu``."""
    return QueueOrder((job.build() for job in jobs), default_profile=PROFILE, priorities=priorities)


def names(jobs: Iterable[TranscriptionJob]) -> list[str]:
    """List the jobs' names."""
    return [job.metadata.name for job in jobs]
