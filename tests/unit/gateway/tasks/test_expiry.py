"""New work makes room: jobs past their expiration are deleted beside the request, never at its cost."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import cast

import pytest

from steno_gateway.reads.cache import JobCache
from steno_gateway.tasks.expiry import LOOK_SECONDS, MOST, Expiry
from steno_kube import KubeError, KubeForbiddenError, KubeUnavailableError
from steno_types import FINALIZER, ConditionType, TranscriptionJob
from support.gateway import FORM_TYPE, NAMESPACE, NOON, Gateway, a_file, a_form

SECOND = timedelta(seconds=1)
JSON = {"s3": {"key": "talk.wav"}}


class Clock:
    """Monotonic seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.seconds


@pytest.fixture(name="clock")
def _clock() -> Clock:
    """A clock that stands still."""
    return Clock()


class Told(JobCache):
    """A cache that says what a test has told it, once it may."""

    def __init__(self, *jobs: TranscriptionJob) -> None:
        self.jobs = jobs
        self.times = 0
        """How often it was asked."""
        self.asked, self.may_answer = asyncio.Event(), asyncio.Event()
        self.may_answer.set()

    async def all(self) -> Sequence[TranscriptionJob]:
        """Give the jobs."""
        self.times += 1
        self.asked.set()
        await self.may_answer.wait()
        return self.jobs


def an_expiry(gateway: Gateway, clock: Clock) -> Expiry:
    """Have looks of the test's own, by its clock."""
    return Expiry(gateway.jobs, gateway.context.reads, now=lambda: NOON, clock=clock)


async def an_ended_job(gateway: Gateway, name: str, *, expires: timedelta | None) -> TranscriptionJob:
    """Have a completed job that expires that long after noon; None: never."""
    job = await gateway.a_job(name)
    moment = NOON + expires if expires is not None else None
    return await gateway.become(job, ConditionType.COMPLETE, expiration_time=moment)


async def look(gateway: Gateway, expiry: Expiry) -> None:
    """Look once, to the end, at all there is."""
    await gateway.jobs.until_told()
    expiry.begin()
    await expiry.finish()


def leaving(gateway: Gateway) -> list[str]:
    """Name the jobs whose deletion was asked for."""
    return [job.metadata.name for job in gateway.jobs.jobs if job.metadata.deletion_timestamp is not None]


@pytest.mark.parametrize(
    ("expires", "deleted"),
    [
        pytest.param(-SECOND, True, id="past"),
        pytest.param(timedelta(), True, id="now"),
        pytest.param(SECOND, False, id="a second early"),
        pytest.param(None, False, id="never"),
    ],
)
async def test_a_job_goes_once_its_time_has_come(
    gateway: Gateway, clock: Clock, expires: timedelta | None, *, deleted: bool
) -> None:
    """The expiration in the status decides, to the second."""
    await an_ended_job(gateway, "talk", expires=expires)

    await look(gateway, an_expiry(gateway, clock))

    assert (["talk"] if deleted else []) == leaving(gateway)


@pytest.mark.parametrize(
    "request_", [{"json": JSON}, {"content": a_form(a_file()), "headers": {"Content-Type": FORM_TYPE}}]
)
async def test_every_new_job_begins_a_look(gateway: Gateway, request_: dict[str, object]) -> None:
    """A recording in S3 and one in a form make room alike."""
    await an_ended_job(gateway, "old", expires=-SECOND)

    answer = await gateway.client.post("/transcribe", **request_)  # type: ignore[arg-type]  # one of two shapes
    await gateway.context.expiry.finish()

    assert (202, ["old"]) == (answer.status_code, leaving(gateway))


async def test_a_request_waits_for_no_deletion(gateway: Gateway, clock: Clock) -> None:
    """A look that never ends keeps nobody from the answer, and ends with the gateway."""
    told = Told()
    told.may_answer.clear()
    expiry = Expiry(gateway.jobs, told, now=lambda: NOON, clock=clock)

    expiry.begin()
    await told.asked.wait()
    await expiry.finish(limit_seconds=0)

    assert 1 == told.times


