"""A recording comes from an address as it lies there, and no more of it than is allowed."""

import gzip
import hashlib
import signal
import socket
from collections.abc import Callable

import pytest

from steno_worker.errors import (
    AudioUndecodableError,
    ScratchFullError,
    SettingsInvalidError,
    SourceTooLargeError,
)
from steno_worker.intake import Fetched
from unit.worker.intake.sites import Handler, Page, Site, Visit, whole

BODY = bytes(range(256)) * 2000
"""512 kB."""


def chunked(body: bytes, **headers: object) -> Page:
    """Answer without a length."""

    def answer(handler: Handler) -> None:
        handler.head(200, Transfer_Encoding="chunked", **headers)
        for start in range(0, len(body), 50_000):
            chunk = body[start : start + 50_000]
            handler.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
        handler.wfile.write(b"0\r\n\r\n")

    return answer


def endless(handler: Handler) -> None:
    """Send until the client has had enough."""
    handler.head(200)
    while not handler.server.site.closing.is_set():
        handler.wfile.write(bytes(1 << 16))


def test_a_recording_is_fetched(site: Site, visit: Visit) -> None:
    """File, size and digest are the body's, progress is told as it comes, and nothing is waited for."""
    site.pages["/talk.wav"] = whole(BODY)

    fetched = visit.fetch(site.url("/talk.wav"))

    assert BODY == visit.into.read_bytes()
    assert Fetched(size_bytes=len(BODY), sha256=hashlib.sha256(BODY).hexdigest()) == fetched
    assert sorted(set(visit.sizes)) == visit.sizes
    assert len(BODY) == visit.sizes[-1]
    assert [] == visit.pauses


def test_the_request_is_plain(site: Site, visit: Visit) -> None:
    """The path and query are the job's own, the host is the name, and the body is asked for as it is."""
    site.pages["/a b/talk.wav"] = site.pages["/a%20b/talk.wav"] = whole(b"RIFF")

    visit.fetch(site.url("/a b/talk.wav?signature=a%2Fb&x=1#here"))

    (asked,) = site.asked
    assert "/a%20b/talk.wav?signature=a%2Fb&x=1" == asked.path
    assert {
        "host": f"recordings.example:{site.port}",
        "accept": "*/*",
        "accept-encoding": "identity",
        "user-agent": "steno-worker",
    } == asked.headers


@pytest.mark.parametrize("host", ["127.0.0.1", "[::ffff:127.0.0.1]"])
def test_an_address_needs_no_name_server(site: Site, visit: Visit, host: str) -> None:
    """A host that is an address is asked directly."""
    site.pages["/talk.wav"] = whole(b"RIFF")

    assert 4 == visit.fetch(site.url("/talk.wav", host=host)).size_bytes
    assert [] == visit.resolved


def test_a_body_of_unknown_length_is_fetched(site: Site, visit: Visit) -> None:
    """Chunked bodies are taken to their end."""
    site.pages["/talk.wav"] = chunked(BODY)

    assert hashlib.sha256(BODY).hexdigest() == visit.fetch(site.url("/talk.wav")).sha256


def test_another_address_of_the_host_is_tried(site: Site, visit: Visit) -> None:
    """A host that cannot be reached at its first address is asked at the next, without a pause."""
    site.pages["/talk.wav"] = whole(b"RIFF")
    visit.hosts["recordings.example"] = ["127.0.0.2", "127.0.0.1"]  # the site listens at the second alone

    assert 4 == visit.fetch(site.url("/talk.wav")).size_bytes
    assert [] == visit.pauses


