"""Progress is written when there is some, not more often than watchers want to hear, and never backwards."""

from datetime import timedelta

import pytest

from steno_kube import ConflictError
from steno_operator.progress.intake import JOBS_REMEMBERED, REMEMBERED_SECONDS
from steno_operator.progress.rules import next_progress
from steno_types import Progress, ProgressReport, Stage
from support.builders import NAMESPACE, NOON
from unit.operator_progress.desk import Desk, a_report, progress_of

FETCH, TRANSCRIBE, PUBLISH = Stage.FETCH, Stage.TRANSCRIBE, Stage.PUBLISH
STANDING = progress_of(a_report(40), time=NOON)
LATER = NOON + timedelta(minutes=5)


def decide(
    report: ProgressReport,
    since: float | None = 60,
    *,
    standing: Progress | None = STANDING,
    another_attempt: bool = False,
) -> Progress | None:
    """Ask the rule."""
    return next_progress(standing, report, another_attempt=another_attempt, seconds_since_write=since, now=LATER)


@pytest.mark.parametrize(
    ("report", "since", "written"),
    [
        pytest.param(a_report(41), 9.9, False, id="a little more, early"),
        pytest.param(a_report(41), 10, True, id="a little more, on time"),
        pytest.param(a_report(41), None, True, id="a little more, never written"),
        pytest.param(a_report(40), 3600, False, id="nothing new, after an hour"),
        pytest.param(a_report(40, PUBLISH), 1.9, False, id="another stage, at once"),
        pytest.param(a_report(40, PUBLISH), 2, True, id="another stage"),
        pytest.param(a_report(100), 1.9, False, id="all of it, at once"),
        pytest.param(a_report(100), 2, True, id="all of it"),
        pytest.param(a_report(39), 60, False, id="less"),
        pytest.param(a_report(40, total_seconds=99), 60, False, id="fewer seconds"),
        pytest.param(a_report(39, total_seconds=200), 60, False, id="more seconds, of yet more"),
        pytest.param(a_report(50, FETCH), 60, False, id="an earlier stage"),
    ],
)
def test_a_write_is_due(report: ProgressReport, since: float | None, written: bool) -> None:  # noqa: FBT001
    """Every ten seconds, or two for what people wait for; what changes nothing or goes back is never written."""
    expected = progress_of(report, time=LATER) if written else None

    assert expected == decide(report, since)


@pytest.mark.parametrize(
    ("report", "since", "written"),
    [
        pytest.param(a_report(0, FETCH), 2, True, id="from the beginning"),
        pytest.param(a_report(0, FETCH), 1.9, False, id="at once"),
        pytest.param(a_report(40), 60, False, id="as far as the one before"),
    ],
)
def test_another_attempt_may_begin_anew(report: ProgressReport, since: float, written: bool) -> None:  # noqa: FBT001
    """What an earlier pod got done does not bind the next one."""
    expected = progress_of(report, time=LATER) if written else None

    assert expected == decide(report, since, another_attempt=True)


def test_the_first_report_is_written() -> None:
    """Where nothing stands yet, anything is news."""
    assert progress_of(a_report(0, FETCH), time=LATER) == decide(a_report(0, FETCH), None, standing=None)


async def test_an_hour_of_reports_is_written_every_ten_seconds(desk: Desk) -> None:
    """A worker that reports every two seconds costs six writes a minute, each with its own time."""
    worker = await desk.employ()
    for second in range(0, 62, 2):
        desk.seconds = second
        await desk.report(worker, second)

    assert 7 == desk.writes
    assert progress_of(a_report(60), time=NOON + timedelta(seconds=60)) == await desk.progress()


async def test_a_worker_that_stands_still_moves_no_time(desk: Desk) -> None:
    """`progress.time` is when the work last got on: a report that says the same again leaves it."""
    worker = await desk.employ()
    await desk.report(worker, 40)
    for minutes in range(1, 30):
        desk.seconds = 60 * minutes
        await desk.report(worker, 40)

    assert (1, progress_of(a_report(40), time=NOON)) == (desk.writes, await desk.progress())


