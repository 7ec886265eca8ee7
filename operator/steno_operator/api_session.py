"""The HTTP session that kopf watches with: it carries the credentials as they are now, and tells what it hears.

Made by `handlers` at each login. kopf's own session has the token of the moment in which it was made, and kubelet
puts another in its place every hour; and nothing of kopf's says that a watch is alive, since bookmarks reach no
handler. Both are middleware here.

Knows aiohttp; must not know kopf, nor what is watched for.
"""

import logging
import ssl
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Final, Protocol, cast

import aiohttp

from steno_operator.heartbeat import Heartbeat, Watch, watch_of

CREDENTIALS_SECONDS: Final = 60.0
"""For which credentials are used before they are read again; client-go's period. A token's successor is there minutes
before the token ends."""

_GOES_ON: Final = frozenset({"watch", "continue"})
"""Parameters of what follows the first page of a list."""

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
    clock
        Monotonic seconds.
    """
    return aiohttp.ClientSession(
        # No limit on connections: each watch takes one for good.
        connector=aiohttp.TCPConnector(limit=0, ssl=credentials.as_ssl_context()),
        proxy=credentials.proxy_url,
        trust_env=credentials.trust_env,
        middlewares=(_Authentication(credentials, read_again, clock), _Listening(heartbeat, listed)),
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

    def __init__(self, heartbeat: Heartbeat, listed: Callable[[Watch], None]) -> None:
        self._heartbeat = heartbeat
        self._listed = listed

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
            response.content = cast("aiohttp.StreamReader", _Overheard(response.content, self._heartbeat, watch))
        return response


class _Overheard:
    """A response's stream, and a listener to it; read piece by piece, as kopf does with a watch."""

    def __init__(self, stream: aiohttp.StreamReader, heartbeat: Heartbeat, watch: Watch) -> None:
        self._stream = stream
        self._heartbeat = heartbeat
        self._watch = watch

    async def iter_chunked(self, size_bytes: int) -> AsyncIterator[bytes]:
        """Give the pieces as they come."""
        async for piece in self._stream.iter_chunked(size_bytes):
            self._heartbeat.heard(self._watch)
            yield piece

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
