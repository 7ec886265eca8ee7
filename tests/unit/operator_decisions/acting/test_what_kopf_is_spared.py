"""Events that are held back as they arrive: those that can say nothing new, and none that could."""

from typing import Any

import pytest

from steno_operator.sightings import Kind, Sightings
from support.builders import a_launched_job
from unit.operator_decisions.acting.test_sightings import (
    FIRST,
    KEY,
    PROGRESS,
    RUNNING,
    SCHEDULED,
    Raw,
    a_new_raw_job,
    a_raw_batch_job,
    a_raw_job,
    a_raw_pod,
    later,
)

JOB = a_raw_job()


@pytest.fixture
def sightings() -> Sightings:
    """Give what nothing was shown to yet."""
    return Sightings()


def at(version: str, raw: Raw, **metadata: Any) -> Raw:
    """Give an object at a version."""
    return {**raw, "metadata": {**raw["metadata"], "resourceVersion": version, **metadata}}


def rest(sightings: Sightings, kind: Kind, raw: Raw) -> None:
    """Let an event through, and have it taken in."""
    assert sightings.passes(kind, raw)
    sightings.saw(kind, raw)


@pytest.mark.parametrize(("kind", "raw"), FIRST, ids=[kind for kind, _ in FIRST])
def test_what_was_taken_in_is_not_told_again(sightings: Sightings, kind: Kind, raw: Raw) -> None:
    """An object at rest is told of again once it says something else, and always when it goes."""
    rest(sightings, kind, at("1", raw))

    assert not sightings.passes(kind, at("2", raw))
    assert sightings.passes(kind, at("3", raw, uid="another", deletionTimestamp="t"))
    sightings.saw(kind, at("3", raw, uid="another", deletionTimestamp="t"))
    assert sightings.passes(kind, at("4", raw, uid="another", deletionTimestamp="t"), gone=True)


@pytest.mark.parametrize(
    ("kind", "before", "after", "passes"),
    [
        pytest.param("transcriptionjobs", JOB, a_raw_job(status={"progress": PROGRESS}), False, id="progress"),
        pytest.param("transcriptionjobs", JOB, a_raw_job(status={"launches": 7}), True, id="others' status"),
        pytest.param("transcriptionjobs", JOB, a_raw_job(metadata={"generation": 2}), True, id="the spec"),
        pytest.param("jobs", a_raw_batch_job(), a_raw_batch_job(status={"active": 1}), False, id="counts of pods"),
        pytest.param("jobs", a_raw_batch_job(), a_raw_batch_job(spec={"suspend": True}), True, id="a Job held back"),
        pytest.param("pods", a_raw_pod(), a_raw_pod(conditions=[SCHEDULED]), False, id="conditions on the way"),
        pytest.param(
            "pods", a_raw_pod(), {**a_raw_pod(), "spec": {"nodeName": "n"}}, True, id="a node: the roster's"
        ),
        pytest.param("pods", a_raw_pod(), a_raw_pod(containerStatuses=[RUNNING]), True, id="a container that runs"),
    ],
)
def test_what_passes(sightings: Sightings, kind: Kind, before: Raw, after: Raw, *, passes: bool) -> None:
    """What any handler could make something of does."""
    rest(sightings, kind, at("1", before))

    assert passes is sightings.passes(kind, at("2", after))


def test_nothing_is_held_back_behind_what_is_on_its_way(sightings: Sightings) -> None:
    """Back to where it was, while kopf still has the news of having been elsewhere: all of it is told, in order."""
    there, elsewhere = at("1", a_raw_batch_job()), at("2", a_raw_batch_job(spec={"suspend": True}))
    back = at("3", a_raw_batch_job())
    rest(sightings, "jobs", there)

    assert [True, True] == [sightings.passes("jobs", raw) for raw in (elsewhere, back)]
    assert KEY == sightings.saw("jobs", elsewhere)
    assert sightings.passes("jobs", at("4", a_raw_batch_job()))
    assert KEY == sightings.saw("jobs", back)
    assert sightings.passes("jobs", at("5", a_raw_batch_job()))
    assert sightings.saw("jobs", at("4", a_raw_batch_job())) is None
    assert sightings.saw("jobs", at("5", a_raw_batch_job())) is None
    assert not sightings.passes("jobs", at("6", a_raw_batch_job()))