async def test_the_next_pod_begins_anew(desk: Desk) -> None:
    """Another attempt's first report is written, although it has less; a late one of the first pod's is too."""
    first = await desk.employ()
    await desk.report(first, 70)
    desk.seconds = 30
    second = desk.add_pod(NAMESPACE, first.batch_job, "talk")
    await desk.report(second, 20)

    assert 20 == await desk.percent()


async def test_a_replica_that_knows_nothing_tells_attempts_apart(desk: Desk) -> None:
    """After a restart what is older than the pod was another's, and what is younger was its own."""
    first = await desk.employ()
    await desk.report(first, 70)
    desk.seconds = 30
    second = desk.add_pod(NAMESPACE, first.batch_job, "talk")
    desk.seconds = 60
    await desk.another_replica().report(second.token, a_report(20))
    anew = await desk.percent()
    desk.seconds = 90
    await desk.another_replica().report(second.token, a_report(10))

    assert (20, 20) == (anew, await desk.percent())


async def test_two_replicas_write_no_oftener_than_one(desk: Desk) -> None:
    """A replica that did not write sees by the status that another one just did."""
    worker = await desk.employ()
    desk.seconds = 5
    await desk.report(worker, 40)
    desk.seconds = 14
    await desk.another_replica().report(worker.token, a_report(50))
    early = await desk.percent()
    desk.seconds = 15
    await desk.another_replica().report(worker.token, a_report(60))

    assert (40, 60) == (early, await desk.percent())


async def test_a_clock_that_was_ahead_holds_nothing_up(desk: Desk) -> None:
    """A time in the status that is yet to come says nothing about when the last write was."""
    worker = await desk.employ()
    await desk.jobs.patch_progress(await desk.job(), progress_of(a_report(40), time=NOON + timedelta(hours=1)))
    desk.seconds = 30

    await desk.report(worker, 50)

    assert progress_of(a_report(50), time=desk.now()) == await desk.progress()


async def test_a_conflict_is_dropped(desk: Desk) -> None:
    """Who loses to another write does not try again, goes on, and says it anew with the next report."""
    worker = await desk.employ()
    desk.jobs.failing, desk.jobs.failing_calls = ConflictError("modified"), frozenset({"patch_progress"})
    stopped = await desk.report(worker, 40)
    tried = desk.writes
    desk.jobs.failing = None
    desk.seconds = 2
    await desk.report(worker, 42)

    assert (False, 1) == (stopped, tried)
    assert 42 == await desk.percent()


async def test_the_rest_of_the_status_is_left_alone(desk: Desk) -> None:
    """Progress is written beside what the operator says, not over it."""
    worker = await desk.employ()
    job = await desk.job()
    await desk.jobs.patch_status(job, job.status.model_copy(update={"warnings": ("Mind the gap.",)}))

    await desk.report(worker, 40)

    status = (await desk.job()).status
    assert (("Mind the gap.",), progress_of(a_report(40), time=NOON)) == (status.warnings, status.progress)


async def test_jobs_are_forgotten(desk: Desk) -> None:
    """Ten minutes after its last report nothing is known of a job any more."""
    await desk.report(await desk.employ("talk"), 40)
    desk.seconds = REMEMBERED_SECONDS - 1
    await desk.report(await desk.employ("walk"), 40)
    both = desk.intake.jobs_remembered
    desk.seconds = REMEMBERED_SECONDS + 1

    assert (2, 1) == (both, desk.intake.jobs_remembered)
    assert JOBS_REMEMBERED > both


async def test_a_job_that_reports_is_not_forgotten(desk: Desk) -> None:
    """Reports count, written or not."""
    worker = await desk.employ()
    for minutes in range(0, 60, 5):
        desk.seconds = 60 * minutes
        await desk.report(worker, 40)

    assert 1 == desk.intake.jobs_remembered
