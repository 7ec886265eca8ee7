"""A finished task is done again from the same source and settings, without another upload."""

import pytest

from steno_types import ConditionType, Engine
from support.gateway import FORM_TYPE, NAMESPACE, Gateway, Part, a_file, a_form, gateway, kind_of

FORM = {"Content-Type": FORM_TYPE}
ENDS = [pytest.param(ConditionType.COMPLETE, id="completed"), pytest.param(ConditionType.FAILED, id="failed")]


async def uploaded(gateway: Gateway, end: ConditionType = ConditionType.FAILED) -> str:
    """Have a finished task from an upload; gives its id."""
    form = a_form(Part("language", b"de"), Part("beam_size", b"2"), Part("suspend", b"true"), a_file(b"sound"))
    task_id: str = (await gateway.client.post("/transcribe", content=form, headers=FORM)).json()["task_id"]
    await gateway.become(await gateway.jobs.get(NAMESPACE, task_id), end)
    return task_id


@pytest.mark.parametrize("end", ENDS)
async def test_a_retry_is_a_new_task_of_the_same_upload(gateway: Gateway, end: ConditionType) -> None:
    """Everything is as it was, but that it may run; and it says whose work it does again."""
    task_id = await uploaded(gateway, end)
    old = await gateway.jobs.get(NAMESPACE, task_id)

    response = await gateway.client.post(f"/retry/{task_id}")

    new = await gateway.jobs.get(NAMESPACE, response.json()["task_id"])
    assert (202, f"/status/{new.metadata.name}") == (response.status_code, response.headers["Location"])
    assert old.spec.model_copy(update={"suspend": False}) == new.spec
    assert ("de", Engine(beam_size=2)) == (new.spec.language, new.spec.engine)
    assert {"steno.dev/retry-of": task_id, "steno.dev/file-name": "talk.wav"} == new.metadata.annotations
    assert [b"sound"] == list(gateway.uploads().values())
    assert old == await gateway.jobs.get(NAMESPACE, task_id)


async def test_a_cancelled_task_is_not_cancelled_again(gateway: Gateway) -> None:
    """The new one is free to run."""
    await gateway.become(await gateway.a_job(cancel=True), ConditionType.FAILED)

    response = await gateway.client.post("/retry/tsj-1")

    assert not (await gateway.jobs.get(NAMESPACE, response.json()["task_id"])).spec.cancel


@pytest.mark.parametrize(
    ("true", "word"),
    [
        pytest.param([], "pending", id="pending"),
        pytest.param([ConditionType.RUNNING], "processing", id="processing"),
    ],
)
async def test_an_unfinished_task_is_not_retried(gateway: Gateway, true: list[ConditionType], word: str) -> None:
    """Two of them would do the same work at the same time."""
    await gateway.become(await gateway.a_job(), *true)

    response = await gateway.client.post("/retry/tsj-1")

    assert (409, "task-unfinished", None) == kind_of(response)
    assert f"The task tsj-1 is {word}." == response.json()["detail"]
    assert 1 == len(gateway.jobs.jobs)


@pytest.mark.parametrize("gone", ["deleted", "condemned"])
async def test_an_upload_that_is_gone_cannot_be_used_again(gateway: Gateway, gone: str) -> None:
    """The caller hears what to do, and no task is left."""
    task_id = await uploaded(gateway)
    (key,) = gateway.uploads()
    if gone == "deleted":
        gateway.store.delete(key)
    else:
        gateway.store.put(f"{key}.condemned", b"")

    response = await gateway.client.post(f"/retry/{task_id}")

    assert (410, "upload-gone", "upload") == kind_of(response)
    assert [task_id] == [job.metadata.name for job in gateway.jobs.jobs]


async def test_a_retry_under_a_key_is_one_task(gateway: Gateway) -> None:
    """Whoever presses the button twice gets one task."""
    task_id = await uploaded(gateway)
    key = {"Idempotency-Key": "again"}

    answers = [await gateway.client.post(f"/retry/{task_id}", headers=key) for _ in range(2)]

    assert answers[0].json() == answers[1].json()
    assert [None, "true"] == [answer.headers.get("Idempotent-Replay") for answer in answers]
    assert 2 == len(gateway.jobs.jobs)


async def test_a_retry_needs_a_slot() -> None:
    """A full queue is full for everybody, and the upload stays."""
    async with gateway(max_unfinished=1) as made:
        task_id = await uploaded(made)
        await made.a_job("tsj-2")

        response = await made.client.post(f"/retry/{task_id}")

        assert (429, "queue-full", None) == kind_of(response)
        assert [b"sound"] == list(made.uploads().values())
