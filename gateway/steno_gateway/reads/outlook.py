"""The queues of one moment: who waits behind how many, for what, until about when.

Asked by the views of single tasks and of the queue. All readers of a moment share it: to sort the queues of all
namespaces served, and to work out who may start when, takes some ten microseconds for each job that waits.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from steno_gateway.reads.cache import JobCache
from steno_types import PaceBook, QueueOrder, estimated_start_times

KEPT_SECONDS: Final = 1.0
"""For which a moment lasts at least."""

SHARE: Final = 0.05
"""Of the process's time, that goes into making moments at the most: one that took long is kept for longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The queues at one moment."""

    serial: int
    """Tells one moment from another; from 1."""
    now: datetime
    order: QueueOrder
    starts: Mapping[str, datetime]
    """When a waiting job may start, by uid."""
    paces: PaceBook


class Outlook:
    """What gives the moment.

    Parameters
    ----------
    reads
        The jobs.
    default_profile
        Worker profile of jobs that name none.
    priorities
        Queue priorities by name; higher first, and none is 0.
    now
        The time, aware.
    clock
        Monotonic seconds.
    kept_seconds
        For which a moment lasts at least.
    """

    def __init__(
        self,
        reads: JobCache,
        *,
        default_profile: str,
        priorities: Mapping[str, int],
        now: Callable[[], datetime],
        clock: Callable[[], float] = time.monotonic,
        kept_seconds: float = KEPT_SECONDS,
    ) -> None:
        self._reads = reads
        self._default_profile = default_profile
        self._priorities = priorities
        self._now = now
        self._clock = clock
        self._kept_seconds = kept_seconds
        self._moment: Moment | None = None
        self._until = 0.0

    def moment(self) -> Moment:
        """Give the moment, made anew if the last one is over."""
        began_at = self._clock()
        if self._moment is None or began_at >= self._until:
            now = self._now()
            # Who has ended stands in no queue.
            order = QueueOrder(
                self._reads.unfinished(), default_profile=self._default_profile, priorities=self._priorities
            )
            self._moment = Moment(
                serial=self._moment.serial + 1 if self._moment is not None else 1,
                now=now,
                order=order,
                starts=estimated_start_times(order, self._reads.paces, now),
                paces=self._reads.paces,
            )
            ended_at = self._clock()
            self._until = ended_at + max(self._kept_seconds, (ended_at - began_at) / SHARE)
        return self._moment
