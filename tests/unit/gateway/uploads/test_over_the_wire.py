"""What only a real server and a real connection show: disconnects, early answers, memory."""

import asyncio
import contextlib
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from steno_gateway.uploads.memory import PART_BYTES, UploadMemory
from support.gateway import FORM_TYPE, Gateway, a_file, a_form, gateway, in_chunks, kind_of, served, streamed

MEBIBYTE = 1 << 20
HEADERS = {"Content-Type": FORM_TYPE}


@contextlib.asynccontextmanager
async def begun(
    port: int, head: str, body: bytes = b""
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Begin a request by hand, and hang up on leaving."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(head.replace("\n", "\r\n").encode() + body)
        await writer.drain()
        yield reader, writer
    finally:
        writer.transport.abort()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@pytest.mark.parametrize("sent_thirds", [0, 1, 2], ids=["at its beginning", "at a third", "at two thirds"])
async def test_a_client_that_goes_away_leaves_nothing(gateway: Gateway, sent_thirds: int) -> None:
    """However far the upload came, its parts go and no job is made."""
    form = a_form(a_file(b"\0" * 3 * PART_BYTES))
    head = f"POST /transcribe HTTP/1.1\nHost: x\nContent-Type: {FORM_TYPE}\nContent-Length: {len(form)}\n\n"
    # Some bytes more, so that the file, or its next part, has begun in each case.
    sent = form[: len(form) * sent_thirds // 3 + 1000]
    async with served(gateway.context) as port, httpx.AsyncClient() as client, begun(port, head, sent):
        while sent_thirds and not gateway.uploads():
            await client.get(f"http://127.0.0.1:{port}/healthz")
        # Leaving the server's block waits for the requests under way.

    assert {} == gateway.uploads()
    assert () == gateway.jobs.jobs


@pytest.mark.parametrize("declared", [True, False], ids=["before it is read", "while it is read"])
async def test_a_client_in_mid_upload_reads_the_refusal(declared: bool) -> None:  # noqa: FBT001
    """A body over the limit is answered even to a client that sends all of it first."""
    form = a_form(a_file(b"\0" * (8 * MEBIBYTE)))
    async with (
        gateway(max_upload_bytes=MEBIBYTE) as small,
        served(small.context) as port,
        httpx.AsyncClient() as client,
    ):
        response = await client.post(
            f"http://127.0.0.1:{port}/transcribe",
            headers=HEADERS,
            content=form if declared else streamed(in_chunks(form, 1 << 16)),
        )

        assert (413, "body-too-large", None) == kind_of(response)
        assert {} == small.uploads()


async def test_a_client_that_asks_first_is_spared_the_upload() -> None:
    """Expect: 100-continue is answered with the refusal, and not a byte of the body has to travel."""
    head = (
        f"POST /transcribe HTTP/1.1\nHost: x\nContent-Type: {FORM_TYPE}\n"
        f"Content-Length: {2 * MEBIBYTE}\nExpect: 100-continue\n\n"
    )
    async with (
        gateway(max_upload_bytes=MEBIBYTE) as small,
        served(small.context) as port,
        begun(port, head) as (reader, _),
    ):
        first = await reader.readline()

    assert b"413" == first.split()[1]


async def test_a_client_that_asks_first_is_told_to_go_on(gateway: Gateway) -> None:
    """Where the body will be read, 100 Continue comes first."""
    form = a_form(a_file())
    head = (
        f"POST /transcribe HTTP/1.1\nHost: x\nContent-Type: {FORM_TYPE}\n"
        f"Content-Length: {len(form)}\nExpect: 100-continue\nConnection: close\n\n"
    )
    async with served(gateway.context) as port, begun(port, head) as (reader, writer):
        first = await reader.readline()
        writer.write(form)
        answer = await reader.read()

    assert b"100" == first.split()[1]
    assert b"HTTP/1.1 202" in answer


async def test_uploads_beyond_the_memory_wait_unread(gateway: Gateway) -> None:
    """The memory of all uploads together is bounded: what finds no room is not read."""
    narrow = replace(gateway.context, upload_slots=UploadMemory(PART_BYTES))
    form = a_form(a_file())
    head = f"POST /transcribe HTTP/1.1\nHost: x\nContent-Type: {FORM_TYPE}\nContent-Length: {len(form)}\n\n"
    async with (
        served(narrow) as port,
        begun(port, head, form[:-20]) as (_, holder),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        while not narrow.upload_slots.locked():
            await client.get("/healthz")
        second = asyncio.ensure_future(client.post("/transcribe", headers=HEADERS, content=form))
        done, _ = await asyncio.wait({second}, timeout=0.05)

        assert set() == done
        holder.transport.abort()
        assert 202 == (await second).status_code


async def test_an_upload_that_finds_no_memory_for_long_is_refused(gateway: Gateway) -> None:
    """Whoever has asked first (Expect: 100-continue) hears of it before sending a byte."""
    full = UploadMemory(PART_BYTES, wait_seconds=0.01)
    head = "PUT /uploads/talk.mp3 HTTP/1.1\nHost: x\nContent-Length: 9\nExpect: 100-continue\n\n"
    async with (
        full,
        served(replace(gateway.context, upload_slots=full)) as port,
        begun(port, head) as (reader, _),
    ):
        answer = await reader.readuntil(b"\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 503")
    assert b"retry-after: 10\r\n" in answer


def test_an_upload_of_200_mb_holds_three_parts_at_most() -> None:
    """The server's memory grows by the parts in flight, not by the recording."""
    server = subprocess.Popen(
        [sys.executable, Path(__file__).with_name("discarding_gateway.py")], stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    with server, server.stdout as told:
        port = int(told.readline())
        url = f"http://127.0.0.1:{port}/transcribe"
        with httpx.Client(timeout=60) as client:
            # A first upload has the server load whatever it loads lazily.
            client.post(url, headers=HEADERS, content=a_form(a_file()))
            before = peak_bytes(server.pid)

            response = client.post(url, headers=HEADERS, content=_form_of(200))

        after = peak_bytes(server.pid)
        server.terminate()

    assert 202 == response.status_code
    assert after - before < 3 * PART_BYTES + 16 * MEBIBYTE


def _form_of(mebibytes: int) -> "list[bytes]":
    """Have a form of that size, dense with what a boundary begins with, without holding it in memory."""
    head, _, tail = a_form(a_file(b"\0")).partition(b"\0")
    return [head, *[b"\r\n" * (MEBIBYTE // 2)] * mebibytes, tail]


def peak_bytes(pid: int) -> int:
    """Read the most memory a process has held at once."""
    status = Path(f"/proc/{pid}/status").read_text()
    (kibibytes,) = re.findall(r"VmHWM:\s+(\d+) kB", status)
    return int(kibibytes) * 1024
