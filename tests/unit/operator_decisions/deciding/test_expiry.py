"""When a finished job goes, and what its status says of it: expiry and the terminal wait, by table."""

from datetime import datetime, timedelta

import pytest

from steno_operator.observed import Observed
from steno_operator.plan import DeleteJob, Plan
from steno_operator.policies import expiry, terminal
from steno_operator.reconcile import reconcile
from steno_types import to_rfc3339
from support.builders import NOON, JobBuilder, a_job, a_launched_job, an_installation

FINISHED = a_launched_job().completed(at=NOON)


def later(seconds: float) -> datetime:
    """Give a moment after the end."""
    return NOON + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("job", "installations_ttl", "seconds", "expired"),
    [
        pytest.param(FINISHED.ttl(60), 3600, 59.999, False, id="own TTL, just before"),
        pytest.param(FINISHED.ttl(60), 3600, 60, True, id="own TTL, the exact second"),
        pytest.param(FINISHED.ttl(0), 3600, 0, True, id="own TTL of zero"),
        pytest.param(FINISHED.ttl(7200), 3600, 3600, False, id="own TTL longer than the installation's"),
        pytest.param(FINISHED, 3600, 3599, False, id="installation's TTL, just before"),
        pytest.param(FINISHED, 3600, 3600, True, id="installation's TTL, the exact second"),
        pytest.param(FINISHED, -1, 1e9, False, id="installation says never"),
        pytest.param(FINISHED.ttl(60), -1, 60, True, id="own TTL where the installation says never"),
        pytest.param(FINISHED.ttl(-1), 3600, 1e9, False, id="job says never"),
        pytest.param(a_launched_job().failed(at=NOON), 3600, 3600, True, id="failed job"),
        pytest.param(a_launched_job(), 3600, 1e9, False, id="unfinished job"),
    ],
)
def test_when_a_job_expires(job: JobBuilder, installations_ttl: int, seconds: float, *, expired: bool) -> None:
    """A finished job is deleted once its TTL has passed, and not before."""
    here = an_installation(cache_expiry_seconds=installations_ttl)

    plan = expiry.decide(job.build(), Observed(), here, later(seconds))

    assert (Plan(actions=(DeleteJob(),)) if expired else None) == plan


@pytest.mark.parametrize(
    ("changed_to", "told", "seconds", "expires"),
    [
        pytest.param(120, 60, 60, 120, id="longer in flight"),
        pytest.param(60, 3600, 30, 60, id="shorter in flight"),
        pytest.param(-1, 60, 30, None, id="never in flight"),
        pytest.param(60, None, 30, 60, id="no longer never"),
        pytest.param(60, 60, 30, 60, id="unchanged"),
    ],
)
def test_the_expiration_is_told_anew(changed_to: int, told: int | None, seconds: int, expires: int | None) -> None:
    """A TTL that changes after the end moves the expiration, in the status and in the next look."""
    job = FINISHED.ttl(changed_to)
    if told is not None:
        job = job.with_status(expirationTime=to_rfc3339(later(told)))

    plan = reconcile(job.build(), Observed(), an_installation(), later(seconds))

    assert () == plan.actions
    assert (None if expires is None else expires - seconds) == plan.requeue_after_seconds
    if expires == told:
        assert plan.status is None
    else:
        assert plan.status is not None
        assert (None if expires is None else later(expires)) == plan.status.expiration_time


def test_never_takes_the_expiration_out_of_the_status() -> None:
    """When the TTL becomes -1, all of the status stays but the expiration."""
    job = FINISHED.with_status(warnings=["It was loud."], expirationTime=to_rfc3339(later(60))).ttl(-1).build()

    plan = terminal.decide(job, Observed(), an_installation(), NOON)

    assert plan is not None
    assert plan.status is not None
    assert {"expirationTime"} == job.status.to_wire().keys() - plan.status.to_wire().keys()
    assert job.status.model_copy(update={"expiration_time": None}) == plan.status


def test_an_unfinished_job_is_not_waited_for() -> None:
    """Without a terminal condition neither policy has an opinion."""
    job = a_launched_job().build()

    assert terminal.decide(job, Observed(), an_installation(), NOON) is None
    assert expiry.decide(job, Observed(), an_installation(), NOON) is None


def test_a_terminal_condition_without_a_completion_time_counts_from_itself() -> None:
    """A status that someone else wrote expires all the same, and is not written anew at every look."""
    whole = FINISHED.with_status(expirationTime=to_rfc3339(later(3600)))
    job = (
        a_job().with_status(**{key: value for key, value in whole.status.items() if key != "completionTime"}).build()
    )

    assert Plan(requeue_after_seconds=3500) == reconcile(job, Observed(), an_installation(), later(100))
    assert (DeleteJob(),) == reconcile(job, Observed(), an_installation(), later(3600)).actions


def test_the_next_look_is_never_in_the_past() -> None:
    """The terminal wait alone, asked too late, asks for the next look at once."""
    plan = terminal.decide(FINISHED.ttl(60).build(), Observed(), an_installation(), later(61))

    assert plan is not None
    assert 0.0 == plan.requeue_after_seconds
