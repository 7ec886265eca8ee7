"""Plans carried out, over an API server and a store in memory: what a race or a failure between two steps leaves."""

from dataclasses import replace

import pytest

from steno_kube import KubeForbiddenError, ResourceNotFoundError
from steno_operator.batch_job import batch_job_name
from steno_operator.controller import CONFLICT_DELAY_SECONDS, Controller
from steno_operator.observed import BatchJob
from steno_operator.plan import DeleteObjects
from steno_operator.release import delete_objects
from steno_store import StoreUnavailableError, keys, read_manifest
from steno_types import FINALIZER, RESULTS_PREFIX_ANNOTATION, Phase, Reason, TranscriptionJob, TranscriptionJobStatus
from support.batch_jobs import InMemoryUploadReaders
from support.builders import LAYOUT, NAMESPACE, NOON, UPLOAD_ID, a_complete_manifest, a_job
from unit.operator_decisions.bench import KEY, Bench


async def test_a_job_is_launched_once(bench: Bench) -> None:
    """However often a job is looked at, it is adopted once and gets one Job, whose reference its status holds."""
    await bench.submit()
    for _ in range(3):
        assert await bench.settle() is None

    job = await bench.get()
    assert {RESULTS_PREFIX_ANNOTATION: bench.prefix(job)} == job.metadata.annotations
    assert 1 == len(bench.batch_jobs.created)
    assert job.status.job_ref is not None
    assert ("uid-0", Phase.QUEUED) == (job.status.job_ref.uid, job.status.phase)
    assert [("patch_metadata", 1), ("patch_status", 1)] == [
        (call, bench.jobs.calls.count(call)) for call in ("patch_metadata", "patch_status")
    ]


async def test_a_strangers_job_ends_in_name_taken_and_does_not_run_hot(bench: Bench) -> None:
    """The claim of NameTaken is read back while the stranger's Job is still at work."""
    job = await bench.submit()
    stranger = BatchJob(name=batch_job_name(job), uid="s", owner_uid=None)
    bench.batch_jobs.batch_job = stranger

    await bench.settle()

    job = await bench.get()
    assert job.status.failure is not None
    assert (Phase.FAILED, Reason.NAME_TAKEN) == (job.status.phase, job.status.failure.reason)
    assert stranger == bench.batch_jobs.batch_job


async def test_a_job_deleted_while_it_is_adopted_is_simply_gone(bench: Bench) -> None:
    """The patch that finds nobody is no failure; the next look sees that there is nothing to do."""
    wanted = a_job().build().spec
    await bench.jobs.create(NAMESPACE, "talk", wanted)
    patch = bench.jobs.patch_metadata

    async def overtaken(job: TranscriptionJob, metadata: object) -> TranscriptionJob:
        await bench.jobs.delete(NAMESPACE, "talk")
        return await patch(job, metadata)  # type: ignore[arg-type]

    bench.jobs.patch_metadata = overtaken  # type: ignore[method-assign]

    assert CONFLICT_DELAY_SECONDS == await bench.controller.reconcile(KEY)
    assert await bench.controller.reconcile(KEY) is None
    assert [] == bench.batch_jobs.created


async def test_a_job_that_changes_while_it_is_decided_on_is_decided_on_again(bench: Bench) -> None:
    """A write against an old read is refused, and the next look is soon and fresh."""
    job = await bench.submit()
    await bench.settle()
    bench.batch_jobs.worker_pods = ()
    patch = bench.jobs.patch_status

    async def overtaken(job: TranscriptionJob, status: TranscriptionJobStatus) -> TranscriptionJob:
        bench.jobs.patch_status = patch  # type: ignore[method-assign]
        await bench.jobs.patch_metadata(await bench.get(), {"labels": {"a": "b"}})
        return await patch(job, status)

    bench.jobs.patch_status = overtaken  # type: ignore[method-assign]
    bench.store.put(keys.manifest(bench.prefix(job)), a_complete_manifest(job).model_dump_json().encode())
    assert bench.batch_jobs.batch_job is not None
    bench.batch_jobs.batch_job = replace(bench.batch_jobs.batch_job, complete=True)

    assert CONFLICT_DELAY_SECONDS == await bench.controller.reconcile(KEY)
    await bench.settle()

    assert Phase.COMPLETED is (await bench.get()).status.phase


