"""How often attempts may fail, counted across all Jobs that a job had; and what is said when there are no more."""

from datetime import timedelta

import pytest

from steno_operator.plan import CreateBatchJob, Plan
from steno_operator.policies.attempts import MAX_INTERRUPTIONS, SILENT, noted
from steno_operator.policies.retries import JOB_CONTROLLER_SECONDS, decide, left
from steno_types import FAILURES, Disposition, Reason, Stopping, TerminationMessage, failure_for
from support.builders import NOON, JobBuilder, ObservedBuilder, a_job, a_launched_job, an_installation, beside
from unit.operator_decisions.deciding.world import World, own_name

HERE = an_installation()
LATER = NOON + timedelta(minutes=5)
LAUNCHED = a_launched_job()
JOB = LAUNCHED.build()
FAILED = beside(JOB).with_batch_job(failed=True)
SAID = TerminationMessage(reason=Reason.DEVICE_OUT_OF_MEMORY, message="The GPU has 4 GiB and 6 are needed.")


def decided(job: JobBuilder, observed: ObservedBuilder, *, seconds: float = 300) -> Plan | None:
    """Decide on a job whose attempts are noted, as `reconcile` does."""
    seen, now = observed.build(), NOON + timedelta(seconds=seconds)
    return decide(noted(job.build(), seen, now), seen, HERE, now)


def stopped(job: JobBuilder, observed: ObservedBuilder) -> Stopping:
    """Decide, and give why the job ends."""
    plan = decided(job, observed)
    assert plan is not None
    assert ((), 0) == (plan.actions, plan.requeue_after_seconds)
    assert plan.status is not None
    assert plan.status.stopping is not None
    return plan.status.stopping


NONE = LAUNCHED.with_spec(backoffLimit=0)


@pytest.mark.parametrize(
    ("pod", "reason", "exit_code", "words"),
    [
        pytest.param({"exit_code": 75, "said": SAID}, Reason.DEVICE_OUT_OF_MEMORY, 75, SAID.message, id="own word"),
        pytest.param(
            {"exit_code": 137, "out_of_memory": True},
            Reason.OUT_OF_MEMORY,
            137,
            "more memory than its profile allows",
            id="OOMKilled",
        ),
        pytest.param({"exit_code": 137}, Reason.INTERNAL_ERROR, 137, "code 137 and no word", id="killed"),
        pytest.param({"exit_code": 69}, Reason.STORAGE_UNAVAILABLE, 69, "code 69 and no word", id="known bare code"),
        pytest.param({"exit_code": 65}, Reason.AUDIO_UNDECODABLE, 65, "code 65 and no word", id="terminal bare code"),
        pytest.param({"exit_code": 1}, Reason.INTERNAL_ERROR, 1, "code 1 and no word", id="unknown bare code"),
    ],
)
def test_the_last_attempt_says_why(pod: dict[str, object], reason: Reason, exit_code: int, words: str) -> None:
    """Once the retries are spent, the job ends for its last attempt's reason, in its words while its pod is there."""
    why = stopped(NONE, FAILED.with_ended_pod(**pod))  # type: ignore[arg-type]

    assert (reason, exit_code) == (why.reason, why.exit_code)
    assert words in why.message


@pytest.mark.parametrize("row", [row for row in FAILURES if row.exit_code is not None], ids=lambda row: row.reason)
@pytest.mark.parametrize("limit", [0, 3], ids=["no retries", "retries left"])
def test_the_table_decides_what_a_failed_job_comes_to(row: object, limit: int) -> None:
    """After a terminal reason it ends; after any other another Job follows, unless that was the last retry."""
    reason, exit_code, disposition = row.reason, row.exit_code, row.disposition  # type: ignore[attr-defined]
    said = TerminationMessage(reason=reason, message="m")

    plan = decided(LAUNCHED.with_spec(backoffLimit=limit), FAILED.with_ended_pod(exit_code, said=said))

    assert plan is not None
    assert plan.status is not None
    free = disposition is Disposition.INTERRUPTED
    if free or (limit and disposition is not Disposition.TERMINAL):
        assert (None, None, 1) == (plan.status.stopping, plan.status.job_ref, plan.status.launches)
    else:
        assert plan.status.stopping is not None
        assert reason is plan.status.stopping.reason


