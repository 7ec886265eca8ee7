"""Releases carried out: nothing is left, the receipt says what went, and what holds it up is told and survived."""

import asyncio
from dataclasses import replace

import pytest

from steno_kube import KubeUnavailableError, ResourceNotFoundError
from steno_operator.plan import DeleteObjects
from steno_operator.policies.release import REPEAT_SECONDS
from steno_operator.release import delete_objects
from steno_store import StoreUnavailableError, keys
from steno_types import FINALIZER, ConditionType
from support.batch_jobs import InMemoryUploadReaders
from support.builders import LAYOUT, NAMESPACE, NOON, UPLOAD_ID, a_job
from unit.operator_decisions.acting.bench import KEY, Bench


async def test_a_release_goes_in_order_and_leaves_nothing(bench: Bench) -> None:
    """Job, objects, receipt, finalizer: afterwards nothing of the job is left, and the receipt said so."""
    job = await bench.submit(source={"upload": {"id": UPLOAD_ID}})
    await bench.settle()
    bench.store.put(LAYOUT.upload(NAMESPACE, UPLOAD_ID), b"12345")
    bench.store.put(keys.manifest(bench.prefix(job)), b"{}")
    bench.store.start_upload(keys.transcript(bench.prefix(job), "pod-0", "json"))
    await bench.jobs.delete(NAMESPACE, "talk")
    version = (await bench.get()).metadata.resource_version

    while await bench.look() is not None:
        pass

    assert ({}, ()) == (bench.store.objects, bench.store.unfinished)
    assert {} == bench.batch_jobs.batch_jobs
    assert () == bench.jobs.jobs
    events = bench.jobs.watch(NAMESPACE, "talk", resource_version=version, timeout_seconds=1)
    kinds_and_receipts = [(kind, job.status.release) async for kind, job in events]
    kind, receipt = kinds_and_receipts[-1]
    assert receipt is not None
    assert ("DELETED", 3, 7, True) == (kind, receipt.objects, receipt.bytes, receipt.verified_empty)


@pytest.mark.parametrize(
    ("finalizers", "known"),
    [
        pytest.param((FINALIZER,), [], id="the last finalizer"),
        pytest.param((FINALIZER, "example.com/audit"), [KEY], id="someone else's is left"),
    ],
)
async def test_a_job_that_goes_is_forgotten_unheard(
    bench: Bench, finalizers: tuple[str, ...], known: list[str]
) -> None:
    """Its last event may be missed; it is kept in mind for as long as it is kept."""
    job = await bench.jobs.create(NAMESPACE, "talk", a_job().build().spec, finalizers=finalizers)
    bench.context.roster.saw_job(KEY, {"metadata": job.metadata.to_wire(), "spec": job.spec.to_wire()})
    await bench.settle()
    await bench.jobs.delete(NAMESPACE, "talk")

    while FINALIZER in [name for job in bench.jobs.jobs for name in job.metadata.finalizers]:
        await bench.look()

    assert known == bench.context.roster.keys(with_ended=True)


async def test_the_receipt_survives_someone_elses_write(bench: Bench) -> None:
    """A job that is written to while its objects are deleted still tells how many they were."""
    job = await bench.submit()
    await bench.settle()
    bench.store.put(keys.manifest(bench.prefix(job)), b"{}")
    await bench.jobs.delete(NAMESPACE, "talk")
    await bench.look()  # the Job goes
    is_empty = bench.store.is_empty

    def meanwhile(prefix: str, **more: object) -> bool:
        raw = bench.jobs._raws[NAMESPACE, "talk"]  # noqa: SLF001 -- another writer, from a thread
        raw["metadata"]["resourceVersion"] = "1000"
        return is_empty(prefix, **more)  # type: ignore[arg-type]

    bench.store.is_empty = meanwhile  # type: ignore[method-assign]

    assert 0 == await bench.look()

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
            await bench.look(f"{NAMESPACE}/{name}")

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

    bench.change(upload_readers=Watching(bench.jobs))
    await bench.settle()

    assert [{upload, marker}] == seen
    assert {} == bench.store.objects


async def test_a_release_waits_for_a_store_that_is_away(bench: Bench) -> None:
    """While the store does not answer, the finalizer holds, and the condition says why, once; then it ends as any."""
    await bench.submit()
    await bench.settle()
    await bench.jobs.delete(NAMESPACE, "talk")
    await bench.look()
    bench.store.failing = StoreUnavailableError("no answer")
    bench.jobs.calls.clear()
    for _ in range(3):
        with pytest.raises(StoreUnavailableError):
            await bench.look()
    job = await bench.get()
    releasing = job.status.condition(ConditionType.RELEASING)
    assert releasing is not None
    assert ("True", "StoreUnavailable") == (releasing.status, releasing.reason)
    assert "no answer" in releasing.message
    assert (FINALIZER,) == job.metadata.finalizers
    assert 1 == bench.jobs.calls.count("patch_status")

    bench.store.failing = None
    await bench.settle()

    with pytest.raises(ResourceNotFoundError):
        await bench.get()


