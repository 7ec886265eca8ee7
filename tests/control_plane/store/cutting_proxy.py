"""A way to a server whose connections break, or stall, after so many bytes.

Speaks no protocol: bytes pass as they come, and a connection that has brought more than an answer's head is taken for
one with a body. Used by ``test_interrupted_reads.py``.
"""

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

_CHUNK_BYTES = 64 << 10

_HEAD_BYTES = 64 << 10
"""More than the answers without a body have, however many come over one connection."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What becomes of one connection that brings a body."""

    after_bytes: int
    """Sent to the client before it happens; more than an answer's head."""
    stalls: bool = False
    """Whether the connection stays, and nothing more comes; else it is reset."""
    meanwhile: Callable[[], object] = lambda: None
    """Done when the server's end is closed, and before the client notices: a store may hold an object that is being
    read."""


class CuttingProxy:
    """The proxy, as long as the context."""

    def __init__(self, host: str, port: int) -> None:
        self.faults: list[Fault] = []
        """Of the next bodies, in order; later ones are left alone."""
        self.bodies = 0
        """Begun so far."""
        self._upstream = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._closing.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._upstream)
                self._start(self._to_server, client, server)
                self._start(self._to_client, client, server)

    def _to_server(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while sent := client.recv(_CHUNK_BYTES):
                server.sendall(sent)
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)

    def _to_client(self, client: socket.socket, server: socket.socket) -> None:
        fault = None
        with client, suppress(OSError):
            with server:
                sent_bytes = 0
                while fault is None or sent_bytes < fault.after_bytes:
                    if not (sent := server.recv(_CHUNK_BYTES)):
                        return
                    client.sendall(sent)
                    if sent_bytes <= _HEAD_BYTES < sent_bytes + len(sent):
                        fault = self._begin_body()
                    sent_bytes += len(sent)
                server.shutdown(socket.SHUT_RDWR)  # the other thread still has it
            fault.meanwhile()
            if fault.stalls:
                self._closing.wait()
            else:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                client.shutdown(socket.SHUT_RD)  # wakes the other thread, whose read would keep the socket alive

    def _begin_body(self) -> Fault | None:
        self.bodies += 1
        return self.faults.pop(0) if self.faults else None
