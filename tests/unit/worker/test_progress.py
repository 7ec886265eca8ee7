"""Progress is said often enough and not more often; the clock is the test's."""

import logging

import pytest

from steno_types import ProgressReport, Stage
from steno_worker.progress import ProgressLog


class Clock:
    """Tells the time that the test sets."""

    now = 0.0

    def __call__(self) -> float:
        """Give it."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Start at nought."""
    return Clock()


def test_a_stage_is_announced_at_once_and_progress_every_two_seconds(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """Ten segments in five seconds make three lines, the stage's begin among them."""
    caplog.set_level(logging.INFO, logger="steno_worker")
    progress = ProgressLog(clock=clock)
    progress.total_seconds = 100.0

    progress.enter(Stage.TRANSCRIBE)
    for step in range(1, 11):
        clock.now = step / 2
        progress.advance(step * 10.0)

    percents = [vars(record)["steno_fields"]["percent"] for record in caplog.records]
    assert [0, 40, 80] == percents


def test_the_time_left_follows_the_pace(clock: Clock) -> None:
    """A quarter in 15 seconds leaves 45, counted from the first segment: loading and finding speech do not repeat."""
    progress = ProgressLog(clock=clock)
    progress.total_seconds = 410.0
    progress.enter(Stage.LOAD_MODEL)
    clock.now = 60.0
    progress.enter(Stage.TRANSCRIBE)
    clock.now = 90.0
    progress.advance(10.0)
    at_first = progress.report().estimated_seconds_left

    clock.now = 105.0
    progress.advance(110.0)

    assert at_first is None
    assert (
        ProgressReport(
            stage=Stage.TRANSCRIBE,
            percent=26,
            processed_seconds=110.0,
            total_seconds=410.0,
            estimated_seconds_left=45.0,
        )
        == progress.report()
    )


@pytest.mark.parametrize(
    ("processed_seconds", "percent"),
    [
        pytest.param(0.0, 0, id="nothing"),
        pytest.param(99.99, 99, id="rounded down"),
        pytest.param(130.0, 100, id="never beyond the end"),
    ],
)
def test_percent(clock: Clock, processed_seconds: float, percent: int) -> None:
    """The share of the audio that is transcribed is a whole number from 0 to 100."""
    progress = ProgressLog(clock=clock)
    progress.total_seconds = 100.0

    progress.advance(processed_seconds)

    assert percent == progress.report().percent


def test_nothing_is_promised_while_nothing_is_known(clock: Clock) -> None:
    """Before the audio is decoded there is no total and no estimate."""
    report = ProgressLog(clock=clock).report()

    assert (0, 0.0, None) == (report.percent, report.total_seconds, report.estimated_seconds_left)
