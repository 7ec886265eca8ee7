"""Whose turn it is: by priority, then by age, then by name, as many as there are places."""

import itertools

import pytest

from steno_operator.policies.admission import Waiter, admitted

OLD = Waiter(key="speech/old", priority=0, created="2026-01-31T12:00:00Z")
YOUNG = Waiter(key="speech/young", priority=0, created="2026-01-31T12:00:01Z")
TWIN = Waiter(key="speech/zwilling", priority=0, created="2026-01-31T12:00:01Z")
URGENT = Waiter(key="speech/urgent", priority=10, created="2026-01-31T12:30:00Z")
PATIENT = Waiter(key="speech/patient", priority=-10, created="2026-01-31T11:00:00Z")

IN_ORDER = tuple(waiter.key for waiter in (URGENT, OLD, YOUNG, TWIN, PATIENT))


def test_the_order_is_the_same_however_jobs_are_listed() -> None:
    """Priority first, then age, then name."""
    orders = itertools.permutations((OLD, YOUNG, TWIN, URGENT, PATIENT))

    assert {IN_ORDER} == {admitted(order, limit=5, unscheduled=0) for order in orders}


@pytest.mark.parametrize(
    ("limit", "unscheduled", "count"),
    [
        pytest.param(None, 1000, 5, id="no limit"),
        pytest.param(3, 0, 3, id="all places are free"),
        pytest.param(3, 2, 1, id="one is"),
        pytest.param(3, 3, 0, id="none is"),
        pytest.param(3, 7, 0, id="the limit was lowered meanwhile"),
        pytest.param(9, 1, 5, id="more places than jobs"),
    ],
)
def test_there_are_as_many_turns_as_places(limit: int | None, unscheduled: int, count: int) -> None:
    """The first in order have them, and nobody is let by."""
    waiting = (PATIENT, TWIN, URGENT, OLD, YOUNG)

    assert IN_ORDER[:count] == admitted(waiting, limit=limit, unscheduled=unscheduled)


def test_nobody_waits() -> None:
    """Without jobs there are no turns."""
    assert () == admitted((), limit=5, unscheduled=0)
