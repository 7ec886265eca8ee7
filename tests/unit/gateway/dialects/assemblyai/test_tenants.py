"""A bare key is an API key, and shows nothing of other tenants."""

from collections.abc import AsyncIterator
from pathlib import Path

import assemblyai
import httpx
import pytest

from support.api_keys import Key, write_keys
from support.installation import Installation, installed
from support.transcriber import RECORDING, SENTENCES

OURS = Key("ours", "speech")
THEIRS = Key("theirs", "newsroom")
READER = Key("reader", "speech", scopes=["read"])


@pytest.fixture
async def guarded(tmp_path: Path) -> AsyncIterator[Installation]:
    """An installation with two tenants, and nobody without a key."""
    keys = write_keys(tmp_path / "keys.yaml", OURS, THEIRS, READER)
    async with installed(api_keys_file=keys, anonymous=False, namespaces="newsroom") as made:
        yield made


async def ask(installation: Installation, key: Key, method: str, path: str, **request: object) -> httpx.Response:
    """Ask with a bare key, as AssemblyAI's clients send it."""
    return await installation.http.request(method, path, headers={"authorization": key.key}, **request)  # type: ignore[arg-type]


@pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince20")
async def test_the_sdk_shows_its_key(guarded: Installation) -> None:
    """As it does there: the key alone."""
    settings = assemblyai.Settings(base_url=guarded.url, api_key=THEIRS.key, polling_interval=0.01)
    async with assemblyai.AsyncClient(settings=settings) as client:
        transcript = await assemblyai.AsyncTranscriber(client=client).transcribe(RECORDING)

    assert " ".join(SENTENCES) == transcript.text
    assert ["newsroom"] == [job.metadata.namespace for job in guarded.jobs]


@pytest.mark.parametrize("headers", [{}, {"authorization": "wrong"}], ids=["none", "another"])
async def test_without_a_key_nobody_gets_in(guarded: Installation, headers: dict[str, str]) -> None:
    """401, as AssemblyAI spells it."""
    response = await guarded.http.get("/v2/transcript", headers=headers)

    assert (401, ["error"]) == (response.status_code, [*response.json()])


async def test_a_reader_makes_and_deletes_nothing(guarded: Installation) -> None:
    """Its key lists and reads alone."""
    for method, path in (("POST", "/v2/upload"), ("POST", "/v2/transcript"), ("DELETE", "/v2/transcript/tsj-1")):
        assert 403 == (await ask(guarded, READER, method, path, content=b"{}")).status_code
    assert 200 == (await ask(guarded, READER, "GET", "/v2/transcript")).status_code


async def test_another_tenants_transcript_is_unknown(guarded: Installation) -> None:
    """404 for whatever is asked of it, and it is on no list."""
    made = (await ask(guarded, OURS, "POST", "/v2/transcript", json={"audio_url": "https://example.com/a"})).json()
    path = f"/v2/transcript/{made['id']}"

    assert {404} == {
        (await ask(guarded, THEIRS, "GET", path + read)).status_code
        for read in ("", "/sentences", "/paragraphs", "/srt", "/vtt", "/word-search?words=a")
    }
    assert 404 == (await ask(guarded, THEIRS, "DELETE", path)).status_code
    assert [] == (await ask(guarded, THEIRS, "GET", "/v2/transcript")).json()["transcripts"]
    assert 400 == (await ask(guarded, THEIRS, "GET", f"/v2/transcript?before_id={made['id']}")).status_code
    assert 1 == len(guarded.jobs)


async def test_another_tenants_upload_is_unknown(guarded: Installation) -> None:
    """Its address is no secret that opens it."""
    url = (await ask(guarded, OURS, "POST", "/v2/upload", content=RECORDING)).json()["upload_url"]
    response = await ask(guarded, THEIRS, "POST", "/v2/transcript", json={"audio_url": url})

    assert (404, True) == (response.status_code, "audio_url" in response.json()["error"])
    assert () == guarded.jobs
    assert 200 == (await ask(guarded, OURS, "POST", "/v2/transcript", json={"audio_url": url})).status_code
