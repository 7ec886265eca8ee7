"""A running job's completion is estimated from its own pace or the measured one, and never lies in the past."""

from datetime import datetime, timedelta

import pytest

from steno_types import PaceBook, Stage, WaitingReason, estimated_completion_time, to_rfc3339
from support.builders import JobBuilder
from unit.waiting.jobs import a_book, a_finished_job, a_queued_job, a_running_job, a_waiting_job, at, with_progress

TALK = a_running_job()
MEASURED = a_book(60)
"""One job: a real-time factor of 0.1, and 10 of its 60 s for the preparation."""
NOTHING = PaceBook()


def end_of(job: JobBuilder, book: PaceBook, now: float) -> float | None:
    """Estimate the completion, in seconds after noon."""
    end = estimated_completion_time(job.build(), book, at(now))
    return None if end is None else (end - at(0)).total_seconds()


@pytest.mark.parametrize(
    ("done", "total", "heard", "expected"),
    [
        pytest.param(0, 1000, 10, 110, id="nothing done: as measured"),
        pytest.param(99, 1000, 40, 40 + 90.1, id="less than a tenth: as measured"),
        pytest.param(100, 1000, 40, 40 + 900 * (40 - 10) / 100, id="a tenth: its own pace"),
        pytest.param(9, 20, 18, 18 + 1.1, id="short: as measured"),
        pytest.param(10, 20, 18, 18 + 10 * (18 - 10) / 10, id="ten seconds: its own pace"),
        pytest.param(500, 1000, 110, 210, id="half: its own pace"),
        pytest.param(500, 1000, 9, 9 + 50, id="faster than its preparation: as measured"),
        pytest.param(1000, 1000, 50, 50, id="all done"),
        pytest.param(1200, 1000, 50, 50, id="more than all done"),
    ],
)
def test_the_rest_takes_what_the_pace_says(done: float, total: float, heard: float, expected: float) -> None:
    """From when the work last got on; its own pace is that of its workers, without what preparation takes."""
    job = with_progress(TALK, done=done, total=total, heard=heard)

    assert -(-expected // 1) == end_of(job, MEASURED, heard)


def test_without_a_measure_its_own_pace_counts_alone() -> None:
    """All of its time is then the work's, as nothing tells them apart: late, and less so as the work goes on."""
    assert end_of(with_progress(TALK, done=99, total=1000, heard=30), NOTHING, 30) is None
    assert 300.0 == end_of(with_progress(TALK, done=100, total=1000, heard=30), NOTHING, 30)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param(20, 110, id="just heard"),
        pytest.param(110, 110, id="on the moment"),
        pytest.param(111, 211, id="a second late: all is still to be done"),
        pytest.param(5000, 5100, id="an hour late"),
    ],
)
def test_a_worker_that_is_not_heard_of_moves_its_end(now: float, expected: float) -> None:
    """Once the moment is over, what remained when it was last heard of remains."""
    assert expected == end_of(with_progress(TALK, done=0, total=1000, heard=10), MEASURED, now)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param(0, 30, id="at its start the median of all"),
        pytest.param(5, 30, id="as long as it can be like all"),
        pytest.param(10, 35, id="longer than the shortest: the median of the others"),
        pytest.param(30, 45, id="longer than most: the median of the longest two"),
        pytest.param(49, 50, id="almost the longest"),
        pytest.param(50, None, id="the longest itself"),
    ],
)
@pytest.mark.parametrize(
    "job",
    [
        pytest.param(TALK, id="no report"),
        pytest.param(with_progress(TALK, done=0, total=0, heard=2, stage=Stage.LOAD_MODEL), id="no total yet"),
    ],
)
def test_before_totals_are_known_it_ends_as_others_did(job: JobBuilder, now: float, expected: float | None) -> None:
    """The jobs that ended sooner than it has run already are none that it is like."""
    assert expected == end_of(job, a_book(10, 20, 30, 40, 50), now)


def test_total_without_pace_falls_back_to_the_length_of_others() -> None:
    """Resumed jobs tell their length and no real-time factor."""
    attempts = [{"name": f"p-{n}", "start": to_rfc3339(at(n)), "end": to_rfc3339(at(n + 40))} for n in (0, 100)]
    book = PaceBook.of([a_finished_job("old", completed=140).with_status(attempts=attempts).build()])

    assert 80.0 == end_of(with_progress(TALK, done=0, total=1000, heard=10), book, 10)


def test_a_resumed_job_counts_all_of_its_attempts() -> None:
    """What the first attempt did is among the work done, so its time is too; the time between them is nobody's."""
    attempts = [
        {"name": "talk-0", "start": to_rfc3339(at(0)), "end": to_rfc3339(at(60))},
        {"name": "talk-1", "start": to_rfc3339(at(1000))},
    ]
    job = with_progress(TALK, done=500, total=1000, heard=1060).with_status(attempts=attempts)

    # 120 s ran, twice 10 s of them for the preparation: 100 s for 500 s of audio.
    assert 1160.0 == end_of(job, MEASURED, 1070)


def test_what_an_earlier_attempt_said_counts_from_the_new_ones_start() -> None:
    """Before the second attempt reports, the first one's progress stands in the status, and its time is over."""
    attempts = [
        {"name": "talk-0", "start": to_rfc3339(at(0)), "end": to_rfc3339(at(60))},
        {"name": "talk-1", "start": to_rfc3339(at(1000))},
    ]
    job = with_progress(TALK, done=500, total=1000, heard=60).with_status(attempts=attempts)

    assert 1050.0 == end_of(job, MEASURED, 1010)


@pytest.mark.parametrize(
    "job",
    [
        pytest.param(a_waiting_job(), id="waiting"),
        pytest.param(a_queued_job(reason=WaitingReason.IMAGE_PULLING), id="pulling"),
        pytest.param(a_running_job(suspend=True), id="suspended"),
        pytest.param(a_running_job(cancel=True), id="cancelled"),
        pytest.param(a_running_job().deleted(), id="deleted"),
        pytest.param(a_running_job().completed(), id="complete"),
    ],
)
def test_what_does_not_run_on_has_no_end(job: JobBuilder) -> None:
    """Only a job whose worker runs, and is to run on, has an estimate."""
    assert end_of(with_progress(job, done=500, total=1000, heard=10), MEASURED, 10) is None


def test_a_job_of_no_known_profile_has_its_own_pace_alone() -> None:
    """Without effective settings, and without a profile of its own, nothing is compared with it."""
    stray = a_running_job(profile=None).with_status(effective=None)

    assert end_of(stray, MEASURED, 0) is None
    assert 300.0 == end_of(with_progress(stray, done=100, total=1000, heard=30), MEASURED, 30)


def test_an_estimate_beyond_a_year_is_none() -> None:
    """A report that cannot be true ends in no date, and in no error either."""
    assert end_of(with_progress(TALK, done=0, total=1e300, heard=0), MEASURED, 0) is None


@pytest.mark.parametrize("microsecond", [0, 1, 999_999])
def test_estimates_are_whole_seconds_and_not_before_now(microsecond: int) -> None:
    """A time on the wire has whole seconds, and is rounded up."""
    now = at(50) + timedelta(microseconds=microsecond)

    end = estimated_completion_time(with_progress(TALK, done=10, total=10, heard=50).build(), MEASURED, now)

    assert isinstance(end, datetime)
    assert (0, True) == (end.microsecond, now <= end < now + timedelta(seconds=1))
