"""The queue, on a loop whose clock the test owns: an hour of waiting takes no time, and every moment is exact."""

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest

from steno_operator.queue import BACKOFF_LONGEST_SECONDS, ReconcileQueue, backoff_seconds
from support.own_clock import now, on_own_clock


class Reconciler:
    """Notes when it works which key, takes a while for it, and answers as it was told to."""

    def __init__(self, *, takes_seconds: float = 0.0) -> None:
        self.runs: list[tuple[float, str]] = []
        self.at_work: Counter[str] = Counter()
        self.most_at_work = 0
        self.most_per_key = 0
        self.answers: dict[str, list[float | Exception | None]] = {}
        self._takes_seconds = takes_seconds

    async def __call__(self, key: str) -> float | None:
        """Work one key."""
        self.runs.append((now(), key))
        self.at_work[key] += 1
        self.most_at_work = max(self.most_at_work, self.at_work.total())
        self.most_per_key = max(self.most_per_key, *self.at_work.values())
        await asyncio.sleep(self._takes_seconds)
        self.at_work[key] -= 1
        answers = self.answers.get(key)
        answer = answers.pop(0) if answers else None
        if isinstance(answer, Exception):
            raise answer
        return answer


async def working(
    queue: ReconcileQueue,
    reconciler: Callable[[str], Awaitable[float | None]],
    *,
    for_seconds: float,
    concurrency: int = 4,
) -> None:
    """Let the queue run for a while, then end it as the operator's end does."""
    work = asyncio.create_task(queue.run(reconciler, concurrency=concurrency))
    await asyncio.sleep(for_seconds)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)


def test_wanting_twice_is_wanting_once() -> None:
    """Events that come before the key's turn are one reconcile."""

    async def scenario() -> None:
        queue, reconciler = ReconcileQueue(), Reconciler()
        for key in ("ns/a", "ns/b", "ns/a", "ns/a"):
            queue.add(key)
        assert 2 == len(queue)

        await working(queue, reconciler, for_seconds=10)

        assert [(0.0, "ns/a"), (0.0, "ns/b")] == reconciler.runs

    on_own_clock(scenario())


def test_what_can_wait_stands_behind_what_is_new() -> None:
    """Thousands of jobs at rest that are looked at after a start keep no new one waiting, and none is forgotten."""

    async def scenario() -> None:
        queue, reconciler = ReconcileQueue(), Reconciler(takes_seconds=1)
        for key in ("ns/old", "ns/older", "ns/changed", "ns/new"):
            queue.add(key, later=True)
        queue.add("ns/new")
        queue.add("ns/new", later=True)
        queue.add("ns/changed")
        assert 4 == len(queue)

        await working(queue, reconciler, for_seconds=10, concurrency=1)

        assert ["ns/new", "ns/changed", "ns/old", "ns/older"] == [key for _, key in reconciler.runs]

    on_own_clock(scenario())


def test_a_change_while_running_runs_once_more() -> None:
    """However many events come during a reconcile, one more follows it, and no two of a key at once."""

    async def scenario() -> None:
        queue, reconciler = ReconcileQueue(), Reconciler(takes_seconds=1)
        queue.add("ns/a")
        for second in (0.2, 0.4, 0.6):
            asyncio.get_running_loop().call_at(second, queue.add, "ns/a")

        await working(queue, reconciler, for_seconds=10)

        assert [(0.0, "ns/a"), (1.0, "ns/a")] == reconciler.runs
        assert 1 == reconciler.most_per_key

    on_own_clock(scenario())


@pytest.mark.parametrize("concurrency", [1, 3, 16])
def test_concurrency_is_bounded(concurrency: int) -> None:
    """No more keys are worked at once than allowed, as many as that while enough wait, and none twice."""

    async def scenario() -> None:
        queue, reconciler = ReconcileQueue(), Reconciler(takes_seconds=1)
        keys = [f"ns/{number}" for number in range(48)]
        for key in keys:
            queue.add(key)

        await working(queue, reconciler, for_seconds=100, concurrency=concurrency)

        assert concurrency == reconciler.most_at_work
        assert keys == [key for _, key in reconciler.runs]
        assert 48 / concurrency - 1 == reconciler.runs[-1][0]

    on_own_clock(scenario())


def test_a_busy_key_holds_no_place() -> None:
    """A key that is wanted again while it runs lets the others go first."""

    async def scenario() -> None:
        queue, reconciler = ReconcileQueue(), Reconciler(takes_seconds=1)
        queue.add("ns/busy")
        for second, key in ((0.3, "ns/busy"), (0.4, "ns/a"), (0.5, "ns/b")):
            asyncio.get_running_loop().call_at(second, queue.add, key)

        await working(queue, reconciler, for_seconds=10, concurrency=2)

        assert [(0.0, "ns/busy"), (0.4, "ns/a"), (1.0, "ns/busy"), (1.4, "ns/b")] == reconciler.runs

    on_own_clock(scenario())


