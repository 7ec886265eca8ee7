"""The operator's clock is set while jobs live: none is lost, no limit comes early, and nothing decided is undone.

A jump forward looks like time that has passed, so a deadline may be reached. A jump back ends nothing, and undoes
nothing. What becomes of jobs that have ended stands in ``test_clock_jumps_at_the_end.py``, of what nobody names in
``tests/unit/sweeping/test_clocks_that_are_set.py``.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest

from control_plane.faults.lab import BACK, JUMPS, KEY, MONTH, ON, Lab, phase, sane
from steno_types import Reason


@pytest.mark.parametrize("jump", JUMPS)
@pytest.mark.parametrize("moment", range(5), ids=["from the start", "queued", "running", "claimed", "ended"])
async def test_a_job_without_limits_completes_whatever_the_clock_says(lab: Lab, jump: timedelta, moment: int) -> None:
    """Wherever the jump comes, one attempt with one Job wins, and no span is negative."""

    async def reach(reached: int) -> None:
        if reached == moment:
            lab.off = jump
        await lab.settle()

    await lab.submit(ttlSecondsAfterFinished=-1)
    await reach(0)
    pod = lab.add_pod()
    await reach(1)
    pod = lab.put_pod(replace(pod, started=lab.now))
    await reach(2)
    await lab.claim(pod.name)
    await reach(3)
    lab.put_pod(replace(pod, started=lab.now, finished=lab.now + timedelta(seconds=1), exit_code=0))
    await reach(4)

    job = await lab.there()
    assert "Completed" == phase(job)
    assert [(pod.name, None)] == [(attempt.name, attempt.reason) for attempt in job.status.attempts]
    assert 1 == len(lab.batch_jobs.created)
    assert sane(job)


@pytest.mark.parametrize("jump", JUMPS)
async def test_an_attempt_that_vanishes_has_no_negative_span(lab: Lab, jump: timedelta) -> None:
    """Its end is the operator's word, its start the node's: the one is never before the other."""
    await lab.submit()
    await lab.settle()
    pod = lab.add_pod(started=lab.now)
    await lab.settle()
    lab.off = jump
    del lab.batch_jobs.worker_pods[pod.name]
    await lab.settle()

    job = await lab.there()
    assert [Reason.TERMINATED] == [attempt.reason for attempt in job.status.attempts]
    assert sane(job)


LIMITS: Final = {
    "activeDeadlineSeconds": (7200, Reason.DEADLINE_EXCEEDED),
    "stallSeconds": (7200, None),
    "pendingDeadlineSeconds": (7200, Reason.PENDING_DEADLINE_EXCEEDED),
}
"""Longer than an hour and shorter than a month; a worker that stalls has another chance."""


async def limited(lab: Lab, limit: str) -> None:
    """Let a job with a limit run, or wait where that is what is limited."""
    await lab.submit(**{limit: LIMITS[limit][0]}, backoffLimit=1)
    await lab.settle()
    if limit != "pendingDeadlineSeconds":
        lab.add_pod(started=lab.now)
        await lab.settle()


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("jump", [*BACK, ON[0]])
async def test_no_limit_is_reached_early(lab: Lab, limit: str, jump: timedelta) -> None:
    """A jump back reaches no limit, nor does one forward that is shorter than the limit."""
    await limited(lab, limit)
    lab.off = jump
    await lab.settle()

    job = await lab.there()
    assert job.status.stopping is None
    assert phase(job) in {"Queued", "Processing"}
    assert [] == lab.batch_jobs.deleted


@pytest.mark.parametrize("limit", LIMITS)
async def test_a_jump_past_a_limit_reaches_it_for_good(lab: Lab, limit: str) -> None:
    """It looks like time that has passed; set back again, the clock takes back nothing that was decided."""
    await limited(lab, limit)
    lab.off = MONTH
    await lab.controller.reconcile(KEY)  # decided and written down, nothing more
    lab.off = timedelta()
    await lab.settle()
    await lab.settle()

    job, (_, reason) = await lab.there(), LIMITS[limit]
    if reason is not None:
        assert job.status.failure is not None
        assert reason == job.status.failure.reason
    else:
        assert [Reason.WORKER_STALLED] == [attempt.reason for attempt in job.status.attempts]
        assert 2 == len(lab.batch_jobs.created)
    assert sane(job)
