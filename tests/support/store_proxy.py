"""A proxy between one client and an S3 server on loopback: a test is asked before each write, and after it.

For the control plane tier: what becomes of an operator that dies at a write to the store, and of one whose store is
away for some jobs. The client's signature covers the Host that it speaks to, so that is passed on as it came.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

_WRITES: Final = frozenset({"POST", "PUT", "DELETE"})
_OF_ONE_CONNECTION: Final = frozenset({"connection", "transfer-encoding", "content-length", "expect"})
_RESULTS: Final = re.compile(r"/jobs/(?P<name>[a-z0-9.-]+)-[0-9a-f]{8}(?:/(?P<rest>[^<]*)|$)")
"""The part of a job's in the store, in a path, a prefix, or the list of what is to be deleted."""


@dataclass(frozen=True, slots=True)
class StoreRequest:
    """One request about a job's part of the store."""

    method: str
    name: str
    """Of the job."""
    key: str
    """Below the job's prefix."""

    @property
    def what(self) -> str:
        """The request in short: ``PUT manifest.json``; one that deletes any number of objects: ``POST objects``."""
        return f"{self.method} {'objects' if self.method == 'POST' else self.key}"

    @property
    def writes(self) -> bool:
        """Whether it changes something."""
        return self.method in _WRITES


class StoreProxy:
    """A way to the server that is watched, as long as the context."""

    def __init__(self, endpoint: str) -> None:
        self.before: Callable[[StoreRequest], bool] = lambda _: True
        """Asked before a request is passed on; False drops it without an answer."""
        self.after: Callable[[StoreRequest], bool] = lambda _: True
        """Asked when a request is done; False keeps its answer from the client."""
        self._address = urlsplit(endpoint)
        self._listener = _Listener(self)
        self._thread = Thread(target=self._listener.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._listener.shutdown()
        self._listener.server_close()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._listener.server_address[1]}"

    def connect(self) -> HTTPConnection:
        """Open a connection to the server itself."""
        return HTTPConnection(self._address.hostname or "", self._address.port)

    def ask(
        self, upstream: HTTPConnection, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> HTTPResponse | None:
        """Pass a request on; None where the client is to have no answer."""
        found = _RESULTS.search(f"{path}\n{body.decode(errors='replace')}" if method == "POST" else path)
        request = StoreRequest(method, found["name"], found["rest"] or "") if found else None
        if request is not None and not self.before(request):
            return None
        upstream.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            upstream.putheader(name, value)
        upstream.endheaders(body)
        answer = upstream.getresponse()
        if request is not None and answer.status < 300 and not self.after(request):
            return None
        return answer


class _Listener(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, proxy: StoreProxy) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.proxy = proxy

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that are killed."""


class _Handler(BaseHTTPRequestHandler):
    """One connection of the client's, and the one to the server that belongs to it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Listener

    def setup(self) -> None:
        super().setup()
        self._upstream = self.server.proxy.connect()

    def finish(self) -> None:
        self._upstream.close()
        with suppress(OSError):
            super().finish()

    def _pass_on(self) -> None:
        length = self.headers.get("Content-Length")
        body = self.rfile.read(int(length or 0))
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _OF_ONE_CONNECTION}
        if length is not None:
            headers["Content-Length"] = length
        try:
            answer = self.server.proxy.ask(self._upstream, self.command, self.path, headers, body)
            if answer is not None:
                self._answer(answer)
            else:
                self.close_connection = True
        except (OSError, HTTPException):
            self.close_connection = True

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _pass_on  # noqa: N815 -- the base class's names

    def _answer(self, answer: HTTPResponse) -> None:
        body = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _OF_ONE_CONNECTION:
                self.send_header(name, value)
        told = answer.getheader("Content-Length") if self.command == "HEAD" else None
        self.send_header("Content-Length", told or str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 -- the base class's name
        """Say nothing."""
