"""The HTTP session that kopf watches with: its credentials are those of now, it tells what it hears, and sieves it.

Made by `handlers` at each login. kopf's own session has the token of the moment in which it was made, and kubelet
puts another in its place every hour; nothing of kopf's says that a watch is alive, since bookmarks reach no handler;
and kopf takes 0.4 ms of processor time for every event, whether or not it says anything new, where asking takes a
tenth of that. All three are middleware here.

Knows aiohttp; must not know kopf, nor what is watched for.
"""

import logging
import ssl
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Final, Protocol, cast

import aiohttp
import msgspec

from steno_operator.heartbeat import Heartbeat, Watch, watch_of

CREDENTIALS_SECONDS: Final = 60.0
"""For which credentials are used before they are read again; client-go's period. A token's successor is there minutes
before the token ends."""

_GOES_ON: Final = frozenset({"watch", "continue"})
"""Parameters of what follows the first page of a list."""

_OF_AN_OBJECT: Final = frozenset({"ADDED", "MODIFIED", "DELETED"})
"""Types of a watch's events; the others are about the watch."""

Passes = Callable[[Watch, Mapping[str, Any]], bool]

logger = logging.getLogger(__name__)


class Credentials(Protocol):
    """What it takes to connect; `kopf.ConnectionInfo` has it."""

    @property
    def proxy_url(self) -> str | None:
        """Proxy on the way to the API server."""

    @property
    def trust_env(self) -> bool:
        """Whether proxies are looked for in the environment."""

    def as_http_headers(self) -> dict[str, str]:
        """Give the headers that authenticate a request."""

    def as_ssl_context(self) -> ssl.SSLContext:
        """Give the CA and the client certificate."""


def open_session(
    credentials: Credentials,
    *,
    read_again: Callable[[], Credentials | None],
    heartbeat: Heartbeat,
    listed: Callable[[Watch], None] = lambda _: None,
    passes: Passes = lambda _, __: True,
    clock: Callable[[], float] = time.monotonic,
) -> aiohttp.ClientSession:
    """Open a session; whoever gets it closes it.

    Parameters
    ----------
    credentials
        As they are at the login.
    read_again
        Reads credentials that may change while the session lasts; None: these do not.
    heartbeat
        Told of what comes.
    listed
        Told of each list that begins a watch.
    passes
        Says of each event of an object whether kopf is to be told of it.
    clock
        Monotonic seconds.
    """
    return aiohttp.ClientSession(
        # No limit on connections: each watch takes one for good.
        connector=aiohttp.TCPConnector(limit=0, ssl=credentials.as_ssl_context()),
        proxy=credentials.proxy_url,
        trust_env=credentials.trust_env,
        middlewares=(_Authentication(credentials, read_again, clock), _Listening(heartbeat, listed, passes)),
    )


class _Authentication:
    """Puts the credentials on each request as they are by then."""

    def __init__(
        self,
        credentials: Credentials,
        read_again: Callable[[], Credentials | None],
        clock: Callable[[], float],
    ) -> None:
        self._headers: Mapping[str, str] = credentials.as_http_headers()
        self._read_again = read_again
        self._clock = clock
        self._read_at = clock()

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        if self._clock() - self._read_at >= CREDENTIALS_SECONDS:
            self._renew()
        request.headers.update(self._headers)
        # A 401 is kopf's to answer: it logs in again, which makes a new session.
        return await handler(request)

    def _renew(self) -> None:
        self._read_at = self._clock()
        try:
            credentials = self._read_again()
        except OSError as error:
            logger.warning("the credentials cannot be read again, the old ones are used on: %s", error)
            return
        if credentials is not None:
            self._headers = credentials.as_http_headers()


class _Listening:
    """Tells of each good answer to a watch or list, and of each piece of it."""

    def __init__(self, heartbeat: Heartbeat, listed: Callable[[Watch], None], passes: Passes) -> None:
        self._heartbeat = heartbeat
        self._listed = listed
        self._passes = passes

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        response = await handler(request)
        watch = watch_of(request.url.path) if request.method == "GET" else None
        if watch is not None and response.ok:
            self._heartbeat.heard(watch)
            if not _GOES_ON & {*request.url.query}:
                self._listed(watch)
            # aiohttp's own tracing reports a body only when it was read to its end, and a watch has none.
            overheard = _Overheard(response.content, self._heartbeat, watch, self._passes)
            response.content = cast("aiohttp.StreamReader", overheard)
        return response


class _Overheard:
    """A response's stream, a listener to it, and a sieve in it; read piece by piece, as kopf does with a watch."""

    def __init__(self, stream: aiohttp.StreamReader, heartbeat: Heartbeat, watch: Watch, passes: Passes) -> None:
        self._stream = stream
        self._heartbeat = heartbeat
        self._watch = watch
        self._passes = passes

    async def iter_chunked(self, size_bytes: int) -> AsyncIterator[bytes]:
        """Give what passes of the pieces as they come, in whole lines."""
        rest = b""
        async for piece in self._stream.iter_chunked(size_bytes):
            self._heartbeat.heard(self._watch)
            *lines, rest = (rest + piece).split(b"\n")
            if passed := b"".join(map(self._sieved, lines)):
                yield passed
        if rest:
            yield rest

    def _sieved(self, line: bytes) -> bytes:
        """Give an event's line if it passes, without managed fields: they are half of it, and nobody's concern."""
        try:
            event = msgspec.json.decode(line)
        except msgspec.DecodeError:
            return line + b"\n"  # for kopf to say so
        if event["type"] not in _OF_AN_OBJECT or "object" not in event:
            return line + b"\n"
        if not self._passes(self._watch, event):
            return b""
        event["object"]["metadata"].pop("managedFields", None)
        return msgspec.json.encode(event) + b"\n"

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
