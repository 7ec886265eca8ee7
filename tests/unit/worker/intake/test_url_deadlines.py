"""A server that takes its time is left in time."""

import gc
import socket
import threading
from collections.abc import Iterator

import pytest

from steno_worker.errors import SourceUnavailableError
from steno_worker.intake.patience import TRIES
from unit.worker.intake.sites import Handler, Page, Ranged, Site, Visit, in_turn, whole

OUT_OF_TIME = r"was not fetched within 0\.3 seconds \(STENO_URL_MAX_SECONDS\)"
"""Message of a fetch that is allowed that long."""


@pytest.fixture(autouse=True)
def nothing_is_left_open() -> Iterator[None]:
    """See that a fetch which is cut short closes its sockets: one that is lost warns, and warnings fail."""
    yield
    gc.collect()


def silent(handler: Handler) -> None:
    """Say nothing at all."""
    handler.wait()


def stalling(handler: Handler) -> None:
    """Begin a body and stop."""
    handler.head(200, Content_Length=10, ETag='"v1"')
    handler.wfile.write(b"RIFF")
    handler.wait()


def trickling(handler: Handler) -> None:
    """Send a body byte by byte, each in time."""
    handler.head(200, Content_Length=10_000)
    while not handler.server.site.closing.wait(0.02):
        handler.wfile.write(b"x")


def trickling_headers(handler: Handler) -> None:
    """Send a header that does not end, byte by byte."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Header: ")
    while not handler.server.site.closing.wait(0.02):
        handler.wfile.write(b"x")


def test_a_stalled_body_is_taken_up(site: Site, visit: Visit) -> None:
    """Nothing for a while ends the try, and the next one asks for the rest."""
    visit.idle_seconds = 0.1
    site.pages["/talk.wav"] = in_turn(stalling, Ranged(b"RIFF....WA"))

    visit.fetch(site.url("/talk.wav"))

    assert b"RIFF....WA" == visit.into.read_bytes()
    assert "bytes=4-" == site.asked[-1].headers["range"]


def test_a_silent_server_is_given_up(site: Site, visit: Visit) -> None:
    """Silence is waited out a few times, and told with its length."""
    visit.idle_seconds = 0.05
    site.pages["/talk.wav"] = silent

    with pytest.raises(SourceUnavailableError, match=f"{TRIES} times in a row: nothing came for 0.05 seconds"):
        visit.fetch(site.url("/talk.wav"))


@pytest.mark.parametrize("page", [silent, stalling, trickling, trickling_headers])
def test_a_fetch_ends_in_time(site: Site, visit: Visit, page: Page) -> None:
    """Whatever the server does, the whole fetch has its time; the message names the setting, and no file is left."""
    visit.max_seconds = 0.3
    site.pages["/talk.wav"] = page

    with pytest.raises(SourceUnavailableError, match=OUT_OF_TIME):
        visit.fetch(site.url("/talk.wav"))

    assert 1 == len(site.asked)
    assert not visit.into.exists()


def test_a_handshake_ends_in_time(visit: Visit) -> None:
    """A server that accepts and never begins TLS is left in time too."""
    visit.max_seconds = 0.3
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(SourceUnavailableError, match=OUT_OF_TIME):
            visit.fetch(f"https://recordings.example:{port}/talk.wav")


def test_a_name_server_that_is_slow_ends_in_time(visit: Visit) -> None:
    """The question to the name server counts."""
    asked = threading.Event()
    visit.max_seconds = 0.3

    def resolve(host: str, port: int) -> list[str]:
        del host, port
        asked.wait(0.6)  # as the resolver's own limit
        return ["127.0.0.1"]

    visit.resolver = resolve

    with pytest.raises(SourceUnavailableError, match=OUT_OF_TIME):
        visit.fetch("http://recordings.example/talk.wav")


def test_pauses_count(site: Site, visit: Visit) -> None:
    """A pause between tries cannot outlast the fetch."""
    visit.max_seconds = 0.3
    visit.waits = True
    site.pages["/talk.wav"] = Handler.reset

    with pytest.raises(SourceUnavailableError, match=OUT_OF_TIME):
        visit.fetch(site.url("/talk.wav"))


def test_a_fetch_in_time_is_not_touched(site: Site, visit: Visit) -> None:
    """The limit is no minimum."""
    site.pages["/talk.wav"] = whole(b"RIFF")

    assert 4 == visit.fetch(site.url("/talk.wav")).size_bytes
