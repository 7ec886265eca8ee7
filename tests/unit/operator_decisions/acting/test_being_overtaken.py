"""Whoever is overtaken tries again at once, and ever later where that goes on; what is gone is forgotten."""

import pytest

from steno_kube import ConflictError, ResourceNotFoundError
from steno_operator.controller import CONFLICT_DELAY_SECONDS, CONFLICT_LONGEST_SECONDS
from steno_operator.roster import RosterStanding
from support.builders import NAMESPACE
from unit.operator_decisions.acting.bench import KEY, Bench


async def pauses(bench: Bench, count: int) -> list[float | None]:
    """Reconcile so often, and give how long each time wants to wait."""
    return [await bench.controller.reconcile(KEY) for _ in range(count)]


@pytest.mark.parametrize("error", [ConflictError("409"), ResourceNotFoundError("404")], ids=["changed", "gone"])
async def test_each_pause_in_a_row_is_twice_the_last(bench: Bench, error: ConflictError) -> None:
    """From a twentieth of a second to a minute: a server that goes on saying so is not asked in a loop."""
    await bench.submit()
    bench.jobs.failing, bench.jobs.failing_calls = error, frozenset({"patch_metadata", "patch_status"})

    found = await pauses(bench, 14)

    assert [CONFLICT_DELAY_SECONDS * factor for factor in (1, 2, 4)] == found[:3]
    assert CONFLICT_LONGEST_SECONDS == found[-1]


async def test_a_reconcile_that_succeeds_begins_anew(bench: Bench) -> None:
    """The next conflict after it is the first again."""
    await bench.submit()
    bench.jobs.failing, bench.jobs.failing_calls = ConflictError("409"), frozenset({"patch_metadata", "patch_status"})
    await pauses(bench, 5)
    bench.jobs.failing = None
    await bench.settle()
    bench.jobs.failing, bench.jobs.failing_calls = ConflictError("409"), frozenset({"get"})

    assert [CONFLICT_DELAY_SECONDS] == await pauses(bench, 1)


async def test_a_job_that_is_gone_is_forgotten(bench: Bench) -> None:
    """Its deletion went unheard: nobody counts it any more, and it takes no place."""
    metadata = {"namespace": NAMESPACE, "name": "talk", "uid": "1"}
    raw = {"metadata": metadata, "spec": {"source": {"s3": {"key": "talk.wav"}}}}
    bench.context.roster.saw_job(KEY, raw)

    assert await bench.controller.reconcile(KEY) is None

    assert 0 == sum(bench.context.roster.counts().values())
    assert 1 not in {bench.context.roster.counts()["cpu", standing] for standing in RosterStanding}
