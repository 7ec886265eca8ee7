"""The operator's life: stand by, lead, and end so that the next leader finds nothing half done.

Run by `process`, which brings the parts. How it ends:

============================================  ============================================================  ====
what happens                                  what is done                                                  exit
============================================  ============================================================  ====
SIGTERM or SIGINT while another leads         nothing                                                       0
SIGTERM or SIGINT while leading               no reconcile begins, those under way end, the lease goes      0
a part of the work ends by itself             the same                                                      1
the lease is lost                             the process ends at once, in the midst of whatever it does    1
============================================  ============================================================  ====

Must not know kopf, nor what the work is.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Coroutine
from typing import Any, Final, Protocol

from steno_operator.leadership import LeadershipLostError

DRAIN_SECONDS: Final = 10.0
"""For which reconciles under way may go on at the end; with the 5 s that giving up the lease may take it is half of
the 30 s that Kubernetes waits before it kills."""

logger = logging.getLogger(__name__)


class Election(Protocol):
    """What decides whether this process acts; `Leadership`, or `Alone` where there is one replica for sure."""

    def still_leader(self) -> bool:
        """Whether this process may act now."""

    async def acquire(self) -> None:
        """Wait until it may."""

    async def hold(self) -> None:
        """Wait until it may no more; `LeadershipLostError` says why."""

    async def release(self) -> None:
        """Let the next one act."""


class Alone:
    """No election: this process always acts."""

    def still_leader(self) -> bool:
        """It may."""
        return True

    async def acquire(self) -> None:
        """At once."""

    async def hold(self) -> None:
        """For good."""
        await asyncio.Event().wait()

    async def release(self) -> None:
        """There is nothing to give up."""


async def live(
    election: Election,
    *,
    stop: asyncio.Event,
    begin: Callable[[], Coroutine[Any, Any, Collection[asyncio.Task[Any]]]],
    drain: Callable[[], Coroutine[Any, Any, None]],
    lost: Callable[[str], None],
) -> int:
    """Stand by, lead, end; gives the exit code.

    Parameters
    ----------
    stop
        Set when the process is asked to end.
    begin
        Starts the work, which may take a while; gives its tasks, none of which ends while all is well.
    drain
        Lets nothing new begin and waits for what is under way. What still runs after it is left where it is.
    lost
        Ends the process at once, with what it is told as the reason; returns in tests alone.
    """
    stopped = asyncio.create_task(stop.wait(), name="stop")
    elected = asyncio.create_task(election.acquire(), name="election")
    await asyncio.wait({elected, stopped}, return_when=asyncio.FIRST_COMPLETED)
    if not elected.done():
        await _cancel(elected)
        await election.release()  # it may have been won in this very moment
        return 0
    elected.result()
    held = asyncio.create_task(election.hold(), name="lease")
    beginning = asyncio.create_task(begin(), name="the beginning")
    work: list[asyncio.Task[Any]] = [beginning]
    done, _ = await asyncio.wait({held, stopped, beginning}, return_when=asyncio.FIRST_COMPLETED)
    if beginning in done and _error(beginning) is None:
        work = [*beginning.result()]
        done, _ = await asyncio.wait({held, stopped, *work}, return_when=asyncio.FIRST_COMPLETED)
    if held not in done:
        # Still renewing: what is under way is done as leader or not at all.
        draining = asyncio.create_task(drain(), name="drain")
        ended, _ = await asyncio.wait({held, draining}, timeout=DRAIN_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        done |= ended
        if not ended:
            logger.warning("reconciles are still under way after %g s; the next leader repeats them", DRAIN_SECONDS)
    if held in done:
        lost(_reason(held))
        return 1
    failed = [task for task in work if task in done]
    for task in failed:
        logger.error("%s ended: %s", task.get_name(), _reason(task), exc_info=_error(task))
    await _cancel(beginning)
    await _cancel(held)
    await election.release()
    return 1 if failed else 0


async def _cancel(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _error(task: asyncio.Task[Any]) -> BaseException | None:
    return None if task.cancelled() else task.exception()


def _reason(task: asyncio.Task[Any]) -> str:
    error = _error(task)
    if isinstance(error, LeadershipLostError):
        return str(error)
    return repr(error) if error is not None else "without an error"
