"""Which of the operator's replicas acts: one at a time, by a Lease that it renews.

Run by `lifecycle`; `gate` and whatever writes ask `still_leader`. The rules are client-go's leader election::

    the leader renews every RETRY_SECONDS; without success for RENEW_DEADLINE_SECONDS it is leader no more
    a candidate looks every RETRY_SECONDS; a record that did not change for its duration (LEASE_SECONDS) may be taken

    leader:     renews ── renews ── renews ── stops answering
    record:     changes   changes   changes
    candidate:      sees      sees      sees ├──────── LEASE_SECONDS ────────┤ takes
    leader:                         ├── still_leader for LEASE_SECONDS ──┤ (from before its last request)

The candidate's wait begins when it *saw* the record change, by its own monotonic clock, so no two clocks are ever
compared: `renewTime` only tells renewals apart. The leader's own time begins before the request that the server
accepted, so it is always over first. Every write of the record carries the resourceVersion, so of two candidates one
wins.

A leader whose Lease somebody deletes is the one thing that no lease can notice: another may then be leader for up to
RETRY_SECONDS beside it. The status writes, which carry a resourceVersion too, bear that.

Knows Leases and clocks; must not know what a leader does.
"""

import asyncio
import dataclasses
import logging
import random
import secrets
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final, NoReturn

from steno_kube import AlreadyExistsError, ConflictError, KubeError, Lease, Leases, ResourceNotFoundError

LEASE_SECONDS: Final = 15
"""For which a silent leader is waited for; client-go's and kube-controller-manager's default."""
RENEW_DEADLINE_SECONDS: Final = 10.0
"""For which a leader that cannot renew stays leader; client-go's default. Below LEASE_SECONDS: it ends before."""
RETRY_SECONDS: Final = 2.0
"""Between two looks, or two renewals; client-go's default."""
TRY_SECONDS: Final = 5.0
"""For which one look or renewal may take; half of the renew deadline as in client-go, so that there is a second."""
JITTER: Final = 0.2
"""By which share of RETRY_SECONDS candidates look later, so that they do not look in step."""

logger = logging.getLogger(__name__)


class LeadershipLostError(Exception):
    """Leadership is over for this process, and the message says why. There is no way back but a new process."""


def identity_of(pod_name: str) -> str:
    """Give a holder's identity: the pod's name, for people, and what no earlier process of that name had."""
    return f"{pod_name}_{secrets.token_hex(4)}"


