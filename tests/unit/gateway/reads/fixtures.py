"""Jobs as the cache meets them, a cache over an API server in memory, and a clock that a test moves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from steno_gateway.reads.cache import JobCache
from steno_types import FINALIZER, S3Source, Source, TranscriptionJob, TranscriptionJobSpec, to_rfc3339
from support.builders import JobBuilder
from support.gateway import NAMESPACE, NOON
from support.transcription_jobs import InMemoryTranscriptionJobs

SPEC = TranscriptionJobSpec(source=Source(s3=S3Source(key="talk.wav")))
MAX_AGE_SECONDS = 60.0
"""For which the caches of these tests believe their watches."""


class Clock:
    """Monotonic seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.seconds


def at_version(version: int, *, name: str = "talk", uid: str = "", job: JobBuilder | None = None) -> TranscriptionJob:
    """Have a job as it was at a resourceVersion."""
    builder = job or JobBuilder()
    created = {"creationTimestamp": to_rfc3339(NOON)}
    raw: dict[str, Any] = {
        "metadata": {
            **created,
            **builder.metadata,
            "name": name,
            "namespace": NAMESPACE,
            "uid": uid or f"uid-of-{name}",
            "resourceVersion": str(version),
        },
        "spec": builder.spec,
        "status": builder.status,
    }
    return TranscriptionJob.model_validate(raw)


def made_at(seconds: int) -> JobBuilder:
    """Have a job that was made that long after noon."""
    return JobBuilder().with_metadata(creationTimestamp=to_rfc3339(after_noon(seconds)))


def after_noon(seconds: int) -> datetime:
    """Have a time."""
    return NOON + timedelta(seconds=seconds)


async def a_job(jobs: InMemoryTranscriptionJobs, name: str = "talk", namespace: str = NAMESPACE) -> TranscriptionJob:
    """Have a job at the API server."""
    return await jobs.create(namespace, name, SPEC, finalizers=(FINALIZER,))


async def never(_: float) -> None:
    """Let no try follow a failure."""
    await asyncio.Event().wait()


@asynccontextmanager
async def watching(jobs: InMemoryTranscriptionJobs, clock: Clock, *namespaces: str) -> AsyncIterator[JobCache]:
    """Have a cache that has its first list; without namespaces it serves the whole cluster."""
    async with JobCache(jobs, namespaces or None, max_age_seconds=MAX_AGE_SECONDS, clock=clock, pause=never) as cache:
        await jobs.until_called("watch_all", times=len(namespaces) or 1)
        await jobs.until_told()
        yield cache
