"""Uploads that no job names go after their grace, however they were left; all others stay."""

from datetime import timedelta

import pytest

from steno_operator.sweep import UPLOADS_BATCH
from support.builders import LAYOUT, NAMESPACE, NOON, UPLOAD_ID
from support.object_store import InMemoryObjectStore
from unit.sweeping.broom import CONDEMNED, GRACE, UNNAMED_UPLOAD, UPLOAD, Broom

SECOND = timedelta(seconds=1)


async def test_the_first_sight_leaves_a_marker(broom: Broom) -> None:
    """An upload that nobody names yet is noted with the time, and stays."""
    broom.store.put(UPLOAD, b"12345")

    done = await broom.sweep()

    assert [UNNAMED_UPLOAD, UPLOAD] == broom.at()
    assert (NOON, 1, 0) == (broom.since(UNNAMED_UPLOAD), done.pending, done.objects)


async def test_grace_counts_from_the_marker(broom: Broom) -> None:
    """However old the upload is, it stays until its marker is a day old, and not a second longer."""
    broom.store.put(UPLOAD, b"12345")
    await broom.submit()
    for _ in range(30):
        await broom.sweep(after=GRACE)
    await let_go(broom)

    first = await broom.sweep(after=GRACE)
    early = await broom.sweep(after=GRACE - SECOND)
    assert (0, 0) == (first.uploads, early.uploads)
    late = await broom.sweep(after=SECOND)

    assert (1, 1, 5, 0) == (late.uploads, late.objects, late.size_bytes, late.pending)
    assert [] == broom.at()


async def let_go(broom: Broom) -> None:
    """Delete the job without its release."""
    job = await broom.jobs.get(NAMESPACE, "talk")
    await broom.jobs.patch_metadata(job, {"finalizers": []})
    await broom.jobs.delete(NAMESPACE, "talk")


async def test_an_upload_that_is_named_again_begins_anew(broom: Broom) -> None:
    """The marker goes when a job names the upload, and a later one counts from its own time."""
    broom.store.put(UPLOAD, b"12345")
    await broom.sweep()
    await broom.submit()

    named = await broom.sweep(after=GRACE - SECOND)
    assert ([UPLOAD], 0) == (broom.at(), named.pending)
    await let_go(broom)
    await broom.sweep(after=SECOND)

    assert NOON + GRACE == broom.since(UNNAMED_UPLOAD)
    assert broom.store.exists(UPLOAD)


async def test_a_job_that_is_being_deleted_still_names_its_upload(broom: Broom) -> None:
    """Its release is under way and deletes the upload by itself."""
    broom.store.put(UPLOAD, b"12345")
    await broom.submit()
    await broom.jobs.delete(NAMESPACE, "talk")

    for _ in range(3):
        await broom.sweep(after=GRACE)

    assert [UPLOAD] == broom.at()


@pytest.mark.parametrize("key", [UPLOAD, f"{UPLOAD}/", "steno/speech/uploads/talk.wav", "recordings/talk.wav"])
async def test_a_recording_that_is_read_by_its_key_is_named(broom: Broom, key: str) -> None:
    """A job whose source is an upload's key in the store needs the upload as much as one that names its id."""
    broom.store.put(UPLOAD, b"12345")
    job = await broom.submit(upload_id=None)
    spec = job.spec.model_copy(update={"source": job.spec.source.model_validate({"s3": {"key": key}})})
    await broom.jobs.create(NAMESPACE, "by-key", spec)

    for _ in range(2):
        await broom.sweep(after=GRACE)

    assert key.startswith(UPLOAD) == broom.store.exists(UPLOAD)


async def test_an_unfinished_upload_is_abandoned_too(broom: Broom) -> None:
    """An upload that was begun and never finished is noted, and given up after the grace."""
    broom.store.start_upload(UPLOAD).send(1, b"12345")

    await broom.sweep()
    assert (NOON, (UPLOAD,)) == (broom.since(UNNAMED_UPLOAD), broom.store.unfinished)
    done = await broom.sweep(after=GRACE)

    assert ((), []) == (broom.store.unfinished, broom.at())
    assert (1, 1, 0) == (done.uploads, done.objects, done.size_bytes)


