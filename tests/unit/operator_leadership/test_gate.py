"""The gate: what is under way ends as it would have, and nothing begins that may not."""

import asyncio

import pytest

from steno_operator.gate import Gate
from support.own_clock import now, on_own_clock


class Reconciler:
    """Takes a while for each key."""

    def __init__(self) -> None:
        self.done: list[tuple[str, float]] = []

    async def __call__(self, key: str) -> float | None:
        """Work one key."""
        await asyncio.sleep(5)
        self.done.append((key, now()))
        return 30.0


def test_a_closed_gate_lets_out_but_not_in() -> None:
    """Reconciles inside end as they would have; whatever comes later never begins."""

    async def scenario() -> None:
        reconciler = Reconciler()
        gate = Gate(reconciler, lambda: None)
        inside = [asyncio.create_task(gate.reconcile(key)) for key in ("ns/a", "ns/b")]
        await asyncio.sleep(1)
        closing = asyncio.create_task(gate.close())
        await asyncio.sleep(0)
        late = asyncio.create_task(gate.reconcile("ns/late"))

        await closing

        assert 5.0 == now()
        assert [30.0, 30.0] == [await task for task in inside]
        await asyncio.sleep(60)
        assert not late.done()
        assert [("ns/a", 5.0), ("ns/b", 5.0)] == reconciler.done
        late.cancel()

    on_own_clock(scenario())


def test_an_empty_gate_closes_at_once() -> None:
    """Nobody inside, nothing to wait for; a reconcile that failed is not inside any more."""

    async def scenario() -> None:
        async def fail(key: str) -> float | None:
            raise OSError(key)

        gate = Gate(fail, lambda: None)
        with pytest.raises(OSError, match="ns/a"):
            await gate.reconcile("ns/a")

        await gate.close()

        assert 0.0 == now()

    on_own_clock(scenario())


def test_other_duties_pass_the_same_gate() -> None:
    """Whatever else a leader does is waited for as a reconcile is, and begins as little once the gate is closed."""

    async def scenario() -> None:
        gate = Gate(Reconciler(), lambda: None)
        swept: list[float] = []

        async def sweep() -> None:
            for _ in range(3):
                async with gate.passage():
                    await asyncio.sleep(4)
                    swept.append(now())

        sweeping = asyncio.create_task(sweep())
        await asyncio.sleep(5)

        await gate.close()

        assert ([4.0, 8.0], 8.0) == (swept, now())
        await asyncio.sleep(60)
        assert 2 == len(swept)
        sweeping.cancel()

    on_own_clock(scenario())


def test_nothing_is_reconciled_by_who_may_not() -> None:
    """Each reconcile asks first, so that a process that was stopped and goes on does nothing."""

    class GoneError(BaseException):
        """The process's end, as a test can see it."""

    def insist() -> None:
        raise GoneError

    async def scenario() -> None:
        reconciler = Reconciler()
        gate = Gate(reconciler, insist)

        with pytest.raises(GoneError):
            await gate.reconcile("ns/a")

        assert [] == reconciler.done

    on_own_clock(scenario())
