"""What may happen between a sweep's looks and its deletions; nobody loses what they came to name in time."""

import asyncio
from collections.abc import Iterator

import pytest

from steno_kube import KubeUnavailableError
from steno_operator.leadership import LeadershipLostError
from steno_store import Deleted, StoreUnavailableError
from steno_types import RESULTS_PREFIX_ANNOTATION
from support.builders import LAYOUT, NAMESPACE, UPLOAD_ID
from support.object_store import InMemoryObjectStore
from unit.sweeping.broom import CONDEMNED, GRACE, RESULTS, UNNAMED_RESULTS, UNNAMED_UPLOAD, UPLOAD, Broom


async def overdue_upload(broom: Broom) -> None:
    """Leave an upload that the next sweep deletes."""
    broom.store.put(UPLOAD, b"12345")
    await broom.sweep()
    broom.now += GRACE
    broom.references.lists = 0


async def overdue_results(broom: Broom) -> None:
    """Leave results that the next sweep deletes."""
    broom.store.put(f"{RESULTS}manifest.json", b"12345")
    await broom.sweep()
    broom.now += GRACE
    broom.references.lists = 0


async def test_an_upload_is_condemned_before_the_jobs_are_listed(broom: Broom) -> None:
    """Whoever comes while the jobs are listed for the last time sees the marker, and the upload still there."""
    await overdue_upload(broom)
    seen = []

    async def look(_: int) -> None:
        seen.append((broom.store.exists(CONDEMNED), broom.store.exists(UPLOAD)))

    broom.references.before = look

    await broom.sweep()

    assert [(False, True), (True, True)] == seen
    assert [] == broom.at()


async def test_a_job_that_names_a_condemned_upload_saves_it(broom: Broom) -> None:
    """A job that is created before the last list keeps its upload, and no marker is left in its way."""
    await overdue_upload(broom)

    async def submit_last(number: int) -> None:
        if number == 2:
            await broom.submit()

    broom.references.before = submit_last

    done = await broom.sweep()

    assert ([UPLOAD], 0, 0) == (broom.at(), done.uploads, done.pending)


async def test_a_job_that_comes_after_the_last_list_finds_the_upload_condemned(broom: Broom) -> None:
    """Between the last list and the deletion the marker stands, so a new job is taken back and told."""
    await overdue_upload(broom)
    seen = []

    class Looking(InMemoryObjectStore):
        def delete(self, key: str) -> Deleted:
            if key == UPLOAD:
                seen.append(self.exists(CONDEMNED))
            return super().delete(key)

    broom.store.__class__ = Looking

    await broom.sweep()

    assert [True] == seen


async def test_a_restored_job_keeps_its_results(broom: Broom) -> None:
    """A job that names the results again between their marker and their deletion keeps them, marker gone."""
    await overdue_results(broom)

    async def restore_last(number: int) -> None:
        if number == 2:
            await broom.submit(upload_id=None, annotations={RESULTS_PREFIX_ANNOTATION: RESULTS})

    broom.references.before = restore_last

    done = await broom.sweep()

    assert ([f"{RESULTS}manifest.json"], 0, 0) == (broom.at(), done.results, done.pending)


async def test_results_that_appear_with_their_job_are_not_taken_for_orphans() -> None:
    """The store is listed before the jobs, so whatever it shows has its job in the list, if it has one at all."""
    loop = asyncio.get_running_loop()

    class Busy(InMemoryObjectStore):
        """A job is submitted, and begins to write, when the sweep asks for results."""

        def list_directories(self, prefix: str) -> Iterator[str]:
            job = asyncio.run_coroutine_threadsafe(broom.submit(), loop).result()
            self.put(LAYOUT.results(NAMESPACE, "talk", job.metadata.uid) + "manifest.json", b"1")
            return super().list_directories(prefix)

    broom = Broom(Busy())

    done = await broom.sweep()

    assert 0 == done.pending
    assert [] == broom.at(LAYOUT.sweep(NAMESPACE))


