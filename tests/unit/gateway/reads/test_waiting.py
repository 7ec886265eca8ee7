"""A status says what a task waits for, behind how many, and until about when."""

from datetime import timedelta
from typing import Any

import pytest

from steno_gateway.reads.outlook import KEPT_SECONDS, Outlook
from steno_types import Attempt, ConditionType, Effective, Media, Progress
from support.gateway import NOON, Gateway, gateway

EFFECTIVE = Effective(profile="gpu", image="x", engine="faster-whisper", model="tiny")


async def a_measured_job(gateway: Gateway, *, seconds: float = 60) -> None:
    """Have a completed job of an hour of audio that took so many seconds."""
    job = await gateway.a_job("measured", profile="gpu")
    start = NOON - timedelta(seconds=600)
    await gateway.become(
        job,
        ConditionType.COMPLETE,
        start_time=start,
        completion_time=start + timedelta(seconds=seconds),
        attempts=(Attempt(name="pod", start=start, end=start + timedelta(seconds=seconds)),),
        real_time_factor=seconds / 3600,
        media=Media(duration_seconds=3600),
        effective=EFFECTIVE,
    )


async def waiting_of(gateway: Gateway, name: str) -> Any:
    """Give what a status says of waiting."""
    return (await gateway.client.get(f"/status/{name}")).json()["waiting"]


async def test_positions_count_those_that_go_first(gateway: Gateway) -> None:
    """By creation, each profile for itself."""
    for number, name in enumerate(("first", "second", "third")):
        gateway.jobs.now = lambda number=number: NOON + timedelta(seconds=number)  # type: ignore[misc]
        await gateway.a_job(name, profile="gpu")
    await gateway.a_job("other", profile="cpu")

    assert [1, 2, 3, 1] == [
        (await waiting_of(gateway, name))["position"] for name in ("first", "second", "third", "other")
    ]
    assert "2 jobs of the profile 'gpu' go first." == (await waiting_of(gateway, "third"))["message"]


async def test_priorities_are_the_installations() -> None:
    """What the operator admits first has the lower position."""
    async with gateway(queue_priorities={"urgent": 100}) as busy:
        await busy.a_job("a")
        await busy.a_job("b", queue_priority="urgent")

        assert (2, 1) == ((await waiting_of(busy, "a"))["position"], (await waiting_of(busy, "b"))["position"])


async def test_queues_are_shared_by_all_namespaces() -> None:
    """A tenant's position counts those of others, and tells nothing else of them."""
    async with gateway(namespaces="films") as shared:
        shared.jobs.now = lambda: NOON - timedelta(seconds=9)
        job = await shared.a_job("mine")
        await shared.jobs.create("films", "theirs", job.spec)
        shared.jobs.now = lambda: NOON
        await shared.a_job("later")

        assert 3 == (await waiting_of(shared, "later"))["position"]
        assert 404 == (await shared.client.get("/status/theirs")).status_code


async def test_starts_and_ends_are_estimated_from_what_was_measured(gateway: Gateway) -> None:
    """The one that waits starts when the one that runs may end."""
    await a_measured_job(gateway)
    await gateway.become(
        await gateway.a_job("runs", profile="gpu"),
        ConditionType.RUNNING,
        attempts=(Attempt(name="pod", start=NOON),),
        progress=Progress(percent=0, processed_seconds=0, total_seconds=7200, time=NOON),
        effective=EFFECTIVE,
    )
    await gateway.a_job("waits", profile="gpu")

    runs = (await gateway.client.get("/status/runs")).json()
    waits = await waiting_of(gateway, "waits")

    assert (None, "2026-01-31T12:02:00Z") == (runs["waiting"], runs["estimated_completion"])
    assert (1, "2026-01-31T12:02:00Z") == (waits["position"], waits["estimated_start"])


@pytest.mark.parametrize(
    ("spec", "status", "shown"),
    [
        pytest.param({"suspend": True}, {}, ("Suspended", True), id="suspended"),
        pytest.param({"cancel": True}, {}, (None, False), id="cancelled"),
    ],
)
async def test_who_does_not_stand_in_the_queue(
    gateway: Gateway, spec: dict[str, Any], status: dict[str, Any], shown: tuple[str | None, bool]
) -> None:
    """Has no position, and holds nobody up."""
    await gateway.become(await gateway.a_job("out", **spec), **status)
    await gateway.a_job("in")

    out = (await gateway.client.get("/status/out")).json()

    assert shown == ((out["waiting"] or {}).get("reason"), out["suspended"])
    assert (out["waiting"] or {}).get("position") is None
    assert 1 == (await waiting_of(gateway, "in"))["position"]


async def test_a_moment_is_shared_by_all_that_ask_in_it() -> None:
    """The queues are sorted once a second, not once for each reader."""
    seconds = 0.0

    async with gateway() as busy:
        outlook = Outlook(
            busy.context.reads, default_profile="default", priorities={}, now=lambda: NOON, clock=lambda: seconds
        )
        first = outlook.moment()
        seconds = KEPT_SECONDS - 0.1
        same = outlook.moment()
        seconds = KEPT_SECONDS + 0.1
        later = outlook.moment()

    assert (first, False) == (same, later is same)
    assert (1, 2) == (first.serial, later.serial)
