"""A waiting job starts when a place of its queue is free: first come, first served, as long as all is measured."""

import random
from typing import Any

import pytest

from steno_types import PaceBook, WaitingReason, estimated_start_times
from support.builders import JobBuilder
from unit.waiting.jobs import (
    a_book,
    a_finished_job,
    a_queued_job,
    a_running_job,
    a_waiting_job,
    at,
    order_of,
    with_progress,
)

MINUTE = a_book(60)
"""Jobs run for a minute."""
NOTHING = PaceBook()
NO_NODE = WaitingReason.NO_NODE_FITS


def waiting(count: int) -> list[JobBuilder]:
    """Let so many jobs wait: a, b, c."""
    return [a_waiting_job(name, created=number) for number, name in enumerate("abcdefghij"[:count])]


def starts_of(jobs: list[JobBuilder], book: PaceBook, now: float = 0) -> dict[str, float]:
    """Estimate the starts by name, in seconds after noon."""
    starts = estimated_start_times(order_of(jobs), book, at(now))
    built = [job.build() for job in jobs]
    return {
        job.metadata.name: (starts[job.metadata.uid] - at(0)).total_seconds()
        for job in built
        if job.metadata.uid in starts
    }


@pytest.mark.parametrize(
    ("running", "book", "expected"),
    [
        pytest.param([], NOTHING, {}, id="nothing runs, nothing ever ran"),
        pytest.param([], MINUTE, {"a": 30, "b": 90, "c": 150, "d": 210}, id="nothing runs, some did: one place"),
        pytest.param([0], NOTHING, {}, id="one runs, nothing is measured"),
        pytest.param([0], MINUTE, {"a": 60, "b": 120, "c": 180, "d": 240}, id="one place"),
        pytest.param([20, 0, 10], MINUTE, {"a": 60, "b": 70, "c": 80, "d": 120}, id="three places"),
    ],
)
def test_places_are_taken_in_turn(running: list[float], book: PaceBook, expected: dict[str, float]) -> None:
    """Each place is free when its job is complete, and then taken for a minute."""
    jobs = [a_running_job(f"running-{since}", since=since) for since in running]

    assert expected == starts_of([*waiting(4), *jobs], book, now=30)


def test_a_running_jobs_progress_says_when_its_place_is_free() -> None:
    """Half of 1,000 s of audio at 0.1 are 50 s more."""
    running = with_progress(a_running_job("running"), done=500, total=1000, heard=60)

    assert {"a": 110, "b": 170} == starts_of([*waiting(2), running], MINUTE, now=60)


def test_a_job_whose_image_is_pulled_holds_a_place() -> None:
    """It has its node, whoever has the higher priority, and runs for a minute from now on."""
    pulling = a_queued_job("pulling", reason=WaitingReason.IMAGE_PULLING, created=9)

    assert {"a": 70, "b": 130} == starts_of([*waiting(2), pulling], MINUTE, now=10)


@pytest.mark.parametrize("reason", [WaitingReason.NO_NODE_FITS, WaitingReason.QUOTA_EXHAUSTED])
def test_room_that_others_hold_cannot_be_foretold(reason: WaitingReason) -> None:
    """Where no job of the queue runs and one finds no room, nothing of the queue will make it."""
    blocked = a_queued_job("blocked", reason=reason, created=9)

    assert {} == starts_of([*waiting(2), blocked], MINUTE)
    assert {"a", "b", "blocked"} == set(starts_of([*waiting(2), blocked, a_running_job("running")], MINUTE))


def test_queues_do_not_wait_for_one_another() -> None:
    """What runs in one queue holds no place of another."""
    jobs = [*waiting(1), a_running_job("running"), a_waiting_job("other", queueName="nightly")]

    assert {"a": 60, "other": 0} == starts_of(jobs, MINUTE)


def test_each_job_takes_as_long_as_its_engine_does() -> None:
    """The length of one is the median of its own engine's; an engine that never ran has the profile's."""
    book = PaceBook.of(
        [
            a_finished_job("x", run_seconds=10, engine="openai 2").build(),
            a_finished_job("y", run_seconds=100).build(),
        ]
    )
    engines = ["openai", "faster-whisper", "multistep", None, None]
    jobs = [
        a_waiting_job(name, created=number, engine={"name": engine} if engine else None)
        for number, (name, engine) in enumerate(zip("abcde", engines, strict=True))
    ]

    assert {"a": 0, "b": 10, "c": 110, "d": 165, "e": 220} == starts_of(jobs, book)


