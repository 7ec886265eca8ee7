"""How a status may be asked for: at once, with a wait, past the cache; and what is no way to."""

import asyncio

import pytest

from steno_types import ConditionType
from support.gateway import NAMESPACE, Gateway, gateway, kind_of


async def test_a_wait_ends_with_the_task(gateway: Gateway) -> None:
    """The answer comes as soon as there is one."""
    job = await gateway.a_job()
    asked = asyncio.create_task(gateway.client.get("/status/tsj-1?wait=60"))
    running = await gateway.become(job, ConditionType.RUNNING)
    await gateway.jobs.until_told()
    await gateway.become(running, ConditionType.COMPLETE)

    assert "completed" == (await asked).json()["status"]


@pytest.mark.parametrize("wait", ["0", "0.01"])
async def test_a_wait_has_its_limit(gateway: Gateway, wait: str) -> None:
    """Then the status is told as it is."""
    await gateway.a_job()

    assert "pending" == (await gateway.client.get(f"/status/tsj-1?wait={wait}")).json()["status"]


async def test_a_task_that_has_ended_is_not_waited_for(gateway: Gateway) -> None:
    """Nobody waits for what is there."""
    await gateway.become(await gateway.a_job(), ConditionType.FAILED)

    assert "failed" == (await gateway.client.get("/status/tsj-1?wait=60")).json()["status"]


async def test_a_wait_ends_with_a_release(gateway: Gateway) -> None:
    """Whoever waits is told that there is no such task any more."""
    await gateway.a_job()
    asked = asyncio.create_task(gateway.client.get("/status/tsj-1?wait=60"))
    await gateway.jobs.until_told()
    await asyncio.sleep(0)
    await gateway.jobs.delete(NAMESPACE, "tsj-1")

    assert (404, "task-unknown", "task_id") == kind_of(await asked)


@pytest.mark.parametrize("wait", ["-1", "61", "nan", "inf", "long", "", "1e9"])
async def test_a_wait_that_cannot_be_is_refused(gateway: Gateway, wait: str) -> None:
    """It is named, whether or not there is such a task."""
    assert (422, "field-invalid", "wait") == kind_of(await gateway.client.get(f"/status/tsj-1?wait={wait}"))


async def test_an_unknown_parameter_is_refused(gateway: Gateway) -> None:
    """A wait that is misspelled is none."""
    await gateway.a_job()

    assert (422, "field-unknown", "wiat") == kind_of(await gateway.client.get("/status/tsj-1?wiat=60"))


async def test_both_ways_to_answer_say_the_same(gateway: Gateway) -> None:
    """The quick one, and FastAPI's, which a query takes: status, headers and body."""
    await gateway.a_completed_job(bodies={"json": b"{}"})
    await gateway.client.get("/status/tsj-1")

    quick, other = [await gateway.client.get(f"/status/tsj-1{query}") for query in ("", "?wait=0")]

    assert (other.status_code, other.headers, other.content) == (quick.status_code, quick.headers, quick.content)


async def test_a_quick_answer_asks_nobody_and_needs_no_route(gateway: Gateway) -> None:
    """It is measured as the route's nonetheless."""
    await gateway.a_job()
    gateway.jobs.calls.clear()
    await gateway.client.get("/status/tsj-1")

    assert [] == gateway.jobs.calls
    assert b'route="/status/{task_id}"' in gateway.context.metrics.text()


async def test_no_cache_asks_the_api_server(gateway: Gateway) -> None:
    """Whoever takes nothing from a cache gets nothing from one."""
    await gateway.a_job()
    await gateway.jobs.until_told()
    gateway.jobs.calls.clear()
    response = await gateway.client.get("/status/tsj-1", headers={"Cache-Control": "max-age=0, no-cache"})

    assert (200, ["get"]) == (response.status_code, gateway.jobs.calls)


async def test_a_root_path_is_honoured() -> None:
    """By the quick way, too."""
    async with gateway(root_path="/steno") as behind:
        await behind.a_completed_job(bodies={"json": b"{}"})

        status = (await behind.client.get("/steno/status/tsj-1")).json()

        assert "/steno/download/tsj-1?fmt=json" == status["outputs"][0]["download_url"]
