"""AssemblyAI's own client, unmodified but for the address and the key."""

from collections.abc import Iterator

import assemblyai
import pytest

from support.installation import Installation


@pytest.fixture
def client(installation: Installation) -> Iterator[assemblyai.Client]:
    """The client that blocks; called from a thread, since the gateway runs on the test's own loop."""
    settings = assemblyai.Settings(base_url=installation.url, api_key="steno-test", polling_interval=0.01)
    made = assemblyai.Client(settings=settings)
    # Some of the SDK's functions take the settings of the process, and know no other client.
    assemblyai.settings.base_url, assemblyai.settings.api_key = installation.url, "steno-test"
    yield made
    made.http_client.close()
    assemblyai.Client.get_default().http_client.close()
    assemblyai.Client._default = None  # noqa: SLF001 -- else the next test's gateway is asked at this one's address


@pytest.fixture
def transcriber(client: assemblyai.Client) -> assemblyai.Transcriber:
    """What applications call."""
    return assemblyai.Transcriber(client=client)