class Leadership:
    """One process's part in the election.

    Parameters
    ----------
    leases
        The way to the API server.
    namespace, name
        Of the Lease that the candidates share.
    identity
        Of this process alone (`identity_of`).
    predecessor
        Name of this process's pod, where it is known for sure: a Lease that the same pod's last process held is free,
        since Kubernetes starts a container only when the one before it has ended. So a leader that crashed is back
        in a second. None: every other holder is waited for.
    clock
        Monotonic seconds.
    now
        Wall clock; written into the record for people and never read.
    pause
        Waits for as many seconds.
    """

    def __init__(
        self,
        leases: Leases,
        *,
        namespace: str,
        name: str,
        identity: str,
        predecessor: str | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._leases = leases
        self._namespace = namespace
        self._name = name
        self._identity = identity
        self._predecessor = predecessor
        self._clock = clock
        self._now = now
        self._pause = pause
        self._seen: Lease | None = None
        self._changed_at = 0.0
        """When the record was seen to change last; the moment of `_seen`."""
        self._renewed_at: float | None = None
        """From when our lease time counts; None: not leader."""

    @property
    def identity(self) -> str:
        """Under which this process holds the Lease."""
        return self._identity

    @property
    def holder(self) -> str:
        """Who held the Lease when it was read last; empty: nobody, or it was never read."""
        return self._seen.holder if self._seen is not None else ""

    def still_leader(self) -> bool:
        """Whether this process may act now; a leader that reads False has to end.

        Asks nobody but the clock, so that a process that was stopped and goes on knows at once.
        """
        return self._silence_seconds() < LEASE_SECONDS

    async def acquire(self) -> None:
        """Wait until this process is the leader, however long that takes; the API server's errors are logged."""
        said = ""
        while True:
            failure = await self._attempt(TRY_SECONDS)
            if failure is None and self.still_leader():
                logger.info("leading as %s", self._identity)
                return
            self._renewed_at = None  # it may have been won, and stood still until it was over
            if failure is not None and failure != said:
                logger.info("not leading: %s", failure)
                said = failure
            await self._pause(self._until_next_look())

    async def hold(self) -> NoReturn:
        """Renew until that fails.

        Raises
        ------
        LeadershipLostError
            Another holds the Lease, it could not be renewed for RENEW_DEADLINE_SECONDS, or this process stood still
            for longer than it was leader.
        """
        failure: str | None = None
        while True:
            left = RENEW_DEADLINE_SECONDS - self._silence_seconds()
            if failure is not None and left <= 0:
                self._renewed_at = None
                raise LeadershipLostError(
                    f"the lease could not be renewed for {RENEW_DEADLINE_SECONDS:g} s: {failure}"
                )
            await self._pause(RETRY_SECONDS if failure is None else min(RETRY_SECONDS, left))
            silence = self._silence_seconds()
            if silence >= LEASE_SECONDS:
                self._renewed_at = None
                raise LeadershipLostError(f"the lease ran out: nothing was done for {silence:.0f} s")
            # A process that stood still past the deadline but not past its lease has one try.
            end = RENEW_DEADLINE_SECONDS if silence < RENEW_DEADLINE_SECONDS else LEASE_SECONDS
            failure = await self._attempt(min(TRY_SECONDS, end - silence))
            if failure is not None:
                logger.warning("cannot renew the lease: %s", failure)
                if self._seen is not None and self._seen.holder != self._identity:
                    self._renewed_at = None
                    raise LeadershipLostError(f"the lease is another's: {failure}")

    async def release(self) -> None:
        """Give the Lease up where this process holds it, so that the next need not wait; a failure is logged.

        To be called when nothing is written any more, and after `acquire` or `hold` was cancelled.
        """
        self._renewed_at = None
        try:
            async with asyncio.timeout(TRY_SECONDS):
                while True:
                    # Afresh: a cancelled renewal may have been accepted, or may not.
                    found = await self._leases.get(self._namespace, self._name)
                    if found.holder != self._identity:
                        return
                    given_up = dataclasses.replace(found, holder="", duration_seconds=1, renewed=self._now())
                    try:
                        await self._leases.replace(given_up)
                    except ConflictError:
                        continue
                    logger.info("the lease is given up")
                    return
        except ResourceNotFoundError:
            return
        except (KubeError, TimeoutError) as error:
            logger.warning("the lease is not given up, the next leader waits for its end: %s", error)

    def _silence_seconds(self) -> float:
        """Seconds since the last renewal; infinite where this process is not leader."""
        return self._clock() - self._renewed_at if self._renewed_at is not None else float("inf")

    async def _attempt(self, limit_seconds: float) -> str | None:
        """Try once to become or stay leader; gives None, or why that did not succeed."""
        try:
            async with asyncio.timeout(limit_seconds):
                return await self._try()
        except TimeoutError:
            return "the API server did not answer in time"
        except KubeError as error:
            return str(error)

    async def _try(self) -> str | None:
        if self._renewed_at is not None and self._seen is not None:
            # The common case, in one request; whoever changed the record meanwhile is seen below.
            try:
                await self._write(self._seen)
            except (ConflictError, ResourceNotFoundError) as changed:
                logger.debug("the lease changed: %s", changed)
            else:
                return None
        try:
            found = await self._leases.get(self._namespace, self._name)
        except ResourceNotFoundError:
            return await self._create()
        self._see(found)
        if not self._may_take(found):
            return f"the lease is held by {found.holder}" if found.holder else "the lease was given up by another"
        try:
            await self._write(found)
        except ConflictError:
            return "another candidate was quicker"
        return None

    async def _create(self) -> str | None:
        asked = self._clock()
        now = self._now()
        wanted = Lease(
            namespace=self._namespace,
            name=self._name,
            holder=self._identity,
            duration_seconds=LEASE_SECONDS,
            acquired=now,
            renewed=now,
        )
        try:
            self._see(await self._leases.create(wanted))
        except AlreadyExistsError:
            return "another candidate was quicker"
        self._renewed_at = asked
        return None

    async def _write(self, found: Lease) -> None:
        """Write ourselves into the record, as the new holder or again."""
        asked = self._clock()
        now = self._now()
        ours = found.holder == self._identity
        wanted = dataclasses.replace(
            found,
            holder=self._identity,
            duration_seconds=LEASE_SECONDS,
            acquired=found.acquired if ours else now,
            renewed=now,
            transitions=found.transitions if ours else found.transitions + 1,
        )
        self._see(await self._leases.replace(wanted))
        self._renewed_at = asked

    def _see(self, found: Lease) -> None:
        """Note what the record says, and since when."""
        if self._seen is None or _record(found) != _record(self._seen):
            # After the answer came: later than the change, so never too early.
            self._changed_at = self._clock()
        self._seen = found

    def _may_take(self, found: Lease) -> bool:
        if found.holder == self._identity:
            return True  # by a write whose answer was lost
        if self._renewed_at is not None:
            return False  # a leader renews and takes nothing
        if not found.holder:
            return True
        if self._predecessor is not None and found.holder.rpartition("_")[0] == self._predecessor:
            return True
        return self._clock() >= self._free_at(found)

    def _free_at(self, lease: Lease) -> float:
        return self._changed_at + (lease.duration_seconds or LEASE_SECONDS)

    def _until_next_look(self) -> float:
        """Seconds until the next look: a little after RETRY_SECONDS, or when the lease ends where that is sooner."""
        retry = RETRY_SECONDS * random.uniform(1, 1 + JITTER)  # noqa: S311 -- jitter, not a secret
        if self._seen is None or not self._seen.holder:
            return retry
        left = self._free_at(self._seen) - self._clock()
        return min(retry, left) if left > 0 else retry


def _record(lease: Lease) -> Lease:
    """Give what a holder writes, without what the server counts."""
    return dataclasses.replace(lease, resource_version="")
