"""How long nobody acts when the leader of two operators is killed.

Called by `suite`. The first operator that is started leads, as the second finds its Lease. Must not know how they
elect.
"""

import asyncio
import time
from typing import Final

from benchmarks.api_server import BenchApi, Stamps
from benchmarks.figures import figure
from benchmarks.operator.creation import IDLE_SECONDS, Found, note_creation, warm_up
from benchmarks.operator.objects import JOBS, a_job, batch_jobs
from benchmarks.operator.stand import Stand, Terms
from steno_types import JOB_LABEL

GOAL: Final = "<= 20"
"""Seconds from the kill to the next leader's first Job."""

ROUNDS: Final = 3
"""A lost Lease is waited for; how long depends on when it was last renewed."""

RENEWAL_SECONDS: Final = 2.0
"""A leader renews its Lease as often, and is killed at another moment of it each round."""


def possible(terms: Terms) -> bool:
    """Say whether the operators of that tree elect a leader at all."""
    return (terms.tree / "operator" / "steno_operator" / "leadership.py").exists()


def measure(terms: Terms) -> Found:
    """Measure all; nothing is measured of operators that elect no leader, and a note says so."""
    if not possible(terms):
        terms.say("failover is not measured: this operator elects no leader")
        return [], {}, ["not measured: this operator elects no leader."]
    seconds = []
    for number in range(ROUNDS):
        terms.say(f"the leader is killed, {number + 1} of {ROUNDS}")
        with Stand(terms, f"failover-{number}") as stand:
            seconds.append(asyncio.run(_run(stand, number * RENEWAL_SECONDS / ROUNDS)))
    metric = "leader killed -> the next leader acts"
    meaning = (
        f"From the kill of the leader of two to the Job of a TranscriptionJob that was created then; the longest of "
        f"{', '.join(f'{each:.1f}' for each in seconds)} s."
    )
    return [figure(metric, "s", max(seconds), goal=GOAL)], {metric: meaning}, []


async def _run(stand: Stand, delay_seconds: float) -> float:
    made = Stamps()
    async with (
        BenchApi.connected(stand.control_plane) as api,
        api.watching(batch_jobs(), note_creation(made), labelSelector=JOB_LABEL),
    ):
        await asyncio.to_thread(stand.start, leader := stand.operator())
        await warm_up(api, made)
        await asyncio.to_thread(stand.start, other := stand.operator(replica=1))
        await asyncio.sleep(delay_seconds)
        leader.kill()
        began = time.monotonic()
        await api.post(JOBS, a_job("next"))
        await made.reach(2, "the next leader's Job", idle_seconds=IDLE_SECONDS)
        await asyncio.to_thread(stand.end, other)
    return made.at["next"] - began
