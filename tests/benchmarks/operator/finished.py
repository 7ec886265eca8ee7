"""What the operator holds and burns while nothing happens, beside ten thousand jobs that have ended.

Called by `suite`. One job is run for real; the others are copies of it, of its Job and of its pod, so that they are
what the operator leaves behind. Must not know how the operator works.
"""

import asyncio
import time
from dataclasses import dataclass
from typing import Final

from benchmarks.api_server import BenchApi, Raw, Stamps
from benchmarks.figures import Figure, figure
from benchmarks.operator.creation import CONCURRENCY, IDLE_SECONDS, Found
from benchmarks.operator.objects import JOBS, NOBODY, PODS, a_job, batch_jobs, ended_as, fresh, renamed
from benchmarks.operator.stand import Stand, Terms
from benchmarks.operator.workers import Workers
from benchmarks.pacing import at_once
from benchmarks.usage import cpu_seconds, peak_rss_mebibytes, rss_mebibytes
from steno_types import JOB_LABEL

RSS_GOAL: Final = "<= 250"
"""MiB."""

CPU_GOAL: Final = "<= 3"
"""Percent of a core."""

IN_GRACE_OF: Final = 5
"""One in so many has ended so lately that its Job and its pod are still there: at 3.3 jobs a second, those of 10
minutes among 10,000."""

ORIGINAL: Final = "the-one-that-ran"
"""Name of the job that is copied; one that nothing else in it is called by, as it is replaced wherever it stands."""

IDLE_WINDOW_SECONDS: Final = 60.0
"""For which the idle operator is watched."""

SETTLED_SHARE: Final = 0.05
"""Of a core, below which a starting operator has come to rest."""

SETTLING_SECONDS: Final = 300.0
"""Allowed to it."""

_LOOK_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """An operator at rest."""

    rss_mebibytes: float
    peak_rss_mebibytes: float
    cpu_percent: float
    """Of a core."""
    settling_seconds: float
    """From its start."""


def measure(terms: Terms) -> Found:
    """Measure all."""
    terms.say("an idle operator without jobs")
    with Stand(terms, "idle") as stand:
        empty = asyncio.run(_idle(stand))
    in_grace = terms.finished // IN_GRACE_OF
    terms.say(f"one beside {terms.finished} finished jobs, {in_grace} of them with Job and pod")
    with Stand(terms, "finished", pods=1) as stand:
        asyncio.run(_fill(stand, terms.finished, in_grace))
        full = asyncio.run(_idle(stand))
    beside = f"beside {terms.finished:,} finished TranscriptionJobs"
    rss, cpu = f"resident memory {beside}", f"CPU while idle {beside}"
    figures: list[Figure] = [
        figure(rss, "MiB", full.rss_mebibytes, goal=RSS_GOAL),
        figure(f"{rss}, over an operator without jobs", "MiB", full.rss_mebibytes, baseline=empty.rss_mebibytes),
        figure(f"peak of the {rss}", "MiB", full.peak_rss_mebibytes),
        figure(cpu, "% of a core", full.cpu_percent, goal=CPU_GOAL),
        figure(f"{cpu}, over an operator without jobs", "% of a core", full.cpu_percent, baseline=empty.cpu_percent),
    ]
    meanings = {
        rss: (
            f"Of an operator started beside them, {full.settling_seconds:.0f} s after its start, when it had come to "
            f"rest; {in_grace:,} of them, those of the last minutes, with their Jobs and pods."
        ),
        cpu: f"Over the {IDLE_WINDOW_SECONDS:.0f} s that follow.",
    }
    return figures, meanings, []


async def _idle(stand: Stand) -> Idle:
    """Start an operator, let it come to rest, and watch it."""
    began = time.monotonic()
    await asyncio.to_thread(stand.start, operator := stand.operator())
    await settled(operator.pid)
    settling_seconds = time.monotonic() - began
    burned = cpu_seconds(operator.pid)
    await asyncio.sleep(IDLE_WINDOW_SECONDS)
    found = Idle(
        rss_mebibytes=rss_mebibytes(operator.pid),
        peak_rss_mebibytes=peak_rss_mebibytes(operator.pid),
        cpu_percent=(cpu_seconds(operator.pid) - burned) / IDLE_WINDOW_SECONDS * 100,
        settling_seconds=settling_seconds,
    )
    await asyncio.to_thread(stand.end, operator)
    return found


