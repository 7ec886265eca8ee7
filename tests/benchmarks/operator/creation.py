"""How long after a TranscriptionJob its Job is there, while they come at a steady rate; and all of a burst.

Called by `suite`. The bench creates and watches; nothing runs, so that creation alone is measured. Must not know how
the operator works.
"""

import asyncio
import time
from typing import Final

from benchmarks.api_server import BenchApi, Raw, Seen, Stamps
from benchmarks.figures import Figure, figure
from benchmarks.operator.objects import JOBS, a_job, bare_batch_job, batch_jobs, job_of
from benchmarks.operator.stand import BARE_NAMESPACE, Stand, Terms
from benchmarks.pacing import at_once, at_rate
from benchmarks.percentiles import Latencies, percentile
from benchmarks.usage import cpu_seconds
from steno_types import JOB_LABEL

RATES: Final = {10: "<= 50", 30: "<= 100"}
"""TranscriptionJobs a second, and the goal for the 99th percentile in ms."""

BURST_GOAL: Final = "<= 30"
"""Seconds until the last Job of a burst is there."""

CONCURRENCY: Final = 16
"""Requests of the bench under way at once in a burst."""

IDLE_SECONDS: Final = 60.0
"""Without another Job, after which the rest is given up."""

WARM_UP: Final = "warm-up"
"""Name of the job that shows that the operator's watches are on."""

Found = tuple[list[Figure], dict[str, str], list[str]]
"""Figures, what their metrics mean, and notes."""


def measure_rates(terms: Terms) -> Found:
    """Measure creation at each rate, and that of bare Jobs."""
    figures: list[Figure] = []
    meanings: dict[str, str] = {}
    notes: list[str] = []
    for rate, goal in RATES.items():
        called = f"rate-{rate}"
        terms.say(f"{rate} TranscriptionJobs a second for {terms.seconds:.0f} s")
        with Stand(terms, called) as stand:
            own, late_seconds = asyncio.run(_operated(stand, terms, rate))
        terms.say(f"{rate} bare Jobs a second for {terms.seconds:.0f} s")
        with Stand(terms, f"{called}-bare") as stand:
            bare, bare_late_seconds = asyncio.run(_bare(stand, terms, rate))
        metric = f"TranscriptionJob created -> Job created, {rate}/s"
        figures += [
            figure(f"{metric}, p99", "ms", own.p99_ms, goal=goal),
            figure(f"{metric}, p99, over a bare Job", "ms", own.p99_ms, baseline=bare.p99_ms),
            figure(f"{metric}, p50, over a bare Job", "ms", own.p50_ms, baseline=bare.p50_ms),
        ]
        meanings[f"{metric}, p99"] = (
            f"From the answer to the bench's POST to the Job's event on the bench's watch, {own.count} jobs; the "
            f"longest took {own.longest_ms:.0f} ms."
        )
        meanings[f"{metric}, p99, over a bare Job"] = (
            "The baseline is a Job of the same content that the bench creates itself at the same rate, from its POST "
            "to its event on the same watch."
        )
        notes.append(
            f"at {rate}/s the bench began its requests late by {late_seconds * 1000:.1f} ms (p99), its bare ones by "
            f"{bare_late_seconds * 1000:.1f} ms."
        )
    return figures, meanings, notes


def measure_burst(terms: Terms) -> Found:
    """Measure a burst, and that of as many bare Jobs."""
    terms.say(f"{terms.burst} TranscriptionJobs at once")
    with Stand(terms, "burst") as stand:
        sent_seconds, seconds, burned_seconds = asyncio.run(_burst(stand, terms))
    terms.say(f"{terms.burst} bare Jobs at once")
    with Stand(terms, "burst-bare") as stand:
        bare_seconds = asyncio.run(_bare_burst(stand, terms))
    metric = f"{terms.burst:,} TranscriptionJobs at once until every Job exists"
    figures = [
        figure(metric, "s", seconds, goal=BURST_GOAL),
        figure(f"{metric}, over as many bare Jobs", "s", seconds, baseline=bare_seconds),
        figure("the operator's CPU time per TranscriptionJob of a burst", "ms", burned_seconds / terms.burst * 1000),
    ]
    meanings = {
        metric: (
            f"From the first POST of {CONCURRENCY} at once to the last Job's event on the bench's watch; the last "
            f"POST was answered after {sent_seconds:.1f} s."
        ),
        f"{metric}, over as many bare Jobs": "The baseline is the bench creating the Jobs itself, as many at once.",
    }
    return figures, meanings, []


async def warm_up(api: BenchApi, made: Stamps) -> None:
    """Wait until the operator has made its first Job, so that its watches are on; `made` is fed by a watch."""
    await api.post(JOBS, a_job(WARM_UP))
    await made.reach(1, "the first Job", idle_seconds=IDLE_SECONDS)


