"""Many recordings in one request: each comes to a task or a problem of its own, in order."""

from typing import Any

import httpx
import pytest

from steno_gateway.batch_requests import MOST_ITEMS
from steno_gateway.tasks.batches import AT_ONCE
from steno_gateway.tasks.idempotency import name_of
from steno_kube import KubeUnavailableError
from steno_store import StoreUnavailableError
from steno_types import S3Source, TranscriptionJob, TranscriptionJobSpec
from support.gateway import NAMESPACE, Gateway, gateway, kind_of
from support.transcription_jobs import InMemoryTranscriptionJobs

KEY = {"Idempotency-Key": "nightly"}


async def post(made: Gateway, body: Any, **headers: str) -> httpx.Response:
    """Send a batch."""
    return await made.client.post("/batches", json=body, headers=headers)


def item(key: str, **options: Any) -> dict[str, Any]:
    """Spell one request."""
    return {"s3": {"key": key}, **options}


def sources(made: Gateway) -> dict[str, S3Source | None]:
    """Give the source of each job, by its name."""
    return {job.metadata.name: job.spec.source.s3 for job in made.jobs.jobs}


def told(response: httpx.Response) -> list[tuple[int, str | None, str | None]]:
    """Give for each item its place, and its problem's kind and field."""
    problems = [(item["index"], item["problem"]) for item in response.json()["items"]]
    return [
        (index, problem and problem["type"].removeprefix("urn:steno:problem:"), problem and problem["field"])
        for index, problem in problems
    ]


async def test_each_item_becomes_a_task(gateway: Gateway) -> None:
    """With its own options, in the order in which they were sent."""
    response = await post(gateway, {"items": [item("b.wav", language="de"), item("a.wav"), item("c.wav")]})

    answer = response.json()
    tasks = [each["task"]["task_id"] for each in answer["items"]]
    assert (200, 3, 0, None) == (response.status_code, answer["accepted"], answer["refused"], answer["next_after"])
    assert [S3Source(key=key) for key in ("b.wav", "a.wav", "c.wav")] == [sources(gateway)[task] for task in tasks]
    assert "de" == (await gateway.jobs.get(NAMESPACE, tasks[0])).spec.language
    assert [f"/status/{task}" for task in tasks] == [each["task"]["status_url"] for each in answer["items"]]


async def test_what_is_wrong_with_one_is_that_ones_problem(gateway: Gateway) -> None:
    """The others have their tasks, and each field is named by where it stands."""
    items = [
        item("a.wav"),
        item("b.wav", beam_size=99),
        item("c.wav", beamSize=1),
        {},
        "d.wav",
        {"url": "http://10.0.0.1/"},
        {"upload": "0" * 32},
        item("steno/films/x"),
        item("z.wav"),
    ]

    response = await post(gateway, {"items": items})

    assert [
        (0, None, None),
        (1, "field-invalid", "items.1.beam_size"),
        (2, "field-unknown", "items.2.beamSize"),
        (3, "source-missing", "items.3.url"),
        (4, "field-invalid", None),
        (5, "source-forbidden", "items.5.url"),
        (6, "upload-gone", "items.6.upload"),
        (7, "source-forbidden", "items.7.s3.key"),
        (8, None, None),
    ] == told(response)
    assert (200, 2, 7) == (response.status_code, response.json()["accepted"], response.json()["refused"])
    assert 2 == len(gateway.jobs.jobs)


async def test_a_full_queue_takes_the_first_ones() -> None:
    """The rest may be sent again later, and is told when."""
    async with gateway(max_unfinished=2) as made:
        response = await post(made, {"items": [item(f"{n}.wav") for n in range(4)]})

        assert [(0, None, None), (1, None, None), (2, "queue-full", None), (3, "queue-full", None)] == told(response)
        assert 2 == len(made.jobs.jobs)


async def test_a_batch_may_be_sent_again(gateway: Gateway) -> None:
    """Items that have a task keep it; those that had none get one."""
    body = {"items": [item("a.wav"), item("b.wav")]}
    gateway.jobs.__class__ = RefusesSecond
    first = await post(gateway, body, **KEY)
    gateway.jobs.__class__ = InMemoryTranscriptionJobs

    again = await post(gateway, body, **KEY)

    assert [(0, None, None), (1, "cluster-unavailable", None)] == told(first)
    assert [(0, None, None), (1, None, None)] == told(again)
    assert [True, False] == [each["replayed"] for each in again.json()["items"]]
    assert first.json()["items"][0]["task"] == again.json()["items"][0]["task"]
    assert {name_of(NAMESPACE, f"nightly/{index}") for index in range(2)} == set(sources(gateway))


