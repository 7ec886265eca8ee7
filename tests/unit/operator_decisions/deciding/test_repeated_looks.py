"""Repeated looks come to rest: in any situation a handful of them is enough, then nothing more is done or written.

What is decided is carried out on plain values; the cluster stands still meanwhile, which is the worst that can happen
to whoever waits for it.
"""

from datetime import timedelta
from typing import Any

import pytest

from steno_operator.policies.deadlines import next_due
from steno_types import ConditionType, Reason, to_rfc3339
from support.builders import (
    NOON,
    JobBuilder,
    ObservedBuilder,
    a_complete_manifest,
    a_failed_manifest,
    a_job,
    a_launched_job,
    an_installation,
    beside,
)
from unit.operator_decisions.deciding.world import World

HERE = an_installation(queue_priorities={"soon": 10}, release_timeout_seconds=600)
LOOKS = 8
"""Most looks that any situation needs: stop, delete and claim, conclude, wait; twice over where a Job comes first."""

STOPPING = {"reason": "DeadlineExceeded", "message": "m", "time": to_rfc3339(NOON)}

JOBS = {
    "new": a_job(),
    "adopted": a_job().adopted(),
    "launched": a_launched_job(),
    "launched twice": a_launched_job().launched(1),
    "done with its Job": a_job().adopted().with_status(launches=1),
    "running": a_launched_job()
    .condition(ConditionType.QUEUED, holds=False)
    .condition(ConditionType.RUNNING)
    .attempted("talk-6f3d1c6e-0"),
    "tried in vain": a_launched_job().attempted("before", end=NOON, reason="OutOfMemory", counted=True),
    "interrupted for ever": a_launched_job().with_status(earlierAttempts={"count": 51, "interrupted": 51}),
    "told suspended": a_job().adopted().with_status(launches=1).condition(ConditionType.SUSPENDED),
    "stopping": a_launched_job().with_status(stopping=STOPPING),
    "stopping, never adopted": a_job().with_status(stopping=STOPPING),
    "complete": a_launched_job().completed(),
    "failed": a_launched_job().failed(),
}

SPECS: dict[str, dict[str, Any]] = {
    "plain": {},
    "suspended": {"suspend": True},
    "cancelled": {"cancel": True},
    "cancelled and suspended": {"cancel": True, "suspend": True},
    "no retries": {"backoffLimit": 0},
    "in a queue": {"queueName": "gpus", "queuePriority": "high", "backoffLimit": 0},
    "unknown priority": {"queuePriority": "later"},
    "unknown profile": {"profile": "tpu"},
    "with a copy": {"outputs": {"destination": {"s3": {"bucket": "own"}}}},
    "deadlines": {"activeDeadlineSeconds": 30, "pendingDeadlineSeconds": 30, "stallSeconds": 30},
    "gone at once": {"ttlSecondsAfterFinished": 0},
    "kept": {"ttlSecondsAfterFinished": -1},
}

NOTHING = beside(a_job().build())
ONE = NOTHING.with_batch_job(created=NOON)
LONG_AGO = NOON - timedelta(hours=1)

