"""Carry lightkube's requests over aiohttp, which takes a quarter of the time of httpx2's own transport.

Called by `client.connect` alone. On two cores a process asks the API server for 600 to 800 objects a second over the
one and for 1,700 over the other, and thousands of jobs at once are made of such requests (docs/adr/0011). Knows HTTP;
must not know Kubernetes.
"""

import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Final

import aiohttp
import httpx2
from yarl import URL

CONNECTIONS: Final = 100
"""Open to the API server at once; more requests than that wait for one."""


Told = Callable[[str, str, int], None]
"""Takes the method, path and status code of a request; the code is 0 where no answer came."""


def _to_nobody(method: str, path: str, code: int) -> None:
    del method, path, code


@contextmanager
def _as_httpx2(request: httpx2.Request) -> Iterator[None]:
    """Turn aiohttp's errors into those that httpx2's callers know."""
    try:
        yield
    except aiohttp.ConnectionTimeoutError as error:
        raise httpx2.ConnectTimeout(str(error), request=request) from error
    except TimeoutError as error:
        raise httpx2.ReadTimeout(str(error), request=request) from error
    except aiohttp.ClientConnectorError as error:
        raise httpx2.ConnectError(str(error), request=request) from error
    except (aiohttp.ClientError, OSError) as error:
        raise httpx2.ReadError(str(error), request=request) from error


class _Body(httpx2.AsyncByteStream):
    """An answer's body, as it comes."""

    def __init__(self, answer: aiohttp.ClientResponse, request: httpx2.Request) -> None:
        self._answer = answer
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_httpx2(self._request):
            async for chunk in self._answer.content.iter_any():
                yield chunk

    async def aclose(self) -> None:
        """Give the connection back, or up where something of the answer is still to come."""
        self._answer.release()


class AiohttpTransport(httpx2.AsyncBaseTransport):
    """A transport for one server, over TLS as `verify` says."""

    def __init__(self, verify: ssl.SSLContext, told: Told = _to_nobody) -> None:
        self._verify = verify
        self._told = told
        self._opened: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request; errors are httpx2's."""
        limits = request.extensions.get("timeout", {})
        timeout = aiohttp.ClientTimeout(
            total=None,
            connect=limits.get("pool"),
            sock_connect=limits.get("connect"),
            sock_read=limits.get("read"),
        )
        body = await request.aread()
        code = 0
        try:
            with _as_httpx2(request):
                answer = await self._session().request(
                    request.method,
                    URL(str(request.url), encoded=True),
                    data=body or None,
                    headers=request.headers.multi_items(),
                    allow_redirects=False,
                    timeout=timeout,
                )
            code = answer.status
        finally:
            self._told(request.method, request.url.path, code)
        return httpx2.Response(
            answer.status, headers=list(answer.raw_headers), stream=_Body(answer, request), request=request
        )

    async def aclose(self) -> None:
        """Close all connections."""
        if self._opened is not None:
            await self._opened.close()

    def _session(self) -> aiohttp.ClientSession:
        # Within the loop that uses it: one cannot be made before there is one.
        if self._opened is None:
            self._opened = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=self._verify, limit=CONNECTIONS),
                # httpx2 does that.
                auto_decompress=False,
                skip_auto_headers=("User-Agent", "Content-Type"),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._opened
