"""The operator's clock is set when jobs have ended: nothing is deleted early, and no release waits for the clock.

A jump forward looks like time that has passed, so a TTL, or a release's patience, may end. A jump back ends nothing,
and undoes nothing.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from control_plane.faults.lab import BACK, JUMPS, KEY, MONTH, ON, Lab, phase, sane
from steno_operator.controller import LONGEST_WAIT_SECONDS
from steno_operator.policies.release import REPEAT_SECONDS
from steno_operator.policies.retries import JOB_CONTROLLER_SECONDS
from steno_types import Reason, Release, TerminationMessage
from support.builders import NAMESPACE


async def completed(lab: Lab) -> None:
    """Let a job complete, with the installation's TTL of a week."""
    await lab.submit()
    await lab.settle()
    pod = lab.add_pod(started=lab.now)
    await lab.settle()
    await lab.claim(pod.name)
    lab.put_pod(replace(pod, finished=lab.now, exit_code=0))
    await lab.settle()


@pytest.mark.parametrize("jump", [*BACK, ON[0]])
async def test_nothing_expires_early(lab: Lab, jump: timedelta) -> None:
    """Before its expiration a job stays, with all its objects, and its expiration does not move."""
    await completed(lab)
    before = (await lab.there()).status.expiration_time
    kept = lab.store.objects
    lab.off = jump
    await lab.settle()

    job = await lab.there()
    assert ("Completed", before) == (phase(job), job.status.expiration_time)
    assert job.metadata.deletion_timestamp is None
    assert kept == lab.store.objects


async def test_a_jump_past_the_ttl_expires_for_good(lab: Lab) -> None:
    """It looks like time that has passed; set back again, the clock does not stop the release."""
    await completed(lab)
    lab.off = MONTH
    await lab.controller.reconcile(KEY)
    assert (await lab.there()).metadata.deletion_timestamp is not None
    lab.off = timedelta()
    await lab.rest()

    assert await lab.job() is None
    assert {} == lab.store.objects


@pytest.mark.parametrize("jump", JUMPS)
async def test_a_wait_for_the_clock_is_never_longer_than_hours(lab: Lab, jump: timedelta) -> None:
    """A clock that is set right is noticed, though what waits for it was measured by the wrong one."""
    await completed(lab)
    lab.off = jump

    again = await lab.settle()

    assert again is None or again <= LONGEST_WAIT_SECONDS


@pytest.mark.parametrize("jump", BACK)
async def test_a_release_is_repeated_though_the_clock_is_set_back(lab: Lab, jump: timedelta) -> None:
    """After a deletion that left something, the next one follows in seconds, not when the clock is there again."""
    await completed(lab)
    await lab.jobs.delete(NAMESPACE, "talk")
    job = await lab.there()
    partly = Release(objects=1, bytes=3, verified_empty=False, time=lab.now)
    await lab.jobs.patch_status(job, job.status.model_copy(update={"release": partly}))
    lab.off = jump

    again = await lab.settle()

    assert again is not None
    assert again <= REPEAT_SECONDS
    await lab.rest()
    assert await lab.job() is None
    assert {} == lab.store.objects


async def test_a_release_may_lose_its_patience_and_leaves_the_rest_to_the_sweep(lab: Lab) -> None:
    """Under a jump forward it looks as if a release had been held up for long: it says that something may be left."""
    await completed(lab)
    await lab.jobs.delete(NAMESPACE, "talk")
    lab.off = MONTH
    await lab.controller.reconcile(KEY)

    receipt = (await lab.there()).status.release
    assert receipt is not None
    assert (False, True) == (receipt.verified_empty, receipt.gave_up)
    lab.off = timedelta()
    await lab.rest()
    assert await lab.job() is None


@pytest.mark.parametrize("jump", BACK)
async def test_a_spent_job_does_not_wait_for_the_clock(lab: Lab, jump: timedelta) -> None:
    """The last attempt's end lies in the operator's future: the Job controller's half minute stays half a minute."""
    await lab.submit(backoffLimit=0)
    await lab.settle()
    pod = lab.add_pod(started=lab.now)
    await lab.settle()
    lab.off = jump
    word = TerminationMessage(reason=Reason.DEVICE_OUT_OF_MEMORY, message="")
    lab.put_pod(replace(pod, finished=lab.now, exit_code=75, termination=word, failed=True))

    again = await lab.settle()

    assert again is not None
    assert again <= JOB_CONTROLLER_SECONDS
    (name,) = lab.batch_jobs.batch_jobs
    lab.batch_jobs.batch_jobs[name] = replace(lab.batch_jobs.batch_jobs[name], failed=True)
    await lab.settle()
    job = await lab.there()
    assert "Failed" == phase(job)
    assert sane(job)
    # Its TTL counts from its end, not from when the operator's clock said that it was.
    assert job.status.expiration_time is not None
    lab.off = timedelta()
    await lab.settle()
    assert "Failed" == phase(await lab.there())
    assert lab.now + timedelta(days=6) < job.status.expiration_time
