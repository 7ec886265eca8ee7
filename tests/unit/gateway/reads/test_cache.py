"""Reads are answered from memory while the watch is young, and by one question to the API server otherwise."""

import asyncio

import pytest

from steno_gateway.reads.cache import HUNG_SECONDS, MISS_SECONDS, JobCache
from steno_kube import KubeForbiddenError, KubeUnavailableError, ResourceNotFoundError
from steno_types import ConditionType, ObjectMeta, TranscriptionJob
from support.gateway import NAMESPACE
from support.transcription_jobs import InMemoryTranscriptionJobs
from unit.gateway.reads.fixtures import MAX_AGE_SECONDS, Clock, a_job, never, watching


async def test_what_the_watch_told_costs_no_question(jobs: InMemoryTranscriptionJobs, cache: JobCache) -> None:
    """One job, all of a namespace, all of all: none is asked for."""
    job = await a_job(jobs)
    await jobs.until_told()
    jobs.calls.clear()

    assert job == await cache.get(NAMESPACE, "talk")
    assert [job] == [*await cache.list(NAMESPACE)] == [*await cache.all()]
    assert [] == jobs.calls


async def test_a_job_that_the_watch_did_not_tell_of_costs_one(
    jobs: InMemoryTranscriptionJobs, cache: JobCache
) -> None:
    """Many that ask at a time share the question, and what was found is known from then on."""
    await a_job(jobs)
    jobs._events.clear()  # noqa: SLF001 -- the watch lags behind
    jobs.calls.clear()

    found = await asyncio.gather(*(cache.get(NAMESPACE, "talk") for _ in range(5)))
    await cache.get(NAMESPACE, "talk")

    assert ["talk"] * 5 == [job.metadata.name for job in found]
    assert ["get"] == jobs.calls


async def test_a_miss_is_remembered_for_a_moment(
    jobs: InMemoryTranscriptionJobs, cache: JobCache, clock: Clock
) -> None:
    """Who asks for what there is not costs one question each second."""
    asked = []
    for seconds in (0.0, MISS_SECONDS, MISS_SECONDS + 0.1):
        clock.seconds = seconds
        with pytest.raises(ResourceNotFoundError):
            await cache.get(NAMESPACE, "never")
        asked.append(jobs.calls.count("get"))

    assert [1, 1, 2] == asked


async def test_a_job_that_this_gateway_wrote_is_no_miss(jobs: InMemoryTranscriptionJobs, cache: JobCache) -> None:
    """A name that was looked for in vain a moment ago is found as soon as it is made."""
    with pytest.raises(ResourceNotFoundError):
        await cache.get(NAMESPACE, "talk")
    cache.seen(await a_job(jobs))

    assert "talk" == (await cache.get(NAMESPACE, "talk")).metadata.name


async def test_a_job_that_is_released_is_not_there(jobs: InMemoryTranscriptionJobs, cache: JobCache) -> None:
    """From the acceptance of its deletion on, before the watch tells of it."""
    cache.seen(await a_job(jobs))
    deleted = await jobs.delete(NAMESPACE, "talk")
    assert deleted is not None
    cache.seen(deleted)

    with pytest.raises(ResourceNotFoundError):
        await cache.get(NAMESPACE, "talk")
    assert cache.known(NAMESPACE, "talk") is None


async def test_an_old_watch_is_not_believed(jobs: InMemoryTranscriptionJobs, cache: JobCache, clock: Clock) -> None:
    """Within the age limit it is; beyond it the API server is asked, one for all."""
    await a_job(jobs)
    await jobs.until_told()
    jobs.calls.clear()
    clock.seconds = MAX_AGE_SECONDS
    await cache.get(NAMESPACE, "talk")
    young = [*jobs.calls]
    clock.seconds += 1
    await asyncio.gather(*(cache.get(NAMESPACE, "talk") for _ in range(3)))
    await asyncio.gather(*(cache.list(NAMESPACE) for _ in range(3)))
    await cache.list(NAMESPACE)

    assert ([], ["get"], 1) == (young, jobs.calls, jobs.reflector_calls.count("list_page") - 1)


@pytest.mark.parametrize(
    "failing", [KubeUnavailableError("away"), KubeForbiddenError("not yours")], ids=["away", "no"]
)
async def test_rather_nothing_than_old_lies(
    jobs: InMemoryTranscriptionJobs, cache: JobCache, clock: Clock, failing: KubeUnavailableError
) -> None:
    """Where neither the watch nor the API server tells, nobody knows."""
    await a_job(jobs)
    await jobs.until_told()
    jobs.failing = failing
    clock.seconds = MAX_AGE_SECONDS + 1

    for read in (cache.get(NAMESPACE, "talk"), cache.list(NAMESPACE), cache.all(), cache.newest_first(NAMESPACE)):
        with pytest.raises(type(failing)):
            await read


