"""Decide the next step for one job.

Called by `controller` with freshly read objects, whenever anything about a job may have changed. Pure: equal
arguments give an equal plan, so it is tested by table. Each policy has a module; the first that has an opinion
decides, so their order is the order of importance.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final

from steno_operator.installation import Installation
from steno_operator.observed import Observed
from steno_operator.plan import Announcement, Plan
from steno_operator.policies import (
    attempts,
    cancellation,
    deadlines,
    expiry,
    launch,
    outcome,
    release,
    retries,
    stopping,
    suspension,
    terminal,
    waiting,
)
from steno_operator.policies.wanted import working_deletions
from steno_types import TranscriptionJob, failure_for

Decide = Callable[[TranscriptionJob, Observed, Installation, datetime], Plan | None]

POLICIES: Final[tuple[Decide, ...]] = (
    release.decide,
    expiry.decide,
    terminal.decide,
    outcome.decide,
    stopping.decide,
    cancellation.decide,
    suspension.decide,
    retries.decide,
    deadlines.decide,
    launch.decide,
    waiting.decide,
)


def reconcile(job: TranscriptionJob, observed: Observed, installation: Installation, now: datetime) -> Plan:
    """Decide the next step. `now` is aware, UTC."""
    noted = attempts.noted(job, observed, now)
    plan = next((plan for plan in _plans(noted, observed, installation, now) if plan is not None), Plan())
    if noted is not job and plan.status is None:
        # What became of attempts is written while their pods are there to be read.
        plan = replace(plan, status=noted.status)
    if plan.status is not None and plan.status.terminal is None:
        plan = replace(plan, announcements=(*_told(job, noted), *plan.announcements))
    if job.metadata.deletion_timestamp is None and job.status.terminal is None:
        plan = _no_later_than(plan, deadlines.next_due(noted, observed, installation, now))
    return plan


def without_store(job: TranscriptionJob, observed: Observed, installation: Installation, now: datetime) -> Plan:
    """Decide what can be decided while nobody can say whether there is a manifest: to take workers away.

    Their Jobs are deleted all the same, so that an outage of the store holds no GPU. A deadline ends workers alone:
    how a job without one ended is the manifest's to say.
    """
    for decide in (stopping.decide, cancellation.decide, suspension.decide):
        if (plan := decide(job, observed, installation, now)) is not None:
            return plan
    if working_deletions(observed):
        # What became of earlier attempts is not written down yet: the store may know better.
        noted = attempts.noted(job, observed, now)
        plan = deadlines.decide(noted, observed, installation, now)
        why = plan.status.stopping if plan is not None and plan.status is not None else None
        if why is not None:
            return Plan(status=job.status.model_copy(update={"stopping": why}), requeue_after_seconds=0)
    return Plan()


def _plans(
    job: TranscriptionJob, observed: Observed, installation: Installation, now: datetime
) -> Iterator[Plan | None]:
    """Ask one policy after the other, and none that is not needed."""
    for decide in POLICIES:
        yield decide(job, observed, installation, now)


def _told(job: TranscriptionJob, noted: TranscriptionJob) -> Iterator[Announcement]:
    """Tell of the attempts that have just ended without an outcome."""
    for attempt in noted.status.attempts:
        if attempt.reason is None or attempt in job.status.attempts:
            continue
        message = f"{attempt.name}: {attempt.reason}: {failure_for(attempt.reason).meaning}"
        if attempt.counted:
            yield Announcement(kind="Warning", reason="AttemptFailed", message=message)
        else:
            yield Announcement(kind="Normal", reason="AttemptInterrupted", message=message)


def _no_later_than(plan: Plan, due_seconds: float | None) -> Plan:
    if due_seconds is None:
        return plan
    asked = plan.requeue_after_seconds
    return replace(plan, requeue_after_seconds=due_seconds if asked is None else min(asked, due_seconds))