async def test_a_condemnation_that_was_left_behind_goes_too(broom: Broom) -> None:
    """What an operator that died left of a release is an upload's, and goes as one."""
    broom.store.put(CONDEMNED, b"")

    await broom.sweep()
    done = await broom.sweep(after=GRACE)

    assert ([], 1) == (broom.at(), done.uploads)


async def test_an_upload_that_went_by_itself_leaves_no_marker(broom: Broom) -> None:
    """A marker whose upload was released meanwhile goes with the next sweep."""
    broom.store.put(UPLOAD, b"12345")
    await broom.sweep()
    broom.store.delete(UPLOAD)

    done = await broom.sweep()

    assert ([], 0, 0) == (broom.at(), done.pending, done.objects)


async def test_what_a_gateway_left_of_a_deletion_goes(broom: Broom) -> None:
    """The marker of a gateway that did not get further is an upload that nobody names, and goes like one."""
    broom.store.put(LAYOUT.condemned_by(NAMESPACE, UPLOAD_ID, "0a1b2c3d"), b"")
    await broom.sweep()

    await broom.sweep(after=GRACE)

    assert [] == broom.at()


@pytest.mark.parametrize(
    "key",
    [
        pytest.param("steno/speech/uploads/readme.txt", id="no upload id"),
        pytest.param(f"{UPLOAD}.wav", id="a longer name"),
        pytest.param(f"{UPLOAD}/part", id="deeper"),
        pytest.param("steno/speech/uploads/jobs/" + UPLOAD_ID, id="a folder in the way"),
        pytest.param("steno/speech/recordings/" + UPLOAD_ID, id="another folder"),
        pytest.param("steno/speech/" + UPLOAD_ID, id="no folder"),
        pytest.param("steno/installation.json.bak", id="beside the namespaces"),
        pytest.param(LAYOUT.upload("other", UPLOAD_ID), id="another namespace"),
        pytest.param(f"steno2/speech/uploads/{UPLOAD_ID}", id="another prefix"),
    ],
)
async def test_what_is_no_upload_of_the_namespace_is_left_alone(broom: Broom, key: str) -> None:
    """Neither markers nor deletions touch what the gateway could not have put there."""
    broom.store.put(key, b"theirs")
    before = broom.store.objects
    for _ in range(3):
        await broom.sweep(after=GRACE)

    done = await broom.sweep(after=GRACE)

    assert before == {k: body for k, body in broom.store.objects.items() if k in before}
    assert (0, []) == (done.pending, [k for k in broom.at() if k != key])


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b'{"since": "yesterday"}', id="no time"),
        pytest.param(b'{"since": "2026-02-02T12:00:00Z"}', id="from the future"),
    ],
)
async def test_a_marker_that_cannot_be_true_begins_anew(broom: Broom, body: bytes) -> None:
    """A clock that was ahead, or a hand in the store, delays a deletion and never hastens it."""
    broom.store.put(UPLOAD, b"12345")
    broom.store.put(UNNAMED_UPLOAD, body)

    await broom.sweep()
    assert NOON == broom.since(UNNAMED_UPLOAD)
    await broom.sweep(after=GRACE)

    assert [] == broom.at()


async def test_more_uploads_than_one_list_of_the_jobs_serves(broom: Broom) -> None:
    """Many abandoned uploads go a batch at a time, with one list of the jobs for each batch."""
    ids = [f"{number:032x}" for number in range(2 * UPLOADS_BATCH + 1)]
    for upload_id in ids:
        broom.store.put(LAYOUT.upload(NAMESPACE, upload_id), b"1")
    await broom.submit(upload_id=ids[7])

    first = await broom.sweep()
    lists = broom.references.lists
    done = await broom.sweep(after=GRACE)

    assert (len(ids) - 1, len(ids) - 1, 0) == (first.pending, done.uploads, done.pending)
    assert 1 + 2 == broom.references.lists - lists
    assert [LAYOUT.upload(NAMESPACE, ids[7])] == broom.at()


async def test_a_shorter_grace_may_be_set() -> None:
    """The setting decides, not the default."""
    broom = Broom(InMemoryObjectStore(), grace_seconds=60)
    broom.store.put(UPLOAD, b"12345")
    await broom.sweep()

    assert 0 == (await broom.sweep(after=timedelta(seconds=59))).uploads
    assert 1 == (await broom.sweep(after=SECOND)).uploads
