"""Plans carried out: what another writer, or a failure between two steps, leaves; and what is told at the end."""

import pytest

from steno_kube import ConflictError, KubeForbiddenError, KubeUnavailableError
from steno_operator.apply import ActionFailedError, apply
from steno_operator.plan import Adopt, Announcement, DeleteBatchJob, DeletePod, Plan, SetQueuePriority
from steno_store import claim_outcome, keys, read_manifest
from steno_types import (
    RESULTS_PREFIX_ANNOTATION,
    Phase,
    Reason,
    TranscriptionJob,
    TranscriptionJobStatus,
)
from support.builders import NAMESPACE, NOON, a_complete_manifest, a_job
from unit.operator_decisions.acting.bench import KEY, SOON_SECONDS, Bench

TOLD = Announcement(kind="Normal", reason="Told", message="m")


async def test_a_job_is_launched_once(bench: Bench) -> None:
    """However often a job is looked at, it is adopted once and gets one Job, whose reference its status holds."""
    await bench.submit()
    for _ in range(3):
        await bench.settle()

    job = await bench.get()
    assert {RESULTS_PREFIX_ANNOTATION: bench.prefix(job)} == job.metadata.annotations
    assert 1 == len(bench.batch_jobs.created)
    assert job.status.job_ref is not None
    assert ("uid-0", Phase.QUEUED, 1) == (job.status.job_ref.uid, job.status.phase, job.status.launches)
    assert [("patch_metadata", 1), ("patch_status", 1)] == [
        (call, bench.jobs.calls.count(call)) for call in ("patch_metadata", "patch_status")
    ]


async def test_a_job_deleted_while_it_is_adopted_is_simply_gone(bench: Bench) -> None:
    """The patch that finds nobody is no failure; the next look sees that there is nothing to do."""
    await bench.jobs.create(NAMESPACE, "talk", a_job().build().spec)
    patch = bench.jobs.patch_metadata

    async def overtaken(job: TranscriptionJob, metadata: object) -> TranscriptionJob:
        await bench.jobs.delete(NAMESPACE, "talk")
        return await patch(job, metadata)  # type: ignore[arg-type]

    bench.jobs.patch_metadata = overtaken  # type: ignore[method-assign]

    again = await bench.look()
    assert again is not None
    assert 0 < again < SOON_SECONDS
    assert await bench.look() is None
    assert [] == bench.batch_jobs.created


async def test_a_job_that_changes_while_it_is_decided_on_is_decided_on_again(bench: Bench) -> None:
    """A write against an old read is refused, and the next look is soon and fresh."""
    job = await bench.submit()
    await bench.settle()
    patch = bench.jobs.patch_status

    async def overtaken(job: TranscriptionJob, status: TranscriptionJobStatus) -> TranscriptionJob:
        bench.jobs.patch_status = patch  # type: ignore[method-assign]
        await bench.jobs.patch_metadata(await bench.get(), {"labels": {"a": "b"}})
        return await patch(job, status)

    bench.jobs.patch_status = overtaken  # type: ignore[method-assign]
    bench.store.put(keys.manifest(bench.prefix(job)), a_complete_manifest(job).model_dump_json().encode())
    bench.change_batch_job(complete=True)

    again = await bench.look()
    assert again is not None
    assert 0 < again < SOON_SECONDS
    await bench.settle()

    assert Phase.COMPLETED is (await bench.get()).status.phase


async def test_a_claim_that_came_too_late_follows_the_winner(bench: Bench) -> None:
    """A worker that claimed its outcome after the job was stopped has won; the status says what it says."""
    await bench.submit(backoffLimit=0)
    await bench.settle()
    bench.change_batch_job(failed=True)
    job = await bench.get()
    put = bench.store.put_if_absent

    def too_late(key: str, body: bytes, **more: str) -> bool:
        put(key, a_complete_manifest(job).model_dump_json(by_alias=True).encode())
        return put(key, body, **more)

    bench.store.put_if_absent = too_late  # type: ignore[method-assign]
    await bench.settle()

    status = (await bench.get()).status
    assert (Phase.COMPLETED, None) == (status.phase, status.stopping)
    manifest = read_manifest(bench.store, bench.prefix(job))
    assert manifest is not None
    assert "pod-0" == manifest.attempt


