"""Who asks: the credentials that lightkube finds, on each request as they are now."""

import asyncio
import sys
from pathlib import Path

import httpx2
import pytest
from lightkube.config.client_adapter import user_auth
from lightkube.config.models import User, UserExec

from steno_kube import KubeForbiddenError, KubeUnavailableError
from unit.kube.serving import serving

PATH = "/api/v1/namespaces/steno-system"
GOOD, UNKNOWN = (200, b"{}"), (401, b"{}")


@pytest.mark.parametrize(
    ("way", "headers"),
    [
        pytest.param(None, [None, None], id="nobody"),
        pytest.param(user_auth(User(token="t")), ["Bearer t", "Bearer t"], id="token"),
        pytest.param(httpx2.BasicAuth("a", "b"), ["Basic YTpi", "Basic YTpi"], id="password"),
    ],
)
async def test_each_request_says_who_asks(way: httpx2.Auth | None, headers: list[str | None]) -> None:
    """What does not change is found once."""
    async with serving(way) as scene:
        scene.answers = [GOOD]
        for _ in headers:
            await scene.client.get(PATH)

    assert headers == [asked.headers.get("Authorization") for asked in scene.asked]


async def test_a_token_that_has_ended_is_read_again(tmp_path: Path) -> None:
    """A kubelet puts another in its place every hour: the first refusal makes the client look, and ask once more."""
    path = tmp_path / "token"
    path.write_text("first\n")
    async with serving(user_auth(User(token_file=str(path)))) as scene:
        scene.answers = [GOOD]
        await scene.client.get(PATH)
        path.write_text("second\n")
        await scene.client.get(PATH)
        scene.answers = [UNKNOWN, GOOD]
        await scene.client.get(PATH)

    tokens = [asked.headers["Authorization"] for asked in scene.asked]
    assert ["Bearer first", "Bearer first", "Bearer first", "Bearer second"] == tokens
    assert [200, 200, 401, 200] == [code for _, _, code in scene.told]


@pytest.mark.parametrize(
    "user", [pytest.param(User(token="t"), id="a token for good"), pytest.param(None, id="no credentials")]
)
async def test_who_is_unknown_for_good_is_told(user: User | None) -> None:
    """Where there is no other credential, the refusal is the answer."""
    async with serving(user_auth(user)) as scene:
        scene.answers = [UNKNOWN]
        with pytest.raises(KubeForbiddenError):
            await scene.client.get(PATH)

    assert 1 == len(scene.asked)


async def test_of_many_refusals_the_first_asks(tmp_path: Path) -> None:
    """A program that makes tokens runs once, however many requests were under way with the old one."""
    program = tmp_path / "token.py"
    program.write_text(
        "import json, pathlib\n"
        f"runs = pathlib.Path({str(tmp_path / 'runs')!r})\n"
        "runs.write_text((runs.read_text() if runs.exists() else '') + 'x')\n"
        "print(json.dumps({'status': {'token': runs.read_text()}}))\n"
    )
    made = UserExec("client.authentication.k8s.io/v1beta1", sys.executable, args=[str(program)])
    async with serving(user_auth(User(exec=made))) as scene:
        scene.answers = [GOOD]
        await scene.client.get(PATH)
        scene.answers = [UNKNOWN] * 4 + [GOOD]
        await asyncio.gather(*[scene.client.get(PATH) for _ in range(4)])

    assert "xx" == (tmp_path / "runs").read_text()


async def test_a_way_that_leads_nowhere_may_lead_somewhere_later(tmp_path: Path) -> None:
    """A token's file that is not there yet is no reason to give up for good."""
    path = tmp_path / "token"
    async with serving(user_auth(User(token_file=str(path)))) as scene:
        scene.answers = [GOOD]
        with pytest.raises(KubeUnavailableError, match="cannot be told who asks"):
            await scene.client.get(PATH)
        path.write_text("t")
        await scene.client.get(PATH)

    assert ["Bearer t"] == [asked.headers["Authorization"] for asked in scene.asked]
