"""A web server on loopback whose pages misbehave on request, and a network in which every name leads to it.

Each page is a function that is given the request's handler and answers as it likes.
"""

import asyncio
import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self

from steno_worker.intake import Fetched, IntakeLimits, url
from steno_worker.intake.hops import Network

Page = Callable[["Handler"], None]

LOOPBACK = "127.0.0.0/8"
"""What a test must allow to reach a site."""


@dataclass(frozen=True)
class Asked:
    """One request that came."""

    path: str
    """With its query."""
    headers: Mapping[str, str]
    """By lower-case name."""


class Site:
    """The server, as long as the context."""

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self.pages: dict[str, Page] = {}
        """By path, without the query; others are 404."""
        self.asked: list[Asked] = []
        self.closing = threading.Event()
        """Set when the test is over; a page that says nothing waits for it."""
        self._server = _Server(self)
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._scheme = "https" if tls is not None else "http"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    def url(self, path: str, *, host: str = "recordings.example") -> str:
        """Spell the address of a page."""
        return f"{self._scheme}://{host}:{self.port}{path}"


class _Server(ThreadingHTTPServer):
    block_on_close = True

    def __init__(self, site: Site) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.site = site

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients break connections on purpose."""


class Handler(BaseHTTPRequestHandler):
    """One request; pages speak through it."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        """Let the page answer."""
        site = self.server.site
        site.asked.append(Asked(self.path, {name.lower(): value for name, value in self.headers.items()}))
        self.close_connection = True
        site.pages.get(self.path.partition("?")[0], status(404))(self)

    def head(self, code: int, **headers: object) -> None:
        """Send the head of an answer; underscores in names stand for hyphens."""
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def reset(self) -> None:
        """Break the connection so that the client notices at once (RST)."""
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def wait(self) -> None:
        """Keep the connection and say nothing until the test is over."""
        self.wfile.flush()
        self.server.site.closing.wait()

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 -- the base class's name
        """Say nothing."""


def status(code: int, **headers: object) -> Page:
    """Answer `code` without a body."""
    return lambda handler: handler.head(code, Content_Length=0, **headers)


def redirect(target: str, code: int = 302) -> Page:
    """Lead to `target`."""
    return status(code, Location=target)


def in_turn(*pages: Page) -> Page:
    """Answer with one page after the other; the last one stays."""
    left = list(pages)

    def answer(handler: Handler) -> None:
        page = left.pop(0) if len(left) > 1 else left[0]
        page(handler)

    return answer


def whole(body: bytes, **headers: object) -> Page:
    """Answer with a body, whatever range is asked for."""

    def answer(handler: Handler) -> None:
        handler.head(200, Content_Length=len(body), **headers)
        handler.wfile.write(body)

    return answer


@dataclass
class Ranged:
    """A page that knows ranges, and breaks off."""

    body: bytes
    breaks: list[int] = field(default_factory=list)
    """Bytes after which each of the first answers is cut short."""
    validators: dict[str, object] = field(default_factory=lambda: {"ETag": '"v1"'})

    def __call__(self, handler: Handler) -> None:
        """Answer with what is asked for, or all if If-Range names another version."""
        start = 0
        if (asked := re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", ""))) and (
            handler.headers.get("If-Range") in {*self.validators.values(), None}
        ):
            start = int(asked[1])
        if start >= len(self.body) > 0:
            handler.head(416, Content_Range=f"bytes */{len(self.body)}", Content_Length=0)
            return
        part = self.body[start:]
        headers: dict[str, object] = {**self.validators, "Content_Length": len(part)}
        if start:
            end = len(self.body) - 1
            handler.head(206, Content_Range=f"bytes {start}-{end}/{len(self.body)}", **headers)
        else:
            handler.head(200, **headers)
        handler.wfile.write(part[: self.breaks.pop(0)] if self.breaks else part)


@dataclass
class Visit:
    """Fetches from a site as the worker does, in a small world of its own."""

    into: Path
    trust: ssl.SSLContext
    hosts: dict[str, list[str]] = field(default_factory=dict)
    """Addresses by name; a name that is absent leads to 127.0.0.1."""
    allowed: tuple[str, ...] = (LOOPBACK,)
    max_bytes: int = 1 << 20
    max_seconds: float = 60.0
    idle_seconds: float = 30.0
    pauses: list[float] = field(default_factory=list)
    """Asked for between the tries."""
    sizes: list[int] = field(default_factory=list)
    """Reported while the file grew."""
    resolved: list[str] = field(default_factory=list)
    """Names that were asked for."""
    resolver: Callable[[str, int], list[str]] | None = None
    """Asked for the addresses instead of `hosts`; may fail."""
    waits: bool = False
    """Whether pauses are really taken."""

    def fetch(self, address: str) -> Fetched:
        """Fetch it."""
        limits = IntakeLimits(max_bytes=self.max_bytes, max_seconds=self.max_seconds, allowed_hosts=self.allowed)
        world = Network(resolve=self._resolve, pause=self._pause, idle_seconds=self.idle_seconds, trust=self.trust)
        return url.fetch(address, into=self.into, limits=limits, on_bytes=self.sizes.append, network=world)

    def _resolve(self, host: str, port: int) -> list[str]:
        self.resolved.append(host)
        if self.resolver is not None:
            return self.resolver(host, port)
        return self.hosts.get(host, ["127.0.0.1"])

    async def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        if self.waits:
            await asyncio.sleep(seconds)
