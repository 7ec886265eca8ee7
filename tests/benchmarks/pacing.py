"""Call something at a steady rate, or often with so many at once.

Called by the benchmarks of operator and gateway. The rate is kept open-loop: a call begins when it is due, whether or
not those before it have ended, so that a slow server does not slow its own load down. Must not know what is called.
"""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Iterator

Call = Callable[[int], Awaitable[None]]
"""Gets the number of the call, from 0 on."""


def due_seconds(*, per_second: float, seconds: float) -> Iterator[float]:
    """Give when each call is due, in seconds after the first: 0, 1/rate, 2/rate, ... < `seconds`."""
    for number in itertools.count():
        due = number / per_second
        if due >= seconds:
            return
        yield due


async def at_rate(
    call: Call,
    *,
    per_second: float,
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> list[float]:
    """Begin calls at a rate for a while and wait for all; gives by how many seconds each began late.

    The first call that fails is raised, once none is under way any more.
    """
    began = clock()
    lateness = []
    async with asyncio.TaskGroup() as calls:
        for number, due in enumerate(due_seconds(per_second=per_second, seconds=seconds)):
            ahead = began + due - clock()
            if ahead > 0:
                await pause(ahead)
            lateness.append(max(clock() - began - due, 0.0))
            calls.create_task(_called(call, number))
    return lateness


async def at_once(call: Call, *, times: int, concurrency: int) -> None:
    """Call `times` times, with `concurrency` calls under way; the first that fails ends them all and is raised."""
    numbers = iter(range(times))

    async def work() -> None:
        for number in numbers:
            await call(number)

    async with asyncio.TaskGroup() as workers:
        for _ in range(concurrency):
            workers.create_task(work())


async def _called(call: Call, number: int) -> None:
    await call(number)
