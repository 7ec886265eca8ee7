"""Any history of observations keeps the invariants: random ones, each from a seed that a failure names."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from steno_operator.observed import WorkerPod
from steno_operator.plan import CreateBatchJob, DeleteBatchJob, Plan
from steno_operator.policies import attempts
from steno_types import Disposition, Reason, TerminationMessage, failure_for
from support.builders import NOON, JobBuilder, a_complete_manifest, a_failed_manifest, a_job, an_installation
from unit.operator_decisions.deciding.world import World

EVENTS = 60
"""Of one history; most jobs have ended before."""

HERE = an_installation(queue_priorities={"soon": 10})

CODES = (0, 65, 78, 69, 69, 70, 75, 75, 137, 137, 143, 143, 143, 1)
DISRUPTIONS = ("", "", "", "PreemptionByScheduler", "DeletionByTaintManager", "SomethingNew")
WAITS = ("", "Unschedulable", "ErrImagePull", "InvalidImageName", "CreateContainerConfigError")


class History:
    """One random life of a job."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)  # noqa: S311 -- no secret
        self.world = World(self._job().build(), installation=HERE)
        self.events: list[str] = []

    def live(self) -> None:
        """Let things happen, with looks in between, and hold the invariants at each."""
        happenings, weights = zip(*self._happenings(), strict=True)
        for happening in self.dice.choices(happenings, weights, k=EVENTS):
            self.events.append(happening.__name__)
            happening()
            for _ in range(self.dice.choice((0, 1, 1, 2, 5))):
                self._look()
                if self.world.gone:
                    return

    def end(self) -> None:
        """Delete the job, and let the cluster do what it is told: nothing may be left."""
        world = self.world
        world.delete()
        for _ in range(100):
            if world.gone:
                break
            plan = self._look()
            # Later than asked for, as a slow operator would come.
            world.pass_time(max(60.0, plan.requeue_after_seconds or 0.0))
        assert world.gone, "the job is never released"
        gave_up = world.job.status.release is not None and world.job.status.release.gave_up
        assert gave_up or not (world.batch_jobs or world.pods or world.manifest)

    def _look(self) -> Plan:
        """Reconcile once, at times with a crash in the middle, and hold the invariants."""
        world, before = self.world, self.world.job
        crash = self.dice.choice((0, 1)) if self.dice.random() < 0.1 else None
        plan = world.look(crash_after=crash)
        creates = [action for action in plan.actions if isinstance(action, CreateBatchJob)]
        deletes = [action for action in plan.actions if isinstance(action, DeleteBatchJob)]
        assert not (creates and deletes), "a plan creates and deletes"
        assert len(creates) <= 1
        assert len(world.wanted) <= 1, "two Jobs are wanted"
        assert not creates or crash is not None or len(world.working) == 1, "two Jobs work"
        assert before.status.terminal is None or not creates, "an ended job is launched"
        if creates and crash is None:
            spent = attempts.counted(world.job.status) > world.job.spec.backoff_limit
            assert not spent, "a Job is made though the retries are spent"
            others = [pod for pod in world.pods.values() if pod.running and not attempts.is_stuck(pod, world.now)]
            assert not others, "a Job is made while a worker runs"
        self._keeps_the_budget()
        return plan

    def _keeps_the_budget(self) -> None:
        status, spec = self.world.job.status, self.world.job.spec
        if status.terminal is not None or status.stopping is not None or spec.suspend:
            return
        assert attempts.counted(status) <= spec.backoff_limit + 1, "more attempts failed than there were retries"
        assert attempts.interrupted(status) <= attempts.MAX_INTERRUPTIONS + 1

    def _job(self) -> JobBuilder:
        dice = self.dice
        spec: dict[str, Any] = {"backoffLimit": dice.choice((0, 1, 3)), "suspend": dice.random() < 0.1}
        for name, choices in (
            ("activeDeadlineSeconds", (60, 600)),
            ("pendingDeadlineSeconds", (60, 600)),
            ("stallSeconds", (30, 30, 300)),
            ("ttlSecondsAfterFinished", (-1, 0, 60)),
            ("queueName", ("gpus",)),
            ("queuePriority", ("soon", "soon", "later")),
            ("profile", ("gpu", "gpu", "tpu")),
        ):
            if dice.random() < 0.25:
                spec[name] = dice.choice(choices)
        job = a_job().with_spec(**spec)
        return job.delivered_to("talks", bucket="own") if dice.random() < 0.4 else job

    def _happenings(self) -> list[tuple[Callable[[], None], int]]:
        """Give what may happen, and how often it does beside the others."""
        return [
            (self.time_passes, 30),
            (self.a_pod_comes, 30),
            (self.a_pod_starts, 40),
            (self.a_pod_ends, 15),
            (self.a_pod_waits, 4),
            (self.a_pod_is_deleted, 4),
            (self.a_pod_vanishes, 2),
            (self.a_node_is_lost, 4),
            (self.a_worker_claims, 3),
            (self.a_copy_is_made, 3),
            (self.a_job_is_deleted, 3),
            (self.a_job_is_orphaned, 1),
            (self.a_job_fails_by_itself, 1),
            (self.the_queue_turns, 6),
            (self.the_user_suspends_or_resumes, 5),
            (self.the_user_cancels, 1),
            (self.others_turn, 2),
        ]

    def time_passes(self) -> None:
        """Seconds to hours pass."""
        self.world.pass_time(self.dice.choice((0, 1, 1, 5, 10, 31, 31, 130, 700)))

    def a_pod_comes(self) -> None:
        """A Job makes a pod, where it may: none before the last one is over (podReplacementPolicy Failed)."""
        for batch_job in self.world.working:
            live = [p for p in self.world.pods.values() if p.batch_job == batch_job.name and not p.ended]
            if not batch_job.suspended and not live:
                self.world.start_pod(batch_job, started=None, scheduled=None)

    def a_pod_starts(self) -> None:
        """A pod's container runs."""
        self._some_pod(
            lambda pod: not pod.started, scheduled=self.world.now, started=self.world.now, waiting_reason=""
        )

    def a_pod_waits(self) -> None:
        """A pod cannot start."""
        self._some_pod(lambda pod: not pod.started, waiting_reason=self.dice.choice(WAITS))

    def a_pod_ends(self) -> None:
        """A pod ends, one way or another."""
        if not (pods := [pod for pod in self._pods() if pod.started]):
            return
        code, said = self.dice.choice(CODES), None
        fitting = [reason for reason in Reason if failure_for(reason).exit_code == code]
        if fitting and self.dice.random() < 0.7:
            said = TerminationMessage(reason=self.dice.choice(fitting), message="m")
        disruption = self.dice.choice(DISRUPTIONS) if code else ""
        self.world.end_pod(self.dice.choice(pods), code, termination=said, disruption=disruption)

    def a_pod_is_deleted(self) -> None:
        """Somebody deletes a pod."""
        self._some_pod(lambda pod: pod.deletion is None, deletion=self.world.now + timedelta(seconds=30))

    def a_pod_vanishes(self) -> None:
        """A pod is gone without a trace."""
        if pods := list(self.world.pods):
            del self.world.pods[self.dice.choice(pods)]

    def a_node_is_lost(self) -> None:
        """A pod is told to go and never hears it."""
        if pods := self._pods():
            self.world.lose_node(self.dice.choice(pods))

    def a_worker_claims(self) -> None:
        """A worker that runs claims the outcome, and may deliver at once."""
        running = [pod for pod in self._pods() if pod.started]
        if not running or self.world.manifest is not None:
            return
        job, name = self.world.job, self.dice.choice(running).name
        won = a_complete_manifest(job, at=self.world.now, attempt=name)
        failed = a_failed_manifest(job, at=self.world.now).model_copy(update={"attempt": name})
        self.world.manifest = won if self.dice.random() < 0.8 else failed

    def a_copy_is_made(self) -> None:
        """What is to be delivered is."""
        self.world.delivered = self.world.manifest is not None

    def a_job_is_deleted(self) -> None:
        """Somebody deletes a Job, one way or the other."""
        if self.world.batch_jobs:
            name = self.dice.choice(sorted(self.world.batch_jobs))
            self.world.delete_batch_job(name, foreground=self.dice.random() < 0.5)

    def a_job_is_orphaned(self) -> None:
        """Somebody deletes a Job and leaves its pods."""
        if self.world.batch_jobs:
            del self.world.batch_jobs[self.dice.choice(sorted(self.world.batch_jobs))]

    def a_job_fails_by_itself(self) -> None:
        """A Job fails and nothing of it says why; its pods have ended by then, as Kubernetes has it."""
        live = {pod.batch_job for pod in self.world.pods.values() if not pod.ended}
        for found in self.world.working:
            if found.name not in live:
                self.world.batch_jobs[found.name] = replace(found, failed=True)

    def the_queue_turns(self) -> None:
        """Kueue suspends a Job, or lets it go on."""
        if self.world.job.spec.queue_name is not None:
            for found in self.world.working:
                self.world.batch_jobs[found.name] = replace(found, suspended=not found.suspended)

    def the_user_suspends_or_resumes(self) -> None:
        """The user suspends the job, or lets it go on."""
        self.world.change(suspend=not self.world.job.spec.suspend)

    def the_user_cancels(self) -> None:
        """The user cancels the job."""
        self.world.change(cancel=True)

    def others_turn(self) -> None:
        """It is others' turn, or the job's."""
        self.world.admitted = not self.world.admitted

    def _pods(self) -> list[WorkerPod]:
        return [pod for pod in self.world.pods.values() if not pod.ended and pod.name not in self.world.lost_pods]

    def _some_pod(self, fits: Callable[[WorkerPod], bool], **changes: Any) -> None:
        if pods := [pod for pod in self._pods() if fits(pod)]:
            pod = self.dice.choice(pods)
            self.world.pods[pod.name] = replace(pod, **changes)


