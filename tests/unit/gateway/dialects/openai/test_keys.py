"""OpenAI's client with keys: its own, another tenant's, none that is known."""

from pathlib import Path
from typing import Any

import openai
import pytest

from support.api_keys import Key, write_keys
from support.installation import Installation, installed
from support.transcriber import RECORDING

FILE = ("talk.wav", RECORDING)


def settings(tmp_path: Path, *keys: Key, **more: Any) -> dict[str, Any]:
    """Say that these keys are asked for."""
    folder = tmp_path / "keys"
    folder.mkdir()
    path = write_keys(folder / "keys.yaml", *keys)
    return {"api_keys_file": path, "anonymous": False, **more}


async def transcribe(made: Installation, key: str) -> str:
    """Ask with a key."""
    async with openai.AsyncOpenAI(base_url=f"{made.url}/v1", api_key=key, max_retries=0) as client:
        answer = await client.audio.transcriptions.create(file=FILE, model="whisper-1")
    return answer.text


async def test_each_tenant_has_a_job_of_its_own(tmp_path: Path) -> None:
    """The same recording of two tenants is two jobs, each in its own namespace."""
    keys = Key("newsroom"), Key("court", "justice")
    async with installed(**settings(tmp_path, *keys, namespaces="justice")) as made:
        texts = {await transcribe(made, key.key) for key in keys}

    assert 1 == len(texts)
    assert ["justice", "speech"] == sorted(job.metadata.namespace for job in made.jobs)


@pytest.mark.parametrize(
    ("fields", "wrong", "error", "code"),
    [
        pytest.param({}, True, openai.AuthenticationError, "invalid_api_key", id="an unknown key"),
        pytest.param(
            {"scopes": ["read"]}, False, openai.PermissionDeniedError, "insufficient_permissions", id="no right to it"
        ),
    ],
)
async def test_who_may_not_is_told_as_openai_does(
    tmp_path: Path, fields: dict[str, Any], *, wrong: bool, error: type[openai.APIStatusError], code: str
) -> None:
    """The client raises what its users expect, and nothing is taken."""
    key = Key("newsroom", **fields)
    async with installed(**settings(tmp_path, key)) as made:
        with pytest.raises(error) as refused:
            await transcribe(made, "sk-unknown" if wrong else key.key)

    assert (code, {}) == (refused.value.code, made.gateway.uploads())


async def test_too_many_requests_are_a_rate_limit(tmp_path: Path) -> None:
    """429 with the seconds after which the client tries again."""
    key = Key("newsroom", requests_per_minute=1)
    async with installed(**settings(tmp_path, key)) as made:
        await transcribe(made, key.key)
        with pytest.raises(openai.RateLimitError) as refused:
            await transcribe(made, key.key)

    assert ("rate_limit_exceeded", "requests") == (refused.value.code, refused.value.type)
    assert int(refused.value.response.headers["Retry-After"]) > 0


async def test_a_full_queue_is_a_rate_limit_too_but_not_for_who_joins(tmp_path: Path) -> None:
    """Another recording is refused and leaves nothing; the same one finds its job."""
    key = Key("newsroom", max_unfinished=1)
    async with installed(**settings(tmp_path, key), sync_limit_seconds=0.05) as made:
        made.transcriber.works.clear()
        with pytest.raises(openai.InternalServerError):
            await transcribe(made, key.key)
        with pytest.raises(openai.InternalServerError) as late:
            await transcribe(made, key.key)
        refused = await made.http.post(
            "/v1/audio/transcriptions",
            headers=key.bearer,
            files={"file": RECORDING + b"!"},
            data={"model": "whisper-1"},
        )

    assert "outcome_late" == late.value.code
    assert (429, "rate_limit_exceeded") == (refused.status_code, refused.json()["error"]["code"])
    assert (1, 1) == (len(made.jobs), len(made.gateway.uploads()))
