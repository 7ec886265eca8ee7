"""Who waits for a job, over several gateways, and what becomes of one that nobody waits for."""

import asyncio

import pytest

from steno_gateway.tasks.waiters import WAITERS_ANNOTATION, Waiters, is_awaitable
from steno_kube import ConflictError, KubeUnavailableError
from steno_types import ConditionType, FailureStatus, Reason, TranscriptionJob
from support.gateway import NAMESPACE, Gateway

NAME = "tsj-1"


class Grace:
    """The grace, ended by the test."""

    def __init__(self) -> None:
        self.over = asyncio.Event()

    async def pause(self, seconds: float) -> None:
        """Wait for the test, whatever is asked for."""
        del seconds
        await self.over.wait()


def waiters(gateway: Gateway, grace: Grace) -> Waiters:
    """Have the waiters of one more gateway over the same jobs."""
    return Waiters(gateway.jobs, gateway.context.reads, grace_seconds=30, pause=grace.pause)


async def a_waited_job(gateway: Gateway, first: Waiters) -> TranscriptionJob:
    """Have a job that a request of `first` has made and waits for."""
    first.enter(NAMESPACE, NAME)
    job = await gateway.a_job(NAME)
    return await gateway.jobs.patch_metadata(job, {"annotations": first.annotations})


async def settle(*all_waiters: Waiters) -> None:
    """Let the ends of graces happen."""
    for each in all_waiters:
        await asyncio.gather(*each.graces.values())


@pytest.fixture
def grace() -> Grace:
    """A grace that lasts."""
    return Grace()


async def test_a_job_goes_on_in_its_grace(gateway: Gateway, grace: Grace) -> None:
    """Nothing happens to it before the grace is over."""
    here = waiters(gateway, grace)
    await a_waited_job(gateway, here)

    here.leave(NAMESPACE, NAME, gone=True)
    await asyncio.sleep(0)

    assert [False] == [job.spec.cancel for job in gateway.jobs.jobs]
    await here.finish()


async def test_a_job_is_cancelled_after_its_grace(gateway: Gateway, grace: Grace) -> None:
    """The last client has gone, and none came."""
    here = waiters(gateway, grace)
    await a_waited_job(gateway, here)

    here.leave(NAMESPACE, NAME, gone=True)
    grace.over.set()
    await settle(here)

    (job,) = gateway.jobs.jobs
    assert (True, 0) == (job.spec.cancel, job.spec.ttl_seconds_after_finished)


@pytest.mark.parametrize("gone", [True, False], ids=["the client went", "the request was answered"])
async def test_only_a_client_that_goes_ends_a_job(gateway: Gateway, grace: Grace, *, gone: bool) -> None:
    """A request that was told to come again leaves its job alone."""
    here = waiters(gateway, grace)
    grace.over.set()
    await a_waited_job(gateway, here)

    here.leave(NAMESPACE, NAME, gone=gone)
    await settle(here)

    assert [gone] == [job.spec.cancel for job in gateway.jobs.jobs]


async def test_a_retry_at_another_gateway_keeps_the_job(gateway: Gateway, grace: Grace) -> None:
    """It notes itself on the job, and the first gateway only takes its own name away; the second ends the job."""
    here, there = waiters(gateway, grace), waiters(gateway, grace)
    grace.over.set()
    job = await a_waited_job(gateway, here)
    there.enter(NAMESPACE, NAME)

    joined = await there.join(job)
    here.leave(NAMESPACE, NAME, gone=True)
    await settle(here)
    (left,) = gateway.jobs.jobs
    there.leave(NAMESPACE, NAME, gone=True)
    await settle(there)
    (ended,) = gateway.jobs.jobs

    assert f"{here.gateway_id},{there.gateway_id}" == joined.metadata.annotations[WAITERS_ANNOTATION]
    assert (False, there.gateway_id) == (left.spec.cancel, left.metadata.annotations[WAITERS_ANNOTATION])
    assert ended.spec.cancel


