"""What it means for a job that an action failed: as a rule another try; some failures are told, some end it."""

import pytest

from steno_kube import InvalidResourceError, KubeError, KubeForbiddenError, KubeUnavailableError
from steno_operator.apply import NameLeavingError, NameTakenError
from steno_operator.plan import (
    Action,
    Adopt,
    CreateBatchJob,
    DeleteBatchJob,
    DeleteJob,
    DeleteObjects,
    Plan,
    RemoveFinalizer,
)
from steno_operator.setbacks import LAUNCH_RETRY_SECONDS, NAME_RETRY_SECONDS, setback
from steno_store import StoreError, StoreUnavailableError
from steno_types import ConditionType, Phase, Reason, WaitingReason
from support.builders import NOON, JobBuilder, a_job, a_launched_job
from unit.operator_decisions.acting.bench import Bench

CREATE = CreateBatchJob(manifest={})
ERASE = DeleteObjects(results_prefix="p/", upload_id=None)
JOB = a_job().adopted()


def set_back(action: Action, error: BaseException | None, job: JobBuilder = JOB) -> Plan | None:
    """Ask what a failure means."""
    return setback(action, error, job.build(), NOON)


@pytest.mark.parametrize(
    ("error", "reason", "words"),
    [
        pytest.param(NameTakenError("Taken."), Reason.NAME_TAKEN, "Taken.", id="a stranger's Job"),
        pytest.param(
            InvalidResourceError("spec.template: Invalid", ("spec.template",)),
            Reason.JOB_REFUSED,
            "The API server refuses the worker's Job: spec.template: Invalid",
            id="no Job that the API server takes",
        ),
    ],
)
def test_what_no_retry_can_help_ends_the_job(error: KubeError, reason: Reason, words: str) -> None:
    """Why is written down, as for any other end."""
    plan = set_back(CREATE, error)

    assert plan is not None
    assert 0 == plan.requeue_after_seconds
    assert plan.status is not None
    assert plan.status.stopping is not None
    assert (reason, words) == (plan.status.stopping.reason, plan.status.stopping.message)


@pytest.mark.parametrize(
    ("action", "error"),
    [
        pytest.param(CREATE, KubeUnavailableError("no answer"), id="no answer to a creation"),
        pytest.param(CREATE, KubeError("?"), id="anything else about a creation"),
        pytest.param(ERASE, KubeUnavailableError("no answer"), id="no answer about who reads the upload"),
        pytest.param(Adopt(results_prefix="p/"), KubeForbiddenError("no"), id="adoption"),
        pytest.param(DeleteBatchJob(name="a"), KubeForbiddenError("no"), id="deletion of a Job"),
        pytest.param(RemoveFinalizer(), InvalidResourceError("no", ()), id="finalizer"),
        pytest.param(DeleteJob(), KubeForbiddenError("no"), id="deletion of the job"),
        pytest.param(CREATE, None, id="no cause"),
    ],
)
def test_most_failures_mean_another_try(action: Action, error: BaseException | None) -> None:
    """The queue tries again with backoff, and nothing is written for it."""
    assert set_back(action, error) is None


def test_a_name_that_becomes_free_is_waited_for() -> None:
    """Nothing is written: the Job that holds it is on its way out."""
    assert Plan(requeue_after_seconds=NAME_RETRY_SECONDS) == set_back(CREATE, NameLeavingError("Leaving."))


def test_a_quota_is_waited_for_and_told() -> None:
    """The job is Queued for want of quota, in the API server's words, and an Event says so."""
    plan = set_back(CREATE, KubeForbiddenError("exceeded quota: gpus"))

    message = "The API server does not allow the worker's Job for now: exceeded quota: gpus"
    assert plan is not None
    assert LAUNCH_RETRY_SECONDS == plan.requeue_after_seconds
    assert plan.status is not None
    queued = plan.status.condition(ConditionType.QUEUED)
    assert queued is not None
    assert (Phase.QUEUED, WaitingReason.QUOTA_EXHAUSTED, message) == (
        plan.status.phase,
        queued.reason,
        queued.message,
    )
    ((told),) = plan.announcements
    assert ("Warning", "JobForbidden", message) == (told.kind, told.reason, told.message)


