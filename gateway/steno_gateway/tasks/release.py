"""Delete a job with everything it left, and wait for the receipt.

Called by `routes.release`. The deletion is the operator's: its finalizer holds the job until the store is empty and
the receipt stands in the status. The gateway follows the job's events and reads the receipt from the last of them.
"""

import asyncio
import contextlib
import logging
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from steno_kube import ConflictError, KubeError, ResourceNotFoundError, TranscriptionJobs
from steno_types import Release, TranscriptionJob

logger = logging.getLogger(__name__)

PAUSE_SECONDS: Final = 0.5
"""Before a watch that broke is begun anew, so that one that cannot work costs little."""


@dataclass(slots=True)
class Releasing:
    """One deletion as it is seen from here."""

    job: TranscriptionJob
    """As last seen."""
    gone: bool = False

    @property
    def receipt(self) -> Release | None:
        """What was deleted, as far as it is known."""
        return self.job.status.release


async def _to_nobody(job: TranscriptionJob) -> None:
    del job


async def release(
    jobs: TranscriptionJobs,
    namespace: str,
    name: str,
    *,
    wait_seconds: float,
    told: Callable[[TranscriptionJob], Awaitable[object]] = _to_nobody,
    pause_seconds: float = PAUSE_SECONDS,
) -> Releasing:
    """Delete the job unless that is under way, and wait until it is gone or `wait_seconds` are over.

    Parameters
    ----------
    jobs, namespace, name
        Which job.
    wait_seconds
        For the receipt.
    told
        Hears of the job as soon as its deletion is accepted, before anybody is answered.
    pause_seconds
        Before a watch that broke is begun anew.

    Raises
    ------
    ResourceNotFoundError
        There is no such job.
    """
    releasing = Releasing(await jobs.get(namespace, name))
    if releasing.job.metadata.deletion_timestamp is None:
        # Another one's deletion may come between, and a new job of the name, which is not to be touched; the watch
        # sees both.
        with contextlib.suppress(ResourceNotFoundError, ConflictError):
            deleted = await jobs.delete(namespace, name, uid=releasing.job.metadata.uid)
            if deleted is not None:
                await told(deleted)
    try:
        async with asyncio.timeout(wait_seconds):
            await _follow(jobs, releasing, timeout_seconds=math.ceil(wait_seconds), pause_seconds=pause_seconds)
    except TimeoutError:
        # A watch may fall silent without an error: the last word is a fresh look's.
        await _look_again(jobs, releasing)
    return releasing


async def _follow(
    jobs: TranscriptionJobs, releasing: Releasing, *, timeout_seconds: int, pause_seconds: float
) -> None:
    """Watch from what was last seen until the job is gone."""
    while not releasing.gone:
        metadata = releasing.job.metadata
        try:
            await _watch(jobs, releasing, timeout_seconds=timeout_seconds)
        except KubeError as error:
            logger.info("the watch of %s/%s ended: %s", metadata.namespace, metadata.name, error)
        if not releasing.gone:
            await asyncio.sleep(pause_seconds)
            await _look_again(jobs, releasing)


async def _watch(jobs: TranscriptionJobs, releasing: Releasing, *, timeout_seconds: int) -> None:
    metadata = releasing.job.metadata
    events = jobs.watch(
        metadata.namespace,
        metadata.name,
        resource_version=metadata.resource_version,
        timeout_seconds=timeout_seconds,
    )
    async for kind, job in events:
        if job.metadata.uid != metadata.uid:
            releasing.gone = True  # another job has taken the name
            return
        releasing.job = job
        releasing.gone = kind == "DELETED"


async def _look_again(jobs: TranscriptionJobs, releasing: Releasing) -> None:
    metadata = releasing.job.metadata
    try:
        job = await jobs.get(metadata.namespace, metadata.name)
    except ResourceNotFoundError:
        releasing.gone = True
        return
    if job.metadata.uid == metadata.uid:
        releasing.job = job
    else:
        releasing.gone = True
