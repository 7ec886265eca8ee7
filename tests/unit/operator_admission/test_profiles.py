"""Profiles and queues: each profile has places of its own, Kueue's jobs take none, and few things are worked out."""

import pytest

from steno_operator.roster import Roster, RosterStanding
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


def filled(roster: Roster, *jobs: Raw) -> Roster:
    """Show the roster some jobs."""
    for raw in jobs:
        roster.saw_job(key_of(raw["metadata"]["name"]), raw)
    return roster


def test_profiles_do_not_share_places() -> None:
    """A full profile holds nobody up who wants another; one that is not named is the default's."""
    roster = filled(
        Roster(an_installation_with(cpu=1, gpu=1)),
        with_a_job_of_its_own(a_raw_job("holder", profile="gpu")),
        a_raw_job("waits", profile="gpu", created=1),
        a_raw_job("goes", created=2),
        a_raw_job("second", profile="cpu", created=3),
    )

    assert [key_of("goes")] == roster.turns()
    assert [False, True, False] == [roster.admits(key_of(name)) for name in ("waits", "goes", "second")]


def test_a_profile_without_a_limit_lets_all_go() -> None:
    """Nobody waits for a turn there, and none is worked out."""
    roster = filled(Roster(an_installation_with(gpu=1)), *(a_raw_job(f"talk-{number}") for number in range(20)))

    assert [] == roster.turns()
    assert all(roster.admits(key_of(f"talk-{number}")) for number in range(20))


def test_a_job_that_nobody_has_seen_goes() -> None:
    """Where the roster knows nothing, it holds nobody up."""
    assert Roster(an_installation_with(cpu=1)).admits(key_of("unheard-of"))


def test_kueues_jobs_take_no_place() -> None:
    """A job in a queue of Kueue's neither waits for a turn nor holds a place while it waits for Kueue."""
    roster = filled(
        Roster(an_installation_with(cpu=1)),
        with_a_job_of_its_own(a_raw_job("queued", queueName="recordings")),
        a_raw_job("queued-too", queueName="recordings", created=1),
        a_raw_job("plain", created=2),
    )

    assert [key_of("plain")] == roster.turns()
    assert [True, True] == [roster.admits(key_of(name)) for name in ("queued-too", "plain")]


def test_turns_are_worked_out_where_something_changed() -> None:
    """A second look at what is the same gives no turns, and a change gives those of its own profile alone."""
    roster = filled(
        Roster(an_installation_with(cpu=1, gpu=1)), a_raw_job("a", profile="cpu"), a_raw_job("b", profile="gpu")
    )
    both = roster.turns()
    nothing = roster.turns()
    filled(roster, a_raw_job("c", profile="gpu", created=1))

    assert ([key_of("a"), key_of("b")], [], [key_of("b")]) == (both, nothing, roster.turns())


def test_progress_changes_no_turn() -> None:
    """What is written of a job that stands where it stood has nothing worked out anew."""
    roster = filled(Roster(an_installation_with(cpu=1)), a_raw_job("talk"), a_raw_job("walk", created=1))
    first = roster.turns()

    filled(roster, a_raw_job("walk", created=1, status={"progress": {"percent": 40}}))

    assert ([key_of("talk")], []) == (first, roster.turns())


def test_a_place_is_not_given_twice_to_one_look() -> None:
    """However many ask between two looks, no more go on than there were places."""
    roster = filled(
        Roster(an_installation_with(cpu=3)), *(a_raw_job(f"talk-{number}", created=number) for number in range(9))
    )
    roster.turns()

    went = [number for number in range(9) if roster.admits(key_of(f"talk-{number}"))]

    assert [0, 1, 2] == went
    filled(roster, a_raw_job("one-more", created=10))
    assert [] == roster.turns()


@pytest.mark.parametrize(
    ("limits", "any_limit"),
    [
        pytest.param({}, False, id="none has a limit"),
        pytest.param({"gpu": 4}, True, id="one has"),
        pytest.param({"gpu": 4, "cpu": 1}, True, id="all have"),
    ],
)
def test_whether_all_jobs_must_be_known_first(limits: dict[str, int], *, any_limit: bool) -> None:
    """A new leader looks around before the first turn only where a profile limits how many may wait."""
    assert any_limit == Roster(an_installation_with(**limits)).limits_any()


