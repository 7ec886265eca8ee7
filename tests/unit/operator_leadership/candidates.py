"""Candidates for one Lease, each with clocks of its own, on a loop whose clock the test owns."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from steno_kube import Lease
from steno_operator.leadership import Leadership, LeadershipLostError
from support.leases import InMemoryLeases, LeaseServer
from support.own_clock import now

NAMESPACE, NAME = "speech", "steno-operator"
NOON = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


@dataclass
class Candidate:
    """One replica: how it reaches the server, what its clocks say, and when it led."""

    server: LeaseServer
    name: str
    monotonic_offset_seconds: float = 0.0
    """What its monotonic clock said when the scenario began."""
    wall_offset_seconds: float = 0.0
    """By how much its wall clock is ahead."""
    predecessor: str | None = None
    led_from: float | None = None
    led_until: float | None = None
    reason: str = ""
    """Why it led no more."""
    going: asyncio.Event = field(default_factory=asyncio.Event)
    """Clear while the process is stopped."""

    def __post_init__(self) -> None:
        self.leases = InMemoryLeases(self.server)
        self.going.set()
        self.leadership = Leadership(
            self.leases,
            namespace=NAMESPACE,
            name=NAME,
            identity=self.name,
            predecessor=self.predecessor,
            clock=lambda: asyncio.get_running_loop().time() + self.monotonic_offset_seconds,
            now=lambda: NOON + timedelta(seconds=now() + self.wall_offset_seconds),
            pause=self._pause,
        )
        self._task: asyncio.Task[None] | None = None

    @property
    def leads(self) -> bool:
        """Whether it acts: its process goes, and it takes itself for the leader."""
        return self.going.is_set() and self.leadership.still_leader()

    def start(self) -> None:
        """Let it stand by, and lead when it may."""
        self._task = asyncio.create_task(self._run())

    async def _pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self.going.wait()

    async def _run(self) -> None:
        await self.leadership.acquire()
        self.led_from = now()
        try:
            await self.leadership.hold()
        except LeadershipLostError as lost:
            self.led_until = now()
            self.reason = str(lost)

    async def cut_off(self) -> None:
        """Kill its process."""
        self.going.clear()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def end(self) -> None:
        """End it gracefully."""
        await self.cut_off()
        await self.leadership.release()


def the_lease(server: LeaseServer) -> Lease:
    """Read the record that all share."""
    return server.leases[NAMESPACE, NAME]


async def leaders_until(second: float, *candidates: Candidate) -> list[list[str]]:
    """Look ten times a second who leads until `second`; gives each set of leaders there was, as it changed."""
    seen: list[list[str]] = []
    while now() < second:
        leading = [candidate.name for candidate in candidates if candidate.leads]
        if not seen or seen[-1] != leading:
            seen.append(leading)
        await asyncio.sleep(0.1)
    return seen
