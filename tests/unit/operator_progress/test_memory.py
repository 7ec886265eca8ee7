"""A memory that holds no more than it may, for no longer than it may."""

import pytest

from steno_operator.progress.memory import Remembered


class Clock:
    """Seconds that a test sets."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    """A clock at zero."""
    return Clock()


@pytest.mark.parametrize(("after", "kept"), [(9.9, 1), (10.0, None)], ids=["a moment early", "on time"])
def test_an_entry_is_forgotten_in_time(clock: Clock, after: float, kept: int | None) -> None:
    """It is there until its seconds are over, and then it takes no room."""
    memory = Remembered[str, int](seconds=10, size=5, clock=clock)
    memory.put("a", 1)

    clock.seconds = after

    assert kept == memory.get("a")
    assert (0 if kept is None else 1) == len(memory)


def test_what_is_put_again_begins_anew(clock: Clock) -> None:
    """Its seconds count from the last time."""
    memory = Remembered[str, int](seconds=10, size=5, clock=clock)
    memory.put("a", 1)
    memory.put("b", 2)
    clock.seconds = 6
    memory.put("a", 3)
    clock.seconds = 12

    assert (3, None) == (memory.get("a"), memory.get("b"))


def test_the_oldest_makes_room(clock: Clock) -> None:
    """Of one too many, the one that was put first goes."""
    memory = Remembered[str, int](seconds=10, size=2, clock=clock)
    for number, key in enumerate("aba"):
        memory.put(key, number)
    memory.put("c", 9)

    assert [2, None, 9] == [memory.get(key) for key in "abc"]
