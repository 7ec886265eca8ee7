"""One reconcile, from key to effect: read freshly, decide, act.

Called by the queue. What a decision is stands in `reconcile`, what an action does in `apply`, what a failure means in
`setbacks`.
"""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

from steno_kube import ConflictError, ResourceNotFoundError
from steno_operator.apply import ActionFailedError, apply
from steno_operator.context import Context
from steno_operator.observe import observe, observe_workers
from steno_operator.observed import Observed
from steno_operator.plan import Plan
from steno_operator.reconcile import reconcile, without_store
from steno_operator.setbacks import setback
from steno_store import StoreError
from steno_types import TranscriptionJob

CONFLICT_DELAY_SECONDS = 0.05
"""Until the next try after someone else wrote the job first: their write is there already. Doubles with each time in
a row, as a server may go on saying so."""

CONFLICT_LONGEST_SECONDS = 60.0
"""Longest of these pauses; that of the queue's own."""

LONGEST_WAIT_SECONDS = 6 * 3600.0
"""Until a job is looked at again at the latest, where time alone can change something: the wait is measured by one
clock and its end told by another, which may be set right meanwhile. 10,000 jobs cost a read every two seconds."""

logger = logging.getLogger(__name__)


def _now() -> datetime:
    return datetime.now(UTC)


class Controller:
    """Reconciles one job at a time, as often as it is asked."""

    def __init__(self, context: Context, *, clock: Callable[[], datetime] = _now) -> None:
        self._context = context
        self._clock = clock
        self._overtaken: dict[str, int] = {}
        """How often in a row, by key."""

    async def reconcile(self, key: str) -> float | None:
        """Bring the job ``namespace/name`` one step on; gives the seconds after which to look again, or None."""
        began, result = time.monotonic(), "error"
        try:
            again = await self._step(key)
            result = "success"
        except (ConflictError, ResourceNotFoundError) as overtaken:
            logger.debug("%s changed or went meanwhile: %s", key, overtaken)
            result = "overtaken"
            times = self._overtaken[key] = self._overtaken.get(key, 0) + 1
            return min(CONFLICT_DELAY_SECONDS * 2.0 ** min(times - 1, 16), CONFLICT_LONGEST_SECONDS)
        finally:
            self._context.metrics.reconciled(time.monotonic() - began, result)
            if result != "overtaken":
                self._overtaken.pop(key, None)
        return min(again, LONGEST_WAIT_SECONDS) if again is not None else None

    async def _step(self, key: str) -> float | None:
        namespace, _, name = key.partition("/")
        context = self._context
        job = context.sightings.take_new(key)
        if job is not None:
            observed = Observed()
        else:
            try:
                job = await context.jobs.get(namespace, name)
            except ResourceNotFoundError:
                # As a rule that is known; its deletion may have gone unheard.
                context.sightings.lost("transcriptionjobs", key, name)
                context.roster.lost_job(key)
                return None
            try:
                observed = await observe(job, context)
            except StoreError:
                await self._without_store(job)
                raise
        if _waits_for_turn(job):
            observed = replace(observed, admitted=context.roster.admits(key))
        now = self._clock()
        plan = reconcile(job, observed, context.installation, now)
        try:
            after = await apply(plan, job, context, now)
        except ActionFailedError as failed:
            return await self._after(failed, now)
        context.metrics.carried_out(job, after, observed)
        return plan.requeue_after_seconds

    async def _without_store(self, job: TranscriptionJob) -> None:
        """Do what needs no answer of the store's; what fails of it is tried again like all the rest."""
        context, now = self._context, self._clock()
        workers = await observe_workers(job, context)
        with suppress(ActionFailedError):
            await apply(without_store(job, workers, context.installation, now), job, context, now)

    async def _after(self, failed: ActionFailedError, now: datetime) -> float | None:
        """Tell of a failure what there is to tell, and let the queue try again where nothing else was decided."""
        cause = failed.__cause__
        plan: Plan | None = setback(failed.action, cause, failed.job, now)
        if plan is not None:
            await apply(plan, failed.job, self._context, now)
            if plan.requeue_after_seconds is not None:
                return plan.requeue_after_seconds
        if cause is not None:
            raise cause
        raise failed


def _waits_for_turn(job: TranscriptionJob) -> bool:
    """Whether a Job could be created for the job: asking for a turn keeps the place."""
    status, spec = job.status, job.spec
    over = status.terminal is not None or status.stopping is not None or job.metadata.deletion_timestamp is not None
    return not (over or spec.suspend or spec.cancel or status.job_ref is not None)
