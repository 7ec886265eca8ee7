"""Whoever waits for a job is told when it is as it should be, when it goes, or when the time is up."""

import asyncio

import pytest

from steno_gateway.reads.cache import JobCache
from steno_kube import ResourceNotFoundError
from support.gateway import NAMESPACE
from support.transcription_jobs import InMemoryTranscriptionJobs
from unit.gateway.reads.fixtures import a_job


async def test_a_wait_ends_when_the_job_is_as_it_should(jobs: InMemoryTranscriptionJobs, cache: JobCache) -> None:
    """Changes that are not the one waited for do not end it."""
    job = await a_job(jobs)
    waiting = asyncio.create_task(
        cache.wait(NAMESPACE, "talk", lambda now: "b" in now.metadata.annotations, seconds=60)
    )
    for name in ("a", "b"):
        await asyncio.sleep(0)
        job = await jobs.patch_metadata(job, {"annotations": {name: "x"}})

    assert job == await waiting


async def test_a_wait_has_its_limit(jobs: InMemoryTranscriptionJobs, cache: JobCache) -> None:
    """Then the job is given as it is."""
    job = await a_job(jobs)

    assert job == await cache.wait(NAMESPACE, "talk", lambda _: False, seconds=0.01)


async def test_a_wait_ends_with_the_job(jobs: InMemoryTranscriptionJobs, cache: JobCache) -> None:
    """Whoever waits for a job that is released is told so."""
    await a_job(jobs)
    waiting = asyncio.create_task(cache.wait(NAMESPACE, "talk", lambda _: False, seconds=60))
    await asyncio.sleep(0)
    await jobs.delete(NAMESPACE, "talk")

    with pytest.raises(ResourceNotFoundError):
        await waiting


async def test_a_wait_ends_with_the_gateway(jobs: InMemoryTranscriptionJobs, cache: JobCache) -> None:
    """The job is given as it is."""
    job = await a_job(jobs)
    waiting = asyncio.create_task(cache.wait(NAMESPACE, "talk", lambda _: False, seconds=60))
    await jobs.until_told()
    await asyncio.sleep(0)
    cache.end()

    assert job == await waiting
