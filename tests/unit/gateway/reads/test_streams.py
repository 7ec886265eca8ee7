"""Tasks are pushed as they change: every event once, and an end when there is nothing more to come."""

import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from steno_gateway.reads.pushing import EventKind, Pushed, follow_all, follow_task
from steno_gateway.tasks.views import Links
from steno_types import ConditionType
from support.gateway import NAMESPACE, Gateway, kind_of, served

LINKS = Links("")


class Stream:
    """Server-sent events, read as a browser does."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.aiter_lines()

    async def next(self) -> dict[str, Any]:
        """Give the next event, its data read; empty at the stream's end."""
        event: dict[str, Any] = {}
        async for line in self._lines:
            if not line and "event" in event:
                return event
            name, _, value = line.partition(": ")
            if name in {"id", "event", "data"}:
                event[name] = json.loads(value) if name == "data" else value
        return {}


@contextlib.asynccontextmanager
async def streamed(gateway: Gateway, path: str, **headers: str) -> AsyncIterator[Stream]:
    """Read a stream of a gateway that is served on a socket."""
    async with (
        served(gateway.context) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
        client.stream("GET", path, headers=headers) as response,
    ):
        yield Stream(response)


async def test_a_task_is_followed_to_its_end(gateway: Gateway) -> None:
    """As it is, each change, and nothing after the last one; the document is that of its status."""
    job = await gateway.a_job()
    async with streamed(gateway, "/events/tsj-1") as stream:
        told = [await stream.next()]
        job = await gateway.become(job, ConditionType.RUNNING)
        told.append(await stream.next())
        job = await gateway.become(job, ConditionType.COMPLETE)
        told.append(await stream.next())
        end = await stream.next()
        headers = stream.response.headers

    assert [("status", "1", "pending"), ("status", "2", "processing"), ("status", "3", "completed")] == [
        (event["event"], event["id"], event["data"]["status"]) for event in told
    ]
    assert (await gateway.client.get("/status/tsj-1")).json() == told[-1]["data"]
    assert {} == end
    assert ("text/event-stream; charset=utf-8", "no-store", "no") == (
        headers["Content-Type"],
        headers["Cache-Control"],
        headers["X-Accel-Buffering"],
    )


async def test_a_release_ends_a_stream(gateway: Gateway) -> None:
    """With an event of its own."""
    await gateway.a_job()
    async with streamed(gateway, "/events/tsj-1") as stream:
        await stream.next()
        await gateway.jobs.delete(NAMESPACE, "tsj-1")
        released, end = await stream.next(), await stream.next()

    assert ("released", {"task_id": "tsj-1"}, {}) == (released["event"], released["data"], end)


async def test_a_client_that_comes_again_hears_nothing_twice(gateway: Gateway) -> None:
    """The first event is the first after the one that it names."""
    job = await gateway.a_job()
    async with streamed(gateway, "/events/tsj-1", **{"Last-Event-ID": "1"}) as stream:
        await gateway.become(job, ConditionType.RUNNING)
        first = await stream.next()

    assert ("2", "processing") == (first["id"], first["data"]["status"])


@pytest.mark.parametrize("way", ["header", "query"])
async def test_a_client_that_knows_the_end_is_sent_away(gateway: Gateway, way: str) -> None:
    """204, on which a browser does not come again."""
    await gateway.become(await gateway.a_job(), ConditionType.COMPLETE)
    headers = {"Last-Event-ID": "2"} if way == "header" else {}
    query = "?last_event_id=2" if way == "query" else ""

    response = await gateway.client.get(f"/events/tsj-1{query}", headers=headers)

    assert (204, b"") == (response.status_code, response.content)


async def test_the_gateways_end_is_the_streams(gateway: Gateway) -> None:
    """A stopping gateway waits for no client to leave."""
    await gateway.a_job()
    async with contextlib.AsyncExitStack() as stack:
        port = await stack.enter_async_context(served(gateway.context))
        client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}")
        streams = [
            Stream(await stack.enter_async_context(client.stream("GET", path)))
            for path in ("/events/tsj-1", "/events")
        ]
        for stream in streams:
            await stream.next()
        gateway.context.reads.end()
        ends = [await stream.next() for stream in streams]
    await client.aclose()

    assert [{}, {}] == ends


