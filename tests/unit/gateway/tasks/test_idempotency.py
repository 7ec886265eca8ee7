"""``Idempotency-Key``: however often a request is sent, there is one task, and nothing is left of the others."""

import asyncio
from typing import Any

import httpx
import pytest

from steno_gateway.tasks.idempotency import name_of
from steno_kube import KubeUnavailableError
from steno_types import FINALIZER, TranscriptionJob, TranscriptionJobSpec
from support.gateway import FORM_TYPE, NAMESPACE, Gateway, Part, a_file, a_form, kind_of
from support.transcription_jobs import InMemoryTranscriptionJobs

KEY = {"Idempotency-Key": "3d1e8b9c"}
BODY = {"s3": {"key": "a.wav"}, "language": "de"}


async def post(gateway: Gateway, body: Any = BODY, *, key: dict[str, str] = KEY) -> httpx.Response:
    """Send a request that names a recording."""
    return await gateway.client.post("/transcribe", json=body, headers=key)


async def post_file(gateway: Gateway, *parts: Part) -> httpx.Response:
    """Send a request that brings one."""
    content = a_form(*parts)
    return await gateway.client.post("/transcribe", content=content, headers={"Content-Type": FORM_TYPE, **KEY})


async def test_the_same_request_gives_the_same_task(gateway: Gateway) -> None:
    """The second answer is the first one's, and says so."""
    first, second = await post(gateway), await post(gateway)

    assert [202, 202] == [first.status_code, second.status_code]
    assert first.json() == second.json()
    assert first.headers["Location"] == second.headers["Location"]
    assert [None, "true"] == [answer.headers.get("Idempotent-Replay") for answer in (first, second)]
    assert 1 == len(gateway.jobs.jobs)


async def test_the_same_file_gives_the_same_task(gateway: Gateway) -> None:
    """What counts of a file is its bytes; the second one's do not stay."""
    first = await post_file(gateway, a_file(b"sound", "a.wav"))
    second = await post_file(gateway, a_file(b"sound", "b.wav"))

    (job,) = gateway.jobs.jobs
    assert job.spec.source.upload is not None
    assert first.json() == second.json()
    assert "true" == second.headers["Idempotent-Replay"]
    assert {gateway.context.layout.upload(NAMESPACE, job.spec.source.upload.id): b"sound"} == gateway.uploads()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param([a_file(b"sound")], [a_file(b"noise")], id="other bytes"),
        pytest.param([a_file(b"sound")], [a_file(b"sound"), Part("language", b"de")], id="other options"),
    ],
)
async def test_another_file_is_refused(gateway: Gateway, first: list[Part], second: list[Part]) -> None:
    """The key stands for what was sent with it first, and the other upload goes."""
    await post_file(gateway, *first)

    response = await post_file(gateway, *second)

    assert (409, "idempotency-key-reused", "Idempotency-Key") == kind_of(response)
    assert [b"sound"] == list(gateway.uploads().values())
    assert 1 == len(gateway.jobs.jobs)


async def test_another_body_is_refused(gateway: Gateway) -> None:
    """The answer names the task that the key stands for."""
    task_id = (await post(gateway)).json()["task_id"]

    response = await post(gateway, {**BODY, "language": "en"})

    assert (409, "idempotency-key-reused", "Idempotency-Key") == kind_of(response)
    assert task_id in response.json()["detail"]


async def test_a_key_whose_task_is_being_released_is_not_free_yet(gateway: Gateway) -> None:
    """Try again once it is gone; then there is a new task of the same id."""
    task_id = (await post(gateway)).json()["task_id"]
    await gateway.client.delete(f"/release/{task_id}")

    response = await post(gateway)
    job = await gateway.jobs.get(NAMESPACE, task_id)
    await gateway.jobs.patch_metadata(job, {"finalizers": []})
    again = await post(gateway)

    assert (409, "idempotency-key-releasing", "Idempotency-Key") == kind_of(response)
    assert "5" == response.headers["Retry-After"]
    assert (202, task_id) == (again.status_code, again.json()["task_id"])
    assert "Idempotent-Replay" not in again.headers


async def test_twins_at_once_make_one_task(gateway: Gateway) -> None:
    """Of many requests one creates the job, and the others find it."""
    answers = await asyncio.gather(*(post(gateway) for _ in range(20)))

    assert 1 == len(gateway.jobs.jobs)
    assert {202} == {answer.status_code for answer in answers}
    assert 1 == len({answer.json()["task_id"] for answer in answers})
    assert 19 == sum(answer.headers.get("Idempotent-Replay") == "true" for answer in answers)


