"""One reconcile, from key to effect: read freshly, decide, act.

Called by the queue. What a decision is stands in `reconcile`, what an action does in `apply`.
"""

import logging
from datetime import UTC, datetime

from steno_kube import ConflictError, ResourceNotFoundError
from steno_operator.apply import apply
from steno_operator.context import Context
from steno_operator.observe import observe
from steno_operator.reconcile import reconcile

CONFLICT_DELAY_SECONDS = 0.05
"""Until the next try after someone else wrote the job first: their write is there already."""

logger = logging.getLogger(__name__)


class Controller:
    """Reconciles one job at a time, as often as it is asked."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def reconcile(self, key: str) -> float | None:
        """Bring the job ``namespace/name`` one step on; gives the seconds after which to look again, or None."""
        namespace, _, name = key.partition("/")
        context = self._context
        try:
            job = await context.jobs.get(namespace, name)
        except ResourceNotFoundError:
            return None
        observed = await observe(job, context.batch_jobs, context.store, context.installation)
        now = datetime.now(UTC)
        plan = reconcile(job, observed, context.installation, now)
        try:
            await apply(plan, job, context, now)
        except (ConflictError, ResourceNotFoundError) as overtaken:
            logger.debug("%s changed or went meanwhile: %s", key, overtaken)
            return CONFLICT_DELAY_SECONDS
        return plan.requeue_after_seconds