async def test_all_tasks_are_followed(gateway: Gateway) -> None:
    """Those that there are, new ones, changes, releases; of a tenant's own."""
    job = await gateway.a_job("old")
    async with streamed(gateway, "/events") as stream:
        told = [await stream.next()]
        await gateway.jobs.create("other", "theirs", job.spec)
        await gateway.a_job("new")
        told.append(await stream.next())
        await gateway.jobs.delete(NAMESPACE, "old")
        told.append(await stream.next())

    assert [("status", "old"), ("status", "new"), ("released", "old")] == [
        (event["event"], event["data"]["task_id"]) for event in told
    ]


async def test_all_tasks_are_followed_from_where_a_list_ends(gateway: Gateway) -> None:
    """The version of a list is the id of an event: nothing between the two is lost."""
    await gateway.a_job("listed")
    version = (await gateway.client.get("/jobs")).json()["version"]
    await gateway.a_job("later")
    async with streamed(gateway, f"/events?last_event_id={version}") as stream:
        assert "later" == (await stream.next())["data"]["task_id"]


async def test_who_comes_back_too_late_begins_anew(gateway: Gateway) -> None:
    """A version of before this gateway's time tells nothing of what was deleted since."""
    await gateway.a_job("talk")
    gateway.context.reads.room(NAMESPACE).forgotten_version = 1
    async with streamed(gateway, "/events?last_event_id=0") as stream:
        told = [await stream.next(), await stream.next()]

    assert ["reset", "status"] == [event["event"] for event in told]


@pytest.mark.parametrize("told", ["-1", "latest", "1" * 21, "٣"])
@pytest.mark.parametrize("path", ["/events", "/events/tsj-1"])
async def test_what_is_no_event_is_refused(gateway: Gateway, path: str, told: str) -> None:
    """In the header or the query, and named."""
    await gateway.a_job()
    in_query = await gateway.client.get(path, params={"last_event_id": told})
    in_header = await gateway.client.get(path, headers={b"Last-Event-ID": told.encode()})

    assert (422, "field-invalid", "last_event_id") == kind_of(in_query)
    assert (422, "field-invalid", "Last-Event-ID") == kind_of(in_header)


async def test_an_unknown_task_has_no_stream(gateway: Gateway) -> None:
    """It is refused, not followed until it comes."""
    assert (404, "task-unknown", "task_id") == kind_of(await gateway.client.get("/events/tsj-none"))


async def taken(events: AsyncIterator[Pushed], count: int) -> list[EventKind]:
    """Take so many events."""
    return [(await anext(events)).kind for _ in range(count)]


async def test_a_quiet_stream_has_a_heartbeat(gateway: Gateway) -> None:
    """So that no proxy takes it for dead."""
    job = await gateway.a_job()
    reads, documents = gateway.context.reads, gateway.context.documents
    one = follow_task(reads, documents, job, LINKS, known=None, heartbeat_seconds=0.01)
    every = follow_all(reads, documents, NAMESPACE, LINKS, known=None, heartbeat_seconds=0.01)

    expected = [EventKind.STATUS, EventKind.HEARTBEAT, EventKind.HEARTBEAT]
    assert (expected, expected) == (await taken(one, 3), await taken(every, 3))
    assert b": heartbeat\n\n" == Pushed(EventKind.HEARTBEAT).as_server_sent()


async def test_the_heartbeat_brings_what_the_queue_did(gateway: Gateway) -> None:
    """A position moves without the task's own doing."""
    job = await gateway.a_job("b")
    await gateway.jobs.until_told()
    followed = follow_task(
        gateway.context.reads, gateway.context.documents, job, LINKS, known=None, heartbeat_seconds=0.01
    )
    first = json.loads((await anext(followed)).data)
    await gateway.a_job("a")
    while (pushed := await anext(followed)).kind is EventKind.HEARTBEAT:
        pass

    assert (1, 2) == (first["waiting"]["position"], json.loads(pushed.data)["waiting"]["position"])


async def test_without_a_young_watch_the_heartbeat_asks(gateway: Gateway) -> None:
    """A stream goes on while the watch is broken, at the heartbeat's pace."""
    job = await gateway.a_job()
    reads = gateway.context.reads
    followed = follow_task(reads, gateway.context.documents, job, LINKS, known=None, heartbeat_seconds=0.01)
    await anext(followed)
    async with reads:
        pass  # its end ends the watch
    reads.ending = reads.room(NAMESPACE).ending = False
    await gateway.become(job, ConditionType.COMPLETE)
    kinds = [pushed.kind async for pushed in followed]

    assert EventKind.STATUS is kinds[-1]
