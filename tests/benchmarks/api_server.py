"""The API server as the bench speaks to it: bare requests, and watches whose events are stamped as they arrive.

The clock of every latency is `time.monotonic` of this process. aiohttp, since a client that costs a millisecond per
request would measure itself. Must not know the operator.
"""

import asyncio
import json
import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any, Final, Self

import aiohttp

from local_cluster.control_plane import ControlPlane

Raw = dict[str, Any]

CONNECTIONS: Final = 64
"""Most requests under way at once."""

REQUEST_SECONDS: Final = 60.0
"""Allowed to one request that is no watch: a burst may make the server slow."""

WATCH_SECONDS: Final = 3600
"""For which the server keeps a watch open."""

PAGE: Final = 1000
"""Objects per page of a list."""

Seen = Callable[[str, Raw, float], None]
"""Gets an event's type, its object, and when it arrived."""


class BenchApi:
    """One API server, as its administrator; made by `connected`."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    @classmethod
    @asynccontextmanager
    async def connected(cls, control_plane: ControlPlane) -> AsyncIterator[Self]:
        """Connect for as long as the context lasts."""
        trust = ssl.create_default_context(cafile=str(control_plane.ca_file))
        async with aiohttp.ClientSession(
            base_url=control_plane.server,
            headers={"Authorization": f"Bearer {control_plane.token}"},
            connector=aiohttp.TCPConnector(ssl=trust, limit=CONNECTIONS),
            timeout=aiohttp.ClientTimeout(total=REQUEST_SECONDS),
            read_bufsize=1 << 20,
        ) as session:
            yield cls(session)

    async def get(self, path: str, **query: str | int) -> Raw:
        """Read one object or one page."""
        return await self._request("GET", path, query=query)

    async def list(self, path: str, **query: str | int) -> tuple[list[Raw], str]:
        """Read all objects; gives them with the list's resourceVersion."""
        found: list[Raw] = []
        token = ""
        while True:
            page = await self.get(path, limit=PAGE, **query, **{"continue": token})
            found += page["items"]
            token = page["metadata"].get("continue", "")
            if not token:
                return found, page["metadata"]["resourceVersion"]

    async def post(self, path: str, body: Raw) -> Raw:
        """Create an object."""
        return await self._request("POST", path, body=body)

    async def patch(self, path: str, change: Raw) -> Raw:
        """Merge a change into an object."""
        return await self._request("PATCH", path, body=change, content_type="application/merge-patch+json")

    async def watch(self, path: str, seen: Seen, *, resource_version: str, **query: str) -> None:
        """Tell `seen` of every event after `resource_version` until cancelled.

        Raises
        ------
        RuntimeError
            The server ended the watch, or sent an error: some events would be missing.
        """
        options = {"watch": "1", "resourceVersion": resource_version, "timeoutSeconds": str(WATCH_SECONDS), **query}
        endless = aiohttp.ClientTimeout(total=None)
        async with self._session.get(path, params=options, timeout=endless) as answer:
            answer.raise_for_status()
            buffer = Lines()
            async for chunk in answer.content.iter_any():
                arrived = time.monotonic()
                for line in buffer.split(chunk):
                    event = json.loads(line)
                    if event["type"] == "ERROR":
                        raise RuntimeError(f"the watch of {path} broke: {event['object'].get('message')}")
                    seen(event["type"], event["object"], arrived)
        raise RuntimeError(f"the API server ended the watch of {path}")

    @asynccontextmanager
    async def watching(self, path: str, seen: Seen, **query: str) -> AsyncIterator[None]:
        """Watch from now on, while the context lasts; an error of the watch ends the context with it."""
        _, version = await self.list(path, **query)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self.watch(path, seen, resource_version=version, **query))
            yield
            task.cancel()

    async def _request(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, str | int] | None = None,
        body: Raw | None = None,
        content_type: str = "application/json",
    ) -> Raw:
        data = None if body is None else json.dumps(body)
        headers = {"Content-Type": content_type}
        async with self._session.request(method, path, params=query, data=data, headers=headers) as answer:
            said = await answer.read()
            if answer.status >= 400:
                raise RuntimeError(
                    f"{method} {path} was answered {answer.status}: {said[:500].decode(errors='replace')}"
                )
            found: Raw = json.loads(said)
            return found


class Lines:
    """Lines out of a stream of bytes that is cut anywhere."""

    def __init__(self) -> None:
        self._rest = b""

    def split(self, chunk: bytes) -> Iterator[bytes]:
        """Give the lines that `chunk` completes; what follows the last one is kept for the next chunk."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        return iter(lines)


class Stamps:
    """When something was first seen, by name, and waiting for all of it."""

    def __init__(self) -> None:
        self.at: dict[str, float] = {}
        """Seconds of the bench's clock, by name."""
        self._changed = asyncio.Event()

    def put(self, name: str, seen: float) -> None:
        """Note when `name` was seen; only the first time counts."""
        if name not in self.at:
            self.at[name] = seen
            self._changed.set()

    async def reach(self, count: int, what: str, *, idle_seconds: float) -> None:
        """Wait until `count` names were seen.

        Raises
        ------
        RuntimeError
            For `idle_seconds` none was added.
        """
        while len(self.at) < count:
            self._changed.clear()
            try:
                async with asyncio.timeout(idle_seconds):
                    await self._changed.wait()
            except TimeoutError:
                raise RuntimeError(f"{what}: {len(self.at)} of {count}, and no more for {idle_seconds} s") from None
