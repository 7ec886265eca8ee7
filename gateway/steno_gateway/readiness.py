"""Whether requests can be answered: the API server and the bucket respond, and the first list of jobs is in.

Asked by ``/readyz`` every few seconds per kubelet; the answer is kept for a moment so that probes of many kinds cost
one round trip.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final

from starlette.concurrency import run_in_threadpool

from steno_kube import KubeError, ResourceNotFoundError, TranscriptionJobs
from steno_store import ObjectStore, StoreError

logger = logging.getLogger(__name__)

KEPT_SECONDS: Final = 3.0
"""How long an answer counts; below the usual probe period of 10 s, so that each probe sees a new one."""

PROBE_SECONDS: Final = 4.0
"""How long to wait for an answer; the probe's own timeout must be longer."""

PROBE_NAME: Final = "readyz"
"""A job asked for by name, as that is the cheapest request that needs our permissions; it need not exist."""

API_SERVER: Final = "the Kubernetes API server"
STORE: Final = "the object store"


class Readiness:
    """The last answer, and how to get a new one."""

    def __init__(
        self,
        jobs: TranscriptionJobs,
        store: ObjectStore,
        *,
        namespace: str,
        watched: Callable[[], bool] = lambda: True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._jobs = jobs
        self._store = store
        self._namespace = namespace
        self._watched = watched
        self._clock = clock
        self._lock = asyncio.Lock()
        self._away: tuple[str, ...] = ()
        self._asked_at: float | None = None

    async def away(self) -> tuple[str, ...]:
        """Name what does not answer; empty when all does."""
        async with self._lock:
            if self._asked_at is None or self._clock() - self._asked_at > KEPT_SECONDS:
                answers = await asyncio.gather(_fails(self._ask_api_server), _fails(self._ask_store))
                self._away = tuple(name for name, away in zip((API_SERVER, STORE), answers, strict=True) if away)
                self._asked_at = self._clock()
            # As long as the jobs are not known, each reading would cost the API server one.
            unwatched = API_SERVER not in self._away and not self._watched()
            return (API_SERVER, *self._away) if unwatched else self._away

    async def _ask_api_server(self) -> None:
        with contextlib.suppress(ResourceNotFoundError):
            await self._jobs.get(self._namespace, PROBE_NAME)

    async def _ask_store(self) -> None:
        await run_in_threadpool(self._store.check)


async def _fails(question: Callable[[], Awaitable[None]]) -> bool:
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            await question()
    except (KubeError, StoreError, TimeoutError) as error:
        logger.warning("not ready: %s %s", type(error).__name__, error)
        return True
    return False