async def test_a_refused_job_creation_is_told_to_the_queue(bench: Bench) -> None:
    """A quota that forbids the Job is a failure to back off from; once lifted, the launch goes on where it was."""
    await bench.submit()
    bench.batch_jobs.failing = KubeForbiddenError("exceeded quota")
    with pytest.raises(KubeForbiddenError, match="quota"):
        await bench.settle()

    bench.batch_jobs.failing = None
    await bench.settle()

    assert 1 == len(bench.batch_jobs.created)


async def test_a_release_goes_in_order_and_leaves_nothing(bench: Bench) -> None:
    """Job, objects, receipt, finalizer: afterwards nothing of the job is left, and the receipt said so."""
    job = await bench.submit(source={"upload": {"id": UPLOAD_ID}})
    await bench.settle()
    bench.store.put(LAYOUT.upload(NAMESPACE, UPLOAD_ID), b"12345")
    bench.store.put(keys.manifest(bench.prefix(job)), b"{}")
    bench.store.start_upload(keys.transcript(bench.prefix(job), "pod-0", "json"))
    await bench.jobs.delete(NAMESPACE, "talk")
    version = (await bench.get()).metadata.resource_version

    while await bench.controller.reconcile(KEY) is not None:
        pass

    assert ({}, ()) == (bench.store.objects, bench.store.unfinished)
    assert bench.batch_jobs.batch_job is None
    assert () == bench.jobs.jobs
    events = bench.jobs.watch(NAMESPACE, "talk", resource_version=version, timeout_seconds=1)
    kinds_and_receipts = [(kind, job.status.release) async for kind, job in events]
    kind, receipt = kinds_and_receipts[-1]
    assert receipt is not None
    assert ("DELETED", 3, 7, True) == (kind, receipt.objects, receipt.bytes, receipt.verified_empty)


async def test_the_receipt_survives_someone_elses_write(bench: Bench) -> None:
    """A job that is written to while its objects are deleted still tells how many they were."""
    job = await bench.submit()
    await bench.settle()
    bench.store.put(keys.manifest(bench.prefix(job)), b"{}")
    await bench.jobs.delete(NAMESPACE, "talk")
    await bench.controller.reconcile(KEY)  # the Job goes
    is_empty = bench.store.is_empty

    def meanwhile(prefix: str, **more: object) -> bool:
        raw = bench.jobs._raws[NAMESPACE, "talk"]  # noqa: SLF001 -- another writer, from a thread
        raw["metadata"]["resourceVersion"] = "1000"
        return is_empty(prefix, **more)  # type: ignore[arg-type]

    bench.store.is_empty = meanwhile  # type: ignore[method-assign]

    assert 0 == await bench.controller.reconcile(KEY)

    receipt = (await bench.get()).status.release
    assert receipt is not None
    assert (1, 2, True) == (receipt.objects, receipt.bytes, receipt.verified_empty)


async def test_what_appears_behind_a_deletion_is_deleted_too(bench: Bench) -> None:
    """A prefix that is not empty afterwards is deleted again, and the receipt counts both."""
    job = await bench.submit()
    await bench.settle()
    late = keys.transcript(bench.prefix(job), "pod-0", "json")
    bench.store.put(late, b"12")
    action = DeleteObjects(results_prefix=bench.prefix(job), upload_id=None)
    delete_prefix = bench.store.delete_prefix

    def behind(prefix: str, **more: object) -> object:
        deleted = delete_prefix(prefix, **more)  # type: ignore[arg-type]
        bench.store.put(late, b"345")
        return deleted

    bench.store.delete_prefix = behind  # type: ignore[method-assign, assignment]
    first = await delete_objects(job, action, bench.context, NOON)
    bench.store.delete_prefix = delete_prefix  # type: ignore[method-assign]
    told = job.model_copy(update={"status": job.status.model_copy(update={"release": first})})
    second = await delete_objects(told, action, bench.context, NOON)

    assert (1, 2, False) == (first.objects, first.bytes, first.verified_empty)
    assert (2, 5, True) == (second.objects, second.bytes, second.verified_empty)


async def test_a_shared_upload_goes_with_its_last_job(bench: Bench) -> None:
    """An upload that another job names stays, its marker does not; with the last job it goes."""
    for name in ("talk", "walk"):
        await bench.submit(name, source={"upload": {"id": UPLOAD_ID}})
    upload = LAYOUT.upload(NAMESPACE, UPLOAD_ID)
    bench.store.put(upload, b"12345")

    await bench.jobs.delete(NAMESPACE, "talk")
    await bench.settle()
    assert {upload: b"12345"} == bench.store.objects

    await bench.jobs.delete(NAMESPACE, "walk")
    await bench.settle(f"{NAMESPACE}/walk")
    assert {} == bench.store.objects


