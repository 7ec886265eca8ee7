"""The server's own life: the port it binds, the connections that break, the end that no slow request holds up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from aiohttp import web

from steno_operator.progress.evidence import TokenReview
from steno_operator.serving import application, serve
from support.reviews import InMemoryTokenReviews
from unit.operator_progress.desk import Desk, Worker
from unit.operator_progress.served import REPORT, post, served


class SlowReviews(InMemoryTokenReviews):
    """Reviews that come when a test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()
        self.cut_off = False

    async def review(self, token: str) -> TokenReview:
        """Wait, then say whose token it is."""
        self.begun.set()
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.cut_off = True
            raise
        return await super().review(token)


@pytest.fixture
def slow() -> SlowReviews:
    """Reviews that wait."""
    return SlowReviews()


@pytest.fixture
def desk(slow: SlowReviews) -> Desk:
    """A desk whose reviews wait."""
    return Desk(reviews=slow)


def of(desk: Desk, **more: float) -> web.Application:
    """Put a desk behind the server's answers."""
    return application(healthy=list, ready=list, metrics=lambda: (b"", "text/plain"), progress=desk.intake, **more)


async def test_a_report_under_way_is_answered_at_the_end(desk: Desk, worker: Worker, slow: SlowReviews) -> None:
    """The server closes its port, answers what it has begun, and only then is gone."""
    async with httpx.AsyncClient(trust_env=False) as client:
        async with serve(of(desk), 0, host="127.0.0.1") as port:
            client.base_url = httpx.URL(f"http://127.0.0.1:{port}")
            answer = asyncio.create_task(post(client, worker.token))
            await slow.begun.wait()
            asyncio.get_running_loop().call_soon(slow.go_on.set)

        assert 200 == (await answer).status_code
        with pytest.raises(httpx.ConnectError):
            await client.get("/healthz")


async def test_a_report_that_hangs_is_cut_off_at_the_end(desk: Desk, worker: Worker, slow: SlowReviews) -> None:
    """An API server that never answers does not keep the operator from ending."""
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        async with serve(of(desk), 0, host="127.0.0.1", shutdown_seconds=0.1) as port:
            client.base_url = httpx.URL(f"http://127.0.0.1:{port}")
            answer = asyncio.create_task(post(client, worker.token))
            await slow.begun.wait()

        with pytest.raises(httpx.RemoteProtocolError):
            await answer
    assert slow.cut_off


async def test_a_taken_port_is_said() -> None:
    """Two servers do not share a port."""
    async with serve(of(Desk()), 0, host="127.0.0.1") as port:
        with pytest.raises(OSError, match="address already in use"):
            async with serve(of(Desk()), port, host="127.0.0.1"):
                pass


@asynccontextmanager
async def half_a_report(port: int, token: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Send the beginning of a report, and hang up on leaving."""
    head = (
        f"POST /progress HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(REPORT)}\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(head.encode() + REPORT[:10].encode())
        await writer.drain()
        yield reader, writer
    finally:
        writer.transport.abort()


async def test_a_worker_that_goes_away_leaves_no_trace(worker: Worker, caplog: pytest.LogCaptureFixture) -> None:
    """A pod that is killed in the middle of its report is no error of ours."""
    desk = Desk()
    async with served(desk.intake) as client:
        assert client.base_url.port is not None
        async with half_a_report(client.base_url.port, worker.token):
            # Answered by the same loop: by then the report has begun.
            await client.get("/healthz")
        await client.get("/healthz")

    assert [] == [record.getMessage() for record in caplog.records]
    assert [] == desk.reviews.asked


async def test_a_report_that_never_ends_is_given_up(desk: Desk, worker: Worker) -> None:
    """A body that stops coming holds a connection for some seconds, not for ever."""
    async with (
        serve(of(desk, patience_seconds=0.1), 0, host="127.0.0.1", shutdown_seconds=0.1) as port,
        half_a_report(port, worker.token) as (reader, _),
    ):
        answered = await reader.readline()

    assert b"HTTP/1.1 408 Request Timeout\r\n" == answered


async def test_an_api_server_that_hangs_is_given_up(desk: Desk, worker: Worker, slow: SlowReviews) -> None:
    """The worker hears in time that its report was not taken."""
    async with (
        httpx.AsyncClient(trust_env=False, timeout=60) as client,
        serve(of(desk, patience_seconds=0.1), 0, host="127.0.0.1") as port,
    ):
        client.base_url = httpx.URL(f"http://127.0.0.1:{port}")
        answer = await post(client, worker.token)

    assert (503, "5") == (answer.status_code, answer.headers["Retry-After"])
    assert slow.cut_off
