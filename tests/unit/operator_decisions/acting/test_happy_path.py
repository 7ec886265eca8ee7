"""From creation to Complete: what it costs in writes and reads, and that nobody is told anything."""

from typing import Any

import pytest

from steno_types import FINALIZER, Phase
from support.builders import NAMESPACE, a_complete_manifest, a_job
from unit.operator_decisions.acting.bench import KEY, Bench

WRITES = ("patch_metadata", "patch_status", "delete")
"""Calls on TranscriptionJobs that write; creating one is not the operator's."""


def writes(bench: Bench) -> list[str]:
    """List the operator's writes to the API server."""
    of_jobs = [call for call in bench.jobs.calls if call in WRITES]
    of_batch_jobs = [call for call in bench.batch_jobs.calls if call in {"create", "delete", "set_queue_priority"}]
    return [*of_jobs, *of_batch_jobs]


async def complete(bench: Bench, name: str = "talk") -> None:
    """Drive a job from its launch to its end, with every event on the way."""
    key = f"{NAMESPACE}/{name}"
    await bench.settle(key)
    pod = bench.start_pod(name=name)
    await bench.settle(key)
    await bench.settle(key)
    bench.pass_time(90)
    job = await bench.get(name)
    bench.claim(job, a_complete_manifest(job, at=bench.now, attempt=pod.name))
    await bench.settle(key)
    bench.end_pod(pod, 0)
    await bench.settle(key)
    bench.change_batch_job(complete=True)
    await bench.settle(key)


async def test_a_job_costs_five_writes(bench: Bench) -> None:
    """Adopted, its Job created, Queued, Running, Complete: and not one write more."""
    await bench.submit()

    await complete(bench)

    assert Phase.COMPLETED is (await bench.get()).status.phase
    assert ["patch_metadata", "patch_status", "patch_status", "patch_status", "create"] == writes(bench)
    assert [] == bench.events.told


async def test_a_job_that_the_watch_showed_is_launched_without_a_read(bench: Bench) -> None:
    """What the watch has just shown of a new job is enough: nothing lies beside it."""
    job = await bench.submit()
    raw: dict[str, Any] = {"metadata": job.metadata.to_wire(), "spec": job.spec.to_wire()}
    assert KEY == bench.context.sightings.saw("transcriptionjobs", raw)
    bench.jobs.calls.clear()

    await bench.look()

    assert (["patch_metadata", "patch_status"], ["create"]) == (bench.jobs.calls, bench.batch_jobs.calls)


async def test_a_job_that_changed_since_the_watch_showed_it_is_read(bench: Bench) -> None:
    """The first write carries the version that was shown: another one's write is seen before anything is made."""
    wanted = a_job().with_spec().build().spec
    job = await bench.jobs.create(NAMESPACE, "talk", wanted, finalizers=(FINALIZER,))
    bench.context.sightings.saw("transcriptionjobs", {"metadata": job.metadata.to_wire(), "spec": job.spec.to_wire()})
    await bench.jobs.patch_metadata(job, {"labels": {"a": "b"}})

    await bench.look()
    assert [] == bench.batch_jobs.created
    await bench.settle()

    assert 1 == len(bench.batch_jobs.created)


async def test_every_write_can_be_the_last(bench: Bench) -> None:
    """An operator that is killed after any of its writes is followed by one that goes on where it was."""
    await bench.submit()
    for _ in range(2):
        await bench.settle()
        bench.restart()
    pod = bench.start_pod()
    await bench.settle()
    bench.restart()
    job = await bench.get()
    bench.claim(job, a_complete_manifest(job, at=bench.now, attempt=pod.name))
    bench.end_pod(pod, 0)
    await bench.settle()

    assert Phase.COMPLETED is (await bench.get()).status.phase
    assert 1 == len(bench.batch_jobs.created)


@pytest.mark.parametrize("after", [0, 1, 2, 3, 4])
async def test_a_crash_between_two_writes_makes_no_second_job(bench: Bench, after: int) -> None:
    """However far the launch came before the operator was gone, the next one completes it, with no second Job."""
    await bench.submit()
    writes_left = after

    class GoneError(BaseException):
        """The process is no more."""

    def insist() -> None:
        nonlocal writes_left
        writes_left -= 1
        if writes_left < 0:
            raise GoneError

    bench.change(insist=insist)
    try:
        await bench.look()
    except GoneError:
        assert after < 3
    bench.change(insist=lambda: None)
    bench.restart()

    await bench.settle()
    pod = bench.start_pod()
    await bench.settle()

    job = await bench.get()
    assert (Phase.PROCESSING, 1, [pod.name]) == (
        job.status.phase,
        job.status.launches,
        [attempt.name for attempt in job.status.attempts],
    )
    assert 1 == len(bench.batch_jobs.created)


async def test_an_ended_job_is_cleared_up_after_its_grace(bench: Bench) -> None:
    """The Job goes after ten minutes, its pods with it, and once that was heard it is not asked for again."""
    await bench.submit()
    await complete(bench)
    name = bench.batch_job().name
    before = await bench.settle()

    bench.pass_time(before or 0)
    await bench.settle()
    bench.context.sightings.lost("jobs", KEY, name)
    after = await bench.settle()

    assert (600, 3000) == (before, after)
    assert [(name, False)] == bench.batch_jobs.deleted
    assert {} == bench.batch_jobs.batch_jobs


async def test_an_ended_job_costs_one_read(bench: Bench) -> None:
    """A look at a job that has ended is one GET: nothing of its Job, its pods or the store."""
    await bench.submit()
    await complete(bench)
    bench.batch_jobs.calls.clear()
    bench.jobs.calls.clear()

    await bench.look()

    assert ([], ["get"]) == (bench.batch_jobs.calls, bench.jobs.calls)