def test_what_was_let_through_and_lost_is_let_through_again(sightings: Sightings) -> None:
    """A watch that breaks in the midst of a piece is begun anew from what kopf saw of it."""
    rest(sightings, "jobs", at("1", a_raw_batch_job()))
    lost = at("2", a_raw_batch_job(spec={"suspend": True}))
    assert sightings.passes("jobs", lost)

    assert sightings.passes("jobs", lost)
    assert KEY == sightings.saw("jobs", lost)
    assert not sightings.passes("jobs", at("3", a_raw_batch_job(spec={"suspend": True})))


@pytest.mark.parametrize(
    ("namespace", "passes"),
    [
        pytest.param("speech", True, id="this namespace"),
        pytest.param(None, True, id="all namespaces"),
        pytest.param("elsewhere", False, id="another namespace"),
    ],
)
def test_a_list_begins_anew(sightings: Sightings, namespace: str | None, *, passes: bool) -> None:
    """All objects are on their way through kopf then, as they are listed: what follows is told behind them."""
    rest(sightings, "jobs", at("1", a_raw_batch_job()))
    rest(sightings, "pods", at("1", a_raw_pod()))

    sightings.listed("jobs", namespace)

    assert passes is sightings.passes("jobs", at("9", a_raw_batch_job()))
    assert not sightings.passes("pods", at("9", a_raw_pod()))


def test_what_is_listed_is_not_at_rest(sightings: Sightings) -> None:
    """A list's objects bring no order with them; the first event after it does."""
    sightings.saw("jobs", at("1", a_raw_batch_job()))

    assert sightings.passes("jobs", at("2", a_raw_batch_job()))
    assert sightings.saw("jobs", at("2", a_raw_batch_job())) is None
    assert not sightings.passes("jobs", at("3", a_raw_batch_job()))


def test_the_echo_of_an_own_write_is_held_back(sightings: Sightings) -> None:
    """Of a job at rest; the next one's is told, and one of a job on its way comes in its turn."""
    rest(sightings, "transcriptionjobs", at("1", JOB))
    sightings.wrote(a_launched_job().with_metadata(resourceVersion="2").build())

    written = at("2", a_raw_job(status={"launches": 7}))
    assert not sightings.passes("transcriptionjobs", written)
    assert not sightings.passes("transcriptionjobs", at("3", written))
    assert sightings.passes("transcriptionjobs", at("4", JOB))
    sightings.wrote(a_launched_job().with_metadata(resourceVersion="5").build())
    assert sightings.passes("transcriptionjobs", at("5", written))
    assert KEY == sightings.saw("transcriptionjobs", at("4", JOB))
    assert sightings.saw("transcriptionjobs", at("5", written)) is None


def test_a_new_job_is_told_of_until_it_is_taken(sightings: Sightings) -> None:
    """Its first decision is to rest on the latest version, or its first write would find another."""
    rest(sightings, "transcriptionjobs", at("1", a_new_raw_job()))

    assert sightings.passes("transcriptionjobs", at("2", a_new_raw_job()))
    sightings.saw("transcriptionjobs", at("2", a_new_raw_job()))
    job = sightings.take_new(KEY)
    assert job is not None
    assert "2" == job.metadata.resource_version
    assert not sightings.passes("transcriptionjobs", at("3", a_new_raw_job()))


@pytest.mark.parametrize(
    ("raw", "passes"),
    [
        pytest.param(a_raw_batch_job(), False, id="as it was created"),
        pytest.param(a_raw_batch_job(spec={"suspend": True}), True, id="held back"),
        pytest.param(
            a_raw_batch_job(status={"conditions": [{"type": "Failed", "status": "True"}]}), True, id="over already"
        ),
    ],
)
def test_a_job_that_was_just_created(sightings: Sightings, raw: Raw, *, passes: bool) -> None:
    """Its first event says nothing to who created it, unless something has happened to it; nor does the next."""
    sightings.created(KEY, raw["metadata"]["name"])

    assert passes is sightings.passes("jobs", at("1", raw))
    sightings.saw("jobs", at("1", raw)) if passes else None
    assert not sightings.passes("jobs", later(raw))
