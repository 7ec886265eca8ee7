"""How soon a restarted operator serves new jobs beside thousands of live ones, and whether it makes any Job twice.

Called by `suite`. It is killed twice: in the midst of the burst, when some jobs have their Jobs, and once all have
and it rests. Must not know how the operator works.
"""

import asyncio
import time
from collections import Counter
from typing import Final

from benchmarks.api_server import BenchApi, Raw, Stamps
from benchmarks.figures import figure
from benchmarks.operator.creation import CONCURRENCY, IDLE_SECONDS, Found, note_creation, warm_up
from benchmarks.operator.finished import settled
from benchmarks.operator.objects import JOBS, a_job, batch_jobs, job_of
from benchmarks.operator.stand import Stand, Terms
from benchmarks.pacing import at_once
from steno_types import JOB_LABEL

GOAL: Final = "<= 30"
"""Seconds from the start of the process to the Job of a job that was created then."""

PROBE: Final = "probe"
"""Name of that job."""


def measure(terms: Terms) -> Found:
    """Measure all."""
    terms.say(f"a restart beside {terms.burst} live TranscriptionJobs")
    with Stand(terms, "restart") as stand:
        probe_seconds, rest_seconds, duplicates = asyncio.run(_run(stand, terms))
    beside = f"{terms.burst:,} live TranscriptionJobs"
    probed, completed, doubled = (
        f"restart beside {beside} until the first new one has its Job",
        f"restart in the midst of {beside} until each has its Job",
        f"Jobs made twice over two restarts beside {beside}",
    )
    figures = [
        figure(probed, "s", probe_seconds, goal=GOAL),
        figure(completed, "s", rest_seconds),
        figure(doubled, "Jobs", duplicates, goal="== 0"),
    ]
    meanings = {
        probed: "From the start of the process, with the new one created at the same moment; it was killed at rest.",
        completed: "The same, killed without a warning when half of them had their Jobs.",
        doubled: "Jobs seen by the bench's watch beyond the first of each TranscriptionJob.",
    }
    return figures, meanings, []


async def _run(stand: Stand, terms: Terms) -> tuple[float, float, float]:
    """Give the seconds to the probe's Job, those to the rest of the burst, and the Jobs that are too many."""
    made = Stamps()
    seen: Counter[str] = Counter()

    def saw_batch_job(kind: str, batch_job: Raw, arrived: float) -> None:
        note_creation(made)(kind, batch_job, arrived)
        if kind == "ADDED":
            seen[job_of(batch_job)] += 1

    async def submit(number: int) -> None:
        await api.post(JOBS, a_job(f"job-{number:05}"))

    async with (
        BenchApi.connected(stand.control_plane) as api,
        api.watching(batch_jobs(), saw_batch_job, labelSelector=JOB_LABEL),
    ):
        await asyncio.to_thread(stand.start, first := stand.operator(), profiled=False)
        await warm_up(api, made)
        sending = asyncio.create_task(at_once(submit, times=terms.burst, concurrency=CONCURRENCY))
        await made.reach(terms.burst // 2, "Jobs", idle_seconds=IDLE_SECONDS)
        first.kill()
        await sending
        began = time.monotonic()
        await asyncio.to_thread(stand.start, second := stand.operator(), profiled=False)
        await made.reach(terms.burst + 1, "Jobs", idle_seconds=IDLE_SECONDS)
        rest_seconds = time.monotonic() - began
        await settled(second.pid)
        second.kill()
        began = time.monotonic()
        starting = asyncio.create_task(asyncio.to_thread(stand.start, third := stand.operator()))
        await api.post(JOBS, a_job(PROBE))
        await made.reach(terms.burst + 2, "the probe's Job", idle_seconds=IDLE_SECONDS)
        await starting
        await settled(third.pid)
        await asyncio.to_thread(stand.end, third)
    return made.at[PROBE] - began, rest_seconds, float(seen.total() - len(seen))