def note_creation(made: Stamps) -> Seen:
    """Give what notes in `made`, by TranscriptionJob, when its Job was first seen."""

    def seen(kind: str, batch_job: Raw, arrived: float) -> None:
        if kind == "ADDED":
            made.put(job_of(batch_job), arrived)

    return seen


async def _operated(stand: Stand, terms: Terms, rate: float) -> tuple[Latencies, float]:
    """Create TranscriptionJobs at a rate; gives the latencies, and the p99 of the bench's own lateness in seconds."""
    await asyncio.to_thread(stand.start, operator := stand.operator())
    made = Stamps()
    answered: dict[str, float] = {}

    async def submit(number: int) -> None:
        name = f"job-{number:05}"
        await api.post(JOBS, a_job(name))
        answered[name] = time.monotonic()

    async with (
        BenchApi.connected(stand.control_plane) as api,
        api.watching(batch_jobs(), note_creation(made), labelSelector=JOB_LABEL),
    ):
        await warm_up(api, made)
        late_seconds = await at_rate(submit, per_second=rate, seconds=terms.seconds)
        await made.reach(len(answered) + 1, "Jobs", idle_seconds=IDLE_SECONDS)
    await asyncio.to_thread(stand.end, operator)
    return Latencies.of([made.at[name] - at for name, at in answered.items()]), percentile(late_seconds, 99)


async def _bare(stand: Stand, terms: Terms, rate: float) -> tuple[Latencies, float]:
    """Create Jobs at a rate; the same."""
    template = await template_batch_job(stand)
    made = Stamps()
    sent: dict[str, float] = {}

    async def create(number: int) -> None:
        name = f"job-{number:05}"
        sent[name] = time.monotonic()
        await api.post(batch_jobs(BARE_NAMESPACE), bare_batch_job(template, name))

    async with (
        BenchApi.connected(stand.control_plane) as api,
        api.watching(batch_jobs(BARE_NAMESPACE), _note_name(made)),
    ):
        late_seconds = await at_rate(create, per_second=rate, seconds=terms.seconds)
        await made.reach(len(sent), "bare Jobs", idle_seconds=IDLE_SECONDS)
    return Latencies.of([made.at[name] - at for name, at in sent.items()]), percentile(late_seconds, 99)


async def _burst(stand: Stand, terms: Terms) -> tuple[float, float, float]:
    """Create TranscriptionJobs at once.

    Gives the seconds until the last was answered and until its Job was there, and the operator's CPU seconds.
    """
    await asyncio.to_thread(stand.start, operator := stand.operator())
    made = Stamps()

    async def submit(number: int) -> None:
        await api.post(JOBS, a_job(f"job-{number:05}"))

    async with (
        BenchApi.connected(stand.control_plane) as api,
        api.watching(batch_jobs(), note_creation(made), labelSelector=JOB_LABEL),
    ):
        await warm_up(api, made)
        began, burned = time.monotonic(), cpu_seconds(operator.pid)
        await at_once(submit, times=terms.burst, concurrency=CONCURRENCY)
        sent_seconds = time.monotonic() - began
        await made.reach(terms.burst + 1, "Jobs", idle_seconds=IDLE_SECONDS)
        burned = cpu_seconds(operator.pid) - burned
    await asyncio.to_thread(stand.end, operator)
    return sent_seconds, max(made.at.values()) - began, burned


async def _bare_burst(stand: Stand, terms: Terms) -> float:
    """Create Jobs at once; gives the seconds until the last was there."""
    template = await template_batch_job(stand)
    made = Stamps()

    async def create(number: int) -> None:
        await api.post(batch_jobs(BARE_NAMESPACE), bare_batch_job(template, f"job-{number:05}"))

    async with (
        BenchApi.connected(stand.control_plane) as api,
        api.watching(batch_jobs(BARE_NAMESPACE), _note_name(made)),
    ):
        began = time.monotonic()
        await at_once(create, times=terms.burst, concurrency=CONCURRENCY)
        await made.reach(terms.burst, "bare Jobs", idle_seconds=IDLE_SECONDS)
    return max(made.at.values()) - began


async def template_batch_job(stand: Stand) -> Raw:
    """Let the operator make one Job, for the bench to copy; the operator is gone afterwards."""
    operator = stand.operator()
    await asyncio.to_thread(stand.start, operator, profiled=False)
    made = Stamps()
    async with (
        BenchApi.connected(stand.control_plane) as api,
        api.watching(batch_jobs(), note_creation(made), labelSelector=JOB_LABEL),
    ):
        await warm_up(api, made)
        (template,), _ = await api.list(batch_jobs())
    await asyncio.to_thread(stand.end, operator)
    return {"apiVersion": "batch/v1", "kind": "Job", **template}


def _note_name(made: Stamps) -> Seen:
    """Give what notes in `made` when an object was first seen."""

    def seen(kind: str, raw: Raw, arrived: float) -> None:
        if kind == "ADDED":
            made.put(raw["metadata"]["name"], arrived)

    return seen
