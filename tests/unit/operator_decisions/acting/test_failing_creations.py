"""A Job over whose creation the API server fails, as a rule for a webhook: it is told of, and tried again."""

from datetime import timedelta

import pytest

from steno_kube import InvalidResourceError, KubeError, KubeForbiddenError, KubeInternalError
from steno_operator.plan import CreateBatchJob, Plan
from steno_operator.setbacks import FAILURE_LONGEST_SECONDS, FAILURE_RETRY_SECONDS, setback
from steno_types import ConditionType, Phase, WaitingReason
from support.builders import NOON, JobBuilder, a_job
from unit.operator_decisions.acting.bench import Bench

CREATE = CreateBatchJob(manifest={})
JOB = a_job().adopted()
WEBHOOK = (
    'Internal error occurred: failed calling webhook "jobs.example.dev": failed to call webhook: Post '
    '"https://127.0.0.1:9/jobs?timeout=10s": dial tcp 127.0.0.1:9: connect: connection refused'
)
PREFIX = "The API server fails to create the worker's Job, and is asked again: "


def told_before(message: str) -> JobBuilder:
    """Build a job that was told so at noon."""
    return JOB.condition(ConditionType.QUEUED, reason=WaitingReason.JOB_NOT_CREATED, message=message, since=NOON)


def set_back(job: JobBuilder, said: str, *, after_seconds: float = 0) -> Plan:
    """Let the API server fail, and ask what that means."""
    plan = setback(CREATE, KubeInternalError(said), job.build(), NOON + timedelta(seconds=after_seconds))
    assert plan is not None
    return plan


def test_it_is_told_in_the_servers_words() -> None:
    """The job is Queued for it, an Event says so, and the next try follows soon."""
    plan = set_back(JOB, WEBHOOK)

    assert plan.status is not None
    queued = plan.status.condition(ConditionType.QUEUED)
    assert queued is not None
    message = PREFIX + WEBHOOK.replace("?timeout=10s", "")
    assert (Phase.QUEUED, WaitingReason.JOB_NOT_CREATED, message) == (
        plan.status.phase,
        queued.reason,
        queued.message,
    )
    ((told),) = plan.announcements
    assert ("Warning", "JobNotCreated", message) == (told.kind, told.reason, told.message)
    assert FAILURE_RETRY_SECONDS == plan.requeue_after_seconds


@pytest.mark.parametrize(
    ("said", "written"),
    [
        pytest.param("dial tcp 10.0.0.1:443: refused", False, id="the same"),
        pytest.param("dial tcp 10.0.0.7:8443: refused", False, id="the same but for numbers"),
        pytest.param("no endpoints available", True, id="something else"),
    ],
)
def test_it_is_written_again_only_when_something_else_is_said(said: str, *, written: bool) -> None:
    """Each try would be a write otherwise; the Event is told once."""
    plan = set_back(told_before(f"{PREFIX}dial tcp 10.0.0.1:443: refused"), said, after_seconds=5)

    assert (written, ()) == (plan.status is not None, plan.announcements)


@pytest.mark.parametrize(
    ("so_far", "pause"),
    [
        pytest.param(-3600, FAILURE_RETRY_SECONDS, id="the clock was set back"),
        pytest.param(0, FAILURE_RETRY_SECONDS, id="at once"),
        pytest.param(8, 8, id="for a while"),
        pytest.param(3600, FAILURE_LONGEST_SECONDS, id="for long"),
    ],
)
def test_tries_become_rarer(so_far: float, pause: float) -> None:
    """The next follows after as long as it has failed by now."""
    assert Plan(requeue_after_seconds=pause) == set_back(told_before(f"{PREFIX}no"), "no", after_seconds=so_far)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        pytest.param(KubeInternalError, "quoted", id="fails"),
        pytest.param(KubeForbiddenError, "quoted", id="forbids"),
        pytest.param(InvalidResourceError, "quoted", id="refuses"),
    ],
)
def test_what_is_quoted_holds_no_secret(error: type[KubeError], said: str) -> None:
    """A webhook may quote the Job, and with it the recording's address."""
    address = "https://user:hunter2@media.example.org/talk.mp3?signature=hunter2#hunter2"
    plan = setback(CREATE, error(f'{said}: "{address}", "{address}"'), JOB.build(), NOON)

    assert plan is not None
    assert plan.status is not None
    written = plan.status.model_dump_json()
    assert "hunter2" not in written
    assert 2 == written.count("https://media.example.org/talk.mp3")
    assert all("hunter2" not in told.message for told in plan.announcements)


def test_however_much_is_said_it_fits() -> None:
    """A condition's message is bounded."""
    plan = set_back(JOB, "x" * 5000)

    assert plan.status is not None
    assert 1024 == len(plan.status.conditions[0].message)


async def test_it_is_over_when_the_job_is_made(bench: Bench) -> None:
    """While it fails the queue is told when to try again, and hears of no failure."""
    await bench.submit()
    bench.batch_jobs.failing = KubeInternalError(WEBHOOK)
    bench.batch_jobs.failing_calls = frozenset({"create"})
    assert FAILURE_RETRY_SECONDS == await bench.look()
    version = (await bench.get()).metadata.resource_version
    assert FAILURE_RETRY_SECONDS == await bench.look()
    assert version == (await bench.get()).metadata.resource_version

    bench.batch_jobs.failing = None
    await bench.settle()

    queued = (await bench.get()).status.condition(ConditionType.QUEUED)
    assert queued is not None
    assert (1, WaitingReason.WORKER_STARTING) == (len(bench.batch_jobs.created), queued.reason)