SIGHTS = {
    "nothing": NOTHING,
    "not its turn": NOTHING.not_admitted(),
    "Job": ONE,
    "Job held back": NOTHING.with_batch_job(suspended=True),
    "Job leaving": NOTHING.with_batch_job(deleting=True),
    "Job leaving, pod running": NOTHING.with_batch_job(deleting=True).with_pod(started=NOON, deletion=NOON),
    "Job failed": NOTHING.with_batch_job(failed=True),
    "Job complete": NOTHING.with_batch_job(complete=True),
    "next Job": NOTHING.with_batch_job(1),
    "next Job failed": NOTHING.with_batch_job(1, failed=True),
    "two Jobs": ONE.with_batch_job(1),
    "waiting": ONE.with_pod(waiting_reason="Unschedulable"),
    "image": ONE.with_pod(scheduled=LONG_AGO, created=LONG_AGO, waiting_reason="ErrImagePull"),
    "running": ONE.with_running_pod(),
    "running for long": ONE.with_running_pod(since=LONG_AGO),
    "lost node": ONE.with_pod(started=LONG_AGO, deletion=LONG_AGO),
    "lost node, never started": ONE.with_pod(deletion=LONG_AGO),
    "ended": ONE.with_ended_pod(75),
    "ended long ago": ONE.with_ended_pod(75, at=LONG_AGO),
    "ended for good": NOTHING.with_batch_job(failed=True).with_ended_pod(65),
    "interrupted": NOTHING.with_batch_job(failed=True).with_ended_pod(143),
    "ended well": NOTHING.with_batch_job(complete=True).with_ended_pod(0),
    "orphan": NOTHING.with_running_pod(),
    "orphan ended": NOTHING.with_ended_pod(75),
    "orphan waiting": NOTHING.with_pod(waiting_reason="Unschedulable"),
    "claimed": ONE.with_running_pod().with_manifest(a_complete_manifest(NOTHING.job)),
    "claimed and ended": NOTHING.with_batch_job(complete=True)
    .with_ended_pod(0)
    .with_manifest(a_complete_manifest(NOTHING.job)),
    "claimed, refused the copy": NOTHING.with_batch_job(failed=True)
    .with_ended_pod(78)
    .with_manifest(a_complete_manifest(NOTHING.job)),
    "claimed, Job gone": NOTHING.with_manifest(a_complete_manifest(NOTHING.job)),
    "delivered": ONE.with_ended_pod(0).with_manifest(a_complete_manifest(NOTHING.job)).with_delivery(),
    "claimed a failure": NOTHING.with_manifest(a_failed_manifest(NOTHING.job, Reason.NO_AUDIO_STREAM)),
}


def beside_it(job: JobBuilder, sight: ObservedBuilder) -> ObservedBuilder:
    """Put what was laid out beside another job."""
    return ObservedBuilder(
        job.build(), sight.batch_jobs, sight.pods, sight.manifest, delivered=sight.delivered, admitted=sight.admitted
    )


def come_to_rest(world: World) -> None:
    """Look until nothing happens any more, a bounded number of times; then once more, and it stays so."""
    world.settle(looks=LOOKS)
    if world.gone:
        return
    job, batch_jobs = world.job, dict(world.batch_jobs)

    plan = world.look()

    assert ((), None, ()) == (plan.actions, plan.status, plan.announcements)
    assert (job, batch_jobs) == (world.job, world.batch_jobs)
    ended = job.status.terminal is not None or job.metadata.deletion_timestamp is not None
    due = None if ended else next_due(job, world.observed(), HERE, world.now)
    if due is not None:
        assert plan.requeue_after_seconds is not None
        assert 0 < plan.requeue_after_seconds <= due


SITUATIONS = [
    pytest.param(standing, sight, id=f"{standing}, {sight}")
    for standing, job in JOBS.items()
    for sight, seen in SIGHTS.items()
    # Nothing lies beside a job that was never adopted: that comes first.
    if job.metadata or not (seen.batch_jobs or seen.pods or seen.manifest)
]


@pytest.mark.parametrize(("standing", "sight"), SITUATIONS)
def test_looks_come_to_rest(standing: str, sight: str) -> None:
    """Whatever is asked of a job, wherever it stands and whatever lies beside it, at whatever time."""
    for name, spec in SPECS.items():
        for seconds in (0, 60, 7200):
            world = World.of(
                beside_it(JOBS[standing].with_spec(**spec), SIGHTS[sight]),
                installation=HERE,
                now=NOON + timedelta(seconds=seconds),
            )
            try:
                come_to_rest(world)
            except AssertionError as restless:
                raise AssertionError(f"{standing}, {name}, {sight}, after {seconds} s: {restless}") from restless


@pytest.mark.parametrize(("standing", "sight"), SITUATIONS)
def test_releases_come_to_rest(standing: str, sight: str) -> None:
    """So do jobs that are deleted, and then none is held for longer than the release's timeout."""
    world = World.of(beside_it(JOBS[standing], SIGHTS[sight]), installation=HERE)
    world.delete()

    while not world.gone and world.now < NOON + timedelta(minutes=30):
        world.settle(looks=LOOKS)
        world.pass_time(120)

    assert world.gone
