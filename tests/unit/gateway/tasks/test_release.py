"""A release deletes the job, waits for the operator's receipt, and may be repeated."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from steno_gateway.tasks.release import release
from steno_kube import KubeUnavailableError
from steno_types import FINALIZER, Release, TranscriptionJob
from support.gateway import NAMESPACE, NOON, Gateway, gateway, kind_of

RECEIPT = Release(objects=3, bytes=700, verified_empty=True, time=NOON)
SHOWN = {"objects": 3, "bytes": 700, "verified_empty": True, "time": "2026-01-31T12:00:00Z"}


@pytest.fixture(name="patient")
async def _patient() -> AsyncIterator[Gateway]:
    """A gateway that waits for a release longer than a test takes."""
    async with gateway(release_wait_seconds=60) as made:
        yield made


async def play_operator(gateway: Gateway, receipt: Release | None = RECEIPT) -> None:
    """Write the receipt and let the job go, as the finalizer does."""
    job = await gateway.jobs.get(NAMESPACE, "tsj-1")
    if receipt is not None:
        job = await gateway.jobs.patch_status(job, job.status.model_copy(update={"release": receipt}))
    await gateway.jobs.patch_metadata(job, {"finalizers": None})


@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_the_receipt_comes_from_the_last_events(patient: Gateway, method: str) -> None:
    """Both methods delete the job and answer with what the operator deleted."""
    await patient.a_job()
    answer = asyncio.create_task(patient.client.request(method, "/release/tsj-1"))
    await patient.jobs.until_called("watch")

    await play_operator(patient)

    response = await answer
    assert (200, {"task_id": "tsj-1", "released": True, "receipt": SHOWN}) == (response.status_code, response.json())
    assert () == patient.jobs.jobs


async def test_an_operator_faster_than_the_watch_is_heard(patient: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """The watch begins at what was read before the deletion, so that nothing after it is missed."""
    await patient.a_job()
    delete = patient.jobs.delete

    async def delete_and_be_done(namespace: str, name: str, *, uid: str) -> TranscriptionJob | None:
        deleted = await delete(namespace, name, uid=uid)
        await play_operator(patient)
        return deleted

    monkeypatch.setattr(patient.jobs, "delete", delete_and_be_done)

    response = await patient.client.post("/release/tsj-1")

    assert (200, SHOWN) == (response.status_code, response.json()["receipt"])


async def test_a_release_that_takes_long_is_accepted(gateway: Gateway) -> None:
    """Without a receipt in time the answer is 202, and the task is gone to every other call."""
    await gateway.a_job()

    response = await gateway.client.post("/release/tsj-1")

    assert (202, {"task_id": "tsj-1", "released": False, "receipt": None}) == (response.status_code, response.json())
    assert 404 == (await gateway.client.get("/status/tsj-1")).status_code


async def test_a_repeated_release_waits_again(gateway: Gateway) -> None:
    """Who was told to come back gets the receipt, and after that there is nothing left to release."""
    await gateway.a_job()
    first = await gateway.client.post("/release/tsj-1")
    gateway.jobs.calls.clear()
    again = asyncio.create_task(gateway.client.post("/release/tsj-1"))
    await gateway.jobs.until_called("watch")

    await play_operator(gateway)

    assert [202, 200, 404] == [
        first.status_code,
        (await again).status_code,
        (await gateway.client.post("/release/tsj-1")).status_code,
    ]
    assert "delete" not in gateway.jobs.calls


async def test_two_releases_at_once_get_the_same_receipt(patient: Gateway) -> None:
    """Whoever else waits hears the same events."""
    await patient.a_job()
    answers = [asyncio.create_task(patient.client.post("/release/tsj-1")) for _ in range(2)]
    await patient.jobs.until_called("watch", times=len(answers))

    await play_operator(patient)

    assert [SHOWN, SHOWN] == [(await answer).json()["receipt"] for answer in answers]


@pytest.mark.parametrize(
    ("receipt", "shown"),
    [
        pytest.param(None, None, id="none"),
        pytest.param(
            RECEIPT.model_copy(update={"verified_empty": False}), {**SHOWN, "verified_empty": False}, id="unverified"
        ),
    ],
)
async def test_what_the_operator_could_not_do_is_not_claimed(
    patient: Gateway, receipt: Release | None, shown: object
) -> None:
    """The job is gone, and the answer says no more than the operator did."""
    await patient.a_job()
    answer = asyncio.create_task(patient.client.post("/release/tsj-1"))
    await patient.jobs.until_called("watch")

    await play_operator(patient, receipt)

    assert {"task_id": "tsj-1", "released": True, "receipt": shown} == (await answer).json()


async def test_a_job_without_a_finalizer_is_gone_at_once(patient: Gateway) -> None:
    """A job that the operator never adopted leaves nothing to wait for."""
    job = await patient.a_job()
    await patient.jobs.patch_metadata(job, {"finalizers": []})

    response = await patient.client.post("/release/tsj-1")

    assert {"task_id": "tsj-1", "released": True, "receipt": None} == response.json()


Race = Callable[[Gateway, TranscriptionJob], Awaitable[None]]


async def _deleted_by_another(gateway: Gateway, job: TranscriptionJob) -> None:
    await gateway.jobs.delete(NAMESPACE, job.metadata.name)
    await play_operator(gateway)


async def _replaced_by_another(gateway: Gateway, job: TranscriptionJob) -> None:
    await _deleted_by_another(gateway, job)
    await gateway.jobs.create(NAMESPACE, job.metadata.name, job.spec, finalizers=(FINALIZER,))


@pytest.mark.parametrize(
    "race",
    [
        pytest.param(_deleted_by_another, id="deleted"),
        pytest.param(_replaced_by_another, id="deleted and made anew"),
    ],
)
async def test_a_job_that_goes_between_reading_and_deleting_is_released(
    patient: Gateway, monkeypatch: pytest.MonkeyPatch, race: Race
) -> None:
    """Whoever deleted it first, its receipt is told."""
    job = await patient.a_job()
    get = patient.jobs.get

    async def read_and_lose(namespace: str, name: str) -> TranscriptionJob:
        monkeypatch.setattr(patient.jobs, "get", get)
        read = await get(namespace, name)
        await race(patient, job)
        return read

    monkeypatch.setattr(patient.jobs, "get", read_and_lose)

    response = await patient.client.post("/release/tsj-1")

    assert (200, SHOWN) == (response.status_code, response.json()["receipt"])


async def test_a_watch_from_too_long_ago_begins_again_from_a_fresh_look(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A compacted history (410) costs one more read, not the release."""
    await gateway.a_job()
    delete = gateway.jobs.delete

    async def delete_and_forget(namespace: str, name: str, *, uid: str) -> TranscriptionJob | None:
        deleted = await delete(namespace, name, uid=uid)
        gateway.jobs.forget_history()
        return deleted

    monkeypatch.setattr(gateway.jobs, "delete", delete_and_forget)
    answer = asyncio.create_task(release(gateway.jobs, NAMESPACE, "tsj-1", wait_seconds=60, pause_seconds=0))
    await gateway.jobs.until_called("watch", times=2)

    await play_operator(gateway)

    assert (True, RECEIPT) == ((await answer).gone, (await answer).receipt)
    assert ["get", "delete", "watch", "get", "watch"] == gateway.jobs.calls[1:6]


