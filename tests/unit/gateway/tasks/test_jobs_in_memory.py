"""The fake that stands for the API server keeps its promises, since the tests above and beside rely on them."""

import asyncio
import inspect

import pytest

from steno_kube import (
    AlreadyExistsError,
    ConflictError,
    InvalidResourceError,
    KubeUnavailableError,
    ResourceNotFoundError,
    TranscriptionJobs,
)
from steno_types import (
    FINALIZER,
    Condition,
    ConditionType,
    S3Source,
    Source,
    TranscriptionJob,
    TranscriptionJobSpec,
    TranscriptionJobStatus,
)
from support.gateway import NOON
from support.transcription_jobs import InMemoryTranscriptionJobs

SPEC = TranscriptionJobSpec(source=Source(s3=S3Source(key="talk.wav")))
DONE = TranscriptionJobStatus().with_conditions(
    [Condition(type=ConditionType.COMPLETE, status="True", reason="Test", last_transition_time=NOON)]
)


async def a_job(jobs: InMemoryTranscriptionJobs, *finalizers: str) -> TranscriptionJob:
    """Create a job."""
    return await jobs.create("ns", "a", SPEC, finalizers=finalizers)


def test_nothing_of_the_real_class_is_inherited() -> None:
    """Every public method is the fake's own, so that no test reaches for a client."""
    real = {name for name, _ in inspect.getmembers(TranscriptionJobs, inspect.isfunction) if not name.startswith("_")}

    assert real <= set(vars(InMemoryTranscriptionJobs))


async def test_a_name_is_given_once() -> None:
    """A second job of the name is refused."""
    jobs = InMemoryTranscriptionJobs()
    await a_job(jobs)

    with pytest.raises(AlreadyExistsError):
        await a_job(jobs)


async def test_a_write_from_an_old_reading_conflicts() -> None:
    """The resourceVersion of a write must be the current one."""
    jobs = InMemoryTranscriptionJobs()
    old = await a_job(jobs)
    await jobs.patch_metadata(old, {"annotations": {"a": "b"}})

    with pytest.raises(ConflictError):
        await jobs.patch_status(old, DONE)


async def test_a_write_to_a_successor_conflicts() -> None:
    """A job of the same name made later is another job."""
    jobs = InMemoryTranscriptionJobs()
    old = await a_job(jobs)
    await jobs.delete("ns", "a")
    await a_job(jobs)

    with pytest.raises(ConflictError):
        await jobs.patch_metadata(old, {"annotations": {"a": "b"}})


async def test_a_write_that_changes_nothing_takes_no_version() -> None:
    """Nobody is woken by it."""
    jobs = InMemoryTranscriptionJobs()
    job = await jobs.patch_status(await a_job(jobs), DONE)

    assert job == await jobs.patch_status(job, DONE)


async def test_a_merge_keeps_what_the_patch_leaves_out_and_drops_what_it_nulls() -> None:
    """As RFC 7396 says."""
    jobs = InMemoryTranscriptionJobs()
    job = await jobs.patch_metadata(await a_job(jobs), {"annotations": {"a": "1", "b": "2"}})

    job = await jobs.patch_metadata(job, {"annotations": {"a": None, "c": "3"}})

    assert {"b": "2", "c": "3"} == job.metadata.annotations


async def test_a_terminal_condition_is_final() -> None:
    """The CRD's rule holds here too."""
    jobs = InMemoryTranscriptionJobs()
    job = await jobs.patch_status(await a_job(jobs), DONE)
    turned = [DONE.conditions[0].model_copy(update={"status": "False"})]

    with pytest.raises(InvalidResourceError):
        await jobs.patch_status(job, job.status.with_conditions(turned))


async def test_a_finalizer_holds_a_deleted_job() -> None:
    """It stays with its deletion time, takes no new finalizer, and goes with the last one."""
    jobs = InMemoryTranscriptionJobs(now=lambda: NOON)
    await a_job(jobs, FINALIZER)
    await jobs.delete("ns", "a")
    await jobs.delete("ns", "a")
    held = await jobs.get("ns", "a")

    with pytest.raises(InvalidResourceError):
        await jobs.patch_metadata(held, {"finalizers": [FINALIZER, "another/one"]})
    await jobs.patch_metadata(held, {"finalizers": []})

    assert NOON == held.metadata.deletion_timestamp
    with pytest.raises(ResourceNotFoundError):
        await jobs.get("ns", "a")


async def test_a_watch_replays_and_follows() -> None:
    """Events since the given version come first, then each new one, until the deletion."""
    jobs = InMemoryTranscriptionJobs()
    created = await a_job(jobs)
    await jobs.create("ns", "b", SPEC)
    job = await jobs.patch_status(created, DONE)
    seen: list[tuple[str, str]] = []

    async def follow() -> None:
        version = created.metadata.resource_version
        async for kind, event in jobs.watch("ns", "a", resource_version=version, timeout_seconds=1):
            seen.append((kind, event.metadata.resource_version))

    following = asyncio.create_task(follow())
    await jobs.until_called("watch")
    await jobs.delete("ns", "a")
    await following

    assert [("MODIFIED", job.metadata.resource_version), ("DELETED", "4")] == seen


async def test_a_watch_from_before_the_history_is_refused() -> None:
    """A compacted version is too old."""
    jobs = InMemoryTranscriptionJobs()
    job = await a_job(jobs)
    await jobs.patch_status(job, DONE)
    jobs.forget_history()

    with pytest.raises(KubeUnavailableError, match="too old"):
        async for _ in jobs.watch("ns", "a", resource_version=job.metadata.resource_version, timeout_seconds=1):
            pass


async def test_a_deletion_may_say_which_job_is_meant() -> None:
    """Another one of the name conflicts; gone at once is None, held is the job with its deletion time."""
    jobs = InMemoryTranscriptionJobs(now=lambda: NOON)
    old = await a_job(jobs)
    gone = await jobs.delete("ns", "a", uid=old.metadata.uid)
    new = await a_job(jobs, FINALIZER)

    with pytest.raises(ConflictError):
        await jobs.delete("ns", "a", uid=old.metadata.uid)
    held = await jobs.delete("ns", "a", uid=new.metadata.uid)

    assert gone is None
    assert held is not None
    assert NOON == held.metadata.deletion_timestamp


async def test_a_spec_changes_where_it_may() -> None:
    """The CRD's rules hold here too: what is fixed stays, and cancel is final."""
    jobs = InMemoryTranscriptionJobs()
    job = await jobs.patch_spec(await a_job(jobs), {"cancel": True, "queuePriority": "high"})

    for change in ({"language": "de"}, {"cancel": False}):
        with pytest.raises(InvalidResourceError):
            await jobs.patch_spec(job, change)
    taken = await jobs.patch_spec(job, {"queuePriority": None})

    assert ("high", None, 3) == (job.spec.queue_priority, taken.spec.queue_priority, taken.metadata.generation)
