"""What is read for a decision: no more than it needs, and the manifest whenever there can be one."""

from typing import Any

import pytest

from steno_operator.observe import observe
from steno_operator.observed import BatchJob, Observed, WorkerPod
from steno_store import ObjectStore, StoreUnavailableError, claim_outcome, keys
from steno_types import JOB_LABEL, Manifest, TranscriptionJob, to_rfc3339
from support.batch_jobs import InMemoryBatchJobs
from support.builders import (
    NAMESPACE,
    NOON,
    JobBuilder,
    ObservedBuilder,
    a_complete_manifest,
    a_failed_manifest,
    a_job,
    a_launched_job,
    beside,
)
from support.object_store import InMemoryObjectStore
from unit.operator_decisions.acting.bench import KEY, Bench

LAUNCHED = a_launched_job()
OWN = LAUNCHED.build()
STOPPING = {"reason": "Cancelled", "message": "m", "time": to_rfc3339(NOON)}


class CountingStore(InMemoryObjectStore):
    """Says how often it was asked."""

    asked = 0
    looked_for = 0

    def get(self, key: str) -> bytes:
        """Read an object whole."""
        self.asked += 1
        return super().get(key)

    def exists(self, key: str) -> bool:
        """Whether there is an object."""
        self.looked_for += 1
        return super().exists(key)


def hear(bench: Bench, kind: Any, name: str, *, job: str = "talk") -> None:
    """Let the watch show a Job or a pod."""
    raw = {"metadata": {"namespace": NAMESPACE, "name": name, "labels": {JOB_LABEL: job}}}
    bench.context.sightings.saw(kind, raw)


async def seen(
    bench: Bench, job: TranscriptionJob, there: ObservedBuilder, store: ObjectStore | None = None
) -> tuple[Observed, list[str]]:
    """Observe a job with `there` beside it and heard of; gives the calls for Jobs and pods too."""
    batch_jobs = InMemoryBatchJobs(*there.batch_jobs, pods=there.pods)
    bench.change(batch_jobs=batch_jobs, store=store or InMemoryObjectStore())
    for batch_job in there.batch_jobs:
        hear(bench, "jobs", batch_job.name)
    for pod in there.pods:
        hear(bench, "pods", pod.name)
    return await observe(job, bench.context), batch_jobs.calls


@pytest.mark.parametrize(
    ("builder", "calls"),
    [
        pytest.param(a_job(), [], id="new: nothing"),
        pytest.param(a_job().adopted(), ["get"], id="adopted: the Job that may have been made"),
        pytest.param(LAUNCHED, ["get", "get"], id="launched: its Job, and the next"),
        pytest.param(LAUNCHED.attempted("p"), ["get", "pod", "get"], id="running: its pod too"),
        pytest.param(LAUNCHED.attempted("p", end=NOON), ["get", "get"], id="between attempts"),
        pytest.param(LAUNCHED.completed(), [], id="finished: nothing"),
        pytest.param(LAUNCHED.failed().attempted("p"), [], id="failed: nothing"),
        pytest.param(LAUNCHED.completed().deleted(), ["pods_of", "get", "get"], id="finished and leaving"),
        pytest.param(a_job().deleted(), ["pods_of", "get"], id="leaving, never adopted"),
    ],
)
async def test_no_more_is_read_than_needed(bench: Bench, builder: JobBuilder, calls: list[str]) -> None:
    """A new job costs no read, a finished one neither; one at work costs one for each thing that it has."""
    job = builder.build()

    assert (Observed(), calls) == await seen(bench, job, beside(job))


@pytest.mark.parametrize(
    ("there", "read"),
    [
        pytest.param(beside(OWN), True, id="Job gone"),
        pytest.param(beside(OWN).with_batch_job(), False, id="no pod yet"),
        pytest.param(beside(OWN).with_batch_job().with_running_pod(), False, id="running"),
        pytest.param(beside(OWN).with_batch_job().with_ended_pod(0), True, id="pod ended, Job not yet"),
        pytest.param(beside(OWN).with_batch_job().with_ended_pod(75).with_running_pod(), True, id="second attempt"),
        pytest.param(beside(OWN).with_batch_job(failed=True), True, id="Job failed, pods gone"),
        pytest.param(beside(OWN).with_batch_job(complete=True), True, id="Job complete, pods gone"),
        pytest.param(beside(OWN).with_batch_job(deleting=True).with_running_pod(), True, id="Job leaving"),
    ],
)
async def test_when_there_can_be_a_manifest(bench: Bench, there: ObservedBuilder, *, read: bool) -> None:
    """The store is asked once something of the job's has ended, or nothing of its own is at work."""
    store = CountingStore()
    manifest = a_complete_manifest(OWN)
    claim_outcome(store, LAUNCHED.results_prefix, manifest)

    observed, _ = await seen(bench, OWN, there, store)

    assert (manifest if read else None) == observed.manifest
    assert int(read) == store.asked
    assert (there.batch_jobs, there.pods) == (observed.batch_jobs, observed.pods)


@pytest.mark.parametrize(
    ("deleting", "asked"),
    [pytest.param(False, 0, id="its worker runs"), pytest.param(True, 1, id="its worker is told to end")],
)
async def test_a_job_that_is_stopped_asks_who_won(bench: Bench, *, deleting: bool, asked: int) -> None:
    """Not before its worker is taken away: the store may be long in answering."""
    job = LAUNCHED.with_status(stopping=STOPPING).build()
    store = CountingStore()

    await seen(bench, job, beside(job).with_batch_job(deleting=deleting).with_running_pod(), store)

    assert asked == store.asked