class RefusesSecond(InMemoryTranscriptionJobs):
    """Does not answer about the recording b.wav."""

    async def create(self, namespace: str, name: str, spec: TranscriptionJobSpec, **rest: Any) -> TranscriptionJob:
        """Create the others."""
        if spec.source.s3 == S3Source(key="b.wav"):
            raise KubeUnavailableError("away")
        return await super().create(namespace, name, spec, **rest)


async def test_a_changed_item_under_the_same_key_is_refused(gateway: Gateway) -> None:
    """By itself: the others are replayed."""
    await post(gateway, {"items": [item("a.wav"), item("b.wav")]}, **KEY)

    again = await post(gateway, {"items": [item("a.wav"), item("c.wav")]}, **KEY)

    assert [(0, None, None), (1, "idempotency-key-reused", "items.1.Idempotency-Key")] == told(again)


class Counts(InMemoryTranscriptionJobs):
    """Knows how many creations were under way at once."""

    under_way = 0
    most = 0

    async def create(self, namespace: str, name: str, spec: TranscriptionJobSpec, **rest: Any) -> TranscriptionJob:
        """Let the others begin too."""
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await self.until_told()
            return await super().create(namespace, name, spec, **rest)
        finally:
            self.under_way -= 1


async def test_a_thousand_items_are_made_a_few_at_a_time(gateway: Gateway) -> None:
    """The API server serves others too, and each job is one request to it."""
    gateway.jobs.__class__ = Counts

    response = await post(gateway, {"items": [item(f"{n}.wav") for n in range(MOST_ITEMS)]})

    assert (MOST_ITEMS, MOST_ITEMS) == (response.json()["accepted"], len(gateway.jobs.jobs))
    assert {"create"} == set(gateway.jobs.calls)
    assert isinstance(gateway.jobs, Counts)
    assert gateway.jobs.most <= AT_ONCE


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        pytest.param({}, (422, "field-invalid", "items"), id="nothing"),
        pytest.param({"items": []}, (422, "field-invalid", "items"), id="no items"),
        pytest.param({"items": [item("a")] * 1001}, (422, "field-invalid", "items"), id="too many"),
        pytest.param({"items": "a.wav"}, (422, "field-invalid", "items"), id="no list"),
        pytest.param({"items": [item("a")], "language": "de"}, (422, "field-unknown", "language"), id="an option"),
        pytest.param([item("a")], (422, "field-invalid", None), id="a bare list"),
        pytest.param(
            {"items": [item("a")], "s3_prefix": {"prefix": "a/"}},
            (422, "source-repeated", "s3_prefix"),
            id="both",
        ),
        pytest.param({"s3_prefix": {}}, (422, "field-invalid", "s3_prefix.prefix"), id="no prefix"),
        pytest.param({"s3_prefix": {"prefix": ""}}, (422, "field-invalid", "s3_prefix.prefix"), id="an empty one"),
        pytest.param(
            {"s3_prefix": {"prefix": "a/", "limit": 1}}, (422, "field-unknown", "s3_prefix.limit"), id="unknown"
        ),
        pytest.param(
            {"s3_prefix": {"prefix": "a/"}, "beam_size": 0}, (422, "field-invalid", "beam_size"), id="a bad option"
        ),
        pytest.param(
            {"s3_prefix": {"bucket": "nowhere", "prefix": "a/"}},
            (422, "field-invalid", "s3_prefix.bucket"),
            id="no such bucket",
        ),
    ],
)
async def test_a_batch_that_is_none_is_refused(
    gateway: Gateway, body: Any, problem: tuple[int, str, str | None]
) -> None:
    """As a whole, and no task is made."""
    assert problem == kind_of(await post(gateway, body))
    assert () == gateway.jobs.jobs


async def test_a_batch_is_bounded(gateway: Gateway) -> None:
    """JSON of 50 MB is not read."""
    response = await gateway.client.post(
        "/batches", content=b" " * (50 << 20), headers={"Content-Type": "application/json"}
    )

    assert (413, "body-too-large", None) == kind_of(response)


