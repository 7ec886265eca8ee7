"""What is read for a decision: no more than it needs, and the manifest whenever there can be one."""

from datetime import UTC, datetime

import pytest

from steno_operator.observe import observe
from steno_operator.observed import BatchJob, Observed, WorkerPod
from steno_store import ObjectStore, claim_outcome, keys
from steno_types import Manifest, TranscriptionJob
from support.batch_jobs import InMemoryBatchJobs
from support.builders import (
    NOON,
    JobBuilder,
    ObservedBuilder,
    a_complete_manifest,
    a_failed_manifest,
    a_job,
    a_launched_job,
    an_installation,
    beside,
)
from support.object_store import InMemoryObjectStore

LAUNCHED = a_launched_job()


class CountingStore(InMemoryObjectStore):
    """Says whether it was asked."""

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


async def seen(
    job: TranscriptionJob, there: ObservedBuilder, store: ObjectStore | None = None
) -> tuple[Observed, list[str]]:
    """Observe a job with `there` beside it; gives the calls for Job and pods too."""
    batch_jobs = InMemoryBatchJobs(there.batch_job, there.pods)
    observed = await observe(job, batch_jobs, store or InMemoryObjectStore(), an_installation())
    return observed, batch_jobs.calls


@pytest.mark.parametrize(
    ("builder", "calls"),
    [
        pytest.param(a_job(), ["get"], id="new: its Job alone"),
        pytest.param(LAUNCHED, ["get", "pods"], id="launched"),
        pytest.param(LAUNCHED.completed(), [], id="finished: nothing"),
        pytest.param(LAUNCHED.completed().deleted(), ["get", "pods"], id="finished and leaving"),
        pytest.param(a_job().deleted(), ["get"], id="leaving, never adopted"),
    ],
)
async def test_no_more_is_read_than_needed(builder: JobBuilder, calls: list[str]) -> None:
    """A launch costs one read, a finished job none."""
    job = builder.build()

    assert (Observed(), calls) == await seen(job, beside(job))


OWN = LAUNCHED.build()


@pytest.mark.parametrize(
    ("there", "read"),
    [
        pytest.param(beside(OWN), True, id="Job gone"),
        pytest.param(beside(OWN).with_batch_job(), False, id="no pod yet"),
        pytest.param(beside(OWN).with_batch_job().with_running_pod(), False, id="running"),
        pytest.param(beside(OWN).with_batch_job().with_ended_pod(0), True, id="pod ended, Job not yet"),
        pytest.param(beside(OWN).with_batch_job().with_ended_pod(75).with_running_pod(), True, id="second attempt"),
        pytest.param(beside(OWN).with_batch_job(failed=True), True, id="Job failed, pods gone"),
        pytest.param(beside(OWN).with_strangers_batch_job(), True, id="a stranger's Job, at work"),
    ],
)
async def test_when_there_can_be_a_manifest(there: ObservedBuilder, *, read: bool) -> None:
    """The store is asked once something of the job's has ended, or nothing of its own is at work."""
    store = CountingStore()
    manifest = a_complete_manifest(OWN)
    claim_outcome(store, LAUNCHED.results_prefix, manifest)

    observed, _ = await seen(OWN, there, store)

    assert (manifest if read else None) == observed.manifest
    assert int(read) == store.asked
    assert (there.batch_job, there.pods) == (observed.batch_job, observed.pods)


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
    builder: JobBuilder, manifest: Manifest | None, seen_as: tuple[bool, int], *, recorded: bool
) -> None:
    """The record is looked for once there is something to copy and a job that wants a copy."""
    job, store = builder.build(), CountingStore()
    if manifest is not None:
        claim_outcome(store, builder.results_prefix, manifest)
    if recorded:
        store.put(keys.delivery(builder.results_prefix), b"{}")

    observed, _ = await seen(job, beside(job).with_batch_job().with_ended_pod(0), store)

    assert seen_as == (observed.delivered, store.looked_for)


async def test_a_leaving_job_asks_no_store() -> None:
    """A release needs no outcome, so a store that is down does not keep Job and pods alive."""
    job = LAUNCHED.deleted().build()
    store = CountingStore()

    observed, _ = await seen(job, beside(job).with_batch_job(failed=True), store)

    assert (None, 0) == (observed.manifest, store.asked)


async def test_pods_of_an_earlier_job_of_the_name_are_not_its_own() -> None:
    """A job that was deleted by force may have left pods; they say nothing about its successor."""
    old = WorkerPod(name="talk-0a0b0c0d-xyz", started=NOON, finished=datetime(2026, 1, 31, 13, tzinfo=UTC))
    batch_jobs = InMemoryBatchJobs(BatchJob(name="talk-6f3d1c6e", uid="b", owner_uid=OWN.metadata.uid), (old,))

    observed = await observe(OWN, batch_jobs, InMemoryObjectStore(), an_installation())

    assert () == observed.pods
