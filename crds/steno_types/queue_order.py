"""Who waits, in which queue, and who goes first.

Built by the gateway and the operator from all jobs that they know, once for many questions: one pass over the jobs,
one sort of each queue. A job is in the queue

- of its ``spec.queueName``, a LocalQueue of its namespace, where it has one,
- else of its worker profile, over all namespaces.

In a queue the higher priority goes first, then the earlier creation, then the name, then the namespace. That is the
order in which jobs are admitted. One that was admitted before a job of higher priority came may still go before it,
since what is admitted stays so.

Must not know the time, nor how long anything takes: that is `estimates`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, auto
from types import MappingProxyType
from typing import Final

from steno_types.job import TranscriptionJob
from steno_types.status import ConditionType
from steno_types.waiting import WaitingReason

_NEVER_CREATED: Final = datetime.max.replace(tzinfo=UTC)
"""Stands for a creation time that is absent, as only in a job that no API server has seen."""


class Standing(Enum):
    """What a job does to its queue."""

    WAITING = auto()
    """It stands in it."""
    PLACED = auto()
    """It holds a node, which fetches the image: nobody can go before it."""
    RUNNING = auto()
    """Its worker runs."""
    SUSPENDED = auto()
    """It does not take part."""
    ENDING = auto()
    """It has ended, or is about to: cancelled, deleted, out of time."""


def standing(job: TranscriptionJob) -> Standing:
    """Say what the job does to its queue, by its spec first, as that is ahead of its conditions."""
    status = job.status
    if job.metadata.deletion_timestamp is not None or job.spec.cancel or status.stopping is not None:
        return Standing.ENDING
    if status.terminal is not None:
        return Standing.ENDING
    if job.spec.suspend:
        return Standing.SUSPENDED
    running, queued = status.condition(ConditionType.RUNNING), status.condition(ConditionType.QUEUED)
    if running is not None and running.is_true:
        return Standing.RUNNING
    if queued is not None and queued.is_true and queued.reason == WaitingReason.IMAGE_PULLING:
        return Standing.PLACED
    return Standing.WAITING


@dataclass(frozen=True, slots=True)
class QueueKey:
    """Which queue."""

    name: str
    """Of the LocalQueue, or of the worker profile."""
    namespace: str | None = None
    """Of the LocalQueue; None: it is a profile's queue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobQueue:
    """One queue."""

    key: QueueKey
    waiting: tuple[TranscriptionJob, ...] = ()
    """First the one that is next."""
    served: tuple[TranscriptionJob, ...] = ()
    """Those that hold a place: they run, or have a node that fetches their image."""


class QueueOrder:
    """The queues of an installation at one moment.

    Parameters
    ----------
    jobs
        All jobs, in any order; read once. Of two with the same uid the later counts.
    default_profile
        The worker profile of jobs that name none.
    priorities
        Priorities by name, higher first; what is not named here is 0, like no priority.
    """

    def __init__(
        self, jobs: Iterable[TranscriptionJob], *, default_profile: str, priorities: Mapping[str, int] | None = None
    ) -> None:
        self._default_profile = default_profile
        self._priorities = priorities or {}
        waiting: dict[QueueKey, list[TranscriptionJob]] = {}
        served: dict[QueueKey, list[TranscriptionJob]] = {}
        for job in {job.metadata.uid: job for job in jobs}.values():
            match standing(job):
                case Standing.WAITING:
                    waiting.setdefault(self.key(job), []).append(job)
                case Standing.PLACED | Standing.RUNNING:
                    served.setdefault(self.key(job), []).append(job)
                case Standing.SUSPENDED | Standing.ENDING:
                    pass
        self.queues: Mapping[QueueKey, JobQueue] = MappingProxyType(
            {
                key: JobQueue(
                    key=key,
                    waiting=tuple(sorted(waiting.get(key, ()), key=self._rank)),
                    served=tuple(served.get(key, ())),
                )
                for key in waiting | served
            }
        )
        """All queues in which a job waits or runs."""
        self._positions = {
            job.metadata.uid: position
            for queue in self.queues.values()
            for position, job in enumerate(queue.waiting, start=1)
        }

    def key(self, job: TranscriptionJob) -> QueueKey:
        """Say which queue the job is in, whether or not it waits."""
        if job.spec.queue_name is not None:
            return QueueKey(job.spec.queue_name, job.metadata.namespace)
        return QueueKey(self.profile(job))

    def profile(self, job: TranscriptionJob) -> str:
        """Say which worker profile the job has: the one it was launched with, else the one it asks for."""
        effective = job.status.effective
        return effective.profile if effective is not None else job.spec.profile or self._default_profile

    def position(self, job: TranscriptionJob) -> int | None:
        """Give the job's place in its queue, 1 for whoever is next; None if it is in none, or not known here."""
        return self._positions.get(job.metadata.uid)

    def _rank(self, job: TranscriptionJob) -> tuple[int, datetime, str, str]:
        named = job.spec.queue_priority
        priority = self._priorities.get(named, 0) if named is not None else 0
        own = job.metadata
        return -priority, own.creation_timestamp or _NEVER_CREATED, own.name, own.namespace