async def test_all_recordings_under_a_prefix_become_tasks(gateway: Gateway) -> None:
    """In the order of their keys, without folders and neighbours, all with the same options."""
    for key in ("talks/b.wav", "talks/2026/a.wav", "talks/", "talks/2026/", "talks-old/x.wav", "other.wav"):
        gateway.store.put_in("recordings", key, b"")

    response = await post(
        gateway, {"s3_prefix": {"bucket": "recordings", "prefix": "talks/"}, "language": "de"}, **KEY
    )

    answer = response.json()
    keys = ["talks/2026/a.wav", "talks/b.wav"]
    assert (200, keys, None) == (
        response.status_code,
        [each["key"] for each in answer["items"]],
        answer["next_after"],
    )
    assert [S3Source(bucket="recordings", key=key) for key in keys] == [
        sources(gateway)[each["task"]["task_id"]] for each in answer["items"]
    ]
    assert {"de"} == {job.spec.language for job in gateway.jobs.jobs}
    assert {name_of(NAMESPACE, f"nightly/{key}") for key in keys} == set(sources(gateway))


async def test_a_large_prefix_is_taken_page_by_page(gateway: Gateway) -> None:
    """Each answer says where the next begins, and no recording is left out or taken twice."""
    wanted = {f"talks/{n:04}.wav" for n in range(MOST_ITEMS + 5)}
    for key in wanted:
        gateway.store.put_in("recordings", key, b"")
    place = {"bucket": "recordings", "prefix": "talks/"}

    first = (await post(gateway, {"s3_prefix": place})).json()
    second = (await post(gateway, {"s3_prefix": {**place, "after": first["next_after"]}})).json()

    assert [(MOST_ITEMS, "talks/0999.wav"), (5, None)] == [
        (page["accepted"], page["next_after"]) for page in (first, second)
    ]
    assert sorted(wanted) == [each["key"] for page in (first, second) for each in page["items"]]
    assert len(wanted) == len(gateway.jobs.jobs)


async def test_a_key_that_no_job_can_name_is_its_own_problem(gateway: Gateway) -> None:
    """S3 allows more than Steno does."""
    for key in ("talks/a\n.wav", "talks/b.wav"):
        gateway.store.put_in("recordings", key, b"")

    response = await post(gateway, {"s3_prefix": {"bucket": "recordings", "prefix": "talks/"}})

    assert [(0, "field-invalid", "key"), (1, None, None)] == told(response)


@pytest.mark.parametrize(
    ("place", "status"),
    [
        pytest.param({"prefix": "steno/films/"}, 422, id="another tenant's"),
        pytest.param({"prefix": "steno/"}, 422, id="all tenants'"),
        pytest.param({"prefix": "s"}, 422, id="what begins with theirs"),
        pytest.param({"prefix": "steno/speech/../films/"}, 422, id="by way of one's own"),
        pytest.param({"bucket": "steno", "prefix": "steno/films/"}, 422, id="by the bucket's name"),
        pytest.param({"prefix": "steno/speech/uploads/"}, 200, id="one's own"),
        pytest.param({"prefix": "talks/"}, 200, id="beside Steno's part"),
        pytest.param({"bucket": "recordings", "prefix": "steno/films/"}, 200, id="in another bucket"),
    ],
)
async def test_nobody_lists_anothers_recordings(gateway: Gateway, place: dict[str, str], status: int) -> None:
    """Their keys are not told, nor that there are any."""
    gateway.store.put_in("recordings", "x", b"")
    gateway.store.put("steno/films/uploads/x", b"")

    response = await post(gateway, {"s3_prefix": place})

    assert status == response.status_code
    if status == 422:
        assert (422, "source-forbidden", "s3_prefix.prefix") == kind_of(response)
    assert "films/uploads" not in response.text


async def test_a_store_that_is_away_makes_no_task(gateway: Gateway) -> None:
    """What lies under the prefix is not known."""
    gateway.store.failing = StoreUnavailableError("away")

    assert (503, "store-unavailable", None) == kind_of(await post(gateway, {"s3_prefix": {"prefix": "talks/"}}))


async def test_an_api_server_that_is_away_is_every_items_problem(gateway: Gateway) -> None:
    """Each may be sent again."""
    gateway.jobs.failing, gateway.jobs.failing_calls = KubeUnavailableError("away"), frozenset({"create", "get"})

    response = await post(gateway, {"items": [item("a.wav"), item("b.wav")]})

    assert [(0, "cluster-unavailable", None), (1, "cluster-unavailable", None)] == told(response)
