"""What the tests of workers' progress share."""

from collections.abc import AsyncIterator

import httpx
import pytest

from unit.operator_progress.desk import Desk, Worker
from unit.operator_progress.served import served


@pytest.fixture
def desk() -> Desk:
    """A desk without workers."""
    return Desk()


@pytest.fixture
async def worker(desk: Desk) -> Worker:
    """A pod at work for the job `talk`."""
    return await desk.employ()


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a server with the desk behind it."""
    async with served(desk.intake) as client:
        yield client