def test_a_new_leader_finds_the_places_taken() -> None:
    """What was launched before its time counts, so that a restart launches nobody too many."""
    before = [with_a_job_of_its_own(a_raw_job(f"launched-{number}")) for number in range(2)]
    roster = filled(Roster(an_installation_with(cpu=2)), *before, a_raw_job("waits", created=5))

    assert [] == roster.turns()
    assert not roster.admits(key_of("waits"))


def test_whoever_works_the_turns_out_is_told_when() -> None:
    """A change is told at once, and what changes nothing is not."""
    told: list[str] = []
    roster = Roster(an_installation_with(cpu=1))
    roster.on_change = lambda: told.append("changed")
    filled(roster, a_raw_job("talk"))
    filled(roster, a_raw_job("talk", status={"progress": {"percent": 1}}))
    roster.saw_pod(key_of("talk"), a_raw_pod("talk-1", node="node-1"))
    roster.saw_pod(key_of("talk"), a_raw_pod("talk-1", node="node-1"))
    roster.lost_pod(key_of("talk"), "talk-1")
    roster.lost_pod(key_of("talk"), "talk-1")
    roster.lost_job(key_of("talk"))
    roster.lost_job(key_of("talk"))

    assert ["changed"] * 4 == told


@pytest.mark.parametrize(
    ("with_ended", "names"),
    [
        pytest.param(True, ["waits", "done", "failed"], id="all"),
        pytest.param(False, ["waits"], id="those that have not ended"),
    ],
)
def test_the_jobs_that_there_are(names: list[str], *, with_ended: bool) -> None:
    """Whoever looks at every job anew asks here for their keys."""
    done, failed = (
        with_condition(a_raw_job(name), kind) for name, kind in (("done", "Complete"), ("failed", "Failed"))
    )
    roster = filled(Roster(an_installation_with()), a_raw_job("waits"), done, failed)

    assert [key_of(name) for name in names] == roster.keys(with_ended=with_ended)


PLAIN = a_raw_job("talk")


@pytest.mark.parametrize(
    ("raw", "standing"),
    [
        pytest.param(PLAIN, RosterStanding.PENDING, id="new"),
        pytest.param(with_a_job_of_its_own(PLAIN), RosterStanding.LAUNCHED, id="it has a Job"),
        pytest.param(
            with_condition(with_a_job_of_its_own(PLAIN), "Running"), RosterStanding.RUNNING, id="a worker runs"
        ),
        pytest.param(with_condition(PLAIN, "Complete"), RosterStanding.COMPLETE, id="complete"),
        pytest.param(with_condition(a_raw_job("talk", suspend=True), "Failed"), RosterStanding.FAILED, id="failed"),
        pytest.param(a_raw_job("talk", suspend=True), RosterStanding.SUSPENDED, id="suspended"),
        pytest.param(
            a_raw_job("talk", cancel=True), RosterStanding.LAUNCHED, id="cancelled, so it waits for no turn"
        ),
        pytest.param(
            a_raw_job("talk", status={"stopping": {"reason": "Cancelled"}}),
            RosterStanding.LAUNCHED,
            id="being stopped",
        ),
        pytest.param(being_deleted(with_condition(PLAIN, "Complete")), RosterStanding.RELEASING, id="being released"),
    ],
)
def test_where_a_job_stands(raw: Raw, standing: RosterStanding) -> None:
    """One word for each job, the most final that holds."""
    counts = filled(Roster(an_installation_with()), raw).counts()

    assert {("cpu", standing): 1} == {place: count for place, count in counts.items() if count}


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        pytest.param(None, "cpu", id="the default"),
        pytest.param("gpu", "gpu", id="one that there is"),
        pytest.param("tpu", "unknown", id="one that there is not"),
    ],
)
def test_the_name_of_a_profile(asked: str | None, name: str) -> None:
    """What a user wrote is shown only where the installation has it."""
    assert name == Roster(an_installation_with()).profile_name(asked)
