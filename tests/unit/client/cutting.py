"""A way to a server that breaks off: each connection in its turn after so many bytes, and then none."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Where a connection breaks."""

    sent: float = float("inf")
    """Bytes that the client got through before it breaks."""
    received: float = float("inf")
    """Bytes of answers that the client got before it breaks."""


@dataclass(slots=True)
class Way:
    """What became of the connections."""

    url: str = ""
    cuts: list[Cut] = field(default_factory=list)
    """Of the connections to come, in their order; those after them are whole."""
    broken: int = 0
    """How many broke."""
    used: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a client has sent something."""


@contextlib.asynccontextmanager
async def cutting(url: str, cuts: Sequence[Cut]) -> AsyncIterator[Way]:
    """Stand between a client and the server at `url`."""
    host, _, port = url.removeprefix("http://").partition(":")
    way = Way(cuts=list(cuts))

    async def passing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        cut = way.cuts.pop(0) if way.cuts else Cut()
        far_reader, far_writer = await asyncio.open_connection(host, int(port))
        flows = [
            asyncio.create_task(_flow(reader, far_writer, cut.sent, way.used)),
            asyncio.create_task(_flow(far_reader, writer, cut.received, asyncio.Event())),
        ]
        done, left = await asyncio.wait(flows, return_when=asyncio.FIRST_COMPLETED)
        way.broken += any(flow.result() for flow in done)
        for flow in left:
            flow.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        for each in (writer, far_writer):
            each.transport.abort()

    server = await asyncio.start_server(passing, "127.0.0.1", 0)
    way.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield way


async def _flow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, most: float, used: asyncio.Event) -> bool:
    """Pass bytes on; gives whether the connection is to break."""
    passed = 0
    with contextlib.suppress(ConnectionError):
        while piece := await reader.read(64 << 10):
            used.set()
            if passed + len(piece) > most:
                writer.write(piece[: int(most) - passed])
                await writer.drain()
                return True
            writer.write(piece)
            await writer.drain()
            passed += len(piece)
    return False