async def settled(pid: int) -> None:
    """Wait until a process has come to rest: twice in a row it hardly burned anything.

    Raises
    ------
    RuntimeError
        It did not within `SETTLING_SECONDS`.
    """
    deadline = time.monotonic() + SETTLING_SECONDS
    quiet = 0
    while quiet < 2:
        if time.monotonic() > deadline:
            raise RuntimeError(f"the operator did not come to rest within {SETTLING_SECONDS:.0f} s")
        burned = cpu_seconds(pid)
        await asyncio.sleep(_LOOK_SECONDS)
        quiet = quiet + 1 if cpu_seconds(pid) - burned < SETTLED_SHARE * _LOOK_SECONDS else 0


async def _fill(stand: Stand, count: int, in_grace: int) -> None:
    """Make finished jobs, of which the last `in_grace` have a Job and a pod."""
    async with BenchApi.connected(stand.control_plane) as api:
        original, batch_job, pod = await _one_that_ended(stand, api)

        async def make(number: int) -> None:
            name = f"job-{number:05}"
            kept = {field: original["metadata"].get(field, {}) for field in ("annotations", "finalizers")}
            # Its annotation names its own uid, which it gets from the server.
            job = await api.post(JOBS, {**a_job(name), "metadata": {"name": name, "finalizers": kept["finalizers"]}})
            own = renamed(
                {"metadata": {"annotations": kept["annotations"]}, "status": original["status"]}, of=original, to=job
            )
            await api.patch(f"{JOBS}/{name}", {"metadata": own["metadata"]})
            await api.patch(f"{JOBS}/{name}/status", {"status": own["status"]})
            if number >= count - in_grace:
                await _with_children(api, job, original, batch_job, pod)

        await at_once(make, times=count - 1, concurrency=CONCURRENCY)  # and the one that ended by itself


async def _one_that_ended(stand: Stand, api: BenchApi) -> tuple[Raw, Raw, Raw]:
    """Run one job to its end; gives it, its Job and its pod as they are then."""
    await asyncio.to_thread(stand.start, operator := stand.operator(), profiled=False)
    terminal, concluded = Stamps(), Stamps()

    def saw_job(_: str, job: Raw, arrived: float) -> None:
        if ended_as(job) is not None:
            terminal.put(job["metadata"]["name"], arrived)

    def saw_batch_job(_: str, batch_job: Raw, arrived: float) -> None:
        if ended_as(batch_job) is not None:
            concluded.put(batch_job["metadata"]["name"], arrived)

    with Workers(stand.store) as workers:
        async with (
            api.watching(JOBS, saw_job),
            api.watching(batch_jobs(), saw_batch_job, labelSelector=JOB_LABEL),
            api.watching(PODS, lambda _, pod, __: workers.saw(pod), labelSelector=JOB_LABEL),
        ):
            workers.know(await api.post(JOBS, a_job(ORIGINAL)))
            await terminal.reach(1, "the original's end", idle_seconds=IDLE_SECONDS)
            await concluded.reach(1, "the end of its Job", idle_seconds=IDLE_SECONDS)
    await asyncio.to_thread(stand.end, operator)
    job = await api.get(f"{JOBS}/{ORIGINAL}")
    (batch_job,), _ = await api.list(batch_jobs())
    (pod,), _ = await api.list(PODS)
    return job, {**batch_job, "kind": "Job"}, {**pod, "kind": "Pod"}


async def _with_children(api: BenchApi, job: Raw, original: Raw, batch_job: Raw, pod: Raw) -> None:
    """Give a finished job its finished Job and its finished pod."""
    mine = renamed(batch_job, of=original, to=job)
    sent = fresh(mine)
    sent["metadata"]["ownerReferences"] = mine["metadata"]["ownerReferences"]
    # The Job controller would run it again.
    sent["spec"]["managedBy"] = NOBODY
    made = await api.post(batch_jobs(), sent)
    await api.patch(f"{batch_jobs()}/{made['metadata']['name']}/status", {"status": mine["status"]})
    mine = renamed(pod, of=original, to=job)
    sent = fresh(mine)
    sent["metadata"].pop("generateName", None)
    (owner,) = mine["metadata"]["ownerReferences"]
    sent["metadata"]["ownerReferences"] = [{**owner, "uid": made["metadata"]["uid"]}]
    # Nobody is to schedule it before it has ended; on a node kwok would end it anew.
    sent["spec"].pop("nodeName", None)
    sent["spec"]["schedulingGates"] = [{"name": NOBODY}]
    name = (await api.post(PODS, sent))["metadata"]["name"]
    status = {field: mine["status"][field] for field in ("phase", "containerStatuses", "startTime")}
    await api.patch(f"{PODS}/{name}/status", {"status": status})
