"""Each request that may change something leaves one line, and no secret in it."""

import asyncio
import json
import logging
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from steno_gateway.access import record
from steno_gateway.access.audit import LOGGER, Audited
from support.api_keys import Key
from support.gateway import FORM_TYPE, NOON, a_file, a_form, gateway, served
from unit.gateway.access.conftest import Guarded


class Lines(logging.Handler):
    """What the audit log has, parsed."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[dict[str, Any]] = []
        self.came = asyncio.Event()
        """Set with each line."""

    def emit(self, record: logging.LogRecord) -> None:
        """Take a line."""
        self._lines.append(json.loads(record.getMessage()))
        self.came.set()

    def __call__(self) -> list[dict[str, Any]]:
        """Give the lines so far."""
        return self._lines


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Iterator[Lines]:
    """Listen to the audit log."""
    caplog.set_level(logging.INFO, "steno_gateway.audit")
    heard = Lines()
    LOGGER.addHandler(heard)
    yield heard
    LOGGER.removeHandler(heard)


async def test_a_write_is_told_with_who_and_what(guarded: Guarded, lines: Lines) -> None:
    """One line, after the answer; reading leaves none."""
    key = Key()
    async with guarded(key) as gateway:
        await gateway.a_job("tsj-1")
        await gateway.client.post("/cancel/tsj-1", headers=key.bearer)
        await gateway.client.get("/status/tsj-1", headers=key.bearer)

    (line,) = lines()
    assert {
        "time": "2026-01-31T12:00:00.000+00:00",
        "caller": "newsroom",
        "namespace": "speech",
        "shown_by": "key",
        "client": "127.0.0.1",
        "method": "POST",
        "path": "/cancel/tsj-1",
        "tasks": ["tsj-1"],
        "status": 200,
        "bytes": 0,
    } == {name: value for name, value in line.items() if name != "seconds"}


async def test_a_recording_is_told_with_its_task(guarded: Guarded, lines: Lines) -> None:
    """And with the bytes of the body, the form's own among them."""
    key = Key()
    form = a_form(a_file(b"RIFF" * 1000))
    async with guarded(key) as gateway:
        headers = {**key.bearer, "Content-Type": FORM_TYPE}
        made = await gateway.client.post("/transcribe", content=form, headers=headers)

    (line,) = lines()
    assert ([made.json()["task_id"]], 202, len(form)) == (line["tasks"], line["status"], line["bytes"])


async def test_what_was_made_is_told(lines: Lines) -> None:
    """Whoever makes a task notes it, be it a step below the route or in a thread."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        record.made("tsj-1")
        await run_in_threadpool(record.made, "tsj-2")
        await PlainTextResponse("made")(scope, receive, send)

    transport = httpx.ASGITransport(Audited(application, now=lambda: NOON))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        await client.post("/batch")
        await client.post("/batch")

    assert [["tsj-1", "tsj-2"]] * 2 == [line["tasks"] for line in lines()]


async def test_refusals_are_told(guarded: Guarded, lines: Lines) -> None:
    """Of somebody unknown, of somebody who may not, and of a call that there is not."""
    reader = Key(scopes=["read"])
    async with guarded(reader) as gateway:
        await gateway.client.delete("/release/tsj-1")
        await gateway.client.delete("/release/tsj-1", headers=reader.bearer)
        await gateway.client.post("/nowhere/" + "x" * 1000)

    assert [(401, None, "nothing"), (403, "newsroom", "key"), (404, None, "nothing")] == [
        (line["status"], line["caller"], line["shown_by"]) for line in lines()
    ]
    assert 200 == len(lines()[2]["path"])


async def test_nothing_secret_is_told(guarded: Guarded, lines: Lines, caplog: pytest.LogCaptureFixture) -> None:
    """No key, no digest, no cookie, no query, no name and no word of a recording; in no other line either."""
    key = Key()
    caplog.set_level(logging.DEBUG, "steno_gateway")
    async with guarded(key) as gateway:
        cookie = (await gateway.client.post("/session", json={"key": key.key})).cookies["steno_session"]
        headers = {**key.bearer, "Content-Type": FORM_TYPE}
        form = a_form(a_file(b"the words of a recording", "their-name.wav"))
        await gateway.client.post("/transcribe?token=in-the-query", content=form, headers=headers)
        await gateway.client.post("/transcribe", content=form, headers=headers)
        url = {"url": "https://example.org/a.wav?signature=of-the-url"}
        await gateway.client.post("/transcribe", json=url, headers=key.bearer)
        await gateway.client.delete("/session", headers={"Authorization": f"Bearer {key.key}x"})

    told = "\n".join(r.getMessage() for r in caplog.records if r.name.startswith("steno_gateway"))
    secrets = [key.key, key.entry["sha256"], cookie, "in-the-query", "of-the-url", "their-name", "the words"]
    assert 5 == len(lines())
    assert [] == [secret for secret in secrets if secret in told]


async def test_a_client_that_goes_away_is_told_too(lines: Lines) -> None:
    """Nobody hears the answer, if there was one; it was no success."""
    async with gateway() as made, served(made.context) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        head = f"POST /transcribe HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM_TYPE}\r\nContent-Length: 1000\r\n\r\n"
        writer.write(head.encode() + b"-" * 10)
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        await lines.came.wait()

    (line,) = lines()
    assert ("POST", "/transcribe", []) == (line["method"], line["path"], line["tasks"])
    assert line["status"] in {None, 400}


@pytest.mark.parametrize(
    ("trusted", "client", "secure"),
    [
        pytest.param("127.0.0.1", "203.0.113.7", True, id="believed"),
        pytest.param("10.0.0.0/8", "127.0.0.1", False, id="not believed"),
    ],
)
async def test_only_a_trusted_proxy_says_who_the_client_is(
    guarded: Guarded, lines: Lines, *, trusted: str, client: str, secure: bool
) -> None:
    """Its X-Forwarded-For reaches the log, and its X-Forwarded-Proto the cookie; anybody else's are ignored."""
    key = Key()
    async with guarded(key, forwarded_allow_ips=trusted) as made, served(made.context) as port:
        forwarded = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}
        async with httpx.AsyncClient(trust_env=False) as browser:
            answer = await browser.post(f"http://127.0.0.1:{port}/session", json={"key": key.key}, headers=forwarded)

    (line,) = lines()
    assert (client, secure) == (line["client"], "; Secure" in answer.headers["Set-Cookie"])