@pytest.mark.parametrize(
    "pod",
    [
        pytest.param({"exit_code": 143}, id="ended by somebody"),
        pytest.param({"exit_code": 137, "disruption": "EvictionByEvictionAPI"}, id="drained"),
        pytest.param({"exit_code": None, "failed": True, "failure_reason": "OutOfnvidia.com/gpu"}, id="no room"),
        pytest.param({"exit_code": 137, "deletion": NOON}, id="deleted by hand"),
    ],
)
def test_what_is_free_ends_no_job(pod: dict[str, object]) -> None:
    """The Job controller counts what it does not know for free; the next Job has all that is left."""
    world = World.of(beside(NONE.build()).with_batch_job(failed=True).with_ended_pod(**pod))  # type: ignore[arg-type]

    world.settle()

    (created,) = [action for plan in world.plans for action in plan.actions if isinstance(action, CreateBatchJob)]
    assert own_name(world, 1) == created.manifest["metadata"]["name"]
    assert 0 == created.manifest["spec"]["backoffLimit"]


def test_the_budget_is_the_jobs_not_the_jobs_jobs() -> None:
    """Attempts of earlier Jobs count: two retries are three attempts in all, whatever Jobs they were of."""
    job = a_job().adopted().launched(2).with_spec(backoffLimit=2)
    for number in range(2):
        job = job.attempted(f"talk-6f3d1c6e-{number}", end=NOON, reason="JobLost", counted=True)
    observed = beside(job.build()).with_batch_job(2, failed=True)

    assert 0 == left(job.build())
    assert Reason.STORAGE_UNAVAILABLE is stopped(job, observed.with_ended_pod(69)).reason


@pytest.mark.parametrize(
    ("job", "attempts_left"),
    [
        pytest.param(a_job(), 3, id="all"),
        pytest.param(a_job().attempted("p", end=NOON, reason="OutOfMemory", counted=True), 2, id="one less"),
        pytest.param(a_job().attempted("p", end=NOON, reason="Preempted"), 3, id="an interruption is free"),
        pytest.param(a_job().with_status(earlierAttempts={"count": 9, "counted": 9}), 0, id="never less than none"),
    ],
)
def test_what_is_left(job: JobBuilder, attempts_left: int) -> None:
    """What counted is subtracted from backoffLimit."""
    assert attempts_left == left(job.build())


@pytest.mark.parametrize(
    ("job", "observed"),
    [
        pytest.param(LAUNCHED, beside(JOB), id="the first"),
        pytest.param(
            LAUNCHED.launched(1).attempted("talk-6f3d1c6e-0", end=NOON, reason="Preempted"),
            beside(JOB).with_batch_job(0, failed=True),
            id="after one whose attempt was free",
        ),
    ],
)
def test_a_failed_job_whose_pods_are_gone_ends_the_job(job: JobBuilder, observed: ObservedBuilder) -> None:
    """Without a pod to count, another Job might fail as silently: the Job controller's words are all there is."""
    number = len(observed.batch_jobs)
    silent = observed.with_batch_job(number, failed=True, failure_message="Job was active longer than it may")

    why = stopped(job, silent)

    assert (Reason.INTERNAL_ERROR, None) == (why.reason, why.exit_code)
    assert "No attempt left a trace. Job was active longer than it may" == why.message


def test_an_older_pods_exit_code_explains_nothing() -> None:
    """A job that ends over a lost Job does not tell the code of the attempt before."""
    job = NONE.launched(1).attempted("talk-6f3d1c6e-0", end=NOON, reason="Terminated")
    observed = beside(JOB).with_batch_job(0, failed=True).with_ended_pod(143)

    why = stopped(job.attempted("talk-6f3d1c6e-1", end=NOON, reason="JobLost", counted=True), observed)

    assert (Reason.JOB_LOST, None, failure_for(Reason.JOB_LOST).meaning) == (why.reason, why.exit_code, why.message)


def test_the_last_attempt_is_the_one_that_ended_last() -> None:
    """Of several attempts the last to end gives the reason, and pods that run give none."""
    observed = FAILED.with_ended_pod(69, at=NOON + timedelta(minutes=1)).with_ended_pod(
        75, at=NOON + timedelta(minutes=2), said=SAID
    )

    assert SAID.message == stopped(LAUNCHED.with_spec(backoffLimit=1), observed).message


COMPLETE = beside(JOB).with_batch_job(complete=True)


@pytest.mark.parametrize(
    "observed", [pytest.param(COMPLETE.with_ended_pod(0), id="pod there"), pytest.param(COMPLETE, id="pod gone")]
)
def test_a_complete_job_without_a_manifest_is_a_bug(observed: ObservedBuilder) -> None:
    """A worker that ends well and leaves nothing has not done its work: its attempt counts, like any that failed."""
    why = stopped(NONE, observed)

    assert (Reason.INTERNAL_ERROR, None) == (why.reason, why.exit_code)
    assert why.message.startswith(SILENT if observed.pods else "No attempt left a trace.")


