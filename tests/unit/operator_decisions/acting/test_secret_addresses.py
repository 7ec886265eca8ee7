"""A source's address may hold a secret: it reaches the worker, and nothing else that anybody reads."""

import asyncio
import logging
from typing import Any

import pytest

from steno_kube import KubeUnavailableError
from steno_operator.plan import CreateBatchJob
from steno_operator.queue import ReconcileQueue
from steno_operator.reconcile import reconcile
from steno_store import claim_outcome
from steno_types import ASSIGNMENT_VARIABLE
from support.builders import NOON, a_complete_manifest, a_job, an_installation, beside
from unit.operator_decisions.acting.bench import KEY, Bench

SECRET = "hunter2"
SOURCE = {"url": f"https://user:{SECRET}@media.example.org/talk.mp3?signature={SECRET}#{SECRET}"}


async def test_an_address_reaches_the_worker_alone(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """From its creation over a failure to its end, neither the job's status nor a line of the log holds it."""
    caplog.set_level(logging.DEBUG)
    await bench.submit(source=SOURCE)
    await bench.settle()
    job = await bench.get()
    (created,) = bench.batch_jobs.created
    (worker,) = created["spec"]["template"]["spec"]["containers"]
    told = {variable["name"]: variable.get("value", "") for variable in worker["env"]}
    queued = job.status
    bench.start_pod()
    await bench.settle()
    running = (await bench.get()).status
    claim_outcome(bench.store, bench.prefix(job), a_complete_manifest(job))
    bench.change_batch_job(complete=True)
    await bench.settle()
    ended = (await bench.get()).status

    assert [ASSIGNMENT_VARIABLE] == [name for name, value in told.items() if SECRET in value]
    del worker["env"]
    assert SECRET not in repr(created)
    for status in (queued, running, ended):
        assert SECRET not in status.model_dump_json()
    assert "media.example.org" not in caplog.text
    assert SECRET not in caplog.text


async def test_a_reconcile_that_fails_logs_no_address(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """A failure is logged with its traceback, and with nothing of the job that it is about but its name."""
    caplog.set_level(logging.DEBUG)
    await bench.submit(source=SOURCE)
    bench.batch_jobs.failing = KubeUnavailableError("no answer")
    queue, done = ReconcileQueue(), asyncio.Event()

    async def look(key: str) -> float | None:
        try:
            return await bench.controller.reconcile(key)
        finally:
            done.set()

    queue.add(KEY)
    running = asyncio.create_task(queue.run(look, concurrency=1))
    await done.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert f"reconcile of {KEY} failed" in caplog.text
    assert "Traceback" in caplog.text
    assert SECRET not in caplog.text


def test_a_plan_shows_no_address() -> None:
    """What would be printed of a plan while debugging names the Job's creation, and not what is in it."""
    plan = reconcile(
        a_job().with_spec(source=SOURCE).build(), beside(a_job().build()).build(), an_installation(), NOON
    )

    assert any(isinstance(action, CreateBatchJob) for action in plan.actions)
    assert SECRET not in repr(plan)


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param({"profile": "tpu"}, id="an unknown profile"),
        pytest.param({"engine": {"name": "multistep"}}, id="an engine that is not there"),
        pytest.param({"outputs": {"destination": {"s3": {}}}}, id="no destination"),
        pytest.param({"outputs": {"destination": {"s3": {"bucket": "steno", "prefix": "steno"}}}}, id="forbidden"),
    ],
)
async def test_a_refusal_shows_no_address(bench: Bench, spec: dict[str, Any]) -> None:
    """Whatever else is wrong with a job, its failure does not repeat where the recording is."""
    await bench.submit(source=SOURCE, **spec)
    await bench.settle()

    job = await bench.get()
    assert job.status.failure is not None
    assert SECRET not in job.status.model_dump_json() + repr(job)
    assert all(SECRET.encode() not in body for body in bench.store.objects.values())


def test_a_job_of_another_version_is_refused_without_its_address() -> None:
    """A job that this version cannot read is logged with what is wrong with it, and without what it holds."""
    job = a_job().with_spec(source={**SOURCE, "s3": {"key": "k"}})

    with pytest.raises(ValueError, match="exactly one of source") as caught:
        job.build()

    assert SECRET not in str(caught.value)
