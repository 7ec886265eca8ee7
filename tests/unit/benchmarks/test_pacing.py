"""Calls keep their rate, or their number at once, whatever becomes of them."""

import asyncio

import pytest

from benchmarks.pacing import at_once, at_rate, due_seconds


class Clock:
    """Time that passes only while somebody pauses."""

    def __init__(self) -> None:
        self.now = 100.0

    def read(self) -> float:
        """Give the seconds."""
        return self.now

    async def pause(self, seconds: float) -> None:
        """Let time pass, and others have their turn."""
        self.now += seconds
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("per_second", "seconds", "expected"),
    [
        pytest.param(4, 1, [0.0, 0.25, 0.5, 0.75], id="the end is not part of it"),
        pytest.param(2, 1.25, [0.0, 0.5, 1.0], id="no whole number of them"),
        pytest.param(1, 0.1, [0.0], id="the first is due at once"),
    ],
)
def test_calls_are_due_at_even_distances(per_second: float, seconds: float, expected: list[float]) -> None:
    """From nought on, each a period after the one before."""
    assert expected == list(due_seconds(per_second=per_second, seconds=seconds))


async def test_calls_begin_when_they_are_due() -> None:
    """The clock says when each began, and none was late."""
    clock = Clock()
    began = []

    async def call(number: int) -> None:
        began.append((number, clock.now))

    lateness = await at_rate(call, per_second=4, seconds=0.75, clock=clock.read, pause=clock.pause)

    assert [(0, 100.25), (1, 100.5), (2, 100.5)] == began
    assert [0.0, 0.0, 0.0] == lateness


async def test_a_slow_call_does_not_hold_up_the_next() -> None:
    """The second call begins while the first still waits for it."""
    clock = Clock()
    second = asyncio.Event()

    async def call(number: int) -> None:
        if number == 0:
            await second.wait()
        else:
            second.set()

    await at_rate(call, per_second=1, seconds=2, clock=clock.read, pause=clock.pause)

    assert second.is_set()


async def test_what_the_bench_is_late_by_is_told() -> None:
    """A pause that takes too long shows, and what was missed is made up for at once."""
    clock = Clock()

    async def oversleep(seconds: float) -> None:
        await clock.pause(seconds + 1.5)

    async def call(number: int) -> None:
        del number

    lateness = await at_rate(call, per_second=1, seconds=3, clock=clock.read, pause=oversleep)

    assert [0.0, 1.5, 0.5] == lateness


async def test_a_call_that_fails_is_raised() -> None:
    """A benchmark with a hole in it has no figures."""
    clock = Clock()

    async def call(number: int) -> None:
        raise RuntimeError(f"call {number}")

    with pytest.raises(ExceptionGroup, match="unhandled") as raised:
        await at_rate(call, per_second=1, seconds=1, clock=clock.read, pause=clock.pause)

    assert ["call 0"] == [str(error) for error in raised.value.exceptions]


async def test_so_many_are_under_way_at_once_and_no_more() -> None:
    """Each number is called once, never more than the concurrency at the same time."""
    called, under_way, most = [], 0, 0

    async def call(number: int) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        called.append(number)

    await at_once(call, times=10, concurrency=3)

    assert list(range(10)) == sorted(called)
    assert 3 == most
