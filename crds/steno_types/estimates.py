"""When a running job may end, and a waiting one start: estimated from what was measured, None where nothing was.

Called by the gateway for whoever asks, over the jobs in its cache; nothing is written for it. Every estimate is a
whole second, rounded up, and never before `now`, which is aware.

A job whose worker has said how much there is to do::

    remaining   = progress.totalSeconds - progress.processedSeconds                         seconds of audio
    own pace    = (seconds that its workers ran until progress.time - attempts * preparation) / processedSeconds
    completion  = max(progress.time, this attempt's start) + remaining * pace

`pace` is its own once `OWN_PACE_SHARE` and `OWN_PACE_SECONDS` of the audio are done, and more time than the
preparation takes has been spent; else the real-time factor of its profile and engine. When that moment is over and no
progress was heard of since, all that remained counts as still to be done: completion = now + remaining * pace. The
estimate of a worker that stands still thus moves along with the time, and tells no more than how much there is to do.

A job whose worker has not said so yet, or that has no pace::

    completion  = now + median(run seconds of the jobs that ran for longer than it has) - seconds that it has run

At its start that is the median of all, later the median of those it can still be like; None once it ran the longest.

Waiting jobs are served in the order of `queue_order`, by as many places as jobs of their queue run or have a node. A
place is free when its job is complete, and then taken for as long as the next job will go on by the same arithmetic:
the median run seconds, if it never ran. A place whose end is not known is left out. Where no job has a place there is
one, free now, if jobs like one of those that wait ran before; but none while any of them waits for room on a node or
in a quota, as nothing in its queue will make that room.

A few long recordings among many short ones make a queue's work more than the sum of its medians: in a simulation with
log-normal lengths the starts of those far behind came out 10 to 25 % of their wait too early.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from math import ceil
from typing import Final

from steno_types.job import TranscriptionJob
from steno_types.pace import Pace, PaceBook, worked
from steno_types.queue_order import JobQueue, QueueOrder, Standing, standing
from steno_types.status import ConditionType, Progress
from steno_types.waiting import WaitingReason

OWN_PACE_SHARE: Final = 0.1
"""Of a recording, to be done before its own pace counts: the first chunks tell little of the rest."""

OWN_PACE_SECONDS: Final = 10.0
"""Of audio, to be done before it counts: of a short recording a tenth is a chunk, and no measure."""

FURTHEST_SECONDS: Final = 366 * 86_400.0
"""An estimate that is further away is none: such a queue, or a report, is out of order."""

_WITHOUT_ROOM: Final = frozenset(
    {WaitingReason.NO_NODE_FITS, WaitingReason.QUOTA_EXHAUSTED, WaitingReason.JOB_NOT_CREATED}
)


def estimated_completion_time(job: TranscriptionJob, paces: PaceBook, now: datetime) -> datetime | None:
    """Say when a running job may be complete; None if it does not run, or nothing is measured."""
    if standing(job) is not Standing.RUNNING:
        return None
    seconds = _seconds_left(job, _pace(job, paces, job.spec.profile), now)
    return _moment(seconds, now) if seconds is not None else None


def estimated_start_times(order: QueueOrder, paces: PaceBook, now: datetime) -> Mapping[str, datetime]:
    """Say by uid when the waiting jobs may start, all queues in one pass; a job that is missing has no estimate."""
    starts: dict[str, datetime] = {}
    for queue in order.queues.values():
        lengths = [_seconds_left(job, _pace(job, paces, order.profile(job)), now) for job in queue.waiting]
        free = _places(queue, order, paces, now, measured=any(seconds is not None for seconds in lengths))
        for job, seconds in zip(queue.waiting, lengths, strict=True):
            start = _moment(free[0], now) if free else None
            if start is None:
                break  # No place will be free for those behind it either.
            starts[job.metadata.uid] = start
            begun = heappop(free)
            if seconds is not None:
                heappush(free, begun + seconds)
    return starts


def _places(queue: JobQueue, order: QueueOrder, paces: PaceBook, now: datetime, *, measured: bool) -> list[float]:
    """Give a heap of the seconds from now after which each place of the queue is free."""
    if not queue.served:
        return [0.0] if measured and not any(map(_is_without_room, queue.waiting)) else []
    left = (_seconds_left(job, _pace(job, paces, order.profile(job)), now) for job in queue.served)
    free = [seconds for seconds in left if seconds is not None]
    heapify(free)
    return free


def _seconds_left(job: TranscriptionJob, pace: Pace, now: datetime) -> float | None:
    """Say for how long the job will go on, at least 0; None: nothing is measured."""
    progress = job.status.progress
    if progress is not None and progress.total_seconds > 0:
        factor = _own_pace(job, progress, pace)
        if factor is None:
            factor = pace.real_time_factor
        if factor is not None:
            work = max(0.0, progress.total_seconds - progress.processed_seconds) * factor
            left = work - (now - _at_it_since(job, progress, now)).total_seconds()
            return left if left >= 0 else work
    so_far = worked(job.status, now).seconds
    typical = pace.typical_run_seconds(longer_than=so_far)
    return typical - so_far if typical is not None else None


def _at_it_since(job: TranscriptionJob, progress: Progress, now: datetime) -> datetime:
    """Say since when what remained at `progress` has been worked on; `now` between two attempts."""
    attempts = job.status.attempts
    if attempts and all(attempt.end is not None for attempt in attempts):
        return now
    return max([progress.time, *(attempt.start for attempt in attempts)])


def _own_pace(job: TranscriptionJob, progress: Progress, pace: Pace) -> float | None:
    """Give the seconds that its workers needed per second of audio; None: too little is done to tell."""
    done = progress.processed_seconds
    if done < OWN_PACE_SECONDS or done < OWN_PACE_SHARE * progress.total_seconds:
        return None
    work = worked(job.status, progress.time)
    seconds = work.seconds - work.attempts * (pace.preparation_seconds or 0.0)
    return seconds / done if seconds > 0 else None


def _pace(job: TranscriptionJob, paces: PaceBook, profile: str | None) -> Pace:
    effective = job.status.effective
    if effective is not None:
        return paces.pace(effective.profile, effective.engine)
    engine = job.spec.engine.name if job.spec.engine is not None else None
    return paces.pace(profile, engine) if profile is not None else Pace()


def _is_without_room(job: TranscriptionJob) -> bool:
    queued = job.status.condition(ConditionType.QUEUED)
    return queued is not None and queued.is_true and queued.reason in _WITHOUT_ROOM


def _moment(seconds: float, now: datetime) -> datetime | None:
    """Give the first whole second that is at least `seconds` from now; None: too far away to say."""
    if seconds > FURTHEST_SECONDS:
        return None
    whole_now = now.replace(microsecond=0)
    return whole_now + timedelta(seconds=ceil(seconds + (now - whole_now).total_seconds()))