def test_a_bug_is_tried_again() -> None:
    """While retries are left, another Job follows a complete one that left nothing."""
    plan = decided(LAUNCHED, COMPLETE.with_ended_pod(0))

    assert plan is not None
    assert plan.status is not None
    assert (None, None, 1) == (plan.status.stopping, plan.status.job_ref, plan.status.launches)


def test_a_pod_that_is_gone_left_its_attempt() -> None:
    """A Job that failed through a pod that somebody has deleted is followed by another: the attempt is known."""
    plan = decided(NONE.attempted("talk-6f3d1c6e-0", end=NOON, reason="Terminated"), FAILED)

    assert plan is not None
    assert plan.status is not None
    assert (None, None) == (plan.status.stopping, plan.status.job_ref)


def test_a_long_word_fits_the_status() -> None:
    """What a worker says at length is shortened to the field's bound."""
    said = TerminationMessage(reason=Reason.INTERNAL_ERROR, message="x" * 3000)

    assert 1024 == len(stopped(NONE, FAILED.with_ended_pod(70, said=said)).message)


@pytest.mark.parametrize(
    ("interruptions", "ends"),
    [
        pytest.param(MAX_INTERRUPTIONS, False, id="the last one that is free"),
        pytest.param(MAX_INTERRUPTIONS + 1, True, id="one too many"),
    ],
)
def test_interruptions_are_free_but_not_for_ever(interruptions: int, *, ends: bool) -> None:
    """A job that the cluster never lets finish ends, and says how often it was tried."""
    job = a_job().adopted().launched()
    for number in range(interruptions):
        job = job.attempted(f"p{number}", end=NOON, reason="Preempted")

    plan = decided(job, beside(JOB).with_batch_job())

    assert ends == (plan is not None)
    if plan is not None:
        assert plan.status is not None
        assert plan.status.stopping is not None
        assert (Reason.PREEMPTED, "The cluster ended 51 attempts at the job, the last one for this reason: ") == (
            plan.status.stopping.reason,
            plan.status.stopping.message.removesuffix(failure_for(Reason.PREEMPTED).meaning),
        )


def test_suspensions_are_free_for_ever() -> None:
    """However often a job was suspended, it goes on."""
    job = a_job().adopted().launched()
    for number in range(99):
        job = job.attempted(f"p{number}", end=NOON, reason="Suspended")

    assert decided(job, beside(JOB).with_batch_job()) is None


@pytest.mark.parametrize(
    "observed",
    [
        pytest.param(beside(JOB).with_batch_job(), id="no pod yet"),
        pytest.param(beside(JOB).with_batch_job().with_running_pod(), id="running"),
        pytest.param(beside(JOB).with_batch_job().with_ended_pod(75), id="between attempts"),
    ],
)
def test_as_long_as_there_are_retries_nothing_is_decided(observed: ObservedBuilder) -> None:
    """Within its Job the Job controller retries."""
    assert decided(LAUNCHED, observed) is None


@pytest.mark.parametrize(
    ("seconds", "requeue"),
    [
        pytest.param(0, JOB_CONTROLLER_SECONDS, id="at once"),
        pytest.param(29, 1, id="a second early"),
        pytest.param(30, 0, id="in time"),
    ],
)
def test_the_job_controller_has_its_say(seconds: float, requeue: float) -> None:
    """A Job whose last attempt has failed is left to fail by itself for a while: its pods stay to be looked at."""
    plan = decided(NONE, beside(JOB).with_batch_job().with_ended_pod(75), seconds=seconds)

    assert plan is not None
    assert ((), requeue) == (plan.actions, plan.requeue_after_seconds)
    assert (seconds == 30) == (plan.status is not None)


def test_a_job_in_a_queue_has_a_margin_and_is_not_waited_for() -> None:
    """With Kueue the Job may have more attempts than are left, so it does not fail by itself."""
    why = decided(NONE.with_spec(queueName="gpus"), beside(JOB).with_batch_job().with_ended_pod(75), seconds=0)

    assert why is not None
    assert why.status is not None
    assert why.status.stopping is not None


def test_a_failed_job_that_nobody_knew_is_not_taken_up_again() -> None:
    """A Job whose creation was not written down, and that failed meanwhile, is let go for good."""
    job = a_job().adopted().with_spec(queueName="gpus")
    world = World.of(beside(job.build()).with_batch_job(failed=True))

    world.settle()

    assert ["talk-6f3d1c6e-1"] == [found.name for found in world.working]
    assert 2 == world.job.status.launches
