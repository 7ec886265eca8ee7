"""Two replicas behind a Service: whoever writes through one and reads through the other finds their own writes."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from control_plane.gateway.replicas import Replica, replica
from local_cluster.control_plane import ControlPlane
from support.api_proxy import ApiProxy
from support.faulty_proxy import FaultyProxy
from support.kubernetes_api import Api

RECORDING = {"s3": {"bucket": "recordings", "key": "talk.wav"}}
ROUNDS = 10
"""Of each test: a replica that lags behind does not do so each time."""


@pytest.fixture(name="kubeconfig")
def _kubeconfig(control_plane: ControlPlane, tmp_path: Path) -> Iterator[Path]:
    """A way to the API server without TLS, whose goodbye would outlast a test's loop."""
    with ApiProxy(control_plane, tmp_path / "plain") as proxy:
        yield proxy.kubeconfig


@pytest.fixture(name="here")
async def _here(monkeypatch: pytest.MonkeyPatch, api: Api, kubeconfig: Path) -> AsyncIterator[Replica]:
    """The replica that is written through."""
    async with replica(monkeypatch, kubeconfig, api.namespace) as started:
        yield started


@pytest.fixture(name="there")
async def _there(monkeypatch: pytest.MonkeyPatch, api: Api, kubeconfig: Path) -> AsyncIterator[Replica]:
    """The replica that is read through."""
    async with replica(monkeypatch, kubeconfig, api.namespace) as started:
        yield started


async def a_task(here: Replica) -> str:
    """Have a task made."""
    response = await here.client.post("/transcribe", json=RECORDING)
    assert 202 == response.status_code
    task_id: str = response.json()["task_id"]
    return task_id


async def waits(replica: Replica, task_id: str, **headers: str) -> bool:
    """Say whether a task waits, as a replica shows it: one that is cancelled does not."""
    response = await replica.client.get(f"/status/{task_id}", headers=headers)
    return response.json()["waiting"] is not None


async def test_a_new_task_is_found_by_the_other_replica(here: Replica, there: Replica) -> None:
    """What its watch has not told of yet it asks the API server for."""
    found = []
    for _ in range(ROUNDS):
        task_id = await a_task(here)
        found.append((await there.client.get(f"/status/{task_id}")).status_code)

    assert [200] * ROUNDS == found


async def test_a_change_is_found_by_the_other_replica(here: Replica, there: Replica) -> None:
    """A cancellation is answered once the watches have told of it."""
    found = []
    for _ in range(ROUNDS):
        task_id = await a_task(here)
        before = await waits(there, task_id)
        await here.client.post(f"/cancel/{task_id}")
        found.append((before, await waits(there, task_id)))

    assert [(True, False)] * ROUNDS == found


async def test_a_release_is_found_by_the_other_replica(here: Replica, there: Replica) -> None:
    """From the acceptance of a release on there is no such task anywhere, though its job is still there."""
    found = []
    for _ in range(3):
        task_id = await a_task(here)
        before = (await there.client.get(f"/status/{task_id}")).status_code
        released = (await here.client.delete(f"/release/{task_id}")).status_code
        after = [(await one.client.get(f"/status/{task_id}")).status_code for one in (here, there)]
        found.append((before, released, *after))

    assert [(200, 202, 404, 404)] * 3 == found


async def test_a_replica_that_fell_behind_can_be_asked_afresh(
    monkeypatch: pytest.MonkeyPatch, control_plane: ControlPlane, api: Api, here: Replica, tmp_path: Path
) -> None:
    """A watch that has fallen silent shows what was; Cache-Control: no-cache asks past it, for good."""
    with FaultyProxy(control_plane, tmp_path / "kubeconfig") as proxy:
        async with replica(monkeypatch, proxy.kubeconfig, api.namespace) as behind:
            task_id = await a_task(here)
            before = await waits(behind, task_id)
            proxy.silence("transcriptionjobs")
            await here.client.post(f"/cancel/{task_id}")
            old = await waits(behind, task_id)
            fresh = await waits(behind, task_id, **{"Cache-Control": "no-cache"})
            then = await waits(behind, task_id)

    assert (True, True, False, False) == (before, old, fresh, then)
