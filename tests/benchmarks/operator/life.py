"""What a job costs the API server and the operator from its creation to its end, and how the rest of its life goes.

Called by `suite`. TranscriptionJobs come at a rate that the controller manager keeps up with, kwok runs and ends
their pods, a stand-in writes their manifests. Must not know how the operator works.
"""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass
from typing import Final

from benchmarks.api_server import BenchApi, Raw, Stamps
from benchmarks.figures import figure
from benchmarks.operator import audit, identity, nodes
from benchmarks.operator.creation import WARM_UP, Found, note_creation
from benchmarks.operator.objects import JOBS, PODS, a_job, batch_jobs, ended_as, job_of
from benchmarks.operator.stand import NAMESPACE, Stand, Terms
from benchmarks.operator.workers import Workers
from benchmarks.pacing import at_rate
from benchmarks.percentiles import Latencies, percentile
from benchmarks.usage import cpu_seconds
from steno_types import JOB_LABEL

PER_SECOND: Final = 10
"""TranscriptionJobs created, and so pods that end once it has settled. A job takes eight requests of the Job
controller, which may make 100 a second."""

SHARE: Final = 1 / 3
"""Of the seconds of a rate: what is counted per job needs no three minutes."""

WRITES_GOAL: Final = "<= 5"
"""Per job; no worker reports progress here."""

PODS_OF_SECONDS: Final = 60
"""Of creation that the nodes have room for, twelve times what a pod runs."""

IDLE_SECONDS: Final = 60.0
"""Without any more, after which the rest is given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What was seen of one run."""

    jobs: int
    made: Latencies
    """TranscriptionJob created -> Job created."""
    told: Latencies
    """Pod ended -> terminal status."""
    concluded: Latencies
    """Pod ended -> the Job's own condition, by the controller manager."""
    ends_per_second: float
    """Pods that ended per second, from the first to the last."""
    late_seconds: float
    """The p99 of the bench's own lateness."""
    requests: Counter[audit.Request]
    cpu_seconds: float
    """Of the operator."""


def measure(terms: Terms) -> Found:
    """Measure all."""
    seconds = terms.seconds * SHARE
    terms.say(f"{PER_SECOND} TranscriptionJobs a second for {seconds:.0f} s, with pods that run and end")
    with Stand(terms, "life", pods=PER_SECOND * PODS_OF_SECONDS) as stand:
        run = asyncio.run(_run(stand, seconds))
    over = "over the Job's own condition"
    whole = f"at {PER_SECOND}/s, pods that run and end"
    writes, reads = "writes to the API per job", "reads from the API per job"
    told = f"pod ended -> status terminal, {whole}, p99"
    figures = [
        figure(writes, "writes", audit.per_job(run.requests, run.jobs, writes=True), goal=WRITES_GOAL),
        figure(reads, "reads", audit.per_job(run.requests, run.jobs, writes=False)),
        figure("the operator's CPU time per job", "ms", run.cpu_seconds / run.jobs * 1000),
        figure(f"TranscriptionJob created -> Job created, {whole}, p99", "ms", run.made.p99_ms),
        figure(f"{told}, {over}", "ms", run.told.p99_ms, baseline=run.concluded.p99_ms),
    ]
    meanings = {
        writes: (
            f"By the API server's audit log, {run.jobs} jobs from creation to Complete, each pod runs "
            f"{nodes.run_seconds():g} s: {audit.spelled(run.requests, run.jobs, writes=True)}."
        ),
        reads: f"The same: {audit.spelled(run.requests, run.jobs, writes=False)}. A watch counts as it ends.",
        f"{told}, {over}": (
            "The baseline is the Job's own terminal condition, by the controller manager, after the same pods. "
            f"{run.ends_per_second:.1f} pods ended per second."
        ),
    }
    note = f"the bench began its requests late by {run.late_seconds * 1000:.1f} ms (p99)."
    return figures, meanings, [note]


