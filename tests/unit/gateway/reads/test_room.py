"""What is known of a namespace is the newest of what was seen, whoever brought it and in whichever order."""

from itertools import permutations

import pytest

from steno_gateway.reads.room import TOMBSTONE_SECONDS, TOMBSTONES_MOST, Room
from support.builders import JobBuilder
from unit.gateway.reads.fixtures import Clock, at_version, made_at


def known(room: Room) -> dict[str, int]:
    """Give the versions of the jobs that a room has, by name."""
    return {record.job.metadata.name: record.version for record in room.newest_first()}


@pytest.mark.parametrize("order", [*permutations([9, 10, 11])], ids=str)
def test_the_newest_stays(order: tuple[int, ...]) -> None:
    """A watch that lags behind a write takes nothing back; versions are numbers, so that 9 comes before 10."""
    room = Room()
    for version in order:
        room.put(at_version(version))

    assert {"talk": 11} == known(room)


def test_what_was_deleted_does_not_come_back() -> None:
    """An answer that was under way while the job went does not bring it back to life."""
    room = Room()
    room.put(at_version(5))
    room.bury(at_version(8), 8)

    assert not room.put(at_version(6))
    assert {} == known(room)


def test_a_deletion_that_comes_first_counts() -> None:
    """A job may be heard of first by its end."""
    room = Room()
    room.bury(at_version(8), 8)
    room.put(at_version(6))

    assert {} == known(room)


def test_a_name_may_be_used_again() -> None:
    """A job of another uid takes the place, and readers of the name hear of it."""
    room = Room()
    room.put(at_version(5, uid="first"))
    room.put(at_version(9, uid="second"))
    late = room.put(at_version(7, uid="first"))

    change = room.change("talk")
    assert change is not None
    assert (False, "second", False) == (late, change.job.metadata.uid, change.gone)


def test_a_list_ends_what_it_lacks() -> None:
    """What went while nobody watched is gone, unless it was made after the list."""
    room = Room()
    for name, version in (("stays", 3), ("went", 4), ("new", 20)):
        room.put(at_version(version, name=name))

    room.replace([at_version(7, name="stays")], 10, history_is_other=False)

    went = room.change("went")
    assert {"stays": 7, "new": 20} == known(room)
    assert went is not None
    assert (True, True) == (went.gone, went.deleted)


def test_a_restored_history_is_believed() -> None:
    """After etcd was restored versions begin anew: the list alone counts, even if it brings back what was deleted."""
    room = Room()
    room.put(at_version(100, name="before"))
    room.put(at_version(90, name="back"))
    room.bury(at_version(95, name="back"), 95)

    room.replace([at_version(40, name="back"), at_version(41, name="before")], 50, history_is_other=True)
    room.put(at_version(51, name="before"))

    assert {"back": 40, "before": 51} == known(room)


def test_the_last_made_comes_first() -> None:
    """By creation, then by name; a change alters nothing of it, a deletion takes it out."""
    room = Room()
    for name, seconds in (("c", 1), ("a", 2), ("b", 2), ("d", 0)):
        room.put(at_version(seconds + 1, name=name, job=made_at(seconds)))
    room.put(at_version(9, name="d", job=made_at(0)))
    room.bury(at_version(10, name="a", job=made_at(2)), 10)

    assert ["b", "c", "d"] == [record.job.metadata.name for record in room.newest_first()]


def test_only_those_that_wait_or_run_are_unfinished() -> None:
    """The end of a job, or its release, takes it out."""
    room = Room()
    room.put(at_version(1, name="waits"))
    room.put(at_version(2, name="ended"))
    room.put(at_version(3, name="ended", job=JobBuilder().completed()))
    room.put(at_version(4, name="leaving", job=JobBuilder().deleted()))

    assert ["waits"] == [*room.unfinished]


def test_somebody_who_knows_a_version_goes_on_from_there() -> None:
    """Of all changes those after it are told, deletions among them, in the order in which they came."""
    room = Room(since=1)
    for version, name in enumerate(("a", "b", "c"), start=2):
        room.put(at_version(version, name=name))
    room.bury(at_version(5, name="a"), 5)

    after = room.sequence_at(3)

    assert after is not None
    assert ["c", "a"] == [name for _, name in room.changed_after(after)]
    assert room.sequence_at(0) is None


def test_deletions_are_forgotten_in_time() -> None:
    """Those of long ago, and those that are too many; who has not heard of them cannot go on."""
    clock = Clock()
    room = Room(clock, since=1)
    for version in range(2, TOMBSTONES_MOST + 4):
        job = at_version(version, name=f"talk-{version}")
        room.put(job)
        room.bury(job, version)

    assert 3 == room.forgotten_version
    clock.seconds = TOMBSTONE_SECONDS + 1
    room.put(at_version(9_000))
    room.bury(at_version(9_001), 9_001)

    assert TOMBSTONES_MOST + 3 == room.forgotten_version
    assert ["talk"] == [name for _, name in room.changed_after(0)]


def test_what_cannot_be_read_any_more_is_forgotten() -> None:
    """Neither its old state is told, nor that it is deleted."""
    room = Room()
    room.put(at_version(1))
    room.lose("talk")
    room.lose("never")

    assert (0, None) == (len(room), room.change("talk"))