def test_behind_a_job_of_unknown_length_nothing_is_known() -> None:
    """In a LocalQueue with two profiles, of which one never ran, its job takes the only place for good."""
    jobs = [
        a_waiting_job("a", queueName="nightly"),
        a_waiting_job("b", queueName="nightly", created=1, profile="new"),
        a_waiting_job("c", queueName="nightly", created=2),
    ]

    assert {"a": 0, "b": 60} == starts_of(jobs, MINUTE)


def test_a_resumed_job_takes_what_is_left_of_it() -> None:
    """Evicted after 500 of 1,000 s of audio, it has 50 s to go, and the time since then is not worked."""
    evicted = with_progress(a_queued_job("a", reason=WaitingReason.WORKER_ENDED), done=500, total=1000, heard=60)
    attempt = {"name": "a-0", "start": at(0).isoformat(), "end": at(60).isoformat()}

    assert {"a": 70, "b": 120} == starts_of(
        [evicted.with_status(attempts=[attempt]), a_waiting_job("b", created=1)], MINUTE, now=70
    )


@pytest.mark.parametrize(
    "job",
    [
        pytest.param(a_waiting_job("gone", suspend=True), id="suspended"),
        pytest.param(a_waiting_job("gone", cancel=True), id="cancelled"),
        pytest.param(a_waiting_job("gone").deleted(), id="deleted"),
        pytest.param(a_waiting_job("gone").failed(), id="failed"),
        pytest.param(a_running_job("gone", cancel=True), id="cancelled while it runs"),
    ],
)
def test_who_does_not_take_part_has_no_start_and_no_place(job: JobBuilder) -> None:
    """A job that is out of the queue neither starts nor is waited for."""
    assert {"a": 0, "b": 60} == starts_of([job, *waiting(2)], MINUTE)


def test_a_start_beyond_a_year_is_none() -> None:
    """Of ten jobs that take a hundred days each, four have a date."""
    assert ["a", "b", "c", "d"] == list(starts_of(waiting(10), a_book(100 * 86_400)))


def a_random_job(name: str, chance: random.Random) -> JobBuilder:
    """Make a job of any kind."""
    own: dict[str, Any] = {
        "created": chance.randrange(100),
        "priority": chance.choice([None, "high", "low", "unknown"]),
    }
    own |= {"queueName": chance.choice([None, "nightly"]), "profile": chance.choice(["gpu", "cpu", "new"])}
    match chance.randrange(6):
        case 0:
            done = chance.randrange(1000)
            running = a_running_job(name, since=chance.randrange(200), **own)
            return with_progress(running, done=done, total=1000, heard=chance.randrange(300))
        case 1:
            return a_queued_job(name, reason=chance.choice(list(WaitingReason)), **own)
        case 2:
            return chance.choice([a_waiting_job(name, suspend=True, **own), a_waiting_job(name, **own).completed()])
        case _:
            return a_waiting_job(name, **own)


@pytest.mark.parametrize("seed", range(20))
def test_whatever_the_jobs_the_estimates_are_in_order(seed: int) -> None:
    """Positions are 1..n in each queue, starts never get earlier behind, have no gaps, and are not in the past."""
    chance = random.Random(seed)  # noqa: S311 -- a test's data
    book = PaceBook.of(
        a_finished_job(
            f"old-{n}", run_seconds=chance.randrange(1, 500), profile=chance.choice(["gpu", "cpu"])
        ).build()
        for n in range(chance.choice([0, 3, 30]))
    )
    jobs = [a_random_job(f"talk-{number}", chance) for number in range(chance.randrange(80))]
    order, now = order_of(jobs, high=10, low=-10), at(250.5)

    starts = estimated_start_times(order, book, now)

    for queue in order.queues.values():
        known = [starts.get(job.metadata.uid) for job in queue.waiting]
        dates = [start for start in known if start is not None]
        assert list(range(1, len(queue.waiting) + 1)) == [order.position(job) for job in queue.waiting]
        assert known == dates + [None] * (len(known) - len(dates))
        assert dates == sorted(dates)
        assert all(start >= now for start in dates)
    assert set(starts) <= {job.metadata.uid for queue in order.queues.values() for job in queue.waiting}
