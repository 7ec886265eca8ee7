"""The reflector keeps its sink informed of all jobs, whatever becomes of its watches."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from steno_kube import (
    KubeError,
    KubeForbiddenError,
    KubeUnavailableError,
    Reflector,
    VersionExpiredError,
)
from steno_kube.reflector import PAUSE_MOST_SECONDS, PAUSE_SECONDS, RELIST_AFTER
from steno_types import S3Source, Source, TranscriptionJob, TranscriptionJobSpec
from support.transcription_jobs import InMemoryTranscriptionJobs

SPEC = TranscriptionJobSpec(source=Source(s3=S3Source(key="talk.wav")))
NAMESPACE = "speech"


class Notes:
    """A sink that writes down what it hears."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.versions: list[int] = []

    def listed(self, jobs: Sequence[TranscriptionJob], version: str) -> None:
        """Note the names of a list."""
        del version
        self.heard.append(f"list of {' '.join(job.metadata.name for job in jobs) or 'nothing'}")

    def changed(self, job: TranscriptionJob) -> None:
        """Note a change."""
        self.heard.append(f"changed {job.metadata.name}")

    def deleted(self, job: TranscriptionJob) -> None:
        """Note a deletion."""
        self.heard.append(f"deleted {job.metadata.name}")

    def lost(self, namespace: str, name: str) -> None:
        """Note what cannot be read."""
        self.heard.append(f"lost {namespace}/{name}")

    def alive(self, version: str) -> None:
        """Note a sign of life."""
        self.versions.append(int(version))

    def failed(self, error: KubeError) -> None:
        """Note a failure."""
        self.heard.append(f"failed {type(error).__name__}")


class Pauses:
    """Lets no time pass, and writes down how much would have."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        """Go on at once."""
        self.seconds.append(seconds)
        await asyncio.sleep(0)


@pytest.fixture(name="jobs")
def _jobs() -> InMemoryTranscriptionJobs:
    """An API server."""
    return InMemoryTranscriptionJobs()


@pytest.fixture(name="notes")
def _notes() -> Notes:
    """A sink."""
    return Notes()


@pytest.fixture(name="pauses")
def _pauses() -> Pauses:
    """The pauses between tries."""
    return Pauses()


@asynccontextmanager
async def running(
    jobs: InMemoryTranscriptionJobs, notes: Notes, pauses: Pauses, namespace: str | None = NAMESPACE
) -> AsyncIterator[None]:
    """Have a reflector at work."""
    reflector = Reflector(jobs, namespace, notes, pause=pauses, chance=lambda: 1.0)
    work = asyncio.create_task(reflector.run())
    try:
        yield
    finally:
        work.cancel()
        await asyncio.wait({work})
    assert work.cancelled()


async def told(jobs: InMemoryTranscriptionJobs) -> None:
    """Wait until the reflector has heard of everything."""
    await jobs.until_called("watch_all")
    await jobs.until_told()


async def a_job(jobs: InMemoryTranscriptionJobs, name: str, namespace: str = NAMESPACE) -> TranscriptionJob:
    """Have a job."""
    return await jobs.create(namespace, name, SPEC)


async def test_it_lists_then_watches(jobs: InMemoryTranscriptionJobs, notes: Notes, pauses: Pauses) -> None:
    """What is there, then each change in its order; other namespaces are none of its business."""
    await a_job(jobs, "old")
    await a_job(jobs, "foreign", "elsewhere")
    async with running(jobs, notes, pauses):
        await told(jobs)
        job = await a_job(jobs, "new")
        await jobs.patch_metadata(job, {"annotations": {"a": "b"}})
        await a_job(jobs, "foreign-too", "elsewhere")
        await jobs.delete(NAMESPACE, "old")
        await jobs.until_told()

    assert ["list of old", "changed new", "changed new", "deleted old"] == notes.heard
    assert [2, 2, 3, 4, 6] == notes.versions
    assert [] == pauses.seconds


async def test_it_may_watch_all_namespaces(jobs: InMemoryTranscriptionJobs, notes: Notes, pauses: Pauses) -> None:
    """One list and one watch for all of them."""
    await a_job(jobs, "a", "first")
    async with running(jobs, notes, pauses, None):
        await told(jobs)
        await a_job(jobs, "b", "second")
        await jobs.until_told()

    assert ["list of a", "changed b"] == notes.heard


async def test_a_long_list_comes_in_pages(jobs: InMemoryTranscriptionJobs, notes: Notes, pauses: Pauses) -> None:
    """And is told as one."""
    for number in range(501):
        await a_job(jobs, f"talk-{number}")
    async with running(jobs, notes, pauses):
        await told(jobs)

    assert 501 == len(notes.heard[0].split()) - 2
    assert ["list_page", "list_page", "watch_all"] == jobs.reflector_calls


async def test_it_lists_anew_when_its_version_is_forgotten(
    jobs: InMemoryTranscriptionJobs, notes: Notes, pauses: Pauses
) -> None:
    """What was deleted meanwhile is missing from the new list."""
    for name in ("stays", "goes"):
        await a_job(jobs, name)
    async with running(jobs, notes, pauses):
        await told(jobs)
        await jobs.delete(NAMESPACE, "goes")
        jobs.forget_history()
        jobs.break_watches()
        await jobs.until_called("watch_all", times=2)

    assert ["list of goes stays", f"failed {VersionExpiredError.__name__}", "list of stays"] == notes.heard


async def test_a_broken_watch_goes_on_where_it_was(
    jobs: InMemoryTranscriptionJobs, notes: Notes, pauses: Pauses
) -> None:
    """What happened meanwhile is told, without another list."""
    async with running(jobs, notes, pauses):
        await told(jobs)
        jobs.failing = KubeUnavailableError("the connection broke")
        jobs.break_watches()
        await jobs.until_called("watch_all", times=2)
        jobs.failing = None
        await a_job(jobs, "meanwhile")
        await jobs.until_called("watch_all", times=3)
        await jobs.until_told()

    assert "changed meanwhile" == notes.heard[-1]
    assert 1 == jobs.reflector_calls.count("list_page")


async def test_pauses_grow_up_to_a_limit(jobs: InMemoryTranscriptionJobs, notes: Notes, pauses: Pauses) -> None:
    """An API server that is away is not hammered; after a few failures in a row its version is not trusted."""
    async with running(jobs, notes, pauses):
        await told(jobs)
        jobs.failing = KubeUnavailableError("away")
        jobs.break_watches()
        await jobs.until_called("list_page", times=6)

    growing = [PAUSE_SECONDS * 2**tries for tries in range(5)]
    assert [*growing, PAUSE_MOST_SECONDS, PAUSE_MOST_SECONDS] == pauses.seconds[:7]
    assert RELIST_AFTER == jobs.reflector_calls.index("list_page", 1) - 1


async def test_what_is_forbidden_is_said_and_tried_again(
    jobs: InMemoryTranscriptionJobs, notes: Notes, pauses: Pauses, caplog: pytest.LogCaptureFixture
) -> None:
    """A permission may come; of many failures of a kind one is logged."""
    jobs.failing = KubeForbiddenError("not yours")
    async with running(jobs, notes, pauses):
        await jobs.until_called("list_page", times=4)
        jobs.failing = None
        await told(jobs)

    assert "list of nothing" == notes.heard[-1]
    assert ["failed KubeForbiddenError"] * 4 == notes.heard[:4]
    assert ["the jobs of the namespace speech are not watched for now: KubeForbiddenError: not yours"] == [
        record.getMessage() for record in caplog.records if record.levelname == "WARNING"
    ]