WITH_COPY = LAUNCHED.delivered_to("talks", bucket="own")
COMPLETE, FAILED = a_complete_manifest(OWN), a_failed_manifest(OWN)


@pytest.mark.parametrize(
    ("builder", "manifest", "recorded", "seen_as"),
    [
        pytest.param(WITH_COPY, COMPLETE, True, (True, 1), id="recorded"),
        pytest.param(WITH_COPY, COMPLETE, False, (False, 1), id="not yet"),
        pytest.param(LAUNCHED, COMPLETE, True, (False, 0), id="no copy asked for"),
        pytest.param(WITH_COPY, FAILED, True, (False, 0), id="nothing to copy"),
        pytest.param(WITH_COPY, None, True, (False, 0), id="no outcome"),
    ],
)
async def test_when_there_can_be_a_delivery(
    bench: Bench, builder: JobBuilder, manifest: Manifest | None, seen_as: tuple[bool, int], *, recorded: bool
) -> None:
    """The record is looked for once there is something to copy and a job that wants a copy."""
    job, store = builder.build(), CountingStore()
    if manifest is not None:
        claim_outcome(store, builder.results_prefix, manifest)
    if recorded:
        store.put(keys.delivery(builder.results_prefix), b"{}")

    observed, _ = await seen(bench, job, beside(job).with_batch_job().with_ended_pod(0), store)

    assert seen_as == (observed.delivered, store.looked_for)


async def test_a_leaving_job_asks_no_store(bench: Bench) -> None:
    """A release needs no outcome, so a store that is down does not keep Jobs and pods alive."""
    job = LAUNCHED.deleted().build()
    store = CountingStore()

    observed, _ = await seen(bench, job, beside(job).with_batch_job(failed=True), store)

    assert (None, 0) == (observed.manifest, store.asked)


async def test_a_leaving_jobs_pods_are_listed(bench: Bench) -> None:
    """Whether anything is left rests on no hint: pods that nobody heard of are found, and their Jobs through them."""
    job = LAUNCHED.deleted().build()
    there = beside(job).with_batch_job(4).with_running_pod()
    bench.change(batch_jobs=InMemoryBatchJobs(*there.batch_jobs, pods=there.pods))

    observed = await observe(job, bench.context)

    assert (there.batch_jobs, there.pods) == (observed.batch_jobs, observed.pods)


async def test_an_ended_jobs_leftovers_are_what_was_heard_of(bench: Bench) -> None:
    """The Jobs of an ended job are named as the watch named them, and not one is read."""
    job = LAUNCHED.completed().build()
    for name in ("talk-6f3d1c6e-1", "talk-6f3d1c6e", "talk-0a0b0c0d", "talk-6f3d1c6e-x"):
        hear(bench, "jobs", name)

    assert Observed(leftovers=("talk-6f3d1c6e", "talk-6f3d1c6e-1")) == await observe(job, bench.context)
    assert [] == bench.batch_jobs.calls


async def test_others_of_the_name_are_not_its_own(bench: Bench) -> None:
    """A stranger's Job, and what an earlier job of the name has left, say nothing about this one."""
    old = WorkerPod(name="talk-0a0b0c0d-xyz", batch_job="talk-0a0b0c0d", started=NOON, finished=NOON)
    stranger = BatchJob(name="talk-6f3d1c6e", uid="b", owner_uid="11111111-0000-0000-0000-000000000000")
    there = beside(OWN)

    observed, _ = await seen(bench, OWN, type(there)(OWN, (stranger,), (old,)))

    assert ((), ()) == (observed.batch_jobs, observed.pods)


async def test_jobs_and_pods_come_oldest_first(bench: Bench) -> None:
    """Jobs by number, as ten comes after two; pods by age."""
    job = LAUNCHED.launched(10).build()
    there = beside(job).with_batch_job(10).with_batch_job(2).with_batch_job(0)
    older = there.with_pod(name="talk-6f3d1c6e-z", created=NOON.replace(hour=1))

    observed, _ = await seen(bench, job, older.with_pod(name="talk-6f3d1c6e-a"))

    assert ["talk-6f3d1c6e", "talk-6f3d1c6e-2", "talk-6f3d1c6e-10"] == [found.name for found in observed.batch_jobs]
    assert ["talk-6f3d1c6e-z", "talk-6f3d1c6e-a"] == [pod.name for pod in observed.pods]


async def test_what_is_gone_is_forgotten(bench: Bench) -> None:
    """A hint that leads nowhere is followed once."""
    hear(bench, "jobs", "talk-6f3d1c6e-7")
    hear(bench, "pods", "talk-6f3d1c6e-7-abc")

    await observe(OWN, bench.context)
    bench.batch_jobs.calls.clear()
    await observe(OWN, bench.context)

    assert ["get", "get"] == bench.batch_jobs.calls
    children = bench.context.sightings.children(KEY)
    assert (set(), set()) == (children.batch_jobs, children.pods)


async def test_a_store_that_is_away_is_said_to_be(bench: Bench) -> None:
    """Nobody takes silence for the absence of an outcome."""
    store = InMemoryObjectStore()
    store.failing = StoreUnavailableError("no answer")

    with pytest.raises(StoreUnavailableError):
        await seen(bench, OWN, beside(OWN).with_batch_job(failed=True), store)
