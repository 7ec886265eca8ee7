"""A served gateway for each test, with somebody who ends its jobs."""

from collections.abc import AsyncIterator

import pytest

from support.installation import Installation, installed


@pytest.fixture
async def installation() -> AsyncIterator[Installation]:
    """A gateway that misses a client at once when it goes."""
    async with installed() as made:
        yield made
