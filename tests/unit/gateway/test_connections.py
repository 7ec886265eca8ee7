"""A client's connection is bounded before a request's headers are whole, and what is no HTTP is answered well."""

import asyncio
import json

import pytest

from steno_gateway.connections import HEADERS_MAX_BYTES
from support.gateway import gateway, served


async def said(port: int, *pieces: bytes) -> bytes:
    """Send pieces, one after the other, and read until the gateway hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
    answer = await reader.read()
    writer.close()
    return answer


def problem_in(answer: bytes) -> tuple[int, str]:
    """Give the status and the kind of the problem that an answer is."""
    head, _, body = answer.partition(b"\r\n\r\n")
    problem = json.loads(body)
    assert b"content-type: application/problem+json" in head
    assert int(head.split()[1]) == problem["status"]
    assert problem["detail"]
    assert problem["remedy"]
    return problem["status"], problem["type"].removeprefix("urn:steno:problem:")


async def test_headers_without_end_are_refused() -> None:
    """Whoever sends headers for ever is answered 431 and hung up on, long before memory is short."""
    line = b"GET /healthz HTTP/1.1\r\nHost: steno\r\nX-Long: "
    async with gateway() as here, served(here.context) as port:
        answer = await said(port, line, b"a" * HEADERS_MAX_BYTES)
    assert (431, "headers-too-large") == problem_in(answer)


async def test_many_small_headers_are_refused() -> None:
    """The limit is on all headers together."""
    many = b"".join(b"X-%d: small\r\n" % number for number in range(HEADERS_MAX_BYTES // 10))
    async with gateway() as here, served(here.context) as port:
        answer = await said(port, b"GET /healthz HTTP/1.1\r\nHost: steno\r\n", many)
    assert (431, "headers-too-large") == problem_in(answer)


async def test_ten_kilobytes_are_taken() -> None:
    """A header of 10 kB is unusual, and no reason to refuse a request."""
    request = b"GET /healthz HTTP/1.1\r\nHost: steno\r\nConnection: close\r\nX-Long: " + b"a" * 10_000 + b"\r\n\r\n"
    async with gateway() as here, served(here.context) as port:
        answer = await said(port, request)
    assert answer.startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize("begun", [b"", b"GET /healthz HTTP/1.1\r\nHost: st"], ids=["silent", "half-said"])
async def test_headers_that_do_not_come_are_not_waited_for(begun: bytes) -> None:
    """A connection on which no request becomes whole is answered 408 and closed."""
    async with gateway(headers_seconds=0.05) as here, served(here.context) as port:
        answer = await said(port, begun)
    assert (408, "headers-late") == problem_in(answer)


async def test_the_limits_begin_anew_with_each_request() -> None:
    """A connection that stays open may send as many headers as it has requests."""
    request = b"GET /healthz HTTP/1.1\r\nHost: steno\r\nX-Long: " + b"a" * (HEADERS_MAX_BYTES // 2) + b"\r\n\r\n"
    last = b"GET /healthz HTTP/1.1\r\nHost: steno\r\nConnection: close\r\n\r\n"
    async with gateway() as here, served(here.context) as port:
        answer = await said(port, request, request, request, last)
    assert 4 == answer.count(b"HTTP/1.1 200 OK")


async def test_what_is_no_http_is_a_problem() -> None:
    """Bytes that are no request are answered with a problem document too."""
    async with gateway() as here, served(here.context) as port:
        answer = await said(port, b"\x16\x03\x01 hello\r\n\r\n")
    assert (400, "request-malformed") == problem_in(answer)
