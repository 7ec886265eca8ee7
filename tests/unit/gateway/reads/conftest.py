"""A cache for each test, over an API server in memory."""

from collections.abc import AsyncIterator

import pytest

from steno_gateway.reads.cache import JobCache
from support.gateway import NAMESPACE
from support.transcription_jobs import InMemoryTranscriptionJobs
from unit.gateway.reads.fixtures import Clock, watching


@pytest.fixture(name="jobs")
def _jobs() -> InMemoryTranscriptionJobs:
    """An API server."""
    return InMemoryTranscriptionJobs()


@pytest.fixture(name="clock")
def _clock() -> Clock:
    """The cache's clock."""
    return Clock()


@pytest.fixture(name="cache")
async def _cache(jobs: InMemoryTranscriptionJobs, clock: Clock) -> AsyncIterator[JobCache]:
    """A cache of one namespace, which has its first list."""
    async with watching(jobs, clock, NAMESPACE) as cache:
        yield cache
