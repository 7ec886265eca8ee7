"""The pace book keeps what finished jobs tell, each job once, the youngest fifty of a profile and engine."""

import random
from typing import Any

import pytest

from steno_types import EarlierAttempts, PaceBook, TranscriptionJobStatus, to_rfc3339
from steno_types.pace import MEASURES_KEPT, Pace, Worked, worked
from support.builders import JobBuilder
from unit.waiting.jobs import PROFILE, a_finished_job, a_running_job, a_waiting_job, at

NOTHING = Pace()


def a_book_of(*jobs: JobBuilder) -> PaceBook:
    """Make a book from the list of all jobs."""
    return PaceBook.of(job.build() for job in jobs)


def an_attempt(start: float, end: float | None) -> dict[str, Any]:
    """Give an attempt that ran between two moments, in seconds after noon; None: it still runs."""
    return {"name": f"pod-{start}", "start": to_rfc3339(at(start))} | ({"end": to_rfc3339(at(end))} if end else {})


def test_one_job_is_a_measure() -> None:
    """Sixty seconds for 500 of audio at 0.1 are ten of preparation."""
    pace = a_book_of(a_finished_job("talk", run_seconds=60, factor=0.1, audio_seconds=500)).pace(PROFILE)

    assert (0.1, 10.0, (60.0,)) == (pace.real_time_factor, pace.preparation_seconds, pace.run_seconds)


def test_the_median_counts() -> None:
    """One recording of twelve hours does nothing to it."""
    jobs = [a_finished_job(f"talk-{s}", run_seconds=s, factor=s / 1000) for s in (50, 100, 40_000)]

    pace = a_book_of(*jobs).pace(PROFILE)

    assert (0.1, 100.0) == (pace.real_time_factor, pace.typical_run_seconds())
    assert (50.0, 100.0, 40_000.0) == pace.run_seconds


@pytest.mark.parametrize(
    ("profile", "engine", "expected"),
    [
        pytest.param(PROFILE, "faster-whisper", 0.2, id="an engine of its own"),
        pytest.param(PROFILE, "faster-whisper 9.9.9", 0.2, id="of another version"),
        pytest.param(PROFILE, "openai", 0.8, id="another engine"),
        pytest.param(PROFILE, "multistep", 0.4, id="an engine that never ran: the profile's"),
        pytest.param(PROFILE, None, 0.4, id="an engine that is not known: the profile's"),
        pytest.param("cpu", "faster-whisper", None, id="a profile that never ran"),
    ],
)
def test_what_is_unknown_is_the_profiles_or_nothing(profile: str, engine: str | None, expected: float | None) -> None:
    """Engines are measured apart, and no profile is taken for another."""
    book = a_book_of(
        a_finished_job("a", factor=0.2, engine="faster-whisper 1.2.0"),
        a_finished_job("b", factor=0.2, engine="faster-whisper 1.3.0"),
        a_finished_job("c", factor=0.6, engine="openai 2"),
        a_finished_job("d", factor=1.0, engine="openai 2"),
    )

    assert expected == pytest.approx(book.pace(profile, engine).real_time_factor)


@pytest.mark.parametrize(
    "job",
    [
        pytest.param(a_waiting_job(), id="waiting"),
        pytest.param(a_running_job().with_status(realTimeFactor=0.1), id="running"),
        pytest.param(a_running_job().failed(at(60)).with_status(realTimeFactor=0.1), id="failed"),
        pytest.param(a_finished_job("talk").with_status(effective=None), id="of no profile"),
        pytest.param(a_finished_job("talk").with_status(attempts=[]), id="restored, without its attempts"),
    ],
)
def test_other_jobs_tell_nothing(job: JobBuilder) -> None:
    """Only a Complete job of which workers are known is a measure."""
    assert NOTHING == a_book_of(job).pace(PROFILE)


def test_a_job_that_is_seen_again_counts_once() -> None:
    """Watch events and re-lists repeat a job as often as they like."""
    slow, fast = a_finished_job("slow", run_seconds=90).build(), a_finished_job("fast", run_seconds=10).build()
    book = PaceBook.of([slow, fast])
    for _ in range(5):
        book.add(slow)

    assert (10.0, 90.0) == book.pace(PROFILE).run_seconds


