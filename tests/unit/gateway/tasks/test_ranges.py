"""What part of a transcript is asked for: RFC 9110's ranges and conditions."""

from collections.abc import Iterator

import pytest

from steno_gateway.tasks.ranges import Span, UnsatisfiableError, is_known, requested_span
from steno_gateway.tasks.results import exactly
from steno_store import StoreUnavailableError
from support.gateway import Gateway, kind_of

BODY = bytes(range(256)) * 1024
ETAG = f'"{"ab" * 32}"'


@pytest.mark.parametrize(
    ("asked", "span"),
    [
        pytest.param(None, None, id="nothing asked"),
        pytest.param("bytes=0-0", Span(0, 1), id="the first byte"),
        pytest.param("bytes=2-4", Span(2, 5), id="in the middle"),
        pytest.param("bytes=7-", Span(7, 10), id="to the end"),
        pytest.param("bytes=-3", Span(7, 10), id="the last three"),
        pytest.param("bytes=-99", Span(0, 10), id="more than there are"),
        pytest.param("bytes=5-99", Span(5, 10), id="beyond the end"),
        pytest.param("BYTES= 2-4 ", Span(2, 5), id="spelled loosely"),
        pytest.param("bytes=4-2", None, id="backwards"),
        pytest.param("bytes=-", None, id="neither end"),
        pytest.param("bytes=0-1,3-4", None, id="two ranges"),
        pytest.param("bytes=a-b", None, id="no numbers"),
        pytest.param("bytes=٢-٤", None, id="other digits"),
        pytest.param("lines=0-1", None, id="another unit"),
        pytest.param("bytes=0-" + "9" * 5000, None, id="a number without an end"),
        pytest.param("", None, id="empty"),
    ],
)
def test_a_range_is_read_as_the_rfc_says(asked: str | None, span: Span | None) -> None:
    """What is not understood is the whole file."""
    assert span == requested_span(asked, None, etag=ETAG, size_bytes=10)


@pytest.mark.parametrize(
    ("asked", "size_bytes"),
    [
        pytest.param("bytes=10-", 10, id="behind the end"),
        pytest.param("bytes=10-20", 10, id="all of it behind the end"),
        pytest.param("bytes=-0", 10, id="the last none"),
        pytest.param("bytes=0-", 0, id="of an empty file"),
    ],
)
def test_a_range_without_a_byte_cannot_be_had(asked: str, size_bytes: int) -> None:
    """There is nothing that could be sent."""
    with pytest.raises(UnsatisfiableError):
        requested_span(asked, None, etag=ETAG, size_bytes=size_bytes)


@pytest.mark.parametrize(
    ("condition", "span"),
    [
        pytest.param(ETAG, Span(0, 1), id="the same"),
        pytest.param(f"W/{ETAG}", None, id="weak"),
        pytest.param('"other"', None, id="another"),
        pytest.param("Sat, 31 Jan 2026 12:00:00 GMT", None, id="a date"),
    ],
)
def test_a_range_of_another_version_is_the_whole_file(condition: str, span: Span | None) -> None:
    """Parts of two files never make one."""
    assert span == requested_span("bytes=0-0", condition, etag=ETAG, size_bytes=10)


@pytest.mark.parametrize(
    ("header", "known"),
    [
        pytest.param(None, False, id="none"),
        pytest.param(ETAG, True, id="the same"),
        pytest.param(f"W/{ETAG}", True, id="weak"),
        pytest.param(f'"a", {ETAG}', True, id="among others"),
        pytest.param("*", True, id="any"),
        pytest.param('"other"', False, id="another"),
        pytest.param("ab" * 32, False, id="without quotes"),
    ],
)
def test_what_a_client_has_it_is_not_sent_again(header: str | None, *, known: bool) -> None:
    """By its tag, compared weakly."""
    assert known == is_known(header, ETAG)


def pieces() -> Iterator[bytes]:
    """Give six bytes in two chunks."""
    yield b"abc"
    yield b"def"


@pytest.mark.parametrize(("size_bytes", "given"), [(6, b"abcdef"), (4, b"abcd"), (3, b"abc"), (0, b"")])
def test_no_more_comes_than_was_asked_for(size_bytes: int, given: bytes) -> None:
    """The rest is left."""
    assert given == b"".join(exactly(pieces(), size_bytes))


def test_less_than_was_said_is_an_error() -> None:
    """Nobody takes it for the whole."""
    with pytest.raises(StoreUnavailableError):
        b"".join(exactly(pieces(), 7))


async def test_a_part_comes_with_where_it_stands(gateway: Gateway) -> None:
    """206 for the part, 200 where the file is another one by now."""
    await gateway.a_completed_job(bodies={"json": BODY})

    part = await gateway.client.get("/download/tsj-1", headers={"Range": "bytes=65530-65545", "If-Range": ETAG})
    whole = await gateway.client.get("/download/tsj-1", headers={"Range": "bytes=65530-65545", "If-Range": '"old"'})

    assert (206, BODY[65530:65546]) == (part.status_code, part.content)
    assert ("bytes 65530-65545/262144", "16") == (part.headers["Content-Range"], part.headers["Content-Length"])
    assert (200, BODY) == (whole.status_code, whole.content)
    assert ETAG == part.headers["ETAG"] == whole.headers["ETag"]


async def test_a_broken_download_goes_on(gateway: Gateway) -> None:
    """Two halves are the whole."""
    await gateway.a_completed_job(bodies={"json": BODY})

    halves = [
        await gateway.client.get("/download/tsj-1", headers={"Range": asked})
        for asked in ("bytes=0-99999", "bytes=100000-")
    ]

    assert BODY == b"".join(half.content for half in halves)


async def test_bytes_that_are_not_there_are_refused(gateway: Gateway) -> None:
    """The problem says how many there are."""
    await gateway.a_completed_job(bodies={"json": b"{}"})

    response = await gateway.client.get("/download/tsj-1", headers={"Range": "bytes=2-"})

    assert (416, "range-not-satisfiable", "Range") == kind_of(response)
    assert "bytes */2" == response.headers["Content-Range"]


async def test_what_is_known_already_is_not_sent(gateway: Gateway) -> None:
    """304 has no body, and asks the store for nothing."""
    await gateway.a_completed_job(bodies={"json": b"{}"})
    for key in gateway.store.objects:
        gateway.store.delete(key)

    response = await gateway.client.get("/download/tsj-1", headers={"If-None-Match": ETAG, "Range": "bytes=0-0"})

    assert (304, b"", ETAG) == (response.status_code, response.content, response.headers["ETag"])


async def test_a_head_is_the_download_without_its_bytes(gateway: Gateway) -> None:
    """All that GET says of the file, even where GET would lead elsewhere."""
    await gateway.a_completed_job(bodies={"json": BODY})

    head = await gateway.client.head("/download/tsj-1?redirect=true")
    get = await gateway.client.get("/download/tsj-1")

    assert (200, b"") == (head.status_code, head.content)
    assert get.headers == head.headers
    assert "bytes" == head.headers["Accept-Ranges"]


async def test_a_head_of_what_is_gone_says_so(gateway: Gateway) -> None:
    """It is no promise that nobody keeps."""
    await gateway.a_completed_job(bodies={"json": BODY})
    for key in gateway.store.objects:
        gateway.store.delete(key)

    assert 410 == (await gateway.client.head("/download/tsj-1")).status_code