def test_a_key_that_asks_for_later_gets_it() -> None:
    """What a reconcile asks for comes at that moment, be it an hour or a year away."""

    async def scenario() -> None:
        queue, reconciler = ReconcileQueue(), Reconciler()
        year = 365 * 24 * 3600.0
        reconciler.answers["ns/a"] = [3600.0, 0.0, year, None]
        queue.add("ns/a")

        await working(queue, reconciler, for_seconds=2 * year)

        assert [0.0, 3600.0, 3600.0, 3600.0 + year] == [moment for moment, _ in reconciler.runs]

    on_own_clock(scenario())


@pytest.mark.parametrize("delays", [[5, 9], [9, 5], [5, 9, 7], [5, 5]], ids=str)
def test_the_earlier_of_two_wishes_counts(delays: list[float]) -> None:
    """A key has one timer, and it is the earliest."""

    async def scenario() -> None:
        queue, reconciler = ReconcileQueue(), Reconciler()
        for delay in delays:
            queue.add_after("ns/a", delay)
        queue.add_after("ns/b", 6)

        await working(queue, reconciler, for_seconds=100)

        assert [(5.0, "ns/a"), (6.0, "ns/b")] == reconciler.runs

    on_own_clock(scenario())


def test_an_event_meets_a_timed_wish() -> None:
    """A key that is looked at anyway needs its timer no more: the look asks anew for what it still needs."""

    async def scenario() -> None:
        queue, reconciler = ReconcileQueue(), Reconciler()
        reconciler.answers["ns/a"] = [100.0, 80.0, None]
        queue.add("ns/a")
        asyncio.get_running_loop().call_at(20, queue.add, "ns/a")

        await working(queue, reconciler, for_seconds=1000)

        assert [0.0, 20.0, 100.0] == [moment for moment, _ in reconciler.runs]

    on_own_clock(scenario())


def test_an_event_during_the_look_loses_no_timer() -> None:
    """When an event comes while the look that asks for a timer runs, the look after it sets the timer."""

    async def scenario() -> None:
        queue, reconciler = ReconcileQueue(), Reconciler(takes_seconds=1)
        reconciler.answers["ns/a"] = [100.0, 100.0, None]
        queue.add("ns/a")
        asyncio.get_running_loop().call_at(0.5, queue.add, "ns/a")

        await working(queue, reconciler, for_seconds=1000)

        assert [0.0, 1.0, 102.0] == [moment for moment, _ in reconciler.runs]

    on_own_clock(scenario())


def test_backoff_grows_and_resets(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Each failure in a row waits twice as long, up to the longest; a success begins anew; others do not notice."""
    monkeypatch.setattr(random, "uniform", lambda _low, _high: 1.0)

    async def scenario() -> None:
        queue, reconciler = ReconcileQueue(), Reconciler()
        trouble = OSError("no route to the store")
        reconciler.answers["ns/a"] = [*[trouble] * 9, 0.0, trouble, None]
        reconciler.answers["ns/b"] = [10.0, 10.0, None]
        queue.add("ns/a")
        queue.add("ns/b")

        await working(queue, reconciler, for_seconds=1000)

        moments = [moment for moment, key in reconciler.runs if key == "ns/a"]
        waits = [after - before for before, after in itertools.pairwise(moments)]
        assert [1, 2, 4, 8, 16, 32, 60, 60, 60, 0, 1] == waits
        assert [0.0, 10.0, 20.0] == [moment for moment, key in reconciler.runs if key == "ns/b"]

    on_own_clock(scenario())
    # The traceback once, not at every try.
    assert [True] + [False] * 8 + [True] == [bool(record.exc_info) for record in caplog.records]
    assert "ns/a failed, again in 1.0 s: no route to the store" in caplog.messages[0]


def test_jitter_spreads_what_failed_together() -> None:
    """The wait is within a quarter of its nominal length, and not always the same."""
    waits = [backoff_seconds(1) for _ in range(200)]

    assert all(0.75 <= wait <= 1.25 for wait in waits)
    assert len(set(waits)) > 100
    assert backoff_seconds(100_000) <= BACKOFF_LONGEST_SECONDS * 1.25


def test_an_event_cuts_a_backoff_short() -> None:
    """Something changed, so another try may go well: it is made at once, and success forgets the failures."""

    async def scenario() -> None:
        queue, reconciler = ReconcileQueue(), Reconciler()
        reconciler.answers["ns/a"] = [OSError(), None]
        queue.add("ns/a")
        asyncio.get_running_loop().call_at(0.1, queue.add, "ns/a")

        await working(queue, reconciler, for_seconds=100)

        assert [0.0, 0.1] == [moment for moment, _ in reconciler.runs]

    on_own_clock(scenario())


def test_the_end_waits_for_nobody() -> None:
    """A cancelled queue leaves what is under way where it is, and starts nothing more."""

    async def scenario() -> None:
        queue, reconciler = ReconcileQueue(), Reconciler(takes_seconds=3600)
        for key in ("ns/a", "ns/b"):
            queue.add(key)

        await working(queue, reconciler, for_seconds=1, concurrency=1)

        assert (1.0, 1) == (now(), len(queue))
        assert [(0.0, "ns/a")] == reconciler.runs

    on_own_clock(scenario())
