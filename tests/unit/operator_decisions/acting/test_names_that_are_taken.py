"""The name that the next Job needs is there already: ours, from a try whose answer was lost, or a stranger's."""

from dataclasses import replace

import pytest

from steno_operator.batch_job import batch_job_name
from steno_operator.observed import BatchJob
from steno_operator.setbacks import NAME_RETRY_SECONDS
from steno_types import Phase, Reason, TranscriptionJob
from support.builders import NAMESPACE
from unit.operator_decisions.acting.bench import KEY, Bench


async def new(bench: Bench) -> TranscriptionJob:
    """Submit a job that the watch has shown, so that it is launched without a look at what there is."""
    job = await bench.submit()
    bench.context.sightings.saw("transcriptionjobs", {"metadata": job.metadata.to_wire(), "spec": job.spec.to_wire()})
    return job


def take(bench: Bench, job: TranscriptionJob, **changes: object) -> BatchJob:
    """Put a Job under the name that the job's own would have."""
    taken = replace(BatchJob(name=batch_job_name(job), uid="s", owner_uid=None), **changes)  # type: ignore[arg-type]
    bench.batch_jobs.batch_jobs[taken.name] = taken
    return taken


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="nobody's"),
        pytest.param({"owner_uid": "11111111-0000-0000-0000-000000000000"}, id="another owner's"),
        pytest.param({"complete": True}, id="complete"),
        pytest.param({"failed": True}, id="failed"),
    ],
)
async def test_a_strangers_job_ends_in_name_taken(bench: Bench, changes: dict[str, object]) -> None:
    """The job ends and says so; the stranger's Job is left alone, and nothing runs hot meanwhile."""
    stranger = take(bench, await bench.submit(), **changes)

    await bench.settle()

    job = await bench.get()
    assert job.status.failure is not None
    assert (Phase.FAILED, Reason.NAME_TAKEN, False) == (
        job.status.phase,
        job.status.failure.reason,
        job.status.failure.retryable,
    )
    assert "'talk-" in job.status.failure.message
    assert job.status.failure.message.endswith("exists and belongs to someone else.")
    assert {stranger.name: stranger} == bench.batch_jobs.batch_jobs
    assert [] == bench.batch_jobs.deleted
    assert ["NameTaken"] == [told.reason for _, told in bench.events.told]


async def test_our_own_job_is_taken_up(bench: Bench) -> None:
    """A creation whose answer was lost has succeeded: the Job that is there is the one that was meant."""
    job = await new(bench)
    own = take(bench, job, owner_uid=job.metadata.uid)

    await bench.settle()

    status = (await bench.get()).status
    assert status.job_ref is not None
    assert (own.name, "s", 1, Phase.QUEUED) == (
        status.job_ref.name,
        status.job_ref.uid,
        status.launches,
        status.phase,
    )
    assert [] == bench.batch_jobs.created


@pytest.mark.parametrize("owned", [True, False], ids=["ours", "a stranger's"])
async def test_a_job_on_its_way_out_is_waited_for(bench: Bench, *, owned: bool) -> None:
    """Whoever's it is: the name is tried again after a pause, and then it is free."""
    job = await new(bench)
    leaving = take(bench, job, owner_uid=job.metadata.uid if owned else None, deleting=True)

    assert NAME_RETRY_SECONDS == await bench.settle()
    assert NAME_RETRY_SECONDS == await bench.settle()
    del bench.batch_jobs.batch_jobs[leaving.name]
    await bench.settle()

    assert 1 == len(bench.batch_jobs.created)
    assert Phase.QUEUED is (await bench.get()).status.phase


async def test_a_job_that_went_just_then_is_waited_for_too(bench: Bench) -> None:
    """Between the refusal and the look at who holds the name, it may have become free."""
    job = await new(bench)
    taken = take(bench, job)
    get = bench.batch_jobs.get

    async def gone_by_then(namespace: str, name: str) -> BatchJob | None:
        bench.batch_jobs.batch_jobs.pop(taken.name, None)
        return await get(namespace, name)

    bench.batch_jobs.get = gone_by_then  # type: ignore[method-assign]

    await bench.settle()
    await bench.settle()

    assert 1 == len(bench.batch_jobs.created)


async def test_a_later_life_of_the_name_takes_nothing_over(bench: Bench) -> None:
    """A job of the same name and another uid has Jobs of other names, so the old one's is no obstacle."""
    first = await bench.submit()
    await bench.settle()
    await bench.jobs.delete(NAMESPACE, "talk")
    old = dict(bench.batch_jobs.batch_jobs)
    while await bench.look() is not None:
        pass
    bench.batch_jobs.batch_jobs.update(old)  # a release that was forced leaves it

    second = await bench.submit()
    await bench.settle(KEY)

    assert first.metadata.uid != second.metadata.uid
    assert 2 == len(bench.batch_jobs.created)
    assert Phase.QUEUED is (await bench.get()).status.phase