@pytest.mark.parametrize(
    ("page", "begins"),
    [
        pytest.param(whole(BODY), False, id="announced"),
        pytest.param(chunked(BODY), True, id="not announced"),
        pytest.param(chunked(gzip.compress(bytes(64 << 20)), Content_Encoding="gzip"), False, id="a bomb"),
        pytest.param(whole(gzip.compress(BODY, 0), Content_Encoding="gzip"), False, id="compressed, announced"),
        pytest.param(chunked(gzip.compress(b"") * 6000, Content_Encoding="gzip"), False, id="compressed nothing"),
    ],
)
def test_too_much_is_refused(site: Site, visit: Visit, page: Page, *, begins: bool) -> None:
    """The limit holds for what is announced, for what comes, and for what that stands for; no file is left."""
    site.pages["/talk.wav"] = page
    visit.max_bytes = 100_000

    with pytest.raises(SourceTooLargeError, match=r"more than the 100000 bytes .*STENO_URL_MAX_BYTES"):
        visit.fetch(site.url("/talk.wav"))

    assert max(visit.sizes, default=0) <= visit.max_bytes
    assert begins is bool(visit.sizes)
    assert not visit.into.exists()
    assert 1 == len(site.asked)


def test_an_endless_body_ends_at_the_limit(site: Site, visit: Visit) -> None:
    """A server that never stops is left as soon as it has sent too much."""
    site.pages["/talk.wav"] = endless

    with pytest.raises(SourceTooLargeError):
        visit.fetch(site.url("/talk.wav"))


def test_the_limit_itself_is_allowed(site: Site, visit: Visit) -> None:
    """A recording of exactly the largest size is fetched."""
    site.pages["/talk.wav"] = whole(BODY)
    visit.max_bytes = len(BODY)

    assert len(BODY) == visit.fetch(site.url("/talk.wav")).size_bytes


@pytest.mark.parametrize("page", [whole, chunked])
def test_a_body_that_was_compressed_on_the_way_is_undone(site: Site, visit: Visit, page: Callable[..., Page]) -> None:
    """The file holds the recording, whatever the server did to it although it was asked not to."""
    site.pages["/talk.wav"] = page(gzip.compress(BODY), Content_Encoding="gzip")

    assert hashlib.sha256(BODY).hexdigest() == visit.fetch(site.url("/talk.wav")).sha256


@pytest.mark.parametrize(
    ("encoding", "match"),
    [
        pytest.param("br", "content coding br", id="brotli"),
        pytest.param("gzip, gzip", "content coding gzip, gzip", id="twice"),
        pytest.param("gzip", "its bytes do not have", id="a lie"),
    ],
)
def test_a_coding_that_cannot_be_undone_is_told(site: Site, visit: Visit, encoding: str, match: str) -> None:
    """What would be noise to the decoder is refused with the coding's name."""
    site.pages["/talk.wav"] = whole(b"RIFF", Content_Encoding=encoding)

    with pytest.raises(AudioUndecodableError, match=match):
        visit.fetch(site.url("/talk.wav"))
    assert not visit.into.exists()


def test_a_full_disk_is_no_fault_of_the_server(site: Site, visit: Visit) -> None:
    """A disk without room ends the fetch at once."""
    site.pages["/talk.wav"] = whole(BODY)
    visit.into.symlink_to("/dev/full")

    with pytest.raises(ScratchFullError, match="STENO_SCRATCH"):
        visit.fetch(site.url("/talk.wav"))

    assert 1 == len(site.asked)
    assert not visit.into.is_symlink()


def test_a_list_of_hosts_that_means_nothing_is_the_platforms_fault(visit: Visit) -> None:
    """A typing error in the setting is told as such, and nobody is asked."""
    visit.allowed = ("10.0.0.0/33",)

    with pytest.raises(SettingsInvalidError, match=r"STENO_URL_ALLOWED_HOSTS.*10\.0\.0\.0/33"):
        visit.fetch("http://recordings.example/talk.wav")
    assert [] == visit.resolved


def test_sigterm_is_heard_as_before(site: Site, visit: Visit) -> None:
    """The fetch leaves alone the pipe through which `steno_worker.sigterm` learns of signals."""
    site.pages["/talk.wav"] = whole(b"RIFF")
    ear, mouth = socket.socketpair()
    with ear, mouth:
        mouth.setblocking(False)
        before = signal.set_wakeup_fd(mouth.fileno())
        try:
            visit.fetch(site.url("/talk.wav"))
        finally:
            found = signal.set_wakeup_fd(before)

        assert mouth.fileno() == found
