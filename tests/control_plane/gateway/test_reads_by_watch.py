"""The cache's list-and-watch against a real API server, over connections that fail."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from local_cluster.control_plane import ControlPlane
from steno_kube import KubeError, Reflector, TranscriptionJobs, connect
from steno_types import S3Source, Source, TranscriptionJob, TranscriptionJobSpec
from support.faulty_proxy import CutInHalf, Drop, FaultyProxy, Rule
from support.kubernetes_api import Api

PLURAL = "transcriptionjobs"
SPEC = {"source": {"s3": {"bucket": "recordings", "key": "talk.wav"}}}


class Sink:
    """Knows the names of the jobs that there are."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.lists = 0
        self.signs_of_life = 0
        self._heard = asyncio.Event()

    def listed(self, jobs: Sequence[TranscriptionJob], version: str) -> None:
        """Take a list for all that there is."""
        del version
        self.names = {job.metadata.name for job in jobs}
        self.lists += 1

    def changed(self, job: TranscriptionJob) -> None:
        """Take a job in."""
        self.names.add(job.metadata.name)

    def deleted(self, job: TranscriptionJob) -> None:
        """Take a job out."""
        self.names.discard(job.metadata.name)

    def lost(self, namespace: str, name: str) -> None:
        """Take a job out."""
        del namespace
        self.names.discard(name)

    def alive(self, version: str) -> None:
        """Count a sign of life, and let those look who wait."""
        del version
        self.signs_of_life += 1
        self._heard.set()

    def failed(self, error: KubeError) -> None:
        """Go on."""

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for news until something holds."""
        while not holds():
            self._heard.clear()
            await self._heard.wait()


@pytest.fixture(name="proxy")
def _proxy(control_plane: ControlPlane, tmp_path: Path) -> Iterator[FaultyProxy]:
    """The reflector's way to the API server."""
    with FaultyProxy(control_plane, tmp_path / "kubeconfig") as proxy:
        yield proxy


@asynccontextmanager
async def reflecting(
    monkeypatch: pytest.MonkeyPatch, proxy: FaultyProxy, namespace: str | None
) -> AsyncIterator[tuple[Sink, TranscriptionJobs]]:
    """Have a reflector with watches of two seconds, which has its first list."""
    monkeypatch.setenv("KUBECONFIG", str(proxy.kubeconfig))
    server = connect("steno-gateway")
    jobs, sink = TranscriptionJobs(server), Sink()
    work = asyncio.create_task(Reflector(jobs, namespace, sink, watch_seconds=2, patience_seconds=1).run())
    try:
        await sink.until(lambda: sink.lists > 0)
        yield sink, jobs
    finally:
        work.cancel()
        await asyncio.wait({work})
        await server.close()


async def submit(api: Api, name: str) -> None:
    """Make a job by a way without faults."""
    await asyncio.to_thread(api.submit, name, SPEC)


async def test_many_jobs_come_in_pages(monkeypatch: pytest.MonkeyPatch, proxy: FaultyProxy, api: Api) -> None:
    """As one list, whose version the watch goes on from."""
    spec = TranscriptionJobSpec(source=Source(s3=S3Source(bucket="recordings", key="talk.wav")))
    async with reflecting(monkeypatch, proxy, api.namespace) as (_, jobs):
        few = asyncio.Semaphore(20)

        async def make(name: str) -> TranscriptionJob:
            async with few:
                return await jobs.create(api.namespace, name, spec)

        made = await asyncio.gather(*(make(f"talk-{n}") for n in range(1001)))
    lists = proxy.asked(f"LIST {PLURAL}")
    async with reflecting(monkeypatch, proxy, api.namespace) as (sink, _):
        found = {*sink.names}
        await submit(api, "later")
        await sink.until(lambda: "later" in sink.names)

    assert {job.metadata.name for job in made} == found
    assert 3 == proxy.asked(f"LIST {PLURAL}") - lists


async def test_a_quiet_watch_gives_signs_of_life(
    monkeypatch: pytest.MonkeyPatch, proxy: FaultyProxy, api: Api
) -> None:
    """With each request that the server takes, and bookmarks, though nothing happens and nothing is listed again."""
    async with reflecting(monkeypatch, proxy, api.namespace) as (sink, _):
        await sink.until(lambda: sink.signs_of_life > 4)

    assert 1 == sink.lists


async def test_a_forgotten_version_leads_to_a_new_list(
    monkeypatch: pytest.MonkeyPatch, proxy: FaultyProxy, api: Api
) -> None:
    """It shows what the watch has missed: jobs that came, and jobs that went."""
    await submit(api, "goes")
    async with reflecting(monkeypatch, proxy, api.namespace) as (sink, _):
        proxy.loses = lambda resource, _: resource == PLURAL
        await submit(api, "comes")
        await asyncio.to_thread(api.delete, "goes")
        proxy.loses = lambda *_: False
        proxy.fail_watches(PLURAL, 410)
        await sink.until(lambda: sink.lists == 2)

    assert {"comes"} == sink.names


async def test_a_watch_that_falls_silent_is_given_up(
    monkeypatch: pytest.MonkeyPatch, proxy: FaultyProxy, api: Api
) -> None:
    """A connection that is open at one end alone brings nothing; the next one brings what it kept back."""
    async with reflecting(monkeypatch, proxy, api.namespace) as (sink, _):
        proxy.silence(PLURAL)
        await submit(api, "unheard")
        await sink.until(lambda: "unheard" in sink.names)

    assert 1 == sink.lists


@pytest.mark.parametrize("fault", [Drop(after=False), CutInHalf()], ids=["refused", "cut in the middle"])
async def test_a_broken_watch_goes_on_where_it_was(
    monkeypatch: pytest.MonkeyPatch, proxy: FaultyProxy, api: Api, fault: Drop | CutInHalf
) -> None:
    """What happened meanwhile is told, and nothing is listed again."""
    async with reflecting(monkeypatch, proxy, api.namespace) as (sink, _):
        with proxy.under(Rule(fault=fault, what=f"WATCH {PLURAL}", times=2)) as _:
            await sink.until(lambda: proxy.asked(f"WATCH {PLURAL}") > 1)
            await submit(api, "meanwhile")
            await sink.until(lambda: "meanwhile" in sink.names)

    assert 1 == sink.lists


async def test_all_namespaces_are_one_watch(monkeypatch: pytest.MonkeyPatch, proxy: FaultyProxy, api: Api) -> None:
    """Those of this test's are among them."""
    async with reflecting(monkeypatch, proxy, None) as (sink, _):
        await submit(api, f"here-{api.namespace}")
        await sink.until(lambda: f"here-{api.namespace}" in sink.names)