@pytest.mark.parametrize("number", [1, 2])
async def test_a_list_of_the_jobs_that_fails_deletes_nothing(broom: Broom, number: int) -> None:
    """Neither the first nor the last list may be missed; the condemned upload is pardoned until the next sweep."""
    await overdue_upload(broom)
    broom.store.put(f"{RESULTS}manifest.json", b"12345")
    broom.store.put(UNNAMED_RESULTS, broom.store.get(UNNAMED_UPLOAD))
    before = broom.at()

    async def fail(list_number: int) -> None:
        broom.references.failing = KubeUnavailableError("no answer") if list_number >= number else None

    broom.references.before = fail

    done = await broom.sweep()

    assert (before, [NAMESPACE], 0) == (broom.at(), done.failed, done.objects)


async def test_a_list_of_the_store_that_ends_early_deletes_nothing() -> None:
    """Names that came before the failure are not acted upon."""

    class CutOff(InMemoryObjectStore):
        cut_off = False

        def list_directories(self, prefix: str) -> Iterator[str]:
            yield from super().list_directories(prefix)
            if self.cut_off:
                raise StoreUnavailableError("cut off")

    store = CutOff()
    broom = Broom(store)
    store.put(f"{RESULTS}manifest.json", b"12345")
    await overdue_upload(broom)
    store.cut_off = True
    before = broom.at()

    done = await broom.sweep(after=GRACE)

    assert (before, [NAMESPACE], 0) == (broom.at(), done.failed, done.objects)
    store.cut_off = False
    assert (1, 1) == ((done := await broom.sweep()).uploads, done.results)


async def test_a_namespace_that_fails_does_not_keep_the_next_from_its_sweep() -> None:
    """What is wrong with one namespace is its own affair."""
    broom = Broom(watched=("radio", NAMESPACE))
    await overdue_upload(broom)
    broom.store.forbidden_prefixes = ("steno/radio/",)

    done = await broom.sweep()

    assert (["radio"], 1) == (done.failed, done.uploads)


async def test_a_deletion_that_failed_is_repeated(broom: Broom) -> None:
    """What is half done is still marked, and the next sweep ends it."""
    await overdue_upload(broom)

    class Holding(InMemoryObjectStore):
        def delete(self, key: str) -> Deleted:
            if key == UPLOAD:
                raise StoreUnavailableError("no answer")
            return super().delete(key)

    broom.store.__class__ = Holding
    failed = await broom.sweep()
    assert ([NAMESPACE], [UNNAMED_UPLOAD, UPLOAD, CONDEMNED]) == (failed.failed, broom.at())

    broom.store.__class__ = InMemoryObjectStore
    done = await broom.sweep()

    assert (1, []) == (done.uploads, broom.at())


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("prepare", [overdue_upload, overdue_results])
async def test_a_leader_that_is_leader_no_more_deletes_nothing(broom: Broom, prepare: object, number: int) -> None:
    """A process that lost the lease while the jobs were listed leaves everything to the next."""
    await (overdue_upload(broom) if prepare is overdue_upload else overdue_results(broom))
    key = UPLOAD if prepare is overdue_upload else f"{RESULTS}manifest.json"

    async def lose(list_number: int) -> None:
        broom.leads = list_number < number

    broom.references.before = lose

    with pytest.raises(LeadershipLostError):
        await broom.sweep()
    assert broom.store.exists(key)

    broom.references.before, broom.leads = None, True
    done = await broom.sweep()
    assert (1, []) == (done.uploads + done.results, broom.at())


async def test_an_upload_of_the_same_id_elsewhere_stays(broom: Broom) -> None:
    """Uploads are told apart by their namespaces too."""
    other = LAYOUT.upload("radio", UPLOAD_ID)
    broom.store.put(other, b"1")
    await overdue_upload(broom)

    await broom.sweep()

    assert [other] == [key for key in broom.store.objects if key.endswith(UPLOAD_ID)]
