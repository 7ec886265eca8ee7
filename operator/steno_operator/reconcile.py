"""Decide the next step for one job.

Called by `controller` with freshly read objects, whenever anything about a job may have changed. Pure: equal
arguments give an equal plan, so it is tested by table. Each policy has a module; the first that has an opinion
decides, so their order is the order of importance.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from steno_operator.installation import Installation
from steno_operator.observed import Observed
from steno_operator.plan import Plan
from steno_operator.policies import expiry, launch, outcome, release, terminal, waiting
from steno_types import TranscriptionJob

Decide = Callable[[TranscriptionJob, Observed, Installation, datetime], Plan | None]

POLICIES: Final[tuple[Decide, ...]] = (
    release.decide,
    expiry.decide,
    terminal.decide,
    outcome.decide,
    launch.decide,
    waiting.decide,
)


def reconcile(job: TranscriptionJob, observed: Observed, installation: Installation, now: datetime) -> Plan:
    """Decide the next step. `now` is aware, UTC."""
    for decide in POLICIES:
        if (plan := decide(job, observed, installation, now)) is not None:
            return plan
    return Plan()
