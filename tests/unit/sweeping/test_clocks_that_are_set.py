"""The operator's clock, or the store's, is set between sweeps: nothing goes before its time, and nothing stays."""

from datetime import timedelta
from typing import Any, Final

import pytest

from support.object_store import InMemoryObjectStore
from unit.sweeping.broom import GRACE, UNNAMED_UPLOAD, UPLOAD, Broom

HOUR: Final = timedelta(hours=1)
MONTH: Final = timedelta(days=30)
JUMPS: Final = [
    pytest.param(-MONTH, id="a month back"),
    pytest.param(-HOUR, id="an hour back"),
    pytest.param(HOUR, id="an hour on"),
    pytest.param(MONTH, id="a month on"),
]
WHOSE: Final = ["operator", "store"]


def set_clock(broom: Broom, whose: str, ahead: timedelta) -> None:
    """Set one of the two clocks."""
    if whose == "operator":
        broom.operator_ahead = ahead
    else:
        broom.store_ahead = ahead


async def hours_until_it_goes(broom: Broom) -> int:
    """Sweep by the hour until the upload is gone; gives for how many hours it was there."""
    for hours in range(1, 200):
        await broom.sweep(after=HOUR)
        if not broom.store.exists(UPLOAD):
            return hours
    raise AssertionError("the upload stays for ever")


GRACE_HOURS: Final = GRACE // HOUR


@pytest.mark.parametrize("whose", WHOSE)
@pytest.mark.parametrize("jump", JUMPS)
@pytest.mark.parametrize("before", [1, 12, 23])
async def test_a_jump_meanwhile_hastens_nothing(broom: Broom, whose: str, jump: timedelta, before: int) -> None:
    """An upload stays for its whole grace, and for two at most, wherever a clock jumps."""
    broom.store.put(UPLOAD, b"12345")
    await broom.sweep()
    for _ in range(before):
        await broom.sweep(after=HOUR)
    assert broom.store.exists(UPLOAD)
    set_clock(broom, whose, jump)

    hours = before + await hours_until_it_goes(broom)

    assert GRACE_HOURS <= hours <= 2 * GRACE_HOURS


@pytest.mark.parametrize("whose", WHOSE)
@pytest.mark.parametrize("jump", JUMPS)
async def test_a_clock_that_was_wrong_and_is_right_again_hastens_nothing(
    broom: Broom, whose: str, jump: timedelta
) -> None:
    """A marker that a wrong clock has put is no older than it is, and goes with its upload all the same."""
    set_clock(broom, whose, jump)
    broom.store.put(UPLOAD, b"12345")
    await broom.sweep()
    set_clock(broom, whose, timedelta())

    hours = await hours_until_it_goes(broom)

    assert GRACE_HOURS <= hours <= GRACE_HOURS + 1
    assert [] == broom.at()


@pytest.mark.parametrize("whose", WHOSE)
@pytest.mark.parametrize("jump", JUMPS)
async def test_a_clock_that_is_wrong_throughout_changes_nothing(broom: Broom, whose: str, jump: timedelta) -> None:
    """Only its own times are compared, so an upload goes after its grace."""
    set_clock(broom, whose, jump)
    broom.store.put(UPLOAD, b"12345")
    await broom.sweep()

    assert GRACE_HOURS == await hours_until_it_goes(broom)


async def test_leaders_that_take_turns_with_clocks_a_month_apart_let_it_go(broom: Broom) -> None:
    """The slower clock's marker serves both, so a marker does not begin anew for ever."""
    broom.store.put(UPLOAD, b"12345")
    await broom.sweep()
    hours = 0
    while broom.store.exists(UPLOAD):
        broom.operator_ahead = -MONTH if hours % 2 else MONTH
        await broom.sweep(after=HOUR)
        hours += 1
        assert hours < 200

    assert GRACE_HOURS <= hours <= GRACE_HOURS + 2


async def test_the_stores_time_is_asked_for_and_leaves_nothing(broom: Broom) -> None:
    """What is written to hear it is gone with the sweep; without anything unnamed nothing is written."""
    await broom.sweep()
    assert [] == broom.at()
    broom.store.put(UPLOAD, b"12345")

    for _ in range(2):
        await broom.sweep(after=HOUR)
        assert [UNNAMED_UPLOAD, UPLOAD] == broom.at()


async def test_a_store_that_does_not_show_its_time_deletes_nothing() -> None:
    """Where the list leaves out what has just been written, nobody knows how old the markers are."""

    class Late(InMemoryObjectStore):
        def put(self, key: str, body: bytes | bytearray, **more: Any) -> None:
            if not key.endswith("/clock"):
                super().put(key, body, **more)

    broom = Broom(Late())
    broom.store.put(UPLOAD, b"12345")

    for _ in range(3):
        done = await broom.sweep(after=GRACE)
        assert (0, 1) == (done.uploads, done.pending)

    assert broom.store.exists(UPLOAD)
