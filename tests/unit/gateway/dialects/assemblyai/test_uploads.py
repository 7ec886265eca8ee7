"""POST /v2/upload takes recordings of any length, and what goes wrong leaves nothing behind."""

import asyncio
import contextlib
from typing import Any

import httpx
import pytest

from steno_store import PART_BYTES, StoreForbiddenError, StoreUnavailableError
from support.gateway import Gateway, gateway, in_chunks, served, streamed

PATH = "/v2/upload"


async def upload(gateway: Gateway, body: Any, **headers: str) -> httpx.Response:
    """Send a body."""
    return await gateway.client.post(PATH, content=body, headers=headers)


def error_of(response: httpx.Response) -> str:
    """Check that a response is an error as AssemblyAI spells it, and give its text."""
    assert ("application/json", ["error"]) == (response.headers["Content-Type"], [*response.json()])
    error: str = response.json()["error"]
    assert error
    return error


@pytest.mark.parametrize("length", [1, PART_BYTES - 1, PART_BYTES, 2 * PART_BYTES + 1])
@pytest.mark.parametrize("declared", [True, False], ids=["of known length", "of unknown length"])
async def test_an_upload_is_stored_as_it_is(gateway: Gateway, length: int, declared: bool) -> None:  # noqa: FBT001
    """Byte for byte, and its address names it."""
    body = bytes(range(256)) * (length // 256) + b"x" * (length % 256)
    response = await upload(gateway, body if declared else streamed(in_chunks(body, 1 << 20)))
    url = response.json()["upload_url"]

    assert 200 == response.status_code
    assert url.startswith("http://gateway/v2/upload/")
    assert {gateway.context.layout.upload("speech", url.rpartition("/")[2]): body} == gateway.uploads()


async def test_the_address_is_the_clients_own() -> None:
    """Behind an ingress that strips a path, the address has it."""
    async with gateway(root_path="/steno") as behind:
        response = await behind.client.post(PATH, content=b"RIFF")

    assert response.json()["upload_url"].startswith("http://gateway/steno/v2/upload/")


async def test_curls_content_type_is_taken(gateway: Gateway) -> None:
    """Every body is a form of fields to curl --data-binary, which AssemblyAI's own examples use."""
    assert (
        200 == (await upload(gateway, b"RIFF", **{"Content-Type": "application/x-www-form-urlencoded"})).status_code
    )


@pytest.mark.parametrize(
    ("body", "headers", "status", "said"),
    [
        pytest.param(b"", {}, 400, "no bytes", id="empty"),
        pytest.param(b"--x", {"Content-Type": "multipart/form-data; boundary=x"}, 415, "is a form", id="a form"),
    ],
)
async def test_what_is_no_recording_is_refused(
    gateway: Gateway, body: bytes, headers: dict[str, str], status: int, said: str
) -> None:
    """With the remedy, and without a trace."""
    response = await upload(gateway, body, **headers)

    assert status == response.status_code
    assert said in error_of(response)
    assert {} == gateway.uploads()


@pytest.mark.parametrize("declared", [True, False], ids=["before it is read", "while it is read"])
async def test_one_that_is_too_large_is_refused(declared: bool) -> None:  # noqa: FBT001
    """By its announced length, or as soon as it is over the limit."""
    async with gateway(max_upload_bytes=1 << 20) as small:
        body = b"\0" * (2 << 20)
        response = await upload(small, body if declared else streamed(in_chunks(body, 1 << 16)))

        assert 413 == response.status_code
        assert "1048576 bytes" in error_of(response)
        assert {} == small.uploads()


@pytest.mark.parametrize("sent_thirds", [0, 1, 2], ids=["at its beginning", "at a third", "at two thirds"])
async def test_one_that_is_cut_leaves_nothing(gateway: Gateway, sent_thirds: int) -> None:
    """However far it came, its parts go."""
    length = 3 * PART_BYTES
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n"
    async with served(gateway.context) as port, httpx.AsyncClient() as client:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head.encode() + b"\0" * (length * sent_thirds // 3 + 1000))
        await writer.drain()
        while sent_thirds and not gateway.uploads():
            await client.get(f"http://127.0.0.1:{port}/healthz")
        writer.transport.abort()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        # Leaving the server's block waits for the requests under way.

    assert {} == gateway.uploads()


async def test_one_that_stops_coming_is_refused() -> None:
    """408, and nothing stays."""
    async with gateway(upload_idle_seconds=0.05) as impatient, served(impatient.context) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nRIFF".encode())
        answer = await reader.read()
        writer.close()

        assert b"408" == answer.split()[1]
        assert b'{"error":' in answer
        assert {} == impatient.uploads()


@pytest.mark.parametrize(
    ("failing", "retry_after"),
    [(StoreUnavailableError("away"), "5"), (StoreForbiddenError("refused"), "60")],
    ids=["away", "refusing"],
)
@pytest.mark.parametrize("call", ["start_upload", "put", "complete"])
async def test_a_store_that_fails_is_said(gateway: Gateway, failing: Exception, retry_after: str, call: str) -> None:
    """503, and when to try again; nothing of the store's own words."""
    gateway.store.failing = failing  # type: ignore[assignment]
    gateway.store.failing_calls = frozenset({call})
    response = await upload(gateway, b"\0" * (3 * PART_BYTES if call != "put" else 9))

    assert (503, retry_after) == (response.status_code, response.headers["Retry-After"])
    assert "object store" in error_of(response)
    gateway.store.failing = None
    assert {} == gateway.uploads()
