"""The list of tasks: the newest first, as asked for, in pages that nothing shifts."""

import base64
from datetime import timedelta
from typing import Any

import pytest

from steno_types import ConditionType, FailureStatus, Reason
from support.gateway import NAMESPACE, NOON, Gateway, gateway, kind_of


async def tasks_of(gateway: Gateway, query: str = "") -> list[str]:
    """Name the tasks of a page."""
    response = await gateway.client.get(f"/jobs{query}")
    assert 200 == response.status_code, response.text
    return [task["task_id"] for task in response.json()["tasks"]]


async def a_task_made(gateway: Gateway, name: str, seconds: int, **spec: Any) -> None:
    """Have a task that was made so long after noon."""
    gateway.jobs.now = lambda: NOON + timedelta(seconds=seconds)
    await gateway.a_job(name, **spec)


async def some_tasks(gateway: Gateway) -> None:
    """Have a task of each kind."""
    await a_task_made(gateway, "waits", 1, profile="gpu")
    await a_task_made(gateway, "queued", 2)
    await a_task_made(gateway, "runs", 3)
    await a_task_made(gateway, "done", 4)
    await a_task_made(gateway, "failed", 5)
    jobs = {job.metadata.name: job for job in gateway.jobs.jobs}
    await gateway.become(jobs["queued"], ConditionType.QUEUED)
    await gateway.become(jobs["runs"], ConditionType.RUNNING)
    await gateway.become(
        await gateway.jobs.patch_metadata(jobs["done"], {"annotations": {"steno.dev/file-name": "Größe-Talk.WAV"}}),
        ConditionType.COMPLETE,
    )
    failure = FailureStatus.of(Reason.AUDIO_UNDECODABLE, "It failed.")
    await gateway.become(jobs["failed"], ConditionType.FAILED, failure=failure)


@pytest.mark.parametrize(
    ("query", "named"),
    [
        pytest.param("", ["failed", "done", "runs", "queued", "waits"], id="all"),
        pytest.param("?status=pending", ["queued", "waits"], id="status"),
        pytest.param("?phase=Queued", ["queued"], id="phase"),
        pytest.param("?profile=gpu", ["waits"], id="profile"),
        pytest.param("?profile=default", ["failed", "done", "runs", "queued"], id="the installation's profile"),
        pytest.param("?file_name=talk.w", ["done"], id="part of a file name"),
        pytest.param("?file_name=GR%C3%96%C3%9FE", ["done"], id="in capitals"),
        pytest.param("?reason=AudioUndecodable", ["failed"], id="reason"),
        pytest.param("?reason=Cancelled", [], id="a reason that none has"),
        pytest.param("?created_after=2026-01-31T12:00:04Z", ["failed", "done"], id="after"),
        pytest.param("?created_before=2026-01-31T12:00:02Z", ["waits"], id="before"),
        pytest.param("?created_after=2026-01-31T13:00:03%2B01:00&limit=2", ["failed", "done"], id="elsewhere"),
        pytest.param("?status=completed&profile=gpu", [], id="both"),
        pytest.param("?limit=2", ["failed", "done"], id="limit"),
    ],
)
async def test_tasks_are_chosen(gateway: Gateway, query: str, named: list[str]) -> None:
    """Each condition by itself, and all of them together."""
    await some_tasks(gateway)

    assert named == await tasks_of(gateway, query)


async def test_a_task_looks_as_in_its_status(gateway: Gateway) -> None:
    """One document for both."""
    await some_tasks(gateway)

    listed = (await gateway.client.get("/jobs?limit=1")).json()["tasks"]

    assert [(await gateway.client.get("/status/failed")).json()] == listed