async def test_an_api_server_that_hangs_keeps_nobody_long(
    jobs: InMemoryTranscriptionJobs, cache: JobCache, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After one question without an answer none is asked for a moment."""
    asked = 0

    async def hang(*_: str) -> TranscriptionJob:
        nonlocal asked
        asked += 1
        raise TimeoutError

    monkeypatch.setattr(jobs, "get", hang)
    for _ in range(3):
        with pytest.raises(KubeUnavailableError):
            await cache.get(NAMESPACE, "talk")
    clock.seconds = HUNG_SECONDS + 0.1
    with pytest.raises(KubeUnavailableError):
        await cache.get(NAMESPACE, "talk")

    assert 2 == asked


async def test_a_fresh_look_is_a_live_one(jobs: InMemoryTranscriptionJobs, cache: JobCache) -> None:
    """Whoever takes nothing from memory is told what is, or that there is nothing any more."""
    job = await a_job(jobs)
    await jobs.until_told()
    jobs.calls.clear()
    fresh = await cache.get(NAMESPACE, "talk", fresh=True)
    jobs._raws.clear()  # noqa: SLF001 -- deleted, and the watch silent
    with pytest.raises(ResourceNotFoundError):
        await cache.get(NAMESPACE, "talk", fresh=True)
    with pytest.raises(ResourceNotFoundError):
        await cache.get(NAMESPACE, "talk")

    assert (job, ["get", "get"]) == (fresh, jobs.calls)


async def test_a_write_is_answered_once_the_watch_tells_of_it(
    jobs: InMemoryTranscriptionJobs, cache: JobCache, clock: Clock
) -> None:
    """Or at once, where there is no young watch to wait for; never later than its limit."""
    job = await a_job(jobs)

    assert await cache.delivered(job)
    assert not await cache.delivered(job.model_copy(update={"metadata": in_the_future(job)}), seconds=0.01)
    clock.seconds = MAX_AGE_SECONDS + 1
    assert not await cache.delivered(job.model_copy(update={"metadata": in_the_future(job)}))


def in_the_future(job: TranscriptionJob) -> ObjectMeta:
    """Have the metadata of a version that no watch has told of."""
    return job.metadata.model_copy(update={"resource_version": "1000000"})


async def test_a_namespace_knows_nothing_of_another(jobs: InMemoryTranscriptionJobs, clock: Clock) -> None:
    """Each has its own watch; all together are what is served."""
    for namespace in ("speech", "films", "elsewhere"):
        await a_job(jobs, f"of-{namespace}", namespace)
    async with watching(jobs, clock, "speech", "films") as cache:
        with pytest.raises(ResourceNotFoundError):
            await cache.get("speech", "of-films")

        assert ["of-films"] == [job.metadata.name for job in await cache.list("films")]
        assert {"of-speech", "of-films"} == {job.metadata.name for job in await cache.all()}


async def test_a_whole_cluster_has_one_watch(jobs: InMemoryTranscriptionJobs, clock: Clock) -> None:
    """Namespaces that come later are in it."""
    await a_job(jobs, namespace="speech")
    async with watching(jobs, clock) as cache:
        await a_job(jobs, namespace="films")
        await jobs.until_told()
        jobs.calls.clear()

        assert [1, 1, 0] == [len(await cache.list(namespace)) for namespace in ("speech", "films", "empty")]
        assert (2, []) == (len(await cache.all()), jobs.calls)
        assert ["list_page", "watch_all"] == jobs.reflector_calls


async def test_ready_is_who_has_been_answered(jobs: InMemoryTranscriptionJobs) -> None:
    """A list, or its refusal, which a longer wait would not change; no answer is none."""
    ready = []
    for failing in (None, KubeForbiddenError("not yours"), KubeUnavailableError("away")):
        jobs.failing = failing
        async with JobCache(jobs, [NAMESPACE], pause=never) as cache:
            before = cache.answered
            for _ in range(10):
                await asyncio.sleep(0)
            ready.append((before, cache.answered))

    assert [(False, True), (False, True), (False, False)] == ready


async def test_completed_jobs_teach_the_pace(jobs: InMemoryTranscriptionJobs, cache: JobCache) -> None:
    """Estimates rest on what comes by, whether the list or the watch brought it."""
    assert () == cache.paces.pace("cpu").run_seconds
    job = await a_job(jobs)
    raw = jobs._raws[NAMESPACE, "talk"]  # noqa: SLF001 -- the status that an operator writes in many steps
    raw["status"] = {
        "conditions": [
            {
                "type": ConditionType.COMPLETE,
                "status": "True",
                "reason": "Test",
                "message": "",
                "lastTransitionTime": "2026-01-31T12:10:00Z",
            }
        ],
        "completionTime": "2026-01-31T12:10:00Z",
        "attempts": [{"name": "pod", "start": "2026-01-31T12:00:00Z", "end": "2026-01-31T12:10:00Z"}],
        "effective": {"profile": "cpu", "image": "x", "engine": "faster-whisper", "model": "tiny"},
    }
    await jobs.patch_metadata(job, {"annotations": {"any": "change"}})
    await jobs.until_told()

    assert (600.0,) == cache.paces.pace("cpu").run_seconds
