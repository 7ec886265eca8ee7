"""Delete jobs that are past their expiration, before new work is admitted.

Begun by `submit` with every new job, and never waited for: the deletion goes on beside the request, which neither
waits for it nor fails with it. The operator deletes expired jobs too, one by one as their time comes; this makes room
while it is away or behind.

Looking means to walk all jobs in the cache: at most once in `LOOK_SECONDS`, however many requests come.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import datetime
from operator import itemgetter
from typing import Final

from steno_gateway.reads.cache import JobCache
from steno_kube import ConflictError, KubeError, ResourceNotFoundError, TranscriptionJobs

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 30.0
"""Between two looks."""

MOST: Final = 100
"""Jobs deleted after one look; those that expired first go first."""

FINISH_SECONDS: Final = 3.0
"""For which a stopping gateway lets a look go on: part of what is left of the pod's 30 s after its requests' 25 s."""


class Expiry:
    """The looks for expired jobs of one gateway.

    Parameters
    ----------
    jobs, reads
        Where to delete, and where to look.
    now
        Wall clock, aware: what expirations are compared with.
    clock
        Monotonic seconds: what the pause between two looks is measured by.
    """

    def __init__(
        self,
        jobs: TranscriptionJobs,
        reads: JobCache,
        *,
        now: Callable[[], datetime],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._jobs = jobs
        self._reads = reads
        self._now = now
        self._clock = clock
        self._began_at: float | None = None
        self._look: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Look beside whatever the caller does, unless a look is under way or was begun just now."""
        if self._look is not None and not self._look.done():
            return
        if self._began_at is not None and self._clock() - self._began_at < LOOK_SECONDS:
            return
        self._began_at = self._clock()
        self._look = asyncio.create_task(self._delete_expired(), name="expired jobs")

    async def finish(self, *, limit_seconds: float = FINISH_SECONDS) -> None:
        """Wait for the look under way, and end it after that long; before the API server's client is closed."""
        if self._look is None:
            return
        _, unfinished = await asyncio.wait({self._look}, timeout=limit_seconds)
        for look in unfinished:
            look.cancel()
            await asyncio.wait({look})

    async def _delete_expired(self) -> None:
        try:
            deleted = await self._delete_oldest()
        except KubeError as error:
            logger.warning("expired jobs are not deleted for now: %s %s", type(error).__name__, error)
        except Exception:
            # Nobody awaits this task to hear of it.
            logger.exception("expired jobs are not deleted for now")
        else:
            if deleted:
                logger.info("%d jobs past their expiration are being deleted", deleted)

    async def _delete_oldest(self) -> int:
        now = self._now()
        expired = [
            (job.status.expiration_time, job.key, job)
            for job in await self._reads.all()
            if job.status.expiration_time is not None
            and job.status.expiration_time <= now
            and job.metadata.deletion_timestamp is None
        ]
        deleted = 0
        for _, _, job in sorted(expired, key=itemgetter(0, 1))[:MOST]:
            metadata = job.metadata
            try:
                await self._jobs.delete(metadata.namespace, metadata.name, uid=metadata.uid)
            except (ResourceNotFoundError, ConflictError):
                continue  # the operator, or another gateway, was faster
            deleted += 1
        return deleted
