"""Who we are to the API server: the ``Authorization`` of each request, as lightkube finds it.

Made by `client.connect`. A service account's token lies in a file and is another one every hour; a kubeconfig may
name a program that makes one. lightkube knows all these ways, as flows of httpx2, the client it was written for: they
are asked once, and again when the server does not know us any more. Must not know any request.
"""

import asyncio
from typing import Final

import httpx2
from lightkube import ConfigError

from steno_kube.errors import KubeUnavailableError

_ANYWHERE: Final = "https://api.invalid"
"""In place of an address: a flow puts a header on a request, whatever the request is for."""

_UNAUTHORIZED: Final = 401


class Credentials:
    """One identity; of no way at all where it is the client's certificate, or nobody's.

    Its methods raise `KubeUnavailableError` where the way leads nowhere: what is named may be there later.
    """

    def __init__(self, way: httpx2.Auth | None) -> None:
        self._way = way
        self._standing: str | None = None
        self._asked = asyncio.Lock()

    async def authorization(self) -> str | None:
        """Give the header's value; None: no such header."""
        if self._standing is None and self._way is not None:
            await self.renew(None)
        return self._standing

    async def renew(self, refused: str | None) -> bool:
        """Look for another value than the one that the server refused; says whether there is one."""
        if self._way is None:
            return False
        async with self._asked:
            # Of many requests that are refused at once, the first one asks.
            if self._standing == refused:
                self._standing = await self._walk(self._way, refused=refused is not None)
        return self._standing != refused

    @staticmethod
    async def _walk(way: httpx2.Auth, *, refused: bool) -> str | None:
        request = httpx2.Request("GET", _ANYWHERE)
        flow = way.async_auth_flow(request)
        try:
            await anext(flow)
            if refused:
                await flow.asend(httpx2.Response(_UNAUTHORIZED, request=request))
        except StopAsyncIteration:
            pass  # it knows nothing better
        except ConfigError as error:
            raise KubeUnavailableError(f"the API server cannot be told who asks: {error}") from error
        finally:
            await flow.aclose()
        value: str | None = request.headers.get("Authorization")
        return value
