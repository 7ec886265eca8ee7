"""How long after its pod has ended a TranscriptionJob says so, while pods end at a steady rate.

Called by `suite`. Many jobs are brought to run first, as the Job controller, at 100 requests a second, would not
start pods as fast as they are to end. Then they end as a worker and its kubelet end them: the manifest, then the
pod's status. Must not know how the operator works.
"""

import asyncio
from datetime import UTC, datetime
from typing import Final

from benchmarks.api_server import BenchApi, Raw, Stamps
from benchmarks.figures import figure
from benchmarks.operator import nodes
from benchmarks.operator.creation import CONCURRENCY, WARM_UP, Found
from benchmarks.operator.finished import settled
from benchmarks.operator.objects import JOBS, PODS, a_job, batch_jobs, ended, ended_as, job_of
from benchmarks.operator.stand import Stand, Terms
from benchmarks.operator.workers import Workers
from benchmarks.pacing import at_once, at_rate
from benchmarks.percentiles import Latencies, percentile
from steno_types import JOB_LABEL, to_rfc3339

PER_SECOND: Final = 30
"""Pods that end."""

SHARE: Final = 1 / 3
"""Of the seconds of a rate: a minute of ends takes two to prepare."""

GOAL: Final = "<= 2"
"""Seconds, p99."""

IDLE_SECONDS: Final = 60.0
"""Without any more, after which the rest is given up."""


class _Sightings:
    """What the bench's watches have seen of the jobs, by the TranscriptionJobs' names."""

    def __init__(self) -> None:
        self.ready, self.ended, self.terminal, self.concluded = Stamps(), Stamps(), Stamps(), Stamps()
        self.pods: dict[str, Raw] = {}
        """As they ran."""

    def saw_job(self, _: str, job: Raw, arrived: float) -> None:
        """Look at a TranscriptionJob."""
        if ended_as(job) == "Complete":
            self.terminal.put(job["metadata"]["name"], arrived)

    def saw_batch_job(self, _: str, batch_job: Raw, arrived: float) -> None:
        """Look at a Job; one whose pod is counted as ready is none of the Job controller's business any more."""
        if batch_job.get("status", {}).get("ready"):
            self.ready.put(job_of(batch_job), arrived)
        if ended_as(batch_job) is not None:
            self.concluded.put(job_of(batch_job), arrived)

    def saw_pod(self, _: str, pod: Raw, arrived: float) -> None:
        """Look at a pod."""
        phase = pod.get("status", {}).get("phase")
        if phase == "Running":
            self.pods[job_of(pod)] = pod
        elif phase == "Succeeded":
            self.ended.put(job_of(pod), arrived)


def measure(terms: Terms) -> Found:
    """Measure all."""
    seconds = terms.seconds * SHARE
    count = int(seconds * PER_SECOND)
    terms.say(f"{count} pods, of which {PER_SECOND} end a second")
    with Stand(terms, "ends", pods=count + 1, stages=nodes.RUNNING) as stand:
        told, concluded, rate, late_seconds = asyncio.run(_run(stand, seconds, count))
    metric = f"pod ended -> status terminal, p99, while pods end at {PER_SECOND}/s"
    over = f"{metric}, over the Job's own condition"
    figures = [
        figure(metric, "s", told.p99_ms / 1000, goal=GOAL),
        figure(over, "s", told.p99_ms / 1000, baseline=concluded.p99_ms / 1000),
    ]
    meanings = {
        metric: (
            "On the bench's watches, from the pod's event with its phase Succeeded to the TranscriptionJob's with "
            f"Complete; {told.count} jobs, {rate:.1f} a second; p50 {told.p50_ms:.0f} ms, the longest "
            f"{told.longest_ms:.0f} ms."
        ),
        over: "The baseline is the Job's own terminal condition, by the controller manager, after the same pods.",
    }
    return figures, meanings, [f"the bench began to end pods late by {late_seconds * 1000:.1f} ms (p99)."]


async def _run(stand: Stand, seconds: float, count: int) -> tuple[Latencies, Latencies, float, float]:
    """Give the latencies of TranscriptionJobs and of Jobs, the rate of ends, and the p99 of the bench's lateness."""
    await asyncio.to_thread(stand.start, operator := stand.operator())
    seen = _Sightings()
    jobs: dict[str, Raw] = {}

    async def submit(number: int) -> None:
        name = f"job-{number:05}"
        jobs[name] = await api.post(JOBS, a_job(name))

    async def end(number: int) -> None:
        name = f"job-{number:05}"
        pod = seen.pods[name]
        pod_name = pod["metadata"]["name"]
        await workers.write(jobs[name], pod_name)
        now = to_rfc3339(datetime.now(UTC))
        await api.patch(f"{PODS}/{pod_name}/status", {"status": ended(pod, at=now)})

    with Workers(stand.store) as workers:
        async with (
            BenchApi.connected(stand.control_plane) as api,
            api.watching(JOBS, seen.saw_job),
            api.watching(batch_jobs(), seen.saw_batch_job, labelSelector=JOB_LABEL),
            api.watching(PODS, seen.saw_pod, labelSelector=JOB_LABEL),
        ):
            # Its pod runs on: it is there to show that the operator's watches are on.
            await api.post(JOBS, a_job(WARM_UP))
            await seen.ready.reach(1, "the first running pod", idle_seconds=IDLE_SECONDS)
            await at_once(submit, times=count, concurrency=CONCURRENCY)
            await seen.ready.reach(count + 1, "running pods", idle_seconds=IDLE_SECONDS)
            await settled(operator.pid)
            late_seconds = await at_rate(end, per_second=PER_SECOND, seconds=seconds)
            await seen.terminal.reach(count, "jobs that ended", idle_seconds=IDLE_SECONDS)
            await seen.concluded.reach(count, "Jobs that ended", idle_seconds=IDLE_SECONDS)
    await asyncio.to_thread(stand.end, operator)
    ends = sorted(seen.ended.at[name] for name in jobs)
    return (
        Latencies.of([seen.terminal.at[name] - seen.ended.at[name] for name in jobs]),
        Latencies.of([seen.concluded.at[name] - seen.ended.at[name] for name in jobs]),
        (len(ends) - 1) / (ends[-1] - ends[0]),
        percentile(late_seconds, 99),
    )
