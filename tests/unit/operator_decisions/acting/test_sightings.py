"""What the watches showed: an event that says nothing new costs nothing, and what is gone leaves nothing behind."""

from typing import Any

import pytest

from steno_operator.sightings import OWN_WRITES, Kind, Sightings
from steno_types import JOB_LABEL, RESULTS_PREFIX_ANNOTATION
from support.builders import NAMESPACE, UID, a_job, a_launched_job

KEY = "speech/talk"
Raw = dict[str, Any]


def a_raw_job(**changes: Any) -> Raw:
    """Give a job as the watch shows it: adopted, launched, and at some version."""
    job = a_launched_job().build()
    raw = {"metadata": job.metadata.to_wire(), "spec": job.spec.to_wire(), "status": job.status.to_wire()}
    for name, value in changes.items():
        raw[name] = {**raw[name], **value}
    return raw


def a_raw_batch_job(name: str = "talk-6f3d1c6e", **changes: Any) -> Raw:
    """Give a Job as the watch shows it."""
    return {"metadata": {"namespace": NAMESPACE, "name": name, "uid": "j", "labels": {JOB_LABEL: "talk"}}, **changes}


def a_raw_pod(name: str = "talk-6f3d1c6e-a", **status: Any) -> Raw:
    """Give a pod as the watch shows it."""
    metadata = {"namespace": NAMESPACE, "name": name, "uid": "p", "labels": {JOB_LABEL: "talk"}}
    return {"metadata": metadata, "status": {"phase": "Pending", **status}}


def later(raw: Raw, **metadata: Any) -> Raw:
    """Give the same object at its next version."""
    return {**raw, "metadata": {**raw["metadata"], "resourceVersion": "900", **metadata}}


@pytest.fixture
def sightings() -> Sightings:
    """Give what nothing was shown to yet."""
    return Sightings()


FIRST: list[tuple[Kind, Raw]] = [
    ("transcriptionjobs", a_raw_job()),
    ("jobs", a_raw_batch_job()),
    ("pods", a_raw_pod(phase="Running")),
]


@pytest.mark.parametrize(("kind", "raw"), FIRST, ids=[kind for kind, _ in FIRST])
def test_the_first_sight_is_news_and_the_second_is_not(sightings: Sightings, kind: Kind, raw: Raw) -> None:
    """Every object is looked at once when it is first shown, and no more because it is shown again."""
    assert KEY == sightings.saw(kind, raw)
    assert sightings.saw(kind, raw) is None
    assert sightings.saw(kind, later(raw)) is None


RUNNING = {"name": "worker", "state": {"running": {"startedAt": "2026-01-31T12:00:00Z"}}}
PROGRESS = {"percent": 3, "processedSeconds": 1, "totalSeconds": 30, "time": "2026-01-31T12:00:00Z"}
SCHEDULED = {"type": "PodScheduled", "status": "True"}


