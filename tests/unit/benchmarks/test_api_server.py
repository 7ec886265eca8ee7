"""The bench's watch loses no event, and its waiting ends."""

import asyncio

import pytest

from benchmarks.api_server import Lines, Stamps


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        pytest.param([b"one\ntwo\n"], [b"one", b"two"], id="two in one"),
        pytest.param([b"o", b"ne", b"\n"], [b"one"], id="one in three"),
        pytest.param([b"one\ntw", b"o\n"], [b"one", b"two"], id="cut in the second"),
        pytest.param([b"one"], [], id="not at its end"),
    ],
)
def test_lines_are_whole_however_the_stream_is_cut(chunks: list[bytes], expected: list[bytes]) -> None:
    """What a chunk leaves over waits for the next."""
    lines = Lines()

    assert expected == [line for chunk in chunks for line in lines.split(chunk)]


def test_only_the_first_sight_of_a_name_counts() -> None:
    """Later events of the same object are not when it came."""
    stamps = Stamps()
    stamps.put("talk", 1.0)
    stamps.put("talk", 2.0)

    assert {"talk": 1.0} == stamps.at


async def test_waiting_ends_once_all_are_there() -> None:
    """However late the last one comes."""
    stamps = Stamps()
    waiting = asyncio.create_task(stamps.reach(2, "jobs", idle_seconds=60))
    for name in ("one", "two"):
        await asyncio.sleep(0)
        assert not waiting.done()
        stamps.put(name, 1.0)

    await waiting


async def test_waiting_for_what_never_comes_says_how_far_it_came() -> None:
    """The error has the counts."""
    stamps = Stamps()
    stamps.put("one", 1.0)

    with pytest.raises(RuntimeError, match=r"jobs: 1 of 2, and no more for 0\.01 s"):
        await stamps.reach(2, "jobs", idle_seconds=0.01)
