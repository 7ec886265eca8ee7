"""A gateway for each test, over stores in memory."""

from collections.abc import AsyncIterator

import pytest

from support.gateway import Gateway, gateway


@pytest.fixture(name="gateway")
async def _gateway() -> AsyncIterator[Gateway]:
    """A gateway that waits for a release no longer than a test can."""
    async with gateway(release_wait_seconds=0.2) as made:
        yield made