class _Sightings:
    """What the bench's watches have seen of the jobs, by the TranscriptionJobs' names."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self.made, self.ended, self.terminal, self.concluded = Stamps(), Stamps(), Stamps(), Stamps()
        self.failed: list[str] = []
        self._saw_creation = note_creation(self.made)

    def saw_job(self, _: str, job: Raw, arrived: float) -> None:
        """Look at a TranscriptionJob."""
        how = ended_as(job)
        if how is not None:
            self.terminal.put(job["metadata"]["name"], arrived)
        if how == "Failed":
            self.failed.append(f"{job['metadata']['name']}: {job['status'].get('failure')}")

    def saw_batch_job(self, kind: str, batch_job: Raw, arrived: float) -> None:
        """Look at a Job."""
        self._saw_creation(kind, batch_job, arrived)
        if ended_as(batch_job) is not None:
            self.concluded.put(job_of(batch_job), arrived)

    def saw_pod(self, _: str, pod: Raw, arrived: float) -> None:
        """Look at a pod, as its worker does too."""
        self._workers.saw(pod)
        if pod.get("status", {}).get("phase") == "Succeeded":
            self.ended.put(job_of(pod), arrived)

    async def check(self) -> None:
        """Refuse a run that was not what it was meant to be.

        Raises
        ------
        RuntimeError
            A pod ended before its manifest was written, or a job failed.
        """
        if late := await self._workers.late(self.ended.at):
            raise RuntimeError(f"the stand-in wrote {len(late)} manifests late, that of {late[0]} among them")
        if self.failed:
            raise RuntimeError(f"{len(self.failed)} jobs failed, among them {self.failed[0]}")


async def _run(stand: Stand, seconds: float) -> Run:
    await asyncio.to_thread(stand.start, operator := stand.operator())
    answered: dict[str, float] = {}

    async def submit(number: int) -> None:
        name = f"job-{number:05}"
        workers.know(await api.post(JOBS, a_job(name)))
        answered[name] = time.monotonic()

    with Workers(stand.store) as workers:
        seen = _Sightings(workers)
        async with (
            BenchApi.connected(stand.control_plane) as api,
            api.watching(JOBS, seen.saw_job),
            api.watching(batch_jobs(), seen.saw_batch_job, labelSelector=JOB_LABEL),
            api.watching(PODS, seen.saw_pod, labelSelector=JOB_LABEL),
        ):
            workers.know(await api.post(JOBS, a_job(WARM_UP)))
            await seen.terminal.reach(1, "the first job's end", idle_seconds=IDLE_SECONDS)
            before, burned = _requests(stand), cpu_seconds(operator.pid)
            late_seconds = await at_rate(submit, per_second=PER_SECOND, seconds=seconds)
            all_of_them = len(answered) + 1
            await seen.made.reach(all_of_them, "Jobs", idle_seconds=IDLE_SECONDS)
            await seen.ended.reach(all_of_them, "pods that ended", idle_seconds=IDLE_SECONDS)
            await seen.terminal.reach(all_of_them, "jobs that ended", idle_seconds=IDLE_SECONDS)
            requests, burned = _requests(stand) - before, cpu_seconds(operator.pid) - burned
            await seen.concluded.reach(all_of_them, "Jobs that ended", idle_seconds=IDLE_SECONDS)
            await seen.check()
    await asyncio.to_thread(stand.end, operator)
    ends = sorted(seen.ended.at[name] for name in answered)
    return Run(
        jobs=len(answered),
        made=Latencies.of([seen.made.at[name] - at for name, at in answered.items()]),
        told=Latencies.of([seen.terminal.at[name] - seen.ended.at[name] for name in answered]),
        concluded=Latencies.of([seen.concluded.at[name] - seen.ended.at[name] for name in answered]),
        ends_per_second=(len(ends) - 1) / (ends[-1] - ends[0]),
        late_seconds=percentile(late_seconds, 99),
        requests=requests,
        cpu_seconds=burned,
    )


def _requests(stand: Stand) -> Counter[audit.Request]:
    """Count the operator's requests so far."""
    return audit.counted(stand.audit_lines(), user=identity.user(NAMESPACE))
