"""Which requests of this gateway wait for which jobs, and the end of a job that nobody waits for any more.

Kept by `dialects.outcome`, whose callers hold a connection open until their job is over. A client that goes away
leaves its job alone for a grace, in which a retry may join it; then the job is cancelled, and released at once.

Each gateway that has a request for a job writes its own id into the job's annotation, and the one that leaves last
cancels: every write carries the resourceVersion of what it was decided on, so that a gateway that joins meanwhile is
seen. A gateway that dies leaves its id there, and the job then runs to its end: work is sooner done in vain than
taken from somebody who waits for it.

Must not know dialects or HTTP.
"""

import asyncio
import logging
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Final

from steno_gateway.reads.cache import JobCache
from steno_kube import ConflictError, KubeError, ResourceNotFoundError, TranscriptionJobs
from steno_types import GROUP, ConditionType, TranscriptionJob

logger = logging.getLogger(__name__)

WAITERS_ANNOTATION: Final = f"{GROUP}/waiting-gateways"
"""Ids of the gateways that have requests waiting for the job, separated by commas."""

MAX_WRITES: Final = 10
"""Tries to write what was decided on a job that keeps changing; its status changes every 10 s at most."""

ABANDONED: Final = {"cancel": True, "ttlSecondsAfterFinished": 0}
"""What becomes of a job's spec that nobody waits for: ended, then released with all that it left."""

_Key = tuple[str, str]


class Waiters:
    """The waiting requests of one gateway.

    Parameters
    ----------
    jobs, reads
        Where jobs are changed, and what is told of it.
    grace_seconds
        For which a job is left alone whose last client has gone.
    pause
        Sleeps for so many seconds; tests bring their own.
    """

    def __init__(
        self,
        jobs: TranscriptionJobs,
        reads: JobCache,
        *,
        grace_seconds: float,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._jobs = jobs
        self._reads = reads
        self._grace_seconds = grace_seconds
        self._pause = pause
        self.waiting: Counter[_Key] = Counter()
        """Requests that wait, by namespace and name of their job."""
        self.graces: dict[_Key, asyncio.Task[None]] = {}
        """What becomes of the jobs whose last client has gone."""
        self._ending: set[_Key] = set()
        self.gateway_id = secrets.token_hex(4)
        """Names this gateway on the jobs that it has requests for."""

    @property
    def annotations(self) -> dict[str, str]:
        """What a job is created with that a request of this gateway waits for."""
        return {WAITERS_ANNOTATION: self.gateway_id}

    def enter(self, namespace: str, name: str) -> bool:
        """Count a request in, before it makes or finds the job; False: the job of that name is just being ended."""
        key = namespace, name
        if key in self._ending:
            return False
        self.waiting[key] += 1
        if (grace := self.graces.pop(key, None)) is not None:
            grace.cancel()
        return True

    async def join(self, job: TranscriptionJob) -> TranscriptionJob:
        """Let other gateways know that a request here waits for `job`, which was there before it.

        Gives the job as it then is: look again whether it is still to be waited for.

        Raises
        ------
        ResourceNotFoundError
            It went meanwhile.
        KubeError
            The API server did not take the note.
        """
        for _ in range(MAX_WRITES):
            known = _gateways(job)
            if self.gateway_id in known or not is_awaitable(job):
                return job
            try:
                job = await self._note(job, [*known, self.gateway_id])
            except ConflictError:
                job = await self._jobs.get(job.metadata.namespace, job.metadata.name)
        raise ConflictError(f"{job.key} changes faster than it can be joined")

    def leave(self, namespace: str, name: str, *, gone: bool) -> None:
        """Count a request out; `gone`: its client went away, so that without another one the job is in vain."""
        key = namespace, name
        self.waiting[key] -= 1
        if self.waiting[key] > 0:
            return
        del self.waiting[key]
        if gone:
            self.graces[key] = asyncio.create_task(self._give_up(key), name=f"grace of {namespace}/{name}")

    async def finish(self) -> None:
        """Forget the graces that run, before the API server's client is closed: those jobs go on."""
        graces = [*self.graces.values()]
        for grace in graces:
            grace.cancel()
        await asyncio.gather(*graces, return_exceptions=True)

    async def _give_up(self, key: _Key) -> None:
        await self._pause(self._grace_seconds)
        self._ending.add(key)
        try:
            await self._abandon(key)
        except ResourceNotFoundError:
            pass  # released meanwhile
        except KubeError as error:
            logger.warning("%s/%s, which nobody waits for, goes on: %s", *key, error)
        except Exception:
            # Nobody awaits this task to hear of it.
            logger.exception("%s/%s, which nobody waits for, goes on", *key)
        finally:
            self._ending.discard(key)
            if self.graces.get(key) is asyncio.current_task():
                del self.graces[key]

    async def _abandon(self, key: _Key) -> None:
        for _ in range(MAX_WRITES):
            job = await self._jobs.get(*key)
            if not is_awaitable(job) or job.status.terminal is not None:
                return
            others = [gateway for gateway in _gateways(job) if gateway != self.gateway_id]
            try:
                if others:
                    await self._note(job, others)
                else:
                    self._reads.seen(await self._jobs.patch_spec(job, ABANDONED))
                    logger.info("%s is cancelled: nobody waits for it any more", job.key)
            except ConflictError:
                continue
            return
        logger.warning("%s/%s, which nobody waits for, goes on: it changes too fast", *key)

    async def _note(self, job: TranscriptionJob, gateways: list[str]) -> TranscriptionJob:
        job = await self._jobs.patch_metadata(job, {"annotations": {WAITERS_ANNOTATION: ",".join(gateways)}})
        self._reads.seen(job)
        return job


def is_awaitable(job: TranscriptionJob) -> bool:
    """Whether `job` can still give a new request its transcript: it has, or it is on its way to."""
    terminal = job.status.terminal
    failed = terminal is not None and terminal.type is ConditionType.FAILED
    return job.metadata.deletion_timestamp is None and not job.spec.cancel and not failed


def _gateways(job: TranscriptionJob) -> list[str]:
    return [gateway for gateway in job.metadata.annotations.get(WAITERS_ANNOTATION, "").split(",") if gateway]
