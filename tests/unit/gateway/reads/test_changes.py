"""Readers of changes find the latest state, however slow they are, and end when there is nothing more to come."""

import asyncio
import gc

from steno_gateway.reads.changes import Changes
from steno_gateway.reads.room import TOMBSTONES_MOST, Room
from support.builders import JobBuilder
from unit.gateway.reads.fixtures import at_version


async def told(changes: Changes) -> list[tuple[str, int, bool]]:
    """Read what there is: names, versions, and whether they are gone."""
    found = []
    while (change := await changes.next(seconds=0)) is not None:
        found.append((change.job.metadata.name, int(change.job.metadata.resource_version), change.gone))
    return found


async def test_a_reader_begins_with_how_things_are() -> None:
    """Jobs that are there, and none that is released."""
    room = Room()
    for name, version in (("a", 1), ("b", 2), ("c", 3)):
        room.put(at_version(version, name=name))
    room.bury(at_version(4, name="a"), 4)
    room.put(at_version(5, name="b", job=JobBuilder().deleted()))

    assert [("c", 3, False)] == await told(room.follow(None))


async def test_changes_melt_into_the_latest() -> None:
    """A reader that was slow finds each job once, as it is."""
    room = Room()
    changes = room.follow(None)
    for version in range(1, 10):
        room.put(at_version(version, name="a"))
        room.put(at_version(version, name="b"))
    room.bury(at_version(10, name="b"), 10)

    assert [("a", 9, False), ("b", 10, True)] == await told(changes)
    assert [] == await told(changes)


async def test_what_changes_while_it_is_read_comes_later() -> None:
    """Nothing is told twice, and nothing is left out."""
    room = Room()
    for name in ("a", "b", "c"):
        room.put(at_version(1, name=name))
    changes = room.follow(None)
    first = await changes.next()
    room.put(at_version(2, name="b"))

    assert first is not None
    assert "a" == first.job.metadata.name
    assert [("c", 1, False), ("b", 2, False)] == await told(changes)


async def test_one_job_is_followed_to_its_end() -> None:
    """Its release, then its deletion, then no more; others do not wake its readers."""
    room = Room()
    room.put(at_version(1))
    changes = room.follow("talk")
    reading = asyncio.create_task(told_to_the_end(changes))
    for job in (at_version(1, name="other"), at_version(2), at_version(3, job=JobBuilder().deleted())):
        await asyncio.sleep(0)
        room.put(job)
    await asyncio.sleep(0)
    room.bury(at_version(4, job=JobBuilder().deleted().released()), 4)

    assert [(1, False), (2, False), (3, True), (4, True)] == await reading
    assert changes.ended


async def told_to_the_end(changes: Changes) -> list[tuple[int, bool]]:
    """Read until there is no more."""
    return [(int(change.job.metadata.resource_version), change.gone) async for change in changes]


async def test_the_receipt_is_kept_with_the_deletion() -> None:
    """Whoever waits for a release reads from the last change what was deleted."""
    room = Room()
    room.put(at_version(1))
    room.bury(at_version(4, job=JobBuilder().deleted().released(objects=7)), 4)

    change = await room.follow("talk").next(seconds=0)

    assert change is not None
    assert change.deleted
    assert change.job.status.release is not None
    assert 7 == change.job.status.release.objects


async def test_readers_end_with_the_gateway() -> None:
    """Those who wait are let go at once."""
    room = Room()
    waiting = [asyncio.create_task(told_to_the_end(room.follow(name))) for name in ("talk", None)]
    await asyncio.sleep(0)
    room.end()

    assert [[], []] == await asyncio.gather(*waiting)


async def test_who_was_away_for_too_long_cannot_go_on() -> None:
    """Deletions that it never heard of are forgotten: it begins anew rather than believe in jobs that are gone."""
    room = Room()
    changes = room.follow(None)
    for version in range(1, TOMBSTONES_MOST + 3):
        job = at_version(version, name=f"talk-{version}")
        room.put(job)
        room.bury(job, version)

    assert await changes.next(seconds=0) is None
    assert changes.ended
    assert not room.follow(None).ended


async def test_a_reader_that_is_dropped_is_forgotten() -> None:
    """Nobody has to say goodbye."""
    room = Room()
    changes = room.follow("talk")
    del changes
    gc.collect()
    room.put(at_version(1))

    assert {} == {name: len(readers) for name, readers in room._readers.items() if readers}  # noqa: SLF001 -- a leak shows nowhere else
