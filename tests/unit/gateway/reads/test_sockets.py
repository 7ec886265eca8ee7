"""Over a WebSocket a task is pushed as over server-sent events, as JSON."""

import json
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, ConnectionClosedOK, InvalidStatus

from steno_types import ConditionType
from support.gateway import NAMESPACE, Gateway, gateway, served


async def test_a_task_is_followed_to_its_end(gateway: Gateway) -> None:
    """The same events, and a close that says that all is well; what the client says is not heeded."""
    job = await gateway.a_job()
    told: list[dict[str, Any]] = []
    async with served(gateway.context) as port, connect(f"ws://127.0.0.1:{port}/ws/tsj-1") as socket:
        told.append(json.loads(await socket.recv()))
        await socket.send("hello")
        await gateway.become(job, ConditionType.COMPLETE)
        told.append(json.loads(await socket.recv()))
        with pytest.raises(ConnectionClosedOK) as closed:
            await socket.recv()

    assert [("status", "1", "pending"), ("status", "2", "completed")] == [
        (event["event"], event["id"], event["data"]["status"]) for event in told
    ]
    assert closed.value.rcvd is not None
    assert 1000 == closed.value.rcvd.code


async def test_a_release_ends_it(gateway: Gateway) -> None:
    """With the last event that there is."""
    await gateway.a_job()
    async with served(gateway.context) as port, connect(f"ws://127.0.0.1:{port}/ws/tsj-1") as socket:
        await socket.recv()
        await gateway.jobs.delete(NAMESPACE, "tsj-1")

        assert "released" == json.loads(await socket.recv())["event"]


async def test_the_gateways_end_is_told(gateway: Gateway) -> None:
    """A client comes again where the close says that the server goes away."""
    await gateway.a_job()
    async with served(gateway.context) as port, connect(f"ws://127.0.0.1:{port}/ws/tsj-1") as socket:
        await socket.recv()
        gateway.context.reads.end()
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()

    assert closed.value.rcvd is not None
    assert 1001 == closed.value.rcvd.code


async def test_a_client_that_comes_again_hears_nothing_twice(gateway: Gateway) -> None:
    """The query names the last event, as a browser's WebSocket sends no headers."""
    job = await gateway.a_job()
    async with (
        served(gateway.context) as port,
        connect(f"ws://127.0.0.1:{port}/ws/tsj-1?last_event_id=1") as socket,
    ):
        await gateway.become(job, ConditionType.RUNNING)

        assert "2" == json.loads(await socket.recv())["id"]


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        pytest.param("/ws/tsj-none", 404, "task-unknown", id="unknown"),
        pytest.param("/ws/TSJ", 404, "task-unknown", id="no id"),
        pytest.param("/ws/tsj-1?last_event_id=x", 422, "field-invalid", id="no event"),
    ],
)
async def test_a_refusal_is_a_problem_document(gateway: Gateway, path: str, status: int, kind: str) -> None:
    """Before the socket is one, the answer is HTTP's."""
    await gateway.a_job()
    async with served(gateway.context) as port:
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://127.0.0.1:{port}{path}")

    response = refused.value.response
    assert (status, "application/problem+json") == (response.status_code, response.headers["Content-Type"])
    assert response.body is not None
    assert f"urn:steno:problem:{kind}" == json.loads(response.body)["type"]


async def test_who_leaves_is_forgotten() -> None:
    """The gateway's end waits for nobody who is gone."""
    async with gateway() as left:
        await left.a_job()
        async with served(left.context) as port:
            async with connect(f"ws://127.0.0.1:{port}/ws/tsj-1") as socket:
                await socket.recv()
            response = await left.client.get("/status/tsj-1")

        assert 200 == response.status_code
