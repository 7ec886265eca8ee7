"""While the object store is away: what needs no answer of its is done all the same, so that nothing holds a GPU."""

from dataclasses import replace
from typing import Any

import pytest

from steno_operator.reconcile import without_store
from steno_store import StoreUnavailableError
from steno_types import Phase, Reason, TranscriptionJob
from support.builders import NOON, a_complete_manifest, a_launched_job, an_installation, beside
from support.object_store import InMemoryObjectStore
from unit.operator_decisions.acting.bench import Bench


async def at_work(bench: Bench) -> TranscriptionJob:
    """Give a job whose worker runs, and take the store away."""
    await bench.submit()
    await bench.settle()
    bench.start_pod()
    await bench.settle()
    bench.store.failing = StoreUnavailableError("no answer")
    return await bench.get()


async def changed(bench: Bench, **spec: object) -> None:
    """Change the spec, as a user does."""
    job = await bench.get()
    raw = bench.jobs._raws[job.metadata.namespace, job.metadata.name]  # noqa: SLF001 -- a user's write
    raw["spec"] = {**raw["spec"], **spec}


async def look_in_vain(bench: Bench, looks: int = 4) -> int:
    """Look some times; gives how often the queue had to hear that the store is away."""
    heard = 0
    for _ in range(looks):
        try:
            await bench.look()
        except StoreUnavailableError:
            heard += 1
    return heard


@pytest.mark.parametrize("wish", ["cancel", "suspend"])
async def test_an_outage_holds_no_gpu(bench: Bench, wish: str) -> None:
    """A job that is to stop loses its Job, though nobody can say yet how it ended."""
    await at_work(bench)
    await changed(bench, **{wish: True})

    heard = await look_in_vain(bench)

    assert heard > 0
    assert {} == bench.batch_jobs.batch_jobs
    assert (await bench.get()).status.terminal is None


@pytest.mark.parametrize(
    ("limit", "runs"),
    [
        pytest.param("activeDeadlineSeconds", True, id="it ran for too long"),
        pytest.param("pendingDeadlineSeconds", False, id="it waited for too long"),
    ],
)
async def test_a_deadline_holds_no_gpu(bench: Bench, limit: str, *, runs: bool) -> None:
    """An earlier attempt has ended, and nobody can say how; the next one's worker is ended all the same."""
    limits: dict[str, Any] = {limit: 600, "backoffLimit": 3}
    await bench.submit(**limits)
    await bench.settle()
    first = bench.start_pod()
    await bench.settle()
    bench.store.failing = StoreUnavailableError("no answer")
    bench.end_pod(first, 69)
    second = bench.start_pod("b")
    if not runs:
        bench.batch_jobs.worker_pods[second.name] = replace(second, started=None)
    bench.pass_time(599)
    assert 2 == await look_in_vain(bench, 2)
    early = [*bench.batch_jobs.batch_jobs]
    bench.pass_time(2)

    assert await look_in_vain(bench) > 0

    assert (1, {}) == (len(early), bench.batch_jobs.batch_jobs)
    during = (await bench.get()).status
    assert (None, ()) == (during.terminal, tuple(attempt.end for attempt in during.attempts if attempt.end))
    bench.store.failing = None
    await bench.settle()
    failure = (await bench.get()).status.failure
    assert failure is not None
    assert limit in failure.message


async def test_who_won_before_a_deadline_was_seen_is_complete(bench: Bench) -> None:
    """A deadline that is decided without the store is no outcome: the manifest that was there all the time is."""
    job = await at_work(bench)
    (first,) = bench.batch_jobs.worker_pods.values()
    await changed(bench, activeDeadlineSeconds=600)
    bench.end_pod(first, 0)
    second = bench.start_pod("b")
    bench.pass_time(601)
    await look_in_vain(bench)
    stopping = (await bench.get()).status.stopping
    assert stopping is not None
    assert Reason.DEADLINE_EXCEEDED == stopping.reason

    bench.store.failing = None
    bench.claim(job, a_complete_manifest(job, attempt=first.name))
    await bench.settle()

    assert Phase.COMPLETED == (await bench.get()).status.phase
    assert second.name not in bench.batch_jobs.worker_pods


@pytest.mark.parametrize("wish", ["cancel", "activeDeadlineSeconds"])
async def test_a_worker_is_taken_away_before_the_store_is_asked(bench: Bench, wish: str) -> None:
    """A store that hangs is long in answering; until then the GPU would be held."""
    await at_work(bench)
    await changed(bench, **{wish: True if wish == "cancel" else 60})
    bench.pass_time(61)
    asked = []

    class Slow(InMemoryObjectStore):
        def _meet(self, call: str, key: str) -> None:
            asked.append((call, len(bench.batch_jobs.batch_jobs)))
            super()._meet(call, key)

    bench.store.__class__ = Slow
    bench.store.failing = None

    await bench.settle()

    assert "put_if_absent" == asked[0][0]
    assert {0} == {jobs for _, jobs in asked}
    assert Phase.FAILED == (await bench.get()).status.phase


async def test_a_cancelled_job_ends_when_the_store_is_back(bench: Bench) -> None:
    """The reason was written down, so nothing is forgotten."""
    await at_work(bench)
    await changed(bench, cancel=True)
    await look_in_vain(bench)

    bench.store.failing = None
    await bench.settle()

    status = (await bench.get()).status
    assert status.failure is not None
    assert (Phase.FAILED, Reason.CANCELLED) == (status.phase, status.failure.reason)


async def test_a_job_whose_worker_ended_waits_for_the_store(bench: Bench) -> None:
    """Whether it has an outcome is not known: nothing is created, deleted or written meanwhile."""
    job = await at_work(bench)
    bench.change_batch_job(failed=True)
    (pod,) = bench.batch_jobs.worker_pods.values()
    bench.end_pod(pod, 69)
    bench.batch_jobs.calls.clear()

    assert 3 == await look_in_vain(bench, 3)

    assert {"get", "pod"} == {*bench.batch_jobs.calls}
    assert job == await bench.get()


async def test_a_running_job_needs_no_store(bench: Bench) -> None:
    """As long as its worker is at it nobody asks the store."""
    await at_work(bench)

    assert 0 == await look_in_vain(bench)


def test_only_what_takes_workers_away_is_decided() -> None:
    """Neither launch nor retries or waiting go by half of what there is to know, nor deadlines where nobody works."""
    job = a_launched_job().with_spec(activeDeadlineSeconds=1, backoffLimit=0).build()
    observed = beside(job).with_batch_job(failed=True).with_ended_pod(75).build()

    plan = without_store(job, observed, an_installation(), NOON)

    assert ((), None) == (plan.actions, plan.status)