@pytest.mark.parametrize(
    ("kind", "before", "after", "news"),
    [
        pytest.param(
            "transcriptionjobs", a_raw_job(), a_raw_job(status={"progress": PROGRESS}), False, id="progress alone"
        ),
        pytest.param(
            "transcriptionjobs",
            a_raw_job(),
            a_raw_job(metadata={"managedFields": [{"manager": "m"}]}),
            False,
            id="who manages what",
        ),
        pytest.param(
            "transcriptionjobs", a_raw_job(), a_raw_job(metadata={"labels": {"a": "b"}}), False, id="labels"
        ),
        pytest.param("transcriptionjobs", a_raw_job(), a_raw_job(metadata={"generation": 2}), True, id="the spec"),
        pytest.param(
            "transcriptionjobs",
            a_raw_job(),
            a_raw_job(metadata={"deletionTimestamp": "2026-01-31T12:00:00Z"}),
            True,
            id="its deletion",
        ),
        pytest.param("transcriptionjobs", a_raw_job(), a_raw_job(metadata={"uid": "other"}), True, id="another life"),
        pytest.param(
            "transcriptionjobs", a_raw_job(), a_raw_job(metadata={"annotations": {}}), True, id="its annotations"
        ),
        pytest.param("transcriptionjobs", a_raw_job(), a_raw_job(metadata={"finalizers": []}), True, id="finalizers"),
        pytest.param("transcriptionjobs", a_raw_job(), a_raw_job(status={"launches": 7}), True, id="others' status"),
        pytest.param(
            "jobs", a_raw_batch_job(), a_raw_batch_job(status={"active": 1, "ready": 1}), False, id="counts of pods"
        ),
        pytest.param(
            "jobs",
            a_raw_batch_job(),
            a_raw_batch_job(status={"conditions": [{"type": "Failed", "status": "True"}]}),
            True,
            id="a Job that failed",
        ),
        pytest.param("jobs", a_raw_batch_job(), a_raw_batch_job(spec={"suspend": True}), True, id="a Job held back"),
        pytest.param("jobs", a_raw_batch_job(), later(a_raw_batch_job(), deletionTimestamp="t"), True, id="leaving"),
        pytest.param("pods", a_raw_pod(), a_raw_pod(podIP="10.0.0.1"), False, id="an address"),
        pytest.param(
            "pods",
            a_raw_pod(),
            a_raw_pod(conditions=[{"type": "Ready", "status": "False"}]),
            False,
            id="conditions that say nothing of the work",
        ),
        pytest.param("pods", a_raw_pod(), a_raw_pod(conditions=[SCHEDULED]), False, id="a node"),
        pytest.param("pods", a_raw_pod(), a_raw_pod(containerStatuses=[RUNNING]), True, id="a container that runs"),
        pytest.param("pods", a_raw_pod(), a_raw_pod(phase="Failed"), True, id="a pod that failed"),
        pytest.param(
            "pods",
            a_raw_pod(),
            a_raw_pod(conditions=[{"type": "DisruptionTarget", "status": "True", "reason": "r"}]),
            True,
            id="a disruption",
        ),
        pytest.param("pods", a_raw_pod(), later(a_raw_pod(), deletionTimestamp="t"), True, id="a pod that leaves"),
        pytest.param(
            "pods",
            a_raw_pod(conditions=[{"type": "PodScheduled", "status": "False", "reason": "r", "message": "0/1"}]),
            a_raw_pod(conditions=[{"type": "PodScheduled", "status": "False", "reason": "r", "message": "0/2"}]),
            False,
            id="the scheduler counts again",
        ),
    ],
)
def test_what_is_news(sightings: Sightings, kind: Kind, before: Raw, after: Raw, *, news: bool) -> None:
    """Only what a decision could turn on is worth a look."""
    sightings.saw(kind, before)

    assert (KEY if news else None) == sightings.saw(kind, later(after))


def test_own_writes_are_no_news(sightings: Sightings) -> None:
    """The event of a write says to the writer what it wrote; the next one's is news again."""
    sightings.saw("transcriptionjobs", a_raw_job())
    job = a_launched_job().with_metadata(resourceVersion="900").with_status(launches=2).build()
    sightings.wrote(job)

    assert sightings.saw("transcriptionjobs", later(a_raw_job(status={"launches": 2}))) is None
    others = a_raw_job(status={"launches": 2}, metadata={"resourceVersion": "901", "generation": 2})
    assert KEY == sightings.saw("transcriptionjobs", others)


def test_own_writes_are_remembered_for_a_while(sightings: Sightings) -> None:
    """Events come in order, so older writes are forgotten with a younger one's event; and their number is bounded."""
    versions = [str(version) for version in range(OWN_WRITES + 1)]
    for version in versions:
        sightings.wrote(a_launched_job().with_metadata(resourceVersion=version).build())

    def shows(version: str, launches: int) -> str | None:
        shown = a_raw_job(metadata={"resourceVersion": version}, status={"launches": launches})
        return sightings.saw("transcriptionjobs", shown)

    assert KEY == shows(versions[0], 10)
    assert shows(versions[3], 11) is None
    assert KEY == shows(versions[2], 12)
    assert shows(versions[-1], 13) is None


@pytest.mark.parametrize(("kind", "raw"), FIRST, ids=[kind for kind, _ in FIRST])
def test_a_deletion_is_always_news(sightings: Sightings, kind: Kind, raw: Raw) -> None:
    """Known before or not; and the next of that name is new."""
    assert KEY == sightings.saw(kind, raw, gone=True)
    sightings.saw(kind, raw)
    assert KEY == sightings.saw(kind, raw, gone=True)
    assert KEY == sightings.saw(kind, raw)


def a_new_raw_job(**metadata: Any) -> Raw:
    """Give a job that nobody has touched."""
    job = a_job().build()
    return {"metadata": {**job.metadata.to_wire(), **metadata}, "spec": job.spec.to_wire()}