async def test_a_job_that_changes_is_looked_at_anew(gateway: Gateway, grace: Grace) -> None:
    """A join that comes between another gateway's look and its write is seen."""
    here, there = waiters(gateway, grace), waiters(gateway, grace)
    job = await a_waited_job(gateway, here)
    there.enter(NAMESPACE, NAME)
    await gateway.become(job, ConditionType.RUNNING)

    joined = await there.join(job)

    assert [here.gateway_id, there.gateway_id] == joined.metadata.annotations[WAITERS_ANNOTATION].split(",")


async def test_a_job_that_never_holds_still_cannot_be_joined(gateway: Gateway, grace: Grace) -> None:
    """The tries are limited, and the client is told to come again."""
    here, there = waiters(gateway, grace), waiters(gateway, grace)
    job = await a_waited_job(gateway, here)
    gateway.jobs.failing, gateway.jobs.failing_calls = ConflictError("changed"), frozenset({"patch_metadata"})

    with pytest.raises(ConflictError, match="changes faster"):
        await there.join(job)


async def test_a_finished_job_is_left_as_it_is(gateway: Gateway, grace: Grace) -> None:
    """A client that goes in the last moment costs nobody a transcript."""
    here = waiters(gateway, grace)
    grace.over.set()
    job = await a_waited_job(gateway, here)
    await gateway.become(job, ConditionType.COMPLETE)

    here.leave(NAMESPACE, NAME, gone=True)
    await settle(here)

    assert [False] == [job.spec.cancel for job in gateway.jobs.jobs]


async def test_a_job_goes_on_where_the_api_server_does_not_answer(
    gateway: Gateway, grace: Grace, caplog: pytest.LogCaptureFixture
) -> None:
    """It is said in the log; nobody waits for it."""
    here = waiters(gateway, grace)
    grace.over.set()
    await a_waited_job(gateway, here)
    gateway.jobs.failing = KubeUnavailableError("away")

    here.leave(NAMESPACE, NAME, gone=True)
    await settle(here)

    assert f"{NAMESPACE}/{NAME}, which nobody waits for, goes on: away" in caplog.text


async def test_a_stopping_gateway_ends_no_job(gateway: Gateway, grace: Grace) -> None:
    """Its clients come back to another one."""
    here = waiters(gateway, grace)
    await a_waited_job(gateway, here)

    here.leave(NAMESPACE, NAME, gone=True)
    await here.finish()
    grace.over.set()
    await asyncio.sleep(0)

    assert [False] == [job.spec.cancel for job in gateway.jobs.jobs]


async def test_a_job_that_is_being_ended_is_not_entered(gateway: Gateway, grace: Grace) -> None:
    """A request that comes while the job is being cancelled takes the next number."""
    here = waiters(gateway, grace)
    grace.over.set()
    await a_waited_job(gateway, here)
    asked, told = asyncio.Event(), asyncio.Event()
    read = gateway.jobs.get

    async def held(namespace: str, name: str) -> TranscriptionJob:
        asked.set()
        await told.wait()
        return await read(namespace, name)

    gateway.jobs.get = held  # type: ignore[method-assign]  # a slow API server
    here.leave(NAMESPACE, NAME, gone=True)
    await asked.wait()
    entered = here.enter(NAMESPACE, NAME)
    told.set()
    await settle(here)

    assert (False, True) == (entered, here.enter(NAMESPACE, NAME))


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        pytest.param(ConditionType.RUNNING, True, id="running"),
        pytest.param(ConditionType.COMPLETE, True, id="complete"),
        pytest.param(ConditionType.FAILED, False, id="failed"),
    ],
)
async def test_what_can_still_give_a_transcript_is_waited_for(
    gateway: Gateway, condition: ConditionType, *, expected: bool
) -> None:
    """A running job and a complete one can; one that failed, is cancelled or is being deleted cannot."""
    failure = FailureStatus.of(Reason.ENGINE_FAILED, "") if condition is ConditionType.FAILED else None
    job = await gateway.become(await gateway.a_job(NAME), condition, failure=failure)
    cancelled = job.model_copy(update={"spec": job.spec.model_copy(update={"cancel": True})})
    await gateway.jobs.delete(NAMESPACE, NAME)
    (dying,) = gateway.jobs.jobs

    assert (expected, False, False) == (is_awaitable(job), is_awaitable(cancelled), is_awaitable(dying))
