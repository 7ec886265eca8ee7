"""A job in a queue of Kueue's: how its waiting reads, what priority its Job has; and what will run, told once."""

from typing import Any

import pytest

from steno_operator.plan import Plan, SetQueuePriority
from steno_operator.policies.waiting import decide
from steno_types import ConditionType, Phase, TranscriptionJobStatus, WaitingReason
from support.builders import NOON, JobBuilder, a_launched_job, an_installation, beside

HERE = an_installation()
LAUNCHED = a_launched_job()
QUEUED = LAUNCHED.with_spec(queueName="gpus")
JOB = LAUNCHED.build()


def decided(job: JobBuilder, **batch_job: Any) -> Plan | None:
    """Decide beside the job's Job."""
    there = job.build()
    return decide(there, beside(there).with_batch_job(**batch_job).build(), HERE, NOON)


def told(job: JobBuilder, **batch_job: Any) -> TranscriptionJobStatus:
    """Give the status that is written."""
    plan = decided(job, **batch_job)
    assert plan is not None
    assert plan.status is not None
    return plan.status


def test_a_job_held_back_by_its_queue_waits_for_quota() -> None:
    """What Kueue suspends is queued, and says in which queue."""
    status = told(QUEUED, suspended=True)

    queued = status.condition(ConditionType.QUEUED)
    assert queued is not None
    assert (Phase.QUEUED, WaitingReason.QUOTA_EXHAUSTED) == (status.phase, queued.reason)
    assert "the queue 'gpus'" in queued.message


def waiting_with(wish: str | None) -> JobBuilder:
    """Give a job in a queue whose status says all that there is to say of its waiting."""
    job = QUEUED.with_spec(**({"queuePriority": wish} if wish else {}))
    return job.with_status(**told(job, suspended=True, queue_priority=wish).to_wire())


@pytest.mark.parametrize(
    ("wish", "batch_job", "actions"),
    [
        pytest.param(
            "high",
            {"suspended": True, "queue_priority": "low"},
            (SetQueuePriority(name="talk-6f3d1c6e", priority="high"),),
            id="another",
        ),
        pytest.param("high", {"suspended": True, "queue_priority": "high"}, (), id="the same"),
        pytest.param("high", {"suspended": False, "queue_priority": "low"}, (), id="it runs, so it runs"),
    ],
)
def test_a_new_priority_reaches_a_job_that_is_held_back(
    wish: str, batch_job: dict[str, Any], actions: tuple[SetQueuePriority, ...]
) -> None:
    """The label is all that is ever changed about a Job, and only while its queue holds it back."""
    plan = decided(waiting_with(wish), **batch_job)

    assert actions == (plan.actions if plan is not None else ())


@pytest.mark.parametrize(
    ("wish", "has"), [pytest.param("high", None, id="it had none"), pytest.param(None, "low", id="none any more")]
)
def test_a_priority_that_comes_or_goes_takes_another_job(wish: str | None, has: str | None) -> None:
    """Kueue passes over a label that comes later and refuses that it goes, so the waiting Job is made anew."""
    plan = decided(waiting_with(wish), suspended=True, queue_priority=has)

    assert plan is not None
    assert plan.status is not None
    assert ((), None, 1) == (plan.actions, plan.status.job_ref, plan.status.launches)


def test_without_a_queue_nobody_touches_the_job() -> None:
    """A priority of the installation's own is no label of Kueue's."""
    plan = decided(LAUNCHED.with_spec(queuePriority="soon"), suspended=True)

    assert plan is not None
    assert () == plan.actions


def test_what_will_run_is_told_once() -> None:
    """The effective settings are the profile's and the job's together, and stay when the profiles change."""
    asked = LAUNCHED.with_spec(profile="gpu", engine={"beamSize": 1})
    first = told(asked, suspended=True)
    assert first.effective is not None
    assert ("gpu", "registry.example/steno-worker-cuda:1", "faster-whisper", "large-v3-turbo", 1) == (
        first.effective.profile,
        first.effective.image,
        first.effective.engine,
        first.effective.model,
        first.effective.beam_size,
    )

    other_profile = asked.with_spec(profile="no-longer-there").with_status(**first.to_wire())

    assert decided(other_profile, suspended=True) is None


def test_a_profile_that_is_gone_leaves_the_settings_untold() -> None:
    """A Job outlives its profile: what it runs is then told by its manifest."""
    assert told(LAUNCHED.with_spec(profile="no-longer-there")).effective is None


def test_a_change_of_the_spec_is_acknowledged() -> None:
    """The generation that the status was decided on is written, so that a client may wait for it."""
    written = LAUNCHED.with_status(**told(LAUNCHED, suspended=True).to_wire())

    assert 2 == told(written.with_metadata(generation=2), suspended=True).observed_generation