def test_a_new_job_is_given_once(sightings: Sightings) -> None:
    """What the watch showed of an untouched job is enough for its first decision, and for no other."""
    sightings.saw("transcriptionjobs", a_new_raw_job())

    job = sightings.take_new(KEY)

    assert job is not None
    assert (UID, "7") == (job.metadata.uid, job.metadata.resource_version)
    assert sightings.take_new(KEY) is None


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(a_raw_job(), id="launched"),
        pytest.param({**a_new_raw_job(), "status": {"conditions": []}}, id="with a status"),
        pytest.param(a_new_raw_job(annotations={RESULTS_PREFIX_ANNOTATION: "p/"}), id="adopted, or restored"),
        pytest.param(a_new_raw_job(deletionTimestamp="2026-01-31T12:00:00Z"), id="leaving"),
    ],
)
def test_a_job_with_a_past_is_read(sightings: Sightings, raw: Raw) -> None:
    """Where anything may lie beside a job, all of it is read freshly."""
    sightings.saw("transcriptionjobs", raw)

    assert sightings.take_new(KEY) is None


def test_the_latest_sight_of_a_new_job_counts(sightings: Sightings) -> None:
    """A job that is changed before its first decision is given as it is then; one that went is not given at all."""
    sightings.saw("transcriptionjobs", a_new_raw_job())
    sightings.saw("transcriptionjobs", a_new_raw_job(generation=2, resourceVersion="8"))
    job = sightings.take_new(KEY)
    assert job is not None
    assert "8" == job.metadata.resource_version

    sightings.saw("transcriptionjobs", a_new_raw_job(generation=3))
    sightings.saw("transcriptionjobs", a_new_raw_job(), gone=True)
    assert sightings.take_new(KEY) is None


def test_children_are_hints(sightings: Sightings) -> None:
    """Whatever was shown, or just made, is named until it is gone or was looked for in vain."""
    assert (set(), set()) == (sightings.children(KEY).batch_jobs, sightings.children(KEY).pods)
    sightings.saw("jobs", a_raw_batch_job("a"))
    sightings.saw("jobs", a_raw_batch_job("b"))
    sightings.saw("pods", a_raw_pod("c"))
    sightings.saw("pods", a_raw_pod("d"))
    sightings.created(KEY, "e")

    sightings.saw("jobs", a_raw_batch_job("a"), gone=True)
    sightings.lost("pods", KEY, "c")

    assert ({"b", "e"}, {"d"}) == (sightings.children(KEY).batch_jobs, sightings.children(KEY).pods)
    assert set() == sightings.children("speech/walk").pods


def test_what_is_gone_leaves_nothing_behind(sightings: Sightings) -> None:
    """After ten thousand jobs have come and gone, the memory is as it was."""
    empty = held(sightings)
    for number in range(100):
        name = f"talk-{number}"
        labels = {JOB_LABEL: name}
        job = a_new_raw_job(name=name)
        children: list[tuple[Kind, Raw]] = [
            ("jobs", later(a_raw_batch_job(f"{name}-j"), labels=labels)),
            ("pods", later(a_raw_pod(f"{name}-p"), labels=labels)),
            ("pods", later(a_raw_pod(f"{name}-q"), labels=labels)),
        ]
        shown: list[tuple[Kind, Raw]] = [("transcriptionjobs", job), *children]
        for kind, raw in shown:
            sightings.passes(kind, raw)
            sightings.saw(kind, raw)
        sightings.created(f"{NAMESPACE}/{name}", f"{name}-j")
        sightings.wrote(a_job(name).build())
        sightings.take_new(f"{NAMESPACE}/{name}") if number % 2 else None
        for kind, raw in [*children[:2], shown[0]]:
            sightings.passes(kind, raw, gone=True)
            sightings.saw(kind, raw, gone=True)
        sightings.lost("pods", f"{NAMESPACE}/{name}", f"{name}-q")  # its deletion went unheard

    assert empty == held(sightings)


_OF_THE_SIEVE = ("_at_rest", "_let_through", "_created")


def held(sightings: Sightings) -> int:
    """Count what is remembered."""
    return sum(len(getattr(sightings, name)) for name in ("_children", "_digests", "_new", "_own", *_OF_THE_SIEVE))
