"""A fetch that breaks off is taken up where it ended, and never mixes two recordings."""

import gzip
import hashlib
import logging
from collections.abc import Callable

import pytest

from steno_worker.errors import SourceUnavailableError
from steno_worker.intake.patience import RESTARTS, TRIES
from unit.worker.intake.sites import Handler, Page, Ranged, Site, Visit, in_turn, status, whole

BODY = bytes(range(256)) * 1000
"""256 kB."""

MODIFIED = "Sat, 21 Nov 2026 12:00:00 GMT"


def ranges_asked(site: Site) -> list[tuple[str | None, str | None]]:
    """Give Range and If-Range of each request that came."""
    return [(asked.headers.get("range"), asked.headers.get("if-range")) for asked in site.asked]


def cut(body: bytes, after_bytes: int, **headers: object) -> Page:
    """Announce `body` and send only its beginning."""

    def answer(handler: Handler) -> None:
        handler.head(200, Content_Length=len(body), **headers)
        handler.wfile.write(body[:after_bytes])

    return answer


def part(body: bytes, content_range: str, **headers: object) -> Page:
    """Answer with a part, whatever was asked."""

    def answer(handler: Handler) -> None:
        handler.head(206, Content_Length=len(body), Content_Range=content_range, **headers)
        handler.wfile.write(body)

    return answer


def reset_after(body: bytes, after_bytes: int, **headers: object) -> Page:
    """Announce `body`, send its beginning and break the connection as a crashed server does."""

    def answer(handler: Handler) -> None:
        handler.head(200, Content_Length=len(body), **headers)
        handler.wfile.write(body[:after_bytes])
        handler.reset()

    return answer


@pytest.mark.parametrize(
    ("validators", "named"),
    [
        pytest.param({"ETag": '"v1"'}, '"v1"', id="etag"),
        pytest.param({"Last-Modified": MODIFIED}, MODIFIED, id="date"),
        pytest.param({"ETag": '"v1"', "Last-Modified": MODIFIED}, '"v1"', id="both"),
    ],
)
def test_a_broken_fetch_goes_on_where_it_ended(
    site: Site, visit: Visit, validators: dict[str, object], named: str
) -> None:
    """Each next try asks for the rest of the same version, after a growing pause."""
    site.pages["/talk.wav"] = Ranged(BODY, breaks=[100_000, 0, 50_000], validators=validators)

    fetched = visit.fetch(site.url("/talk.wav"))

    assert hashlib.sha256(BODY).hexdigest() == fetched.sha256
    assert BODY == visit.into.read_bytes()
    assert [
        (None, None),
        ("bytes=100000-", named),
        ("bytes=100000-", named),
        ("bytes=150000-", named),
    ] == ranges_asked(site)
    assert [1.0, 2.0, 4.0] == visit.pauses


def test_a_connection_that_is_reset_is_taken_up(site: Site, visit: Visit) -> None:
    """A server that crashes in the middle counts like one that stops."""
    site.pages["/talk.wav"] = in_turn(reset_after(BODY, 100_000, ETag='"v1"'), Ranged(BODY))

    assert hashlib.sha256(BODY).hexdigest() == visit.fetch(site.url("/talk.wav")).sha256


def test_a_server_without_ranges_sends_it_again(site: Site, visit: Visit) -> None:
    """What came first is thrown away, so that the file is made of one answer."""
    site.pages["/talk.wav"] = in_turn(cut(BODY, 100_000, ETag='"v1"'), whole(BODY, ETag='"v1"'))

    assert hashlib.sha256(BODY).hexdigest() == visit.fetch(site.url("/talk.wav")).sha256
    assert 0 in visit.sizes


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="no validator"),
        pytest.param({"ETag": 'W/"v1"'}, id="weak etag"),
        pytest.param({"ETag": 'W/"v1"', "Last-Modified": MODIFIED}, id="weak etag and a date"),
    ],
)
def test_what_cannot_be_named_is_not_continued(site: Site, visit: Visit, headers: dict[str, object]) -> None:
    """Without a sure name of the version no range is asked for, as another recording may lie there by now."""
    site.pages["/talk.wav"] = in_turn(cut(BODY, 100_000, **headers), whole(BODY))

    assert hashlib.sha256(BODY).hexdigest() == visit.fetch(site.url("/talk.wav")).sha256
    assert [(None, None), (None, None)] == ranges_asked(site)


