"""The queue counts what is to be done."""

from collections.abc import Callable
from datetime import datetime, timedelta

from steno_types import ConditionType, FailureStatus, Media, Reason
from support.gateway import NAMESPACE, NOON, Gateway, gateway


def clock_of(moment: datetime) -> Callable[[], datetime]:
    """Have a clock that stands still."""
    return lambda: moment


async def test_an_empty_queue(gateway: Gateway) -> None:
    """Where nothing waits, no wait is claimed."""
    assert {
        "depth": {"pending": 0, "queued": 0, "processing": 0, "completed": 0, "failed": 0},
        "waiting": 0,
        "running": 0,
        "oldest_wait_seconds": None,
        "profiles": [],
        "waiting_reasons": {},
        "failed_reasons": {},
        "last_hour": {"completed": 0, "failed": 0, "audio_hours": 0.0},
    } == (await gateway.client.get("/queue")).json()


async def test_tasks_are_counted_by_phase(gateway: Gateway) -> None:
    """Each task counts once; those being released and those of other namespaces do not."""
    job = await gateway.a_job("pending")
    await gateway.become(await gateway.a_job("queued-1"), ConditionType.QUEUED)
    await gateway.become(await gateway.a_job("queued-2"), ConditionType.QUEUED)
    await gateway.become(await gateway.a_job("running"), ConditionType.QUEUED, ConditionType.RUNNING)
    await gateway.become(await gateway.a_job("done"), ConditionType.COMPLETE)
    await gateway.become(await gateway.a_job("failed"), ConditionType.FAILED)
    await gateway.a_job("released")
    await gateway.jobs.delete(NAMESPACE, "released")
    await gateway.jobs.create("other", "elsewhere", job.spec)

    assert {
        "depth": {"pending": 1, "queued": 2, "processing": 1, "completed": 1, "failed": 1},
        "waiting": 3,
        "running": 1,
        "oldest_wait_seconds": 0.0,
        "profiles": [{"profile": "default", "waiting": 3, "running": 1}],
        "waiting_reasons": {"BehindOthers": 1, "WorkerStarting": 2},
        "failed_reasons": {},
        "last_hour": {"completed": 0, "failed": 0, "audio_hours": 0.0},
    } == (await gateway.client.get("/queue")).json()


async def test_profiles_are_told_apart(gateway: Gateway) -> None:
    """By the profile that a task asks for, or else the installation's own."""
    for name, profile in (("a", "gpu"), ("b", None), ("c", "gpu")):
        await gateway.a_job(name, profile=profile)
    await gateway.become(await gateway.a_job("d", profile="gpu"), ConditionType.RUNNING)

    assert [
        {"profile": "default", "waiting": 1, "running": 0},
        {"profile": "gpu", "waiting": 2, "running": 1},
    ] == (await gateway.client.get("/queue")).json()["profiles"]


async def test_failures_are_counted_by_reason(gateway: Gateway) -> None:
    """So that one bad profile is told from many bad recordings."""
    for number, reason in enumerate((Reason.AUDIO_UNDECODABLE, Reason.AUDIO_UNDECODABLE, Reason.CANCELLED)):
        failure = FailureStatus.of(reason, "It failed.")
        await gateway.become(await gateway.a_job(f"talk-{number}"), ConditionType.FAILED, failure=failure)

    assert {"AudioUndecodable": 2, "Cancelled": 1} == (await gateway.client.get("/queue")).json()["failed_reasons"]


async def test_the_last_hour_is_summed_up(gateway: Gateway) -> None:
    """What ended in it, to the second, and the audio of what was completed."""
    ended: list[tuple[ConditionType, int]] = [
        (ConditionType.COMPLETE, 3600),
        (ConditionType.COMPLETE, 3599),
        (ConditionType.COMPLETE, 0),
        (ConditionType.FAILED, 10),
    ]
    for number, (condition, seconds_ago) in enumerate(ended):
        await gateway.become(
            await gateway.a_job(f"talk-{number}"),
            condition,
            completion_time=NOON - timedelta(seconds=seconds_ago),
            media=Media(duration_seconds=5400),
        )

    assert {"completed": 2, "failed": 1, "audio_hours": 3.0} == (await gateway.client.get("/queue")).json()[
        "last_hour"
    ]


async def test_the_oldest_wait_is_that_of_waiting_tasks() -> None:
    """What runs or is done waits no more, however old it is."""
    tasks: list[tuple[str, int, list[ConditionType]]] = [
        ("done", 500, [ConditionType.COMPLETE]),
        ("running", 400, [ConditionType.RUNNING]),
        ("first", 90, []),
        ("second", 30, [ConditionType.QUEUED]),
    ]
    async with gateway() as old:
        for name, age_seconds, true in tasks:
            old.jobs.now = clock_of(NOON - timedelta(seconds=age_seconds))
            await old.become(await old.a_job(name), *true)

        assert 90.0 == (await old.client.get("/queue")).json()["oldest_wait_seconds"]


async def test_a_clock_that_runs_behind_gives_no_negative_wait() -> None:
    """The API server's clock may be ahead of the gateway's."""
    async with gateway() as behind:
        behind.jobs.now = clock_of(NOON + timedelta(seconds=3))
        await behind.a_job()

        assert 0.0 == (await behind.client.get("/queue")).json()["oldest_wait_seconds"]
