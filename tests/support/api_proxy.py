"""A proxy between one client and the API server: it writes down every write, and may do something at any of them.

For the control plane tier: what a job costs in writes, and what becomes of an operator that dies at each of them.
Speaks plain HTTP on loopback and brings the server's token itself; a watch passes through as it comes.
"""

import json
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from http.client import HTTPException, HTTPResponse, HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

from local_cluster.control_plane import ControlPlane

_WRITES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_OF_ONE_CONNECTION: Final = frozenset({"connection", "host", "transfer-encoding", "content-length", "authorization"})
_CHUNK_BYTES: Final = 64 << 10


@dataclass(frozen=True, slots=True)
class Write:
    """One request that changes something."""

    method: str
    path: str
    """Without the query."""
    status: int = 0
    """Of the answer; 0 before there is one."""
    name: str = ""
    """Of the object: as the path says, or the body where the object is created."""

    @property
    def what(self) -> str:
        """The write in short: method, resource, subresource."""
        resource, *rest = self.path.partition("/namespaces/")[2].split("/")[1:]
        return " ".join([self.method, "/".join([resource, *rest[1:]])])

    @classmethod
    def of(cls, method: str, path: str, body: bytes) -> "Write":
        """Read what a request is about to change."""
        own = urlsplit(path).path
        _, *rest = own.partition("/namespaces/")[2].split("/")[1:] or [""]
        created = json.loads(body).get("metadata", {}).get("name", "") if method == "POST" and not rest else ""
        return cls(method, own, name=rest[0] if rest else created)


class ApiProxy:
    """A way to the API server that is watched, as long as the context."""

    def __init__(self, server: ControlPlane, kubeconfig: Path) -> None:
        self.kubeconfig = kubeconfig
        """Leads through the proxy."""
        self.writes: list[Write] = []
        """Every answered write, in order."""
        self.before: Callable[[Write], bool] = lambda _: True
        """Asked before a write is passed on; False drops it without an answer."""
        self.after: Callable[[Write], bool] = lambda _: True
        """Asked when a write is done; False keeps its answer from the client."""
        self._token = server.token
        self._trust = ssl.create_default_context(cafile=str(server.ca_file))
        self._address = urlsplit(server.server)
        self._listener = _Listener(self)
        self._thread = Thread(target=self._listener.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        server = f"http://127.0.0.1:{self._listener.server_address[1]}"
        self.kubeconfig.write_text(json.dumps(_kubeconfig(server)))
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._listener.shutdown()
        self._listener.server_close()

    def connect(self) -> HTTPSConnection:
        """Open a connection to the server itself."""
        return HTTPSConnection(self._address.hostname or "", self._address.port, context=self._trust)

    def ask(
        self, upstream: HTTPSConnection, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> HTTPResponse | None:
        """Pass a request on; None where the client is to have no answer."""
        write = Write.of(method, path, body) if method in _WRITES else None
        if write is not None and not self.before(write):
            return None
        upstream.request(method, path, body, {**headers, "Authorization": f"Bearer {self._token}"})
        answer = upstream.getresponse()
        if write is not None:
            done = replace(write, status=answer.status)
            self.writes.append(done)
            if not self.after(done):
                return None
        return answer

    def relay(self, method: str, path: str, answer: HTTPResponse, send: Callable[[bytes], None]) -> None:
        """Pass an answer's body on as it comes; an `OSError` ends it where it is."""
        del method, path
        while piece := answer.read1(_CHUNK_BYTES):
            send(piece)


class _Listener(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, proxy: ApiProxy) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.proxy = proxy

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that are killed."""


class _Handler(BaseHTTPRequestHandler):
    """One connection of the client's, and the one to the server that belongs to it."""

    protocol_version = "HTTP/1.1"
    # Head, body and end of an answer are sent as they come: none is to wait for the other end's word.
    disable_nagle_algorithm = True
    server: _Listener

    def setup(self) -> None:
        super().setup()
        self._upstream = self.server.proxy.connect()

    def finish(self) -> None:
        self._upstream.close()
        # What a fault has left unsent goes nowhere.
        with suppress(OSError):
            super().finish()

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _OF_ONE_CONNECTION}
        try:
            answer = self.server.proxy.ask(self._upstream, self.command, self.path, headers, body)
            if answer is not None:
                self._answer(answer)
            else:
                self.close_connection = True
        except (OSError, HTTPException):
            self.close_connection = True  # one end has gone, and takes the other along

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass_on  # noqa: N815 -- the base class's names

    def _answer(self, answer: HTTPResponse) -> None:
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _OF_ONE_CONNECTION:
                self.send_header(name, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.server.proxy.relay(self.command, self.path, answer, self._send)
        answer.close()  # read to its end it still holds the connection
        self.wfile.write(b"0\r\n\r\n")

    def _send(self, piece: bytes) -> None:
        self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 -- the base class's name
        """Say nothing."""


def _kubeconfig(server: str) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "proxy",
        "contexts": [{"name": "proxy", "context": {"cluster": "proxy", "user": "proxy"}}],
        "clusters": [{"name": "proxy", "cluster": {"server": server}}],
        "users": [{"name": "proxy", "user": {"token": "none"}}],
    }
