"""A served gateway with somebody who ends its jobs, and both clients to it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from steno_client import AsyncSteno, Retries, Steno
from steno_types import Release
from support.gateway import NOON
from support.installation import Installation, installed
from support.transcriber import RECORDING

RECEIPT = Release(objects=3, bytes=700, verified_empty=True, time=NOON)

QUICK = Retries(first_pause_seconds=0)
"""Tests wait for nothing."""


class Both:
    """One of the two clients, called alike; the blocking one from a thread, as the gateway has the test's loop."""

    def __init__(self, kind: str, url: str, **settings: Any) -> None:
        made = {"sync": Steno, "async": AsyncSteno}[kind]
        self.steno: Any = made(url, **({"retries": QUICK} | settings))

    async def __call__(self, method: str, *arguments: Any, **named: Any) -> Any:
        """Call a method, and give its result; a list of all where it iterates."""
        called = getattr(self.steno, method)
        if isinstance(self.steno, Steno):
            return await asyncio.to_thread(_finished, called, arguments, named)
        result = called(*arguments, **named)
        return [each async for each in result] if method == "jobs" else await result

    async def close(self) -> None:
        """Close its connections."""
        await self("close" if isinstance(self.steno, Steno) else "aclose")


def _finished(called: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
    result = called(*arguments, **named)
    return list(result) if called.__name__ == "jobs" else result


@pytest.fixture
async def installation() -> AsyncIterator[Installation]:
    """A gateway on a port, and worker and operator behind it."""
    async with installed() as made:
        releasing = asyncio.create_task(_release(made))
        yield made
        releasing.cancel()
        await asyncio.gather(releasing, return_exceptions=True)


async def _release(made: Installation) -> None:
    """Let jobs go that are deleted, with a receipt, as the operator does."""
    jobs = made.gateway.jobs
    while True:
        for job in jobs.jobs:
            if job.metadata.deletion_timestamp is not None:
                noted = await jobs.patch_status(job, job.status.model_copy(update={"release": RECEIPT}))
                await jobs.patch_metadata(noted, {"finalizers": None})
        await asyncio.sleep(0.005)


@pytest.fixture(params=["sync", "async"])
async def steno(request: pytest.FixtureRequest, installation: Installation) -> AsyncIterator[Both]:
    """Each client in turn, bound to the installation."""
    both = Both(request.param, installation.url)
    yield both
    await both.close()


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    """A small recording."""
    path = tmp_path / "talk.wav"
    path.write_bytes(RECORDING)
    return path