async def test_a_stopped_job_frees_its_gpu_before_it_claims(bench: Bench) -> None:
    """Its Job is deleted, pods first, then the outcome is claimed, then the status says it."""
    await bench.submit(activeDeadlineSeconds=60)
    await bench.settle()
    bench.start_pod()
    await bench.settle()
    bench.pass_time(61)

    await bench.settle()

    job = await bench.get()
    assert job.status.failure is not None
    assert (Phase.FAILED, Reason.DEADLINE_EXCEEDED) == (job.status.phase, job.status.failure.reason)
    assert [True] == [waits for _, waits in bench.batch_jobs.deleted]
    manifest = read_manifest(bench.store, bench.prefix(job))
    assert manifest is not None
    assert "operator" == manifest.attempt


async def test_the_first_failure_ends_the_plan(bench: Bench) -> None:
    """Neither the actions behind it nor the status are carried out, and nobody is told of them."""
    job = await bench.submit()
    bench.batch_jobs.failing = KubeForbiddenError("no")
    plan = Plan(
        actions=(Adopt(results_prefix="p/"), DeleteBatchJob(name="a"), DeletePod(name="b")),
        status=job.status.model_copy(update={"launches": 9}),
        announcements=(TOLD,),
    )

    with pytest.raises(ActionFailedError) as caught:
        await apply(plan, job, bench.context, NOON)

    assert (DeleteBatchJob(name="a"), "p/") == (
        caught.value.action,
        caught.value.job.metadata.annotations[RESULTS_PREFIX_ANNOTATION],
    )
    assert isinstance(caught.value.__cause__, KubeForbiddenError)
    assert ["delete"] == bench.batch_jobs.calls
    assert (None, []) == ((await bench.get()).status.launches, bench.events.told)


async def test_what_is_told_may_go_unheard(bench: Bench) -> None:
    """An Event that cannot be written is no failure: the status says what counts."""
    job = await bench.submit()
    bench.events.failing = KubeUnavailableError("no answer")
    plan = Plan(status=job.status.model_copy(update={"launches": 9}), announcements=(TOLD,))

    after = await apply(plan, job, bench.context, NOON)

    assert 9 == after.status.launches


async def test_what_was_not_written_is_not_told(bench: Bench) -> None:
    """A status that was refused is decided on again, and told of then."""
    job = await bench.submit()
    await bench.jobs.patch_metadata(job, {"labels": {"a": "b"}})
    plan = Plan(status=job.status.model_copy(update={"launches": 9}), announcements=(TOLD,))

    with pytest.raises(ConflictError):
        await apply(plan, job, bench.context, NOON)

    assert [] == bench.events.told


async def test_a_job_that_may_not_act_writes_nothing(bench: Bench) -> None:
    """Before every write the process makes sure that it still leads."""
    await bench.submit()

    class LostError(Exception):
        """The lead is lost."""

    def insist() -> None:
        raise LostError

    bench.change(insist=insist)
    with pytest.raises(LostError):
        await bench.look()

    assert ["create", "get"] == bench.jobs.calls
    assert [] == bench.batch_jobs.calls


async def test_a_priority_reaches_the_job(bench: Bench) -> None:
    """The one thing that is changed about a Job is its label."""
    job = await bench.submit()

    await apply(Plan(actions=(SetQueuePriority(name="a", priority="high"),)), job, bench.context, NOON)

    assert {"a": "high"} == bench.batch_jobs.priorities


async def test_an_expired_job_is_deleted_once(bench: Bench) -> None:
    """When its time has come it is asked to go, and one that is gone already is no failure."""
    job = await bench.submit(ttlSecondsAfterFinished=60)
    await bench.settle()
    claim_outcome(bench.store, bench.prefix(job), a_complete_manifest(job, at=bench.now))
    bench.change_batch_job(complete=True)
    await bench.settle()
    bench.pass_time(60)

    while await bench.look() is not None:
        pass

    assert (await bench.get()).metadata.deletion_timestamp is not None
    while await bench.look() is not None:
        pass
    assert () == bench.jobs.jobs
    assert await bench.look(KEY) is None