def test_what_is_added_counts_from_then_on() -> None:
    """A pace that was asked for before is not the answer for ever."""
    book = PaceBook()
    before = book.pace(PROFILE, "faster-whisper")
    book.add(a_finished_job("talk").build())

    assert (NOTHING, (60.0,)) == (before, book.pace(PROFILE, "faster-whisper").run_seconds)


@pytest.mark.parametrize("seed", range(5))
def test_the_youngest_are_kept_whatever_the_order(seed: int) -> None:
    """However often and in whatever order 200 jobs are added, the same fifty are kept: those that ended last."""
    jobs = [a_finished_job(f"talk-{n}", run_seconds=n + 1, completed=n // 2).build() for n in range(200)]
    shuffled = random.Random(seed).choices(jobs, k=600) + jobs  # noqa: S311 -- a test's data

    book = PaceBook.of(shuffled)

    assert tuple(float(n + 1) for n in range(200 - MEASURES_KEPT, 200)) == book.pace(PROFILE).run_seconds


def test_each_engine_keeps_its_own() -> None:
    """Fifty jobs of one engine drive out none of another."""
    many = [a_finished_job(f"talk-{n}", completed=9) for n in range(2 * MEASURES_KEPT)]

    book = a_book_of(a_finished_job("api", engine="openai", run_seconds=7, completed=0), *many)

    assert (7.0,) == book.pace(PROFILE, "openai").run_seconds
    assert MEASURES_KEPT == len(book.pace(PROFILE, "faster-whisper").run_seconds)


def test_a_resumed_job_tells_its_length_alone() -> None:
    """Its real-time factor counts but the last attempt's part, so that it would say too little."""
    resumed = a_finished_job("talk", completed=200).with_status(attempts=[an_attempt(0, 50), an_attempt(100, 170)])

    assert Pace(run_seconds=(120.0,)) == a_book_of(resumed).pace(PROFILE)


def test_no_preparation_is_less_than_none() -> None:
    """Clocks of two machines, and rounding, may say so."""
    job = a_finished_job("talk", run_seconds=49, factor=0.1, audio_seconds=500)

    assert 0.0 == a_book_of(job).pace(PROFILE).preparation_seconds


@pytest.mark.parametrize(
    ("longer_than", "expected"),
    [
        pytest.param(0, 25, id="all"),
        pytest.param(15, 30, id="the longer ones"),
        pytest.param(30, 40, id="longer, not as long"),
        pytest.param(40, None, id="none ran for longer"),
    ],
)
def test_the_typical_run_among_longer_ones(longer_than: float, expected: float | None) -> None:
    """The median over those that ran for longer."""
    assert expected == Pace(run_seconds=(10, 20, 30, 40)).typical_run_seconds(longer_than=longer_than)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        pytest.param({}, Worked(seconds=0, attempts=0), id="never"),
        pytest.param({"attempts": [an_attempt(0, None)]}, Worked(seconds=100, attempts=1), id="runs"),
        pytest.param(
            {"attempts": [an_attempt(0, 30), an_attempt(60, None)]}, Worked(seconds=70, attempts=2), id="again"
        ),
        pytest.param(
            {"attempts": [an_attempt(90, 120), an_attempt(130, None)]},
            Worked(seconds=10, attempts=1),
            id="only what was before",
        ),
        pytest.param(
            {
                "attempts": [an_attempt(90, None)],
                "earlierAttempts": EarlierAttempts(count=3, active_seconds=500).to_wire(),
            },
            Worked(seconds=510, attempts=4),
            id="with those no longer listed",
        ),
        pytest.param({"startTime": to_rfc3339(at(40))}, Worked(seconds=60, attempts=1), id="start alone"),
        pytest.param({"startTime": to_rfc3339(at(140))}, Worked(seconds=0, attempts=0), id="start in the future"),
        pytest.param({"attempts": [an_attempt(50, 20)]}, Worked(seconds=0, attempts=1), id="ended before it began"),
    ],
)
def test_what_workers_did_until_a_moment(status: dict[str, Any], expected: Worked) -> None:
    """Until 100 seconds after noon."""
    assert expected == worked(TranscriptionJobStatus.model_validate(status), at(100))
