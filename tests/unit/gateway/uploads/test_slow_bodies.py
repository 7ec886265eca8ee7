"""A body that drips is refused, one that is only slow for a while is not, and the store's time is nobody's fault."""

from collections.abc import Iterator

import pytest
from starlette.requests import Request
from starlette.types import Message

from steno_gateway.problems import ProblemError
from steno_gateway.uploads.request_body import SLOWEST_BYTES_PER_SECOND, WINDOW_SECONDS, RequestBody


class Clock:
    """Tells the time that a test says it is."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        """Give it."""
        return self.seconds


def a_body(clock: Clock, chunks: Iterator[tuple[float, int]]) -> RequestBody:
    """Have a body whose chunks come after so many seconds each, with so many bytes."""

    async def receive() -> Message:
        for waited_seconds, size in chunks:
            clock.seconds += waited_seconds
            return {"type": "http.request", "body": b"\0" * size, "more_body": True}
        return {"type": "http.request", "body": b"", "more_body": False}

    request = Request({"type": "http", "headers": []}, receive)
    return RequestBody(request, max_bytes=1 << 40, idle_seconds=60, clock=clock)


async def read(body: RequestBody) -> int:
    """Read it to its end; gives how many bytes came."""
    return sum([len(chunk) async for chunk in body])


@pytest.mark.parametrize(
    "chunks",
    [
        pytest.param([(59.0, 1)] * 100, id="a byte every 59 seconds"),
        pytest.param([(1.0, SLOWEST_BYTES_PER_SECOND - 1)] * 100, id="just too slow"),
        pytest.param([(0.0, 1 << 20)] * 100 + [(10.0, 1)] * 100, id="fast first, to drip later"),
    ],
)
async def test_a_body_that_drips_is_refused(chunks: list[tuple[float, int]]) -> None:
    """Within two windows, whatever came before."""
    clock = Clock()

    with pytest.raises(ProblemError, match="body-too-slow") as refused:
        await read(a_body(clock, iter(chunks)))

    assert clock.seconds <= 2 * WINDOW_SECONDS
    assert (408, {"Connection": "close"}) == (refused.value.kind.status, refused.value.headers)


@pytest.mark.parametrize(
    "chunks",
    [
        pytest.param([(1.0, SLOWEST_BYTES_PER_SECOND)] * 600, id="just fast enough"),
        pytest.param([(59.0, 60 * SLOWEST_BYTES_PER_SECOND)] * 20, id="in gusts"),
        pytest.param([(59.0, 100)], id="short"),
    ],
)
async def test_a_slow_body_is_read(chunks: list[tuple[float, int]]) -> None:
    """Who keeps sending may take hours."""
    assert sum(size for _, size in chunks) == await read(a_body(Clock(), iter(chunks)))


async def test_the_time_that_the_store_takes_does_not_count() -> None:
    """Only waiting for the client is measured: a slow store must not get its clients refused."""
    clock = Clock()
    body = a_body(clock, iter([(0.5, 8 * SLOWEST_BYTES_PER_SECOND)] * 200))
    taken = 0
    async for chunk in body:
        clock.seconds += 30
        taken += len(chunk)

    assert 1600 * SLOWEST_BYTES_PER_SECOND == taken
