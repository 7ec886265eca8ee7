"""The memory of all uploads is lent in the order of asking, and never more than there is."""

import asyncio

import pytest

from steno_gateway.problems import ProblemError
from steno_gateway.uploads.memory import PART_BYTES, UploadMemory, streamed_part_bytes
from steno_store import MAX_PARTS


@pytest.fixture
def memory() -> UploadMemory:
    """Two parts of five bytes."""
    return UploadMemory(10, part_bytes=5)


async def settled() -> None:
    """Let every task come as far as it can."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_who_waits_is_served_in_the_order_of_asking(memory: UploadMemory) -> None:
    """A large part that waits is not overtaken by small ones for ever."""
    await memory.take(6)
    large = asyncio.ensure_future(memory.take(10))
    await settled()
    small = asyncio.ensure_future(memory.take(1))
    await settled()

    assert not memory.try_take(1)
    memory.give_back(6)
    await large
    await settled()
    assert not small.done()
    memory.give_back(10)
    await small
    assert 9 == memory.free_bytes


async def test_who_waits_for_long_is_refused() -> None:
    """The refusal says when to come back, and stands in nobody's way."""
    impatient = UploadMemory(10, part_bytes=5, wait_seconds=0.01)
    await impatient.take(6)

    with pytest.raises(ProblemError, match="uploads-busy"):
        await impatient.take(10)

    assert impatient.try_take(4)


async def test_who_goes_away_while_waiting_takes_nothing(memory: UploadMemory) -> None:
    """A request that is cancelled leaves its place to the next, also in the moment that it is served."""
    await memory.take(10)
    waiting, served = [asyncio.ensure_future(memory.take(5)) for _ in range(2)]
    await settled()
    waiting.cancel()
    await settled()
    memory.give_back(10)
    served.cancel()

    assert [True, True] == [
        isinstance(end, asyncio.CancelledError)
        for end in await asyncio.gather(waiting, served, return_exceptions=True)
    ]
    assert (10, False) == (memory.free_bytes, memory.locked())


async def test_what_never_fits_is_a_mistake(memory: UploadMemory) -> None:
    """Nobody waits for what cannot come."""
    with pytest.raises(ValueError, match="11 bytes are more than all 10"):
        await memory.take(11)
    with pytest.raises(ValueError, match="4 bytes hold no part of 5"):
        UploadMemory(4, part_bytes=5)


async def test_a_part_is_what_a_reader_takes(memory: UploadMemory) -> None:
    """Leaving gives it back, whatever happened inside."""
    async with memory, memory.hold(3):
        assert (2, True) == (memory.free_bytes, memory.locked())

    assert (10, False) == (memory.free_bytes, memory.locked())


@pytest.mark.parametrize(
    ("limit", "part"),
    [
        pytest.param(1, PART_BYTES, id="least"),
        pytest.param(MAX_PARTS * PART_BYTES, PART_BYTES, id="as many as S3 takes"),
        pytest.param(MAX_PARTS * PART_BYTES + 1, 6 << 20, id="one byte more"),
        pytest.param(MAX_PARTS * (16 << 20), 16 << 20, id="the largest limit"),
    ],
)
def test_the_largest_upload_has_no_more_parts_than_s3_takes(limit: int, part: int) -> None:
    """Parts are as small as the limit on an upload lets them be."""
    assert part == streamed_part_bytes(limit)