@pytest.mark.parametrize("limit", [1, 2, 3, 7], ids=str)
async def test_pages_together_are_the_list(gateway: Gateway, limit: int) -> None:
    """However many tasks were made in one second."""
    for number in range(7):
        await a_task_made(gateway, f"talk-{number}", number // 4)

    assert await tasks_of(gateway) == await walked(gateway, limit)


async def walked(gateway: Gateway, limit: int, between: Any = None) -> list[str]:
    """Read all pages, and let something happen between two."""
    named: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (await gateway.client.get(f"/jobs?limit={limit}" + (f"&cursor={cursor}" if cursor else ""))).json()
        named += [task["task_id"] for task in page["tasks"]]
        cursor = page["next_cursor"]
        if between is not None:
            await between(len(named))
    return named


async def test_pages_are_stable_while_tasks_come_and_go(gateway: Gateway) -> None:
    """What is there all the time is shown once, whatever is made or released between two pages."""
    for number in range(10):
        await a_task_made(gateway, f"talk-{number}", number)

    async def meanwhile(shown: int) -> None:
        await a_task_made(gateway, f"new-{shown}", 100 + shown)
        if shown == 2:
            # The page's last one, and one that is still to come.
            for name in ("talk-8", "talk-5"):
                await gateway.jobs.delete(NAMESPACE, name)

    assert [f"talk-{number}" for number in (9, 8, 7, 6, 4, 3, 2, 1, 0)] == await walked(gateway, 2, meanwhile)


async def test_tasks_of_others_are_not_listed() -> None:
    """Nor those that are being released."""
    async with gateway(namespaces="films") as shared:
        job = await shared.a_job("mine")
        await shared.jobs.create("films", "theirs", job.spec)
        await shared.a_job("released")
        await shared.jobs.delete(NAMESPACE, "released")

        assert ["mine"] == await tasks_of(shared)


async def test_an_empty_list_is_one(gateway: Gateway) -> None:
    """With the version to go on from."""
    assert {"tasks": [], "next_cursor": None, "version": "0"} == (await gateway.client.get("/jobs")).json()


def a_cursor(text: str) -> str:
    """Spell what might be a cursor."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        pytest.param("status=done", "status", id="a status that is none"),
        pytest.param("phase=pending", "phase", id="a phase that is none"),
        pytest.param("reason=Boredom", "reason", id="a reason that is none"),
        pytest.param("limit=0", "limit", id="no task a page"),
        pytest.param("limit=501", "limit", id="too many a page"),
        pytest.param("limit=many", "limit", id="a limit in words"),
        pytest.param("profile=GPU", "profile", id="a profile that no name can be"),
        pytest.param("file_name=", "file_name", id="an empty file name"),
        pytest.param("created_after=yesterday", "created_after", id="a time in words"),
        pytest.param("created_after=2026-01-31T12:00:00", "created_after", id="a time of no zone"),
        pytest.param("cursor=%F0%9F%99%82", "cursor", id="a cursor of another script"),
        pytest.param("cursor=!", "cursor", id="a cursor that is no base64"),
        pytest.param(f"cursor={a_cursor('nonsense')}", "cursor", id="a cursor without a rank"),
        pytest.param(f"cursor={a_cursor('2026-01-31T12:00:00|talk')}", "cursor", id="a cursor of no zone"),
        pytest.param(f"cursor={a_cursor('2026-01-31T12:00:00+00:00')}", "cursor", id="a cursor of no name"),
        pytest.param("cursor=" + "A" * 201, "cursor", id="a long cursor"),
        pytest.param("cursor=", "cursor", id="an empty cursor"),
    ],
)
async def test_what_cannot_be_asked_for_is_refused(gateway: Gateway, query: str, field: str) -> None:
    """The field is named."""
    assert (422, "field-invalid", field) == kind_of(await gateway.client.get(f"/jobs?{query}"))


async def test_an_unknown_condition_is_refused(gateway: Gateway) -> None:
    """Rather than that all tasks are listed."""
    assert (422, "field-unknown", "state") == kind_of(await gateway.client.get("/jobs?state=done"))
