"""Ask an HTTP server for as much as it can answer, over connections that stay open.

Run by `reads` as ``python -m benchmarks.gateway.http_load PORT PATHS CONNECTIONS SECONDS``: ``PATHS`` is a file with
a path on each line, asked in turn; prints JSON `{"requests": ..., "seconds": ...}`. A process of its own, so that the
bench does not share the server's core, and bare protocol, as an HTTP client takes longer than a server. Must not
know what is asked for.
"""

import asyncio
import json
import sys
import time
from itertools import cycle
from pathlib import Path
from typing import cast

import uvloop


class _Connection(asyncio.Protocol):
    """Asks again as soon as it is answered, until the time is up."""

    def __init__(self, paths: "cycle[str]", until: float) -> None:
        self._paths = paths
        self._until = until
        self._buffer = b""
        self.answers = 0
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none of asyncio's classes.
        self._transport = cast("asyncio.WriteTransport", transport)
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, gap, body = self._buffer.partition(b"\r\n\r\n")
        if not gap:
            return
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        if len(body) < int(lengths[0].partition(b":")[2]):
            return
        if not head.startswith(b"HTTP/1.1 200"):
            self._fail(f"the server answered {head[:200]!r}")
            return
        self.answers += 1
        self._buffer = b""
        self._ask()

    def connection_lost(self, error: Exception | None) -> None:
        del error
        self._fail("the server closed the connection")

    def _ask(self) -> None:
        if time.monotonic() >= self._until:
            if not self.over.done():
                self.over.set_result(None)
            self._transport.close()
            return
        self._transport.write(f"GET {next(self._paths)} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())

    def _fail(self, why: str) -> None:
        if not self.over.done():
            self.over.set_exception(RuntimeError(why))


async def _load(port: int, paths: list[str], connections: int, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    began = time.monotonic()
    order = cycle(paths)
    opened = [
        (await loop.create_connection(lambda: _Connection(order, began + seconds), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    await asyncio.gather(*(connection.over for connection in opened))
    said = {"requests": sum(connection.answers for connection in opened), "seconds": time.monotonic() - began}
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    uvloop.run(_load(int(sys.argv[1]), Path(sys.argv[2]).read_text().split(), int(sys.argv[3]), float(sys.argv[4])))
