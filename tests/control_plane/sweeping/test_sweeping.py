"""The sweep on a real API server and a real bucket with versions: what nobody names goes whole, all else stays."""

import asyncio
from datetime import timedelta

from control_plane.sweeping.yard import GRACE, LATER, LAYOUT, Yard
from steno_types import FINALIZER, RESULTS_PREFIX_ANNOTATION

SECOND = timedelta(seconds=1)


async def test_abandoned_uploads_go_with_their_versions(yard: Yard) -> None:
    """Old versions and an upload that was never finished go too, and of the markers no version stays."""
    upload_id = yard.upload()
    yard.store.put(yard.key(upload_id), b"1234567")
    yard.store.start_upload(yard.key(upload_id)).send(1, b"123")
    await yard.sweep()

    done = await yard.sweep(after=GRACE)

    assert (1, 3, 12, 0) == (done.uploads, done.objects, done.size_bytes, done.pending)
    assert [] == yard.versions()
    assert yard.store.is_empty(LAYOUT.namespace(yard.api.namespace), upload_keys=[yard.key(upload_id)])


async def test_an_upload_that_was_only_begun_goes(yard: Yard) -> None:
    """Without a finished object there is nothing to list but the upload itself."""
    upload_id = "ab" * 16
    yard.store.start_upload(yard.key(upload_id)).send(1, b"123")

    first = await yard.sweep()
    done = await yard.sweep(after=GRACE)

    assert (1, 1, 1) == (first.pending, done.uploads, done.objects)
    assert yard.store.is_empty(LAYOUT.namespace(yard.api.namespace), upload_keys=[yard.key(upload_id)])


async def test_orphan_results_go_with_their_versions(yard: Yard) -> None:
    """What a release that gave up has left is gone after the grace; the results of a living job stay."""
    prefix = yard.leave_results("talk")
    yard.store.put(f"{prefix}manifest.json", b"1")
    living = yard.submit("walk", yard.upload())
    kept = LAYOUT.results(yard.api.namespace, "walk", living["metadata"]["uid"])
    yard.store.put(f"{kept}manifest.json", b"1")
    await yard.sweep()

    done = await yard.sweep(after=GRACE)

    assert (1, 3, 11) == (done.results, done.objects, done.size_bytes)
    assert [f"{kept}manifest.json"] == [key for key in yard.versions() if "/jobs/" in key]


async def test_grace_counts_from_the_marker_not_from_the_object(yard: Yard) -> None:
    """To the sweeper's clock the upload is ten years old, and it stays a whole grace from its first sight unnamed."""
    upload_id = yard.upload()
    yard.submit("talk", upload_id)
    for _ in range(3):
        await yard.sweep(after=10 * GRACE)
    yard.api.delete("talk")
    yard.api.wait_until_gone("talk")

    first = await yard.sweep(after=GRACE)
    early = await yard.sweep(after=GRACE - SECOND)
    assert ([0, 0], True) == ([first.uploads, early.uploads], yard.store.exists(yard.key(upload_id)))
    late = await yard.sweep(after=SECOND)

    assert (1, False) == (late.uploads, yard.store.exists(yard.key(upload_id)))


async def test_a_marker_from_the_future_begins_anew(yard: Yard) -> None:
    """A leader whose clock was ahead has hastened nothing."""
    upload_id = yard.upload()
    yard.now = LATER + 100 * GRACE
    await yard.sweep()

    yard.now = LATER
    again = await yard.sweep()
    early = await yard.sweep(after=GRACE - SECOND)

    assert (0, 0, True) == (again.uploads, early.uploads, yard.store.exists(yard.key(upload_id)))
    assert 1 == (await yard.sweep(after=SECOND)).uploads


async def test_a_sweepers_clock_that_jumps_ahead_hastens_nothing(yard: Yard) -> None:
    """The store's own clock says that the marker is new; once it has aged too, the upload goes."""
    upload_id = yard.upload()
    await yard.sweep()

    yard.now += 100 * GRACE
    ahead = await yard.sweep()
    assert (0, 1, True) == (ahead.uploads, ahead.pending, yard.store.exists(yard.key(upload_id)))
    late = await yard.sweep(after=GRACE)

    assert (1, []) == (late.uploads, yard.versions())


async def test_a_stores_clock_that_jumps_ahead_hastens_nothing(yard: Yard) -> None:
    """Nor does it hasten anything when it was ahead while the marker was put."""
    upload_id = yard.upload()
    await yard.sweep()
    yard.passed += 100 * GRACE
    ahead = await yard.sweep()
    yard.passed -= 200 * GRACE

    again = await yard.sweep(after=GRACE)
    assert ([0, 0], True) == ([ahead.uploads, again.uploads], yard.store.exists(yard.key(upload_id)))
    late = await yard.sweep(after=GRACE)

    assert (1, []) == (late.uploads, yard.versions())


async def test_a_job_that_is_being_deleted_keeps_what_it_names(yard: Yard) -> None:
    """As long as the finalizer holds it, its release is under way."""
    upload_id = yard.upload()
    yard.submit("talk", upload_id, finalizers=[FINALIZER])
    yard.api.delete("talk")

    for _ in range(3):
        done = await yard.sweep(after=GRACE)
        assert 0 == done.pending

    assert yard.store.exists(yard.key(upload_id))
    yard.api.patch("talk", {"metadata": {"finalizers": None}})


async def test_a_new_job_saves_an_upload_that_is_condemned(yard: Yard) -> None:
    """A job that comes to name the upload while it is condemned, before the last list, keeps it unmarked."""
    upload_id = yard.upload()
    await yard.sweep()
    seen = []

    async def submit_last(number: int) -> None:
        seen.append(await asyncio.to_thread(yard.store.exists, yard.condemned(upload_id)))
        if number == 2:
            yard.submit("talk", upload_id)

    yard.references.before = submit_last

    done = await yard.sweep(after=GRACE)

    assert ([False, True], 0, 0) == (seen, done.uploads, done.pending)
    assert [yard.key(upload_id)] == yard.versions()


async def test_a_restored_job_keeps_its_results(yard: Yard) -> None:
    """A job that comes back from a backup between marker and deletion, with a new uid, finds all of its results."""
    prefix = yard.leave_results("talk")
    await yard.sweep()
    before = [key for key in yard.versions() if key.startswith(prefix)]

    async def restore_last(number: int) -> None:
        if number == 2:
            yard.submit("talk", "ab" * 16, annotations={RESULTS_PREFIX_ANNOTATION: prefix})

    yard.references.before = restore_last

    done = await yard.sweep(after=GRACE)
    again = await yard.sweep(after=GRACE)

    assert (0, 0, 0) == (done.results, again.results, again.pending)
    assert before == yard.versions()