@pytest.mark.parametrize("seed", range(300))
def test_any_history_keeps_the_invariants(seed: int) -> None:
    """Whatever happens: one wanted Job at most, no plan at odds with itself, no way back, no budget overdrawn."""
    history = History(seed)

    try:
        history.live()
        history.world.settle()
        history.end()
    except AssertionError as broken:
        raise AssertionError(f"seed {seed}: {broken}; events: {history.events}") from broken


def test_histories_reach_what_there_is() -> None:
    """The dice are not loaded: among the histories are all kinds of ends, and many an attempt."""
    ends, reasons = set(), set()
    for seed in range(300):
        history = History(seed)
        history.live()
        status = history.world.job.status
        ends.add(status.terminal.type if status.terminal is not None else "going on")
        reasons |= {attempt.reason for attempt in status.attempts}

    assert {"Complete", "Failed", "going on"} == ends
    assert {Reason.JOB_LOST, Reason.SUSPENDED, Reason.NODE_LOST, Reason.WORKER_STALLED} <= reasons
    dispositions = {failure_for(reason).disposition for reason in reasons if reason is not None}
    assert {*Disposition} == dispositions


def test_a_seed_is_one_history() -> None:
    """A seed that failed can be looked at again: the same happens."""
    first, second = History(7), History(7)

    first.live()
    second.live()

    assert first.events == second.events
    assert first.world.plans == second.world.plans
    assert NOON <= first.world.now