@pytest.mark.parametrize(
    "failing", [KubeUnavailableError("no answer"), KubeForbiddenError("not yours"), RuntimeError("a mistake of ours")]
)
async def test_a_failed_deletion_fails_nobody(
    gateway: Gateway, caplog: pytest.LogCaptureFixture, failing: Exception
) -> None:
    """Whatever goes wrong is logged, and the request is answered as ever."""
    await an_ended_job(gateway, "old", expires=-SECOND)
    gateway.jobs.failing = cast("KubeError", failing)
    gateway.jobs.failing_calls = frozenset({"delete"})

    with caplog.at_level(logging.WARNING):
        answer = await gateway.client.post("/transcribe", json=JSON)
        await gateway.context.expiry.finish()

    assert (202, []) == (answer.status_code, leaving(gateway))
    assert "expired jobs are not deleted for now" in caplog.text


async def test_a_job_that_is_gone_already_is_passed_over(gateway: Gateway, clock: Clock) -> None:
    """The operator or another gateway may be faster; the others are deleted all the same."""
    first, second = [await an_ended_job(gateway, name, expires=-SECOND) for name in ("first", "second")]
    await gateway.jobs.delete(NAMESPACE, "first")
    await gateway.jobs.patch_metadata(await gateway.jobs.get(NAMESPACE, "first"), {"finalizers": []})

    await look(gateway, Expiry(gateway.jobs, Told(first, second), now=lambda: NOON, clock=clock))

    assert ["second"] == leaving(gateway)


async def test_a_job_that_took_the_name_meanwhile_is_left_alone(gateway: Gateway, clock: Clock) -> None:
    """Names of keys come again: the job that expired is meant, and no other one."""
    old = await an_ended_job(gateway, "talk", expires=-SECOND)
    await gateway.jobs.delete(NAMESPACE, "talk")
    await gateway.jobs.patch_metadata(await gateway.jobs.get(NAMESPACE, "talk"), {"finalizers": []})
    await gateway.a_job("talk")

    await look(gateway, Expiry(gateway.jobs, Told(old), now=lambda: NOON, clock=clock))

    assert [] == leaving(gateway)


async def test_a_job_on_its_way_out_is_left_alone(gateway: Gateway, clock: Clock) -> None:
    """Nobody is asked twice."""
    await an_ended_job(gateway, "old", expires=-SECOND)
    await gateway.jobs.delete(NAMESPACE, "old")
    gateway.jobs.calls.clear()

    await look(gateway, an_expiry(gateway, clock))

    assert [] == gateway.jobs.calls


async def test_one_look_deletes_no_more_than_a_hundred(gateway: Gateway, clock: Clock) -> None:
    """Those that expired first go first, and the next look takes the others."""
    for number in range(MOST + 2):
        await an_ended_job(gateway, f"talk-{number:03}", expires=-number * SECOND)
    expiry = an_expiry(gateway, clock)

    await look(gateway, expiry)
    left = [job.metadata.name for job in gateway.jobs.jobs if job.metadata.deletion_timestamp is None]
    clock.seconds = LOOK_SECONDS
    await look(gateway, expiry)

    assert (["talk-000", "talk-001"], MOST + 2) == (left, len(leaving(gateway)))


@pytest.mark.parametrize(
    ("passed", "looks"),
    [pytest.param(LOOK_SECONDS - 0.1, 1, id="too early"), pytest.param(LOOK_SECONDS, 2, id="in time")],
)
async def test_the_jobs_are_looked_through_seldom(gateway: Gateway, clock: Clock, passed: float, looks: int) -> None:
    """However many requests come, there is one look in thirty seconds."""
    told = Told()
    expiry = Expiry(gateway.jobs, told, now=lambda: NOON, clock=clock)
    await look(gateway, expiry)

    clock.seconds = passed
    for _ in range(3):
        await look(gateway, expiry)

    assert looks == told.times


async def test_there_is_one_look_at_a_time(gateway: Gateway, clock: Clock) -> None:
    """A look that takes longer than the pause is not overtaken by the next one."""
    told = Told()
    told.may_answer.clear()
    expiry = Expiry(gateway.jobs, told, now=lambda: NOON, clock=clock)
    expiry.begin()
    await told.asked.wait()
    clock.seconds = 10 * LOOK_SECONDS
    expiry.begin()
    told.may_answer.set()
    await expiry.finish()

    assert 1 == told.times


async def test_other_namespaces_are_not_looked_at(gateway: Gateway, clock: Clock) -> None:
    """A gateway deletes what is in its own namespace."""
    spec = (await gateway.a_job("mine")).spec
    other = await gateway.jobs.create("other", "talk", spec, finalizers=(FINALIZER,))
    await gateway.become(other, ConditionType.COMPLETE, expiration_time=NOON - SECOND)

    await look(gateway, an_expiry(gateway, clock))

    assert [] == leaving(gateway)
