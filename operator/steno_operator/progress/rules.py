"""What to make of a report that is known to be a worker's: whether it is to stop, and what the status shall say.

Called by `intake`; pure. How often the status is written::

    nothing changed              never: `progress.time` is when the work last got on, and the stall rule rests on it
    stage, attempt, or 100 %     2 s after the last write
    anything else               10 s after it
"""

from datetime import datetime
from typing import Final

from steno_operator.observed import BatchJob
from steno_operator.policies.wanted import is_wanted
from steno_types import Progress, ProgressReport, Stage, TranscriptionJob

WRITE_INTERVAL_SECONDS: Final = 10.0
"""Between two writes for one job: every write is an event for all who watch."""

URGENT_INTERVAL_SECONDS: Final = 2.0
"""The same, for what people wait to see; the worker reports no faster than that within a stage."""

_ORDER: Final = {stage: number for number, stage in enumerate(Stage)}


def reason_to_stop(job: TranscriptionJob, batch_job: BatchJob) -> str | None:
    """Say why the worker of `batch_job` shall give up, in words for the log; None: it goes on.

    A job that waits for its copy to be delivered is not terminal yet, so its worker goes on.
    """
    named = job.status.job_ref
    replaced = named is not None and named.name == batch_job.name and named.uid not in {"", batch_job.uid}
    reasons = {
        "the job is being deleted": job.metadata.deletion_timestamp is not None,
        "the job is cancelled": job.spec.cancel,
        "the job is suspended": job.spec.suspend,
        "the job is being ended": job.status.stopping is not None,
        "the job has ended": job.status.terminal is not None,
        "another Job does the work": replaced or not is_wanted(job, batch_job),
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def next_progress(
    standing: Progress | None,
    report: ProgressReport,
    *,
    another_attempt: bool,
    seconds_since_write: float | None,
    now: datetime,
) -> Progress | None:
    """Give what the status shall say now; None leaves it as it is.

    Parameters
    ----------
    standing
        What it says.
    report
        What the worker says.
    another_attempt
        Whether `standing` is an earlier attempt's: only then may work get less.
    seconds_since_write
        Since this job's progress was last written, by anyone as far as known; None: never.
    now
        Aware, UTC.
    """
    new = Progress(
        stage=report.stage,
        percent=report.percent,
        processed_seconds=report.processed_seconds,
        total_seconds=report.total_seconds,
        time=now,
    )
    if standing is not None:
        if new == standing.model_copy(update={"time": new.time}):
            return None
        if not another_attempt and _goes_back(standing, new):
            return None
    finished = new.percent == 100 and (standing is None or standing.percent < 100)  # noqa: PLR2004 -- per cent
    urgent = standing is None or another_attempt or new.stage != standing.stage or finished
    interval = URGENT_INTERVAL_SECONDS if urgent else WRITE_INTERVAL_SECONDS
    due = seconds_since_write is None or seconds_since_write >= interval
    return new if due else None


def _goes_back(standing: Progress, new: Progress) -> bool:
    """Whether a report says less than one before it: it was overtaken on its way."""
    return (
        _stage_number(new) < _stage_number(standing)
        or new.processed_seconds < standing.processed_seconds
        or new.percent < standing.percent
    )


def _stage_number(progress: Progress) -> int:
    return _ORDER[progress.stage] if progress.stage is not None else -1