async def test_the_last_two_jobs_of_an_upload_released_together_take_it_along(bench: Bench) -> None:
    """Neither of two jobs that both go leaves the upload to the other."""
    for name in ("talk", "walk"):
        await bench.submit(name, source={"upload": {"id": UPLOAD_ID}})
    bench.store.put(LAYOUT.upload(NAMESPACE, UPLOAD_ID), b"12345")
    for name in ("talk", "walk"):
        await bench.jobs.delete(NAMESPACE, name)

    for _ in range(6):
        for name in ("talk", "walk"):
            await bench.controller.reconcile(f"{NAMESPACE}/{name}")

    assert ({}, ()) == (bench.store.objects, bench.jobs.jobs)


async def test_an_upload_is_condemned_before_anybody_is_asked(bench: Bench) -> None:
    """Whoever would use the upload while its readers are listed sees the marker."""
    await bench.submit(source={"upload": {"id": UPLOAD_ID}})
    upload, marker = LAYOUT.upload(NAMESPACE, UPLOAD_ID), LAYOUT.condemned(NAMESPACE, UPLOAD_ID)
    bench.store.put(upload, b"12345")
    await bench.jobs.delete(NAMESPACE, "talk")
    seen = []

    class Watching(InMemoryUploadReaders):
        async def of(self, namespace: str, upload_id: str) -> tuple[str, ...]:
            seen.append({*bench.store.objects})
            return await super().of(namespace, upload_id)

    bench.controller = Controller(replace(bench.context, upload_readers=Watching(bench.jobs)))
    await bench.settle()

    assert [{upload, marker}] == seen
    assert {} == bench.store.objects


async def test_a_release_waits_for_a_store_that_is_away(bench: Bench) -> None:
    """While the store does not answer, the finalizer holds; afterwards the release ends as any other."""
    await bench.submit()
    await bench.settle()
    await bench.jobs.delete(NAMESPACE, "talk")
    await bench.controller.reconcile(KEY)
    bench.store.failing = StoreUnavailableError("no answer")
    for _ in range(3):
        with pytest.raises(StoreUnavailableError):
            await bench.controller.reconcile(KEY)
    assert (FINALIZER,) == (await bench.get()).metadata.finalizers

    bench.store.failing = None
    await bench.settle()

    with pytest.raises(ResourceNotFoundError):
        await bench.get()


async def test_a_claim_that_came_too_late_follows_the_winner(bench: Bench) -> None:
    """A worker that claimed its outcome after the Job was seen to fail has won; the status says what it says."""
    job = await bench.submit()
    await bench.settle()
    assert bench.batch_jobs.batch_job is not None
    bench.batch_jobs.batch_job = replace(bench.batch_jobs.batch_job, failed=True)
    put = bench.store.put_if_absent

    def too_late(key: str, body: bytes, **more: str) -> bool:
        put(key, a_complete_manifest(job).model_dump_json(by_alias=True).encode())
        return put(key, body, **more)

    bench.store.put_if_absent = too_late  # type: ignore[method-assign]
    await bench.settle()

    assert Phase.COMPLETED is (await bench.get()).status.phase
    manifest = read_manifest(bench.store, bench.prefix(job))
    assert manifest is not None
    assert "pod-0" == manifest.attempt


async def test_a_finished_job_costs_one_read(bench: Bench) -> None:
    """Once it has ended, a look at a job is one GET, and nothing of its Job, its pods or the store."""
    job = await bench.submit()
    bench.store.put(
        keys.manifest(bench.prefix(job)), a_complete_manifest(job).model_dump_json(by_alias=True).encode()
    )
    await bench.jobs.patch_metadata(job, {"annotations": {RESULTS_PREFIX_ANNOTATION: bench.prefix(job)}})
    expired = await bench.controller.reconcile(KEY)
    assert (0, Phase.COMPLETED) == (expired, (await bench.get()).status.phase)
    bench.batch_jobs.calls.clear()
    bench.jobs.calls.clear()

    await bench.controller.reconcile(KEY)

    assert ([], "get") == (bench.batch_jobs.calls, bench.jobs.calls[0])
