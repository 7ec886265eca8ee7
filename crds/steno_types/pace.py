"""How fast recordings were transcribed lately, by worker profile and engine: what estimates rest on.

Kept in memory by the gateway and the operator, each for itself: fed with every job that they see, and made anew from
the list of all jobs when they start. Of each job that is Complete, one measure::

    real_time_factor      status.realTimeFactor                 of jobs that one attempt saw through
    run_seconds           sum of (end - start) over attempts
    preparation_seconds   run_seconds - real_time_factor * media.durationSeconds        at least 0

Later attempts go on from checkpoints, so that their real-time factor says too little. The preparation is all that the
real-time factor leaves out: the fetch, the model, the pod's end. Kept are the `MEASURES_KEPT` youngest measures of a
profile and an engine, by completion time, so that it makes no difference in which order and how often jobs are added.
Estimates take the median, to which one recording of twelve hours does nothing. What no job of the engine tells is the
profile's, over all its engines; what no job of the profile tells is None.
"""

from bisect import bisect_right, insort
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Final, Self

from steno_types.job import TranscriptionJob
from steno_types.status import ConditionType, TranscriptionJobStatus

MEASURES_KEPT: Final = 50
"""Of one profile and engine: enough for a median, few enough that a new image or GPU is soon seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worked:
    """How much workers did for one job."""

    seconds: float
    """For which they ran in all."""
    attempts: int
    """How many of them."""


def worked(status: TranscriptionJobStatus, until: datetime) -> Worked:
    """Sum up the attempts as they were at `until`, which is aware."""
    begun = [attempt for attempt in status.attempts if attempt.start < until]
    spans = [max(0.0, (min(attempt.end or until, until) - attempt.start).total_seconds()) for attempt in begun]
    earlier = status.earlier_attempts
    if earlier is not None:
        return Worked(seconds=sum(spans) + earlier.active_seconds, attempts=len(spans) + earlier.count)
    if not status.attempts and status.start_time is not None and status.start_time < until:
        return Worked(seconds=(until - status.start_time).total_seconds(), attempts=1)
    return Worked(seconds=sum(spans), attempts=len(spans))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What was measured of jobs like one."""

    real_time_factor: float | None = None
    """Median of their processing seconds per second of audio."""
    preparation_seconds: float | None = None
    """Median of the seconds that their workers spent on anything else."""
    run_seconds: tuple[float, ...] = ()
    """For how long their workers ran, ascending."""

    def typical_run_seconds(self, *, longer_than: float = 0.0) -> float | None:
        """Give the median over the jobs that ran for more than `longer_than` seconds; None: there was none."""
        longer = self.run_seconds[bisect_right(self.run_seconds, longer_than) :]
        return median(longer) if longer else None


@dataclass(frozen=True, slots=True, order=True)
class _Measure:
    """What one job tells; in the order of completion, by uid where two ended in the same second."""

    completion_time: datetime
    uid: str
    real_time_factor: float | None
    preparation_seconds: float | None
    run_seconds: float


class PaceBook:
    """The measures of finished jobs."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], list[_Measure]] = {}
        self._paces: dict[tuple[str, str | None], Pace] = {}

    @classmethod
    def of(cls, jobs: Iterable[TranscriptionJob]) -> Self:
        """Make one from the list of all jobs."""
        book = cls()
        for job in jobs:
            book.add(job)
        return book

    def add(self, job: TranscriptionJob) -> None:
        """Take note of the job if it is Complete; once, however often it is added."""
        measure, effective = _measure(job), job.status.effective
        if measure is None or effective is None:
            return
        kept = self._kept.setdefault((effective.profile, engine_name(effective.engine)), [])
        if all(measure.uid != other.uid for other in kept):
            insort(kept, measure)
            # One that goes here is older than all that stay: added again, it goes again.
            del kept[:-MEASURES_KEPT]
            self._paces.clear()

    def pace(self, profile: str, engine: str | None = None) -> Pace:
        """Say what was measured.

        Parameters
        ----------
        profile
            The worker profile.
        engine
            The engine, with its version or without; None: not known, so that all of the profile's count.
        """
        key = profile, engine_name(engine) if engine is not None else None
        if key not in self._paces:
            of_profile = [
                measure for (name, _), measures in self._kept.items() if name == profile for measure in measures
            ]
            of_engine = self._kept.get((profile, key[1]), []) if key[1] is not None else []
            self._paces[key] = Pace(
                real_time_factor=_median_factor(of_engine, of_profile),
                preparation_seconds=_median_preparation(of_engine, of_profile),
                run_seconds=tuple(sorted(measure.run_seconds for measure in of_engine or of_profile)),
            )
        return self._paces[key]


def engine_name(engine: str) -> str:
    """Give the engine's name without the version that stands behind it once it ran."""
    return engine.partition(" ")[0]


def _median_factor(*by_preference: list[_Measure]) -> float | None:
    told = ([m.real_time_factor for m in ms if m.real_time_factor is not None] for ms in by_preference)
    return next((median(values) for values in told if values), None)


def _median_preparation(*by_preference: list[_Measure]) -> float | None:
    told = ([m.preparation_seconds for m in ms if m.preparation_seconds is not None] for ms in by_preference)
    return next((median(values) for values in told if values), None)


def _measure(job: TranscriptionJob) -> _Measure | None:
    status = job.status
    completion = status.completion_time
    if completion is None or status.terminal is None or status.terminal.type is not ConditionType.COMPLETE:
        return None
    work = worked(status, completion)
    if work.attempts == 0:
        # A restored job, whose work was done under another uid.
        return None
    factor = status.real_time_factor if work.attempts == 1 else None
    preparation = None
    if factor is not None and status.media is not None:
        preparation = max(0.0, work.seconds - factor * status.media.duration_seconds)
    return _Measure(completion, job.metadata.uid, factor, preparation, work.seconds)