@pytest.mark.parametrize(
    ("job", "told"),
    [
        pytest.param(JOB.condition(ConditionType.QUEUED, reason="QuotaExhausted"), False, id="told already"),
        pytest.param(JOB.condition(ConditionType.QUEUED, reason="WorkerStarting"), True, id="it waited for another"),
        pytest.param(
            JOB.condition(ConditionType.QUEUED, holds=False, reason="QuotaExhausted"), True, id="it waited long ago"
        ),
    ],
)
def test_a_quota_is_told_once(job: JobBuilder, *, told: bool) -> None:
    """Each try that finds it full still only waits for the next one."""
    plan = set_back(CREATE, KubeForbiddenError("exceeded quota"), job)

    assert plan is not None
    assert (told, told, LAUNCH_RETRY_SECONDS) == (
        plan.status is not None,
        bool(plan.announcements),
        plan.requeue_after_seconds,
    )


@pytest.mark.parametrize(
    ("job", "told"),
    [
        pytest.param(a_launched_job().deleted(), True, id="new"),
        pytest.param(
            a_launched_job().deleted().condition(ConditionType.RELEASING, reason="StoreUnavailable"), False, id="told"
        ),
        pytest.param(
            a_launched_job().deleted().condition(ConditionType.RELEASING, reason="PodsRemain"), True, id="another"
        ),
    ],
)
@pytest.mark.parametrize("error", [StoreError("x" * 2000), StoreUnavailableError("no answer")])
def test_a_store_that_holds_a_release_up_is_told_once(job: JobBuilder, error: StoreError, *, told: bool) -> None:
    """The condition says so within its bounds; the queue's own backoff decides when it is asked again."""
    plan = set_back(ERASE, error, job)

    assert told == (plan is not None)
    if plan is not None:
        assert plan.status is not None
        assert ((), None) == (plan.announcements, plan.requeue_after_seconds)
        releasing = plan.status.condition(ConditionType.RELEASING)
        assert releasing is not None
        assert releasing.message.startswith(
            "The object store does not let go of the job's objects, and is asked again:"
        )


async def test_a_quota_that_frees_itself(bench: Bench) -> None:
    """While it is full the job waits without a failure; once there is room, the launch goes on where it was."""
    await bench.submit()
    bench.batch_jobs.failing = KubeForbiddenError("exceeded quota")
    bench.batch_jobs.failing_calls = frozenset({"create"})
    for _ in range(3):
        assert LAUNCH_RETRY_SECONDS == await bench.settle()
    assert Phase.QUEUED is (await bench.get()).status.phase
    assert ["JobForbidden"] == [told.reason for _, told in bench.events.told]

    bench.batch_jobs.failing = None
    await bench.settle()

    status = (await bench.get()).status
    queued = status.condition(ConditionType.QUEUED)
    assert queued is not None
    assert (1, 1, WaitingReason.WORKER_STARTING) == (
        len(bench.batch_jobs.created),
        status.launches,
        queued.reason,
    )


async def test_a_refused_job_fails_and_says_what_is_wrong(bench: Bench) -> None:
    """A profile that makes no Job that the API server takes is the platform's to correct."""
    await bench.submit()
    bench.batch_jobs.failing = InvalidResourceError("spec.template.spec: Invalid value", ("spec.template.spec",))
    bench.batch_jobs.failing_calls = frozenset({"create"})

    await bench.settle()

    status = (await bench.get()).status
    assert status.failure is not None
    assert (Phase.FAILED, Reason.JOB_REFUSED, True) == (status.phase, status.failure.reason, status.failure.retryable)


async def test_a_failure_of_no_meaning_is_the_queues(bench: Bench) -> None:
    """What only another try can help leaves the job as it is, and its cause reaches the queue."""
    await bench.submit()
    bench.batch_jobs.failing = KubeUnavailableError("no answer")
    bench.batch_jobs.failing_calls = frozenset({"create"})

    with pytest.raises(KubeUnavailableError, match="no answer"):
        await bench.look()

    assert (await bench.get()).status.conditions == ()
