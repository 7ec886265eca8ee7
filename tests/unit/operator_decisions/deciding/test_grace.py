"""Jobs and pods of a job that has ended stay to be looked at for a while, then they go."""

from datetime import timedelta

import pytest

from steno_operator.observed import Observed
from steno_operator.plan import DeleteBatchJob, DeleteJob, Plan
from steno_operator.reconcile import reconcile
from steno_types import to_rfc3339
from support.builders import NOON, JobBuilder, a_launched_job, an_installation

HERE = an_installation(complete_grace_seconds=600, failed_grace_seconds=86_400, cache_expiry_seconds=604_800)
EXPIRES = to_rfc3339(NOON + timedelta(seconds=604_800))
COMPLETE = a_launched_job().completed().with_status(expirationTime=EXPIRES)
FAILED = a_launched_job().failed().with_status(expirationTime=EXPIRES)
LEFT = Observed(leftovers=("talk-6f3d1c6e", "talk-6f3d1c6e-1"))
DELETIONS = tuple(DeleteBatchJob(name=name, waits_for_pods=False) for name in LEFT.leftovers)


@pytest.mark.parametrize(
    ("job", "observed", "seconds", "plan"),
    [
        pytest.param(COMPLETE, LEFT, 0, Plan(requeue_after_seconds=600), id="just complete"),
        pytest.param(COMPLETE, LEFT, 599, Plan(requeue_after_seconds=1), id="complete, a second early"),
        pytest.param(
            COMPLETE, LEFT, 600, Plan(actions=DELETIONS, requeue_after_seconds=604_200), id="complete, in time"
        ),
        pytest.param(FAILED, LEFT, 600, Plan(requeue_after_seconds=85_800), id="failed, longer"),
        pytest.param(
            FAILED, LEFT, 86_400, Plan(actions=DELETIONS, requeue_after_seconds=518_400), id="failed, in time"
        ),
        pytest.param(COMPLETE, Observed(), 600, Plan(requeue_after_seconds=604_200), id="nothing left"),
        pytest.param(COMPLETE, Observed(), 0, Plan(requeue_after_seconds=604_800), id="nothing to wait for"),
    ],
)
def test_when_jobs_go(job: JobBuilder, observed: Observed, seconds: float, plan: Plan) -> None:
    """Those of a failed job stay longer, as somebody may want to know why; all at once, and nobody waits for pods."""
    assert plan == reconcile(job.build(), observed, HERE, NOON + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("job", "seconds", "plan"),
    [
        pytest.param(COMPLETE.ttl(-1), 600, DELETIONS, id="kept for ever, its Jobs are not"),
        pytest.param(COMPLETE.ttl(60), 60, (DeleteJob(),), id="gone before its Jobs would"),
    ],
)
def test_grace_and_ttl(job: JobBuilder, seconds: float, plan: tuple[object, ...]) -> None:
    """Whichever comes first."""
    assert plan == reconcile(job.build(), LEFT, HERE, NOON + timedelta(seconds=seconds)).actions


def test_a_job_kept_for_ever_is_not_looked_at_again() -> None:
    """Once its Jobs are gone nothing about it will ever change by itself."""
    job = a_launched_job().completed().ttl(-1).build()

    assert Plan() == reconcile(job, Observed(), HERE, NOON + timedelta(days=400))


def test_a_ttl_that_changes_moves_the_next_look_and_not_the_grace() -> None:
    """The expiration is written anew, and the earlier of the two is waited for."""
    plan = reconcile(COMPLETE.ttl(3600).build(), LEFT, HERE, NOON + timedelta(seconds=10))

    assert ((), 590) == (plan.actions, plan.requeue_after_seconds)
    assert plan.status is not None
    assert NOON + timedelta(hours=1) == plan.status.expiration_time