async def test_a_namespace_does_not_hang_on_a_store_that_stays_away(bench: Bench) -> None:
    """After the release's timeout the job goes with a receipt that says so, and a Warning tells whoever looks."""
    await bench.submit()
    await bench.settle()
    await bench.jobs.delete(NAMESPACE, "talk")
    await bench.look()
    bench.store.failing = StoreUnavailableError("no answer")
    with pytest.raises(StoreUnavailableError):
        await bench.look()
    version = (await bench.get()).metadata.resource_version

    bench.pass_time(bench.context.installation.release_timeout_seconds)
    await bench.settle()

    events = bench.jobs.watch(NAMESPACE, "talk", resource_version=version, timeout_seconds=1)
    *_, (kind, last) = [event async for event in events]
    assert last.status.release is not None
    assert ("DELETED", False, True) == (kind, last.status.release.verified_empty, last.status.release.gave_up)
    ((name, told),) = bench.events.told
    assert ("talk", "Warning", "ReleaseTimedOut") == (name, told.kind, told.reason)
    assert "no answer" in told.message


async def test_a_listing_that_fails_is_tried_again(bench: Bench) -> None:
    """Who reads the upload cannot be told: nothing of it is deleted, and nothing is written down."""
    await bench.submit(source={"upload": {"id": UPLOAD_ID}})
    upload = LAYOUT.upload(NAMESPACE, UPLOAD_ID)
    bench.store.put(upload, b"12345")
    await bench.jobs.delete(NAMESPACE, "talk")
    bench.jobs.failing, bench.jobs.failing_calls = KubeUnavailableError("no answer"), frozenset({"list"})

    with pytest.raises(KubeUnavailableError):
        await bench.look()

    assert {upload: b"12345"} == bench.store.objects
    assert (await bench.get()).status.release is None


async def test_objects_that_outlive_their_deletion_are_waited_for(bench: Bench) -> None:
    """A prefix that is not found empty keeps the finalizer, and the next try comes after a pause."""
    job = await bench.submit()
    await bench.jobs.delete(NAMESPACE, "talk")
    bench.store.is_empty = lambda prefix, **_: False  # type: ignore[method-assign]  # noqa: ARG005

    assert REPEAT_SECONDS == await bench.settle()
    assert FINALIZER in (await bench.get()).metadata.finalizers

    del bench.store.is_empty
    bench.pass_time(REPEAT_SECONDS)
    await bench.settle()

    assert () == bench.jobs.jobs
    assert not bench.store.objects.get(keys.manifest(bench.prefix(job)))


async def test_the_pods_are_gone_before_the_objects_are(bench: Bench) -> None:
    """As long as a pod is there nothing is deleted behind its back, however long it takes."""
    await bench.submit()
    await bench.settle()
    pod = bench.start_pod()
    job = await bench.get()
    bench.store.put(keys.transcript(bench.prefix(job), pod.name, "json"), b"12")
    await bench.jobs.delete(NAMESPACE, "talk")
    await bench.look()
    bench.batch_jobs.worker_pods[pod.name] = replace(pod, deletion=bench.now)  # it takes its time

    await bench.look()
    assert 1 == len(bench.store.objects)
    del bench.batch_jobs.worker_pods[pod.name]
    await bench.settle()

    assert ({}, ()) == (bench.store.objects, bench.jobs.jobs)


async def test_a_release_waits_while_another_condemns_its_upload(bench: Bench) -> None:
    """The sweep, or the release of another job: one marker serves one of them at a time."""
    job = await bench.submit(source={"upload": {"id": UPLOAD_ID}})
    await bench.jobs.delete(NAMESPACE, "talk")
    bench.store.put(LAYOUT.upload(NAMESPACE, UPLOAD_ID), b"12345")
    erase = DeleteObjects(results_prefix=bench.prefix(job), upload_id=UPLOAD_ID)

    async with bench.context.condemning.hold([LAYOUT.upload(NAMESPACE, UPLOAD_ID)]):
        releasing = asyncio.create_task(delete_objects(job, erase, bench.context, NOON))
        for _ in range(20):
            await asyncio.to_thread(lambda: None)
        assert [LAYOUT.upload(NAMESPACE, UPLOAD_ID)] == [*bench.store.objects]

    assert 1 == (await releasing).objects