def test_a_recording_that_is_replaced_is_fetched_anew(site: Site, visit: Visit) -> None:
    """The server answers If-Range with the new version in full."""
    site.pages["/talk.wav"] = in_turn(cut(BODY, 100_000, ETag='"v1"'), Ranged(b"new", validators={"ETag": '"v2"'}))

    visit.fetch(site.url("/talk.wav"))

    assert b"new" == visit.into.read_bytes()


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(part(BODY[:9], "bytes 0-8/256000"), id="from the beginning, and only a part"),
        pytest.param(part(BODY[5:9], "bytes 5-8/256000"), id="from elsewhere"),
        pytest.param(part(BODY[100_000:], "nonsense"), id="does not say which"),
        pytest.param(part(b"other", "bytes 100000-100004/100005", ETag='"v2"'), id="of another version"),
        pytest.param(part(BODY[100_000:100_500], "bytes 100000-100499/256000", ETag='"v1"'), id="less than asked"),
        pytest.param(status(416), id="no such range"),
        pytest.param(status(503), id="busy"),
    ],
)
def test_an_odd_answer_to_a_range_spoils_nothing(site: Site, visit: Visit, answer: Page) -> None:
    """A server that sends another part than it was asked for is asked again, and the file is whole in the end."""
    site.pages["/talk.wav"] = in_turn(cut(BODY, 100_000, ETag='"v1"'), answer, Ranged(BODY))

    assert hashlib.sha256(BODY).hexdigest() == visit.fetch(site.url("/talk.wav")).sha256


def test_restarts_are_bounded(site: Site, visit: Visit) -> None:
    """A server that breaks off always and knows no ranges is given up."""
    site.pages["/talk.wav"] = cut(BODY, 100_000)

    with pytest.raises(SourceUnavailableError, match="breaks off again and again"):
        visit.fetch(site.url("/talk.wav"))

    assert 1 + RESTARTS == len(site.asked)
    assert not visit.into.exists()


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(lambda: Ranged(BODY, breaks=[10] * TRIES), id="a little each time"),
        pytest.param(lambda: cut(BODY, 0), id="nothing at all"),
        pytest.param(lambda: Handler.reset, id="not even a head"),
        pytest.param(lambda: lambda handler: handler.wfile.write(b"220 mail.example ESMTP\r\n"), id="no HTTP"),
    ],
)
def test_tries_are_bounded(site: Site, visit: Visit, page: Callable[[], Page]) -> None:
    """A server that fails every time is given up, with what it did last."""
    site.pages["/talk.wav"] = page()

    with pytest.raises(SourceUnavailableError, match=f"could not be fetched, {TRIES} times in a row: the connection"):
        visit.fetch(site.url("/talk.wav"))

    assert TRIES == len(site.asked)
    assert [1.0, 2.0, 4.0, 8.0, 16.0] == visit.pauses
    assert not visit.into.exists()


def test_a_length_that_is_a_lie_is_no_length(site: Site, visit: Visit) -> None:
    """A server that announces more than it ever sends is given up, never believed to be done."""
    site.pages["/talk.wav"] = cut(BODY + b"more", len(BODY))

    with pytest.raises(SourceUnavailableError):
        visit.fetch(site.url("/talk.wav"))


def test_a_compressed_body_is_not_continued(site: Site, visit: Visit) -> None:
    """A range counts compressed bytes, so a broken compressed body is fetched anew."""
    compressed = gzip.compress(hashlib.shake_128(b"noise").digest(len(BODY)))
    headers = {"Content-Encoding": "gzip", "ETag": '"v1"'}
    site.pages["/talk.wav"] = in_turn(cut(compressed, 100_000, **headers), whole(compressed, **headers))

    fetched = visit.fetch(site.url("/talk.wav"))

    assert hashlib.sha256(hashlib.shake_128(b"noise").digest(len(BODY))).hexdigest() == fetched.sha256
    assert [(None, None), (None, None)] == ranges_asked(site)


def test_a_compressed_body_that_ends_early_is_not_taken_for_whole(site: Site, visit: Visit) -> None:
    """The answer's own length fits, and yet its end is missing."""
    compressed = gzip.compress(b"RIFF" * 1000)
    site.pages["/talk.wav"] = in_turn(
        whole(compressed[:-4], Content_Encoding="gzip"), whole(compressed, Content_Encoding="gzip")
    )

    assert 4000 == visit.fetch(site.url("/talk.wav")).size_bytes
    assert 2 == len(site.asked)


def test_tries_are_logged_without_secrets(site: Site, visit: Visit, caplog: pytest.LogCaptureFixture) -> None:
    """Each failure leaves a line that says what happened, how far the file is and how long is waited."""
    site.pages["/talk.wav"] = Ranged(BODY, breaks=[1000])

    with caplog.at_level(logging.INFO):
        visit.fetch(site.url("/talk.wav?signature=secret"))

    (record,) = caplog.records
    assert "the source failed: the connection broke, or what came was no HTTP" == record.getMessage()
    assert "secret" not in str(record.__dict__)
    assert 1000 == record.__dict__["steno_fields"]["size_bytes"]