async def test_a_job_that_went_while_no_watch_worked_is_gone(gateway: Gateway) -> None:
    """A watch that cannot work is replaced by looking."""
    await gateway.a_job()
    gateway.jobs.failing = KubeUnavailableError("no watches here")
    gateway.jobs.failing_calls = frozenset({"watch"})
    answer = asyncio.create_task(release(gateway.jobs, NAMESPACE, "tsj-1", wait_seconds=60, pause_seconds=0))
    await gateway.jobs.until_called("watch")

    await play_operator(gateway)

    assert (await answer).gone


async def test_a_silent_watch_does_not_hide_the_end(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the answer is 202 the job is looked for once more."""
    await gateway.a_job()

    async def silent(*_: object, **__: object) -> AsyncIterator[tuple[str, TranscriptionJob]]:
        await play_operator(gateway)
        await asyncio.Event().wait()
        yield "never", await gateway.jobs.get(NAMESPACE, "tsj-1")

    monkeypatch.setattr(gateway.jobs, "watch", silent)

    response = await gateway.client.post("/release/tsj-1")

    assert (200, True) == (response.status_code, response.json()["released"])


async def test_an_api_server_that_goes_away_meanwhile_is_said_so(gateway: Gateway) -> None:
    """The release was accepted, and may be repeated once the API server is back."""
    await gateway.a_job()
    gateway.jobs.failing = KubeUnavailableError("gone")
    gateway.jobs.failing_calls = frozenset({"delete"})

    assert (503, "cluster-unavailable", None) == kind_of(await gateway.client.post("/release/tsj-1"))