async def test_twins_with_files_leave_one_upload(gateway: Gateway) -> None:
    """Each stores its own, and only the job's stays."""
    await asyncio.gather(*(post_file(gateway, a_file(b"sound")) for _ in range(5)))

    (job,) = gateway.jobs.jobs
    assert job.spec.source.upload is not None
    assert [gateway.context.layout.upload(NAMESPACE, job.spec.source.upload.id)] == list(gateway.uploads())


async def test_without_a_key_every_request_is_a_task(gateway: Gateway) -> None:
    """Nothing is guessed to be the same."""
    await post(gateway, key={})
    await post(gateway, key={})

    assert 2 == len(gateway.jobs.jobs)


def test_keys_of_two_tenants_never_meet() -> None:
    """Not even where one's namespace and key join to the other's."""
    assert len({name_of("a", "b"), name_of("b", "b"), name_of("a", "c"), name_of("ab", ""), name_of("", "ab")}) == 5


@pytest.mark.parametrize(
    "key",
    [
        pytest.param("", id="empty"),
        pytest.param("   ", id="blank"),
        pytest.param("a" * 256, id="too long"),
        pytest.param("a" * 10_240, id="10 kB"),
        pytest.param("a\tb", id="a tab"),
        pytest.param(b"\x80\x81", id="no character"),
    ],
)
async def test_a_key_that_is_none_is_refused(gateway: Gateway, key: str | bytes) -> None:
    """Before anything is read or asked."""
    header = key if isinstance(key, bytes) else key.encode()
    response = await gateway.client.post("/transcribe", json=BODY, headers=[(b"Idempotency-Key", header)])

    assert (422, "field-invalid", "Idempotency-Key") == kind_of(response)
    assert [] == gateway.jobs.calls


class LosesAnswers(InMemoryTranscriptionJobs):
    """Creates jobs, and then does not say so."""

    async def create(self, namespace: str, name: str, spec: TranscriptionJobSpec, **rest: Any) -> TranscriptionJob:
        """Do it, and lose the answer."""
        await super().create(namespace, name, spec, **rest)
        raise KubeUnavailableError("the connection broke")


def losing(gateway: Gateway) -> None:
    """Let the gateway's API server lose its answers from here on."""
    gateway.jobs.__class__ = LosesAnswers


@pytest.mark.parametrize("key", [{}, KEY], ids=["without a key", "with one"])
async def test_an_answer_of_the_api_server_that_is_lost_is_looked_up(gateway: Gateway, key: dict[str, str]) -> None:
    """The job is there after all, once."""
    losing(gateway)

    response = await post(gateway, key=key)

    (job,) = gateway.jobs.jobs
    assert (202, job.metadata.name) == (response.status_code, response.json()["task_id"])


async def test_the_upload_behind_a_lost_answer_stays(gateway: Gateway) -> None:
    """It is the job's."""
    losing(gateway)

    response = await post_file(gateway, a_file(b"sound"))

    assert (202, [b"sound"]) == (response.status_code, list(gateway.uploads().values()))


@pytest.mark.parametrize(
    ("key", "left"),
    [pytest.param({}, [], id="without a key"), pytest.param(KEY, [b"sound"], id="with one")],
)
async def test_an_upload_stays_where_its_job_may_turn_up(
    gateway: Gateway, key: dict[str, str], left: list[bytes]
) -> None:
    """Only who has a key can find that job again; without one the upload goes at once."""
    gateway.jobs.failing, gateway.jobs.failing_calls = KubeUnavailableError("away"), frozenset({"create", "get"})

    response = await gateway.client.post(
        "/transcribe", content=a_form(a_file(b"sound")), headers={"Content-Type": FORM_TYPE, **key}
    )

    assert (503, "cluster-unavailable", None) == kind_of(response)
    assert left == list(gateway.uploads().values())


class Fickle(InMemoryTranscriptionJobs):
    """Has a name taken that is free again when one looks."""

    async def get(self, namespace: str, name: str) -> TranscriptionJob:
        """Let the job go just before it is read."""
        job = await super().get(namespace, name)
        await self.patch_metadata(job, {"finalizers": []})
        await self.delete(namespace, name)
        return await super().get(namespace, name)


async def test_a_name_that_is_just_given_back_is_taken(gateway: Gateway) -> None:
    """A task that was released between the two requests to the API server is made anew."""
    spec = TranscriptionJobSpec.model_validate({"source": {"s3": {"key": "old.wav"}}})
    name = name_of(NAMESPACE, KEY["Idempotency-Key"])
    await gateway.jobs.create(NAMESPACE, name, spec, finalizers=(FINALIZER,))
    gateway.jobs.__class__ = Fickle

    response = await post(gateway)

    (job,) = gateway.jobs.jobs
    assert (202, "de") == (response.status_code, job.spec.language)
