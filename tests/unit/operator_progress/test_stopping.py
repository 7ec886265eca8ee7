"""A worker whose work is wanted no more is told to stop, and what it reports is not written."""

from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from steno_kube import ResourceNotFoundError
from steno_operator.observed import BatchJob
from steno_operator.progress.rules import reason_to_stop
from steno_types import ConditionType, Reason, Stage, to_rfc3339
from support.builders import BATCH_JOB_UID, NAMESPACE, NOON, JobBuilder, a_launched_job
from unit.operator_progress.desk import Desk

OWN = BatchJob(name=f"talk-{a_launched_job().uid[:8]}", uid=BATCH_JOB_UID, owner_uid=None)
SECOND = replace(OWN, name=f"{OWN.name}-1", uid="another")
STOPPING = {"reason": Reason.DEADLINE_EXCEEDED, "message": "Too long.", "time": to_rfc3339(NOON)}


def working(batch_job: BatchJob = OWN, **changes: Any) -> JobBuilder:
    """Begin a job whose status names its Job."""
    named = {"name": batch_job.name, "uid": batch_job.uid, **changes}
    return a_launched_job().with_status(jobRef=named, launches=2 if batch_job is SECOND else 1)


@pytest.mark.parametrize(
    ("job", "reason"),
    [
        pytest.param(working(), None, id="at work"),
        pytest.param(working().condition(ConditionType.RUNNING), None, id="known to run"),
        pytest.param(working().delivered_to("copies"), None, id="with a copy to make"),
        pytest.param(working(uid=""), None, id="just created"),
        pytest.param(a_launched_job().with_status(jobRef=None, launches=None), None, id="before its first status"),
        pytest.param(working().deleted(), "the job is being deleted", id="deleted"),
        pytest.param(working().with_spec(cancel=True), "the job is cancelled", id="cancelled"),
        pytest.param(working().with_spec(suspend=True), "the job is suspended", id="suspended"),
        pytest.param(working().with_status(stopping=STOPPING), "the job is being ended", id="ended by a deadline"),
        pytest.param(working().completed(), "the job has ended", id="complete"),
        pytest.param(working().failed(), "the job has ended", id="failed"),
        pytest.param(working(SECOND), "another Job does the work", id="of the Job before"),
        pytest.param(working(uid="another"), "another Job does the work", id="of an earlier Job of that name"),
        pytest.param(
            a_launched_job().with_status(jobRef=None, launches=1),
            "another Job does the work",
            id="of a Job that is wanted no more",
        ),
    ],
)
def test_a_worker_stops_when_its_work_is_not_wanted(job: JobBuilder, reason: str | None) -> None:
    """What the job's spec and status say decides, and the log has it in words."""
    assert reason == reason_to_stop(job.build(), OWN)


def test_a_job_newer_than_the_status_goes_on() -> None:
    """The second Job's worker may report before the status names its Job: it is the one that is wanted."""
    job = a_launched_job().with_status(jobRef={"name": OWN.name, "uid": OWN.uid}, launches=1).build()

    assert None is reason_to_stop(job, SECOND)


async def cancel(desk: Desk) -> None:
    """Let the job have ended."""
    await desk.jobs.delete(NAMESPACE, "talk")


async def go(desk: Desk) -> None:
    """Let the job be gone by the time its progress is written."""
    desk.jobs.failing = ResourceNotFoundError("gone")
    desk.jobs.failing_calls = frozenset({"patch_progress"})


@pytest.mark.parametrize("happen", [cancel, go], ids=["being deleted", "gone meanwhile"])
async def test_the_answer_says_stop(desk: Desk, happen: Callable[[Desk], Coroutine[Any, Any, None]]) -> None:
    """The worker hears it with its next report, and the status stays as it was."""
    worker = await desk.employ()
    before = await desk.report(worker, 40)
    await happen(desk)
    desk.seconds = 60

    after = await desk.report(worker, 80)

    assert (False, True) == (before, after)
    assert 40 == await desk.percent()


@pytest.mark.parametrize("change", [{"deleting": True}, {"ended": True}], ids=["being deleted", "over"])
async def test_a_pod_on_its_way_out_is_told_to_stop(desk: Desk, change: dict[str, Any]) -> None:
    """A pod with a deletionTimestamp, or one whose node was given up, writes nothing any more."""
    worker = await desk.employ()
    desk.change_pod(worker, **change)

    assert await desk.report(worker, 40)
    assert None is await desk.progress()


async def test_nothing_is_written_after_the_end(desk: Desk) -> None:
    """A late report of a job that is Complete changes nothing."""
    worker = await desk.employ()
    job = await desk.job()
    done = a_launched_job().completed().build().status.conditions
    await desk.jobs.patch_status(job, job.status.with_conditions(done))
    desk.seconds = timedelta(hours=1).total_seconds()

    assert await desk.report(worker, 100, Stage.DELIVER)
    assert (None, 0) == (await desk.progress(), desk.writes)
