"""Results whose job is gone go after their grace, all of them at once; a job's own never."""

from typing import Any

import pytest

from steno_operator.sweep import RESULTS_BATCH
from steno_types import RESULTS_PREFIX_ANNOTATION
from support.builders import LAYOUT, NAMESPACE, NOON
from unit.sweeping.broom import GRACE, RESULTS, UNNAMED_RESULTS, Broom


def leave_results(broom: Broom, prefix: str = RESULTS) -> None:
    """Leave what a job leaves: three objects of five bytes, and a checkpoint that was cut off."""
    for name in ("manifest.json", "attempts/pod-0/transcript.json", "checkpoints/ab/0"):
        broom.store.put(f"{prefix}{name}", b"12345")
    broom.store.start_upload(f"{prefix}checkpoints/ab/1")


async def test_results_of_nobody_go_whole(broom: Broom) -> None:
    """A marker first; after the grace the objects and the unfinished upload go, then the marker."""
    leave_results(broom)

    first = await broom.sweep()
    assert (NOON, 1, 0) == (broom.since(UNNAMED_RESULTS), first.pending, first.objects)
    done = await broom.sweep(after=GRACE)

    assert ([], ()) == (broom.at(), broom.store.unfinished)
    assert (1, 4, 15, 0) == (done.results, done.objects, done.size_bytes, done.pending)


async def test_what_was_only_begun_is_found(broom: Broom) -> None:
    """A directory that holds nothing but an unfinished upload is seen, where the store lists those."""
    broom.store.start_upload(f"{RESULTS}attempts/pod-0/transcript.json")
    await broom.sweep()

    done = await broom.sweep(after=GRACE)

    assert ((), 1) == (broom.store.unfinished, done.objects)


async def test_the_results_of_a_job_are_its_own(broom: Broom) -> None:
    """A job names its results by its uid, from before it is adopted until it is gone."""
    job = await broom.submit()
    prefix = LAYOUT.results(NAMESPACE, "talk", job.metadata.uid)
    leave_results(broom, prefix)
    await broom.sweep(after=GRACE)
    await broom.jobs.delete(NAMESPACE, "talk")

    for _ in range(2):
        done = await broom.sweep(after=GRACE)
        assert (0, 0) == (done.pending, done.objects)

    assert 3 == len(broom.at(prefix))


@pytest.mark.parametrize(
    ("noted", "stays"),
    [
        pytest.param(RESULTS, True, id="its own of an earlier life"),
        pytest.param(RESULTS.removesuffix("/"), False, id="no slash"),
        pytest.param(RESULTS.replace("talk", "walk"), False, id="another job's"),
        pytest.param(f"{LAYOUT.all_results(NAMESPACE)}", False, id="everybody's"),
    ],
)
async def test_only_a_believable_annotation_names_results(broom: Broom, noted: str, *, stays: bool) -> None:
    """A restored job keeps the results that its annotation names, and none that it may not name."""
    leave_results(broom)
    await broom.submit(annotations={RESULTS_PREFIX_ANNOTATION: noted})

    for _ in range(2):
        await broom.sweep(after=GRACE)

    assert stays == broom.store.exists(f"{RESULTS}manifest.json")


@pytest.mark.parametrize(
    "key",
    [
        pytest.param("steno/speech/jobs/talk-0a0b0c0d", id="an object, no directory"),
        pytest.param("steno/speech/jobs/talk-0A0B0C0D/manifest.json", id="no uid"),
        pytest.param("steno/speech/jobs/talk/manifest.json", id="no uid at all"),
        pytest.param("steno/speech/jobs/Talk-0a0b0c0d/manifest.json", id="no job's name"),
        pytest.param("steno/speech/jobs/a/talk-0a0b0c0d/manifest.json", id="deeper"),
        pytest.param("steno/speech/results/talk-0a0b0c0d/manifest.json", id="another folder"),
        pytest.param("steno/other/jobs/talk-0a0b0c0d/manifest.json", id="another namespace"),
        pytest.param("steno2/speech/jobs/talk-0a0b0c0d/manifest.json", id="another prefix"),
    ],
)
async def test_what_are_no_results_of_the_namespace_is_left_alone(broom: Broom, key: str) -> None:
    """Neither markers nor deletions touch what the operator could not have put there."""
    broom.store.put(key, b"theirs")
    await broom.sweep()

    done = await broom.sweep(after=GRACE)

    assert (b"theirs", 0) == (broom.store.objects[key], done.pending)
    assert [] == broom.at(LAYOUT.sweep(NAMESPACE))


async def test_a_neighbour_that_begins_alike_stays(broom: Broom) -> None:
    """Only whole directories go: that of another job whose name begins the same is not among them."""
    leave_results(broom)
    job = await broom.submit("talk-0a0b0c0d")
    neighbour = LAYOUT.results(NAMESPACE, "talk-0a0b0c0d", job.metadata.uid)
    leave_results(broom, neighbour)
    await broom.sweep()

    await broom.sweep(after=GRACE)

    assert 3 == len(broom.at())
    assert broom.store.exists(f"{neighbour}manifest.json")


async def test_more_results_than_one_list_of_the_jobs_serves(broom: Broom) -> None:
    """Results go a few at a time, and the jobs are listed again before each few."""
    prefixes = [f"{LAYOUT.all_results(NAMESPACE)}talk-{number:08x}/" for number in range(RESULTS_BATCH + 1)]
    for prefix in prefixes:
        broom.store.put(f"{prefix}manifest.json", b"1")
    await broom.sweep()
    lists = broom.references.lists

    done = await broom.sweep(after=GRACE)

    assert (RESULTS_BATCH + 1, []) == (done.results, broom.at())
    assert 1 + 2 == broom.references.lists - lists


@pytest.mark.parametrize(
    ("watched", "swept"),
    [
        pytest.param(("speech",), {"speech"}, id="one"),
        pytest.param(("speech", "radio"), {"speech", "radio"}, id="two"),
        pytest.param(None, {"speech", "radio", "tv"}, id="all of the cluster"),
        pytest.param(("empty",), set(), id="one without objects"),
    ],
)
async def test_only_watched_namespaces_are_swept(watched: Any, swept: set[str]) -> None:
    """Another's namespaces are another's; who watches the cluster sweeps what occurs in the store."""
    broom = Broom(watched=watched)
    for namespace in ("speech", "radio", "tv", "No_Namespace"):
        broom.store.put(f"steno/{namespace}/jobs/talk-0a0b0c0d/manifest.json", b"1")
    await broom.sweep()

    done = await broom.sweep(after=GRACE)

    left = {key.split("/")[1] for key in broom.store.objects if "/jobs/" in key}
    assert ({"speech", "radio", "tv", "No_Namespace"} - swept, len(swept)) == (left, done.results)
