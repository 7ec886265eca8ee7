"""OpenAI's own clients, unmodified but for the address and the key."""

from collections.abc import AsyncIterator, Iterator

import openai
import pytest

from support.installation import Installation


@pytest.fixture
def client(installation: Installation) -> Iterator[openai.OpenAI]:
    """The client that blocks; called from a thread, since the gateway runs on the test's own loop."""
    with openai.OpenAI(base_url=f"{installation.url}/v1", api_key="sk-test", max_retries=0) as made:
        yield made


@pytest.fixture
async def async_client(installation: Installation) -> AsyncIterator[openai.AsyncOpenAI]:
    """The client that awaits."""
    async with openai.AsyncOpenAI(base_url=f"{installation.url}/v1", api_key="sk-test", max_retries=0) as made:
        yield made
