"""The loop: soon after the start, then every hour or so, whatever goes wrong."""

import asyncio
import logging
from collections.abc import Iterator

import pytest

from steno_kube import KubeError, KubeUnavailableError
from steno_operator.sweep import EVERY_SECONDS, FIRST_SECONDS, JITTER, Sweep
from steno_store import StoreUnavailableError
from support.builders import NAMESPACE
from support.object_store import InMemoryObjectStore
from unit.sweeping.broom import Broom


class Pauses:
    """Pauses that are over at once, until the test has seen enough."""

    def __init__(self, most: int) -> None:
        self.seconds: list[float] = []
        self.enough = asyncio.Event()
        self._most = most

    async def __call__(self, seconds: float) -> None:
        """Note the pause; the last one never ends."""
        self.seconds.append(seconds)
        if len(self.seconds) > self._most:
            self.enough.set()
            await asyncio.Event().wait()


async def run(broom: Broom, pauses: Pauses, *, every_seconds: float = EVERY_SECONDS) -> list[Sweep]:
    """Run the loop until there have been enough pauses; gives what it told."""
    told: list[Sweep] = []
    running = asyncio.create_task(broom.sweeper.run(every_seconds=every_seconds, swept=told.append))
    await pauses.enough.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return told


async def test_it_sweeps_soon_and_then_at_intervals() -> None:
    """The first sweep comes within a minute, the next ones about an hour apart and never in step."""
    pauses = Pauses(20)

    told = await run(Broom(pause=pauses), pauses)

    first, *others = pauses.seconds
    assert 20 == len(told)
    assert 0 <= first <= FIRST_SECONDS
    assert all(EVERY_SECONDS * (1 - JITTER) <= pause <= EVERY_SECONDS * (1 + JITTER) for pause in others)
    assert len({*others}) > 1


async def test_a_short_interval_shortens_the_first_pause_too() -> None:
    """Whoever sweeps every second need not wait a minute for the first time."""
    pauses = Pauses(3)

    await run(Broom(pause=pauses), pauses, every_seconds=1)

    assert max(pauses.seconds) <= 1 + JITTER


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(KubeUnavailableError("no answer"), id="the API server is away"),
        pytest.param(RuntimeError("a mistake of ours"), id="a mistake"),
    ],
)
async def test_a_sweep_that_fails_is_logged_and_repeated(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    """No failure ends the loop, and each is told."""
    pauses = Pauses(3)
    broom = Broom(pause=pauses)
    broom.cluster.failing = error if isinstance(error, KubeError) else None
    if not isinstance(error, KubeError):
        broom.cluster.uids = None  # type: ignore[assignment]  # a mistake

    with caplog.at_level(logging.WARNING):
        told = await run(broom, pauses)

    assert [] == told
    assert 3 == len([record for record in caplog.records if "is repeated" in record.message])


async def test_a_loss_of_leadership_does_not_end_the_loop() -> None:
    """The process ends by other hands; until then nothing is swept."""
    pauses = Pauses(3)
    broom = Broom(pause=pauses)
    broom.leads = False

    assert [] == await run(broom, pauses)
    assert {} == broom.store.objects


async def test_a_failed_namespace_is_told_in_the_counts() -> None:
    """The metrics hear of what was left undone."""

    class Unlisted(InMemoryObjectStore):
        def list_directories(self, prefix: str) -> Iterator[str]:
            raise StoreUnavailableError(f"cannot list {prefix}")

    pauses = Pauses(1)

    (told,) = await run(Broom(Unlisted(), pause=pauses), pauses)

    assert ([NAMESPACE], 0) == (told.failed, told.pending)
