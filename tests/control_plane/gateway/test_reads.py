"""Reads while the API server is well, and while it is away."""

import asyncio
import json
from pathlib import Path

import httpx
import pytest

from control_plane.gateway.replicas import replica
from local_cluster.control_plane import ControlPlane
from support.faulty_proxy import Drop, FaultyProxy, Rule
from support.gateway import kind_of
from support.kubernetes_api import Api

SPEC = {"source": {"s3": {"bucket": "recordings", "key": "talk.wav"}}}


def complete(api: Api, name: str) -> None:
    """Let a job be Complete, as the operator does it."""
    condition = {
        "type": "Complete",
        "status": "True",
        "reason": "Test",
        "message": "",
        "lastTransitionTime": "2026-01-31T12:00:00Z",
    }
    api.patch_status(name, {"phase": "Completed", "conditions": [condition]})


async def until_away(client: httpx.AsyncClient, path: str) -> httpx.Response:
    """Ask until a reading is refused."""
    while (response := await client.get(path)).status_code == 200:
        pass
    return response


async def test_reads_cost_the_api_server_nothing(
    monkeypatch: pytest.MonkeyPatch, control_plane: ControlPlane, api: Api, tmp_path: Path
) -> None:
    """A hundred readings of jobs that were there are answered by what the watch has told."""
    for number in range(3):
        api.submit(f"talk-{number}", SPEC)
    with FaultyProxy(control_plane, tmp_path / "kubeconfig") as proxy:
        async with replica(monkeypatch, proxy.kubeconfig, api.namespace) as one:
            asked = proxy.asked("GET *", "talk-*") + proxy.asked("LIST *")
            answers = [await one.client.get(f"/status/talk-{number % 3}") for number in range(97)]
            answers += [await one.client.get(path) for path in ("/jobs", "/queue", "/jobs?limit=1")]

            assert [200] * 100 == [answer.status_code for answer in answers]
            assert asked == proxy.asked("GET *", "talk-*") + proxy.asked("LIST *")


async def test_a_wait_ends_with_the_task(monkeypatch: pytest.MonkeyPatch, api: Api) -> None:
    """Whoever waits is answered when the task has ended, not when their time is up."""
    api.submit("talk", SPEC)
    async with replica(monkeypatch, api.kubeconfig, api.namespace) as one:
        asked = asyncio.create_task(one.client.get("/status/talk?wait=60"))
        early = (await one.client.get("/status/talk?wait=0.2")).json()["status"]
        await asyncio.to_thread(complete, api, "talk")

        assert ("pending", "completed") == (early, (await asked).json()["status"])


async def test_a_stream_tells_what_happens_and_ends(monkeypatch: pytest.MonkeyPatch, api: Api) -> None:
    """Two events: as it was, and its end."""
    api.submit("talk", SPEC)
    async with (
        replica(monkeypatch, api.kubeconfig, api.namespace) as one,
        one.client.stream("GET", "/events/talk") as stream,
    ):
        told = []
        async for line in stream.aiter_lines():
            if line.startswith("data: "):
                told.append(json.loads(line.removeprefix("data: "))["status"])
                if told == ["pending"]:
                    await asyncio.to_thread(complete, api, "talk")

    assert ["pending", "completed"] == told


async def test_an_outage_is_bridged_for_a_while(
    monkeypatch: pytest.MonkeyPatch, control_plane: ControlPlane, api: Api, tmp_path: Path
) -> None:
    """What is known is told while it is young, then nothing is, and after the outage all is well."""
    api.submit("talk", SPEC)
    with FaultyProxy(control_plane, tmp_path / "kubeconfig") as proxy:
        async with replica(monkeypatch, proxy.kubeconfig, api.namespace, watch_max_age_seconds=3) as one:
            await one.client.get("/status/talk", headers={"Cache-Control": "no-cache"})
            with proxy.under(Rule(fault=Drop(after=False))):
                proxy.fail_watches("transcriptionjobs", 500)
                young = await one.client.get("/status/talk")
                unknown = await one.client.get("/status/never")
                old = [await until_away(one.client, path) for path in ("/status/talk", "/jobs", "/queue")]
            await asyncio.to_thread(complete, api, "talk")
            after = await one.client.get("/status/talk?wait=60")

    assert 200 == young.status_code
    assert [(503, "cluster-unavailable", None)] * 4 == [kind_of(answer) for answer in (unknown, *old)]
    assert ["5"] * 4 == [answer.headers["Retry-After"] for answer in (unknown, *old)]
    assert "completed" == after.json()["status"]
