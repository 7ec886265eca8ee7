"""Admission: whose turn it is to be given a Job, where a profile limits how many may wait for a node.

For jobs that are in no queue of Kueue's. By priority, then by age, then by name, so that equal lists give equal
turns; pure. Called by `roster` whenever a pod was scheduled, a Job ended, or a job changed.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiter:
    """A job that has no Job yet and could have one."""

    key: str
    """``namespace/name``."""
    priority: int
    """Higher goes first."""
    created: str
    """When the job was created, as RFC 3339 in UTC, which sorts by age."""


def admitted(waiting: Iterable[Waiter], *, limit: int | None, unscheduled: int) -> tuple[str, ...]:
    """Give the keys of those whose turn it is, first come first.

    Parameters
    ----------
    waiting
        All of one profile.
    limit
        Jobs that may have a pod without a node at once; None: as many as there are.
    unscheduled
        How many have one.
    """
    order = sorted(waiting, key=lambda waiter: (-waiter.priority, waiter.created, waiter.key))
    places = len(order) if limit is None else max(0, limit - unscheduled)
    return tuple(waiter.key for waiter in order[:places])
