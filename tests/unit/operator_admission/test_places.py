"""Places of a profile: who holds one, for how long, and who is next when it is free again."""

from collections.abc import Callable

import pytest

from steno_operator.roster import Roster
from unit.operator_admission.raw_jobs import (
    Raw,
    a_raw_job,
    a_raw_pod,
    an_installation_with,
    being_deleted,
    key_of,
    with_a_job_of_its_own,
    with_condition,
)

FIRST, SECOND, THIRD = (a_raw_job(name, created=number) for number, name in enumerate(("first", "second", "third")))


@pytest.fixture
def roster() -> Roster:
    """One place, and three jobs that want it; the first has its turn."""
    roster = Roster(an_installation_with(cpu=1))
    for raw in (THIRD, SECOND, FIRST):
        see(roster, raw)
    assert [key_of("first")] == roster.turns()
    return roster


def see(roster: Roster, raw: Raw) -> None:
    """Show a job as it is now."""
    roster.saw_job(key_of(raw["metadata"]["name"]), raw)


def turns(roster: Roster) -> list[str]:
    """Give the names of those whose turn it is now."""
    return [key.partition("/")[2] for key in roster.turns()]


def test_only_the_first_may_go_on(roster: Roster) -> None:
    """The others are told to wait, however often they ask."""
    assert [True, False, False, False] == [
        roster.admits(key_of(name)) for name in ("first", "second", "third", "second")
    ]


def test_a_turn_that_nobody_took_passes_to_whoever_is_first_then(roster: Roster) -> None:
    """A turn is no place: a job of higher priority that comes before it is asked for goes first."""
    see(roster, a_raw_job("urgent", created=9, queuePriority="high"))

    assert ["urgent"] == turns(roster)
    assert [False, True] == [roster.admits(key_of(name)) for name in ("first", "urgent")]


def test_a_place_is_kept_while_its_job_launches(roster: Roster) -> None:
    """Between the turn and the status that names the Job nobody else gets the place, and the job may ask again."""
    assert roster.admits(key_of("first"))
    see(roster, a_raw_job("urgent", created=9, queuePriority="high"))

    assert [] == turns(roster)
    assert [True, False] == [roster.admits(key_of(name)) for name in ("first", "urgent")]


def test_a_place_is_kept_until_the_pod_has_a_node(roster: Roster) -> None:
    """A Job, and a pod without a node, hold it; one that has a node does not."""
    roster.admits(key_of("first"))
    see(roster, with_a_job_of_its_own(FIRST))
    with_a_job = turns(roster)
    roster.saw_pod(key_of("first"), a_raw_pod("first-1-abc"))
    with_a_pod = turns(roster)
    roster.saw_pod(key_of("first"), a_raw_pod("first-1-abc", node="node-1"))

    assert ([], [], ["second"]) == (with_a_job, with_a_pod, turns(roster))


FREED: dict[str, Callable[[Roster], None]] = {
    "it runs": lambda roster: see(roster, with_condition(with_a_job_of_its_own(FIRST), "Running")),
    "it completes": lambda roster: see(roster, with_condition(with_a_job_of_its_own(FIRST), "Complete")),
    "it fails": lambda roster: see(roster, with_condition(with_a_job_of_its_own(FIRST), "Failed")),
    "it is suspended": lambda roster: see(roster, a_raw_job("first", suspend=True)),
    "it is being deleted": lambda roster: see(roster, being_deleted(with_a_job_of_its_own(FIRST))),
    "it is gone": lambda roster: roster.lost_job(key_of("first")),
}


@pytest.mark.parametrize("launched", [pytest.param(False, id="launching"), pytest.param(True, id="launched")])
@pytest.mark.parametrize("free", [pytest.param(free, id=name) for name, free in FREED.items()])
def test_a_place_is_freed(roster: Roster, free: Callable[[Roster], None], *, launched: bool) -> None:
    """Whatever ends the wait for a node, the next job's turn has come."""
    roster.admits(key_of("first"))
    if launched:
        see(roster, with_a_job_of_its_own(FIRST))
    assert [] == turns(roster)

    free(roster)

    assert ["second"] == turns(roster)


def test_a_pod_that_is_lost_takes_its_node_along(roster: Roster) -> None:
    """A job whose only pod is gone waits for a node again, and holds a place."""
    roster.admits(key_of("first"))
    see(roster, with_a_job_of_its_own(FIRST))
    roster.saw_pod(key_of("first"), a_raw_pod("first-1-abc", node="node-1"))
    assert ["second"] == turns(roster)

    roster.lost_pod(key_of("first"), "first-1-abc")

    assert [] == turns(roster)
    assert not roster.admits(key_of("second"))


def test_pods_of_jobs_that_nobody_knows_are_no_matter(roster: Roster) -> None:
    """A pod may be seen before its job, or after it."""
    roster.saw_pod(key_of("other"), a_raw_pod("other-1-abc", node="node-1"))
    roster.lost_pod(key_of("other"), "other-1-abc")
    roster.lost_job(key_of("other"))

    assert [] == turns(roster)


def test_a_resumed_job_stands_in_line_again(roster: Roster) -> None:
    """It has the place that its age gives it."""
    see(roster, a_raw_job("first", suspend=True))
    suspended = turns(roster)
    see(roster, FIRST)

    assert (["second"], ["first"]) == (suspended, turns(roster))


def test_a_new_priority_changes_the_line(roster: Roster) -> None:
    """As long as a job waits, it may be moved to the front, or to the end."""
    see(roster, a_raw_job("third", created=2, queuePriority="high"))
    raised = turns(roster)
    see(roster, a_raw_job("third", created=2, queuePriority="low"))

    assert (["third"], ["first"]) == (raised, turns(roster))
