"""One API server: requests for objects, answers as JSON, refusals in the project's words.

Opened by `client.connect`; everything that asks the API server anything asks an `ApiServer`, but for kopf's watches.
A request costs little more than aiohttp and the JSON themselves do, as thousands of jobs at once are made of requests
(docs/adr/0014). Knows HTTP and Kubernetes' conventions; must not know any kind of object.
"""

import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

import aiohttp
import msgspec
from yarl import URL

from steno_kube.credentials import Credentials
from steno_kube.errors import KubeError, KubeUnavailableError, refusal

Raw = dict[str, Any]
"""An object, as JSON has it."""

CONNECTIONS: Final = 100
"""Open to the API server at once; more requests than that wait for one."""

REQUEST_TIMEOUT_SECONDS: Final = 10.0
"""Without a sign of the server during a request other than a watch, after which it is treated as away."""

LIST_CHUNK: Final = 500
"""Objects per page of a list; client-go's default."""

_UNAUTHORIZED: Final = 401
_REFUSALS_FROM: Final = 300
"""Redirections too: an API server has none, and whoever else answers is not it."""

_JSON: Final = "application/json"
_MERGE_PATCH: Final = "application/merge-patch+json"

_PATIENCE: Final = aiohttp.ClientTimeout(
    total=None,
    connect=REQUEST_TIMEOUT_SECONDS,
    sock_connect=REQUEST_TIMEOUT_SECONDS,
    sock_read=REQUEST_TIMEOUT_SECONDS,
)
_WATCHING: Final = aiohttp.ClientTimeout(
    total=None, connect=REQUEST_TIMEOUT_SECONDS, sock_connect=REQUEST_TIMEOUT_SECONDS
)

Told = Callable[[str, str, int], None]
"""Takes the method, path and status code of a request; the code is 0 where no answer came."""


def _to_nobody(method: str, path: str, code: int) -> None:
    del method, path, code


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    path: str
    query: str = ""
    body: bytes | None = None
    content_type: str = ""
    patience: aiohttp.ClientTimeout = _PATIENCE


class ApiServer:
    """One API server.

    Every method raises `KubeError`; nothing is tried a second time, but for a request whose credentials were out of
    date. Paths are those that `Resource` gives.

    Parameters
    ----------
    address
        Where it is, ``https://host:port``, and a path where a gateway of its own stands before it.
    verify
        Whom to trust, and the client's certificate if it has one.
    credentials
        Of each request.
    field_manager
        As whom the server notes down what is written.
    told
        Hears of each request.
    """

    def __init__(
        self,
        address: str,
        verify: ssl.SSLContext,
        credentials: Credentials,
        *,
        field_manager: str,
        told: Told = _to_nobody,
    ) -> None:
        self._address = address.rstrip("/")
        self._verify = verify
        self._credentials = credentials
        self._written_by = urlencode({"fieldManager": field_manager})
        self._told = told
        self._opened: aiohttp.ClientSession | None = None

    async def get(self, path: str) -> Raw:
        """Read one object, fresh from the server."""
        return await self._ask(_Request("GET", path))

    async def create(self, path: str, body: Mapping[str, Any]) -> Raw:
        """Create an object among those of `path`, and give it as the server made it."""
        return await self._ask(_Request("POST", path, self._written_by, msgspec.json.encode(body), _JSON))

    async def patch(self, path: str, change: Mapping[str, Any]) -> Raw:
        """Merge a change (RFC 7386) into an object, and give it as it is then."""
        return await self._ask(_Request("PATCH", path, self._written_by, msgspec.json.encode(change), _MERGE_PATCH))

    async def delete(self, path: str, *, propagation: str | None = None, uid: str | None = None) -> Raw:
        """Delete an object, and give it as it is then; a ``Status`` once nothing is left of it.

        Parameters
        ----------
        path
            Of the object.
        propagation
            What becomes of those that it owns, as DeleteOptions says it.
        uid
            Of the object that is meant; `ConflictError` where another one has the name by now.
        """
        query = urlencode({"propagationPolicy": propagation}) if propagation is not None else ""
        if uid is None:
            return await self._ask(_Request("DELETE", path, query))
        meant = msgspec.json.encode({"preconditions": {"uid": uid}})
        return await self._ask(_Request("DELETE", path, query, meant, _JSON))

    async def list(self, path: str, *, labels: str = "") -> AsyncIterator[Raw]:
        """Walk the objects of `path` page by page, or those that the label selector lets through."""
        asked = {"limit": str(LIST_CHUNK), **({"labelSelector": labels} if labels else {})}
        while True:
            page = await self._ask(_Request("GET", path, urlencode(asked)))
            for raw in page.get("items") or ():
                yield raw
            following = page.get("metadata", {}).get("continue")
            if not following:
                return
            asked["continue"] = following

    async def page(self, path: str, *, limit: int, following: str = "") -> bytes:
        """Read one page of the objects of `path`, as JSON; `following` is what the page before says."""
        asked = {"limit": str(limit), **({"continue": following} if following else {})}
        async with self._consent(_Request("GET", path, urlencode(asked))) as answer:
            return await answer.read()

    @asynccontextmanager
    async def events(
        self, path: str, *, resource_version: str, timeout_seconds: int, patience_seconds: float
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """Watch all objects of `path` from a version on, for one request; entered once the server consents.

        Gives the events, bookmarks among them, as lines of JSON that the caller reads. The server ends the request
        after `timeout_seconds`; one that goes on for `patience_seconds` is given up: `KubeUnavailableError`.
        """
        query = urlencode(
            {
                "watch": "true",
                "allowWatchBookmarks": "true",
                "resourceVersion": resource_version,
                "timeoutSeconds": str(timeout_seconds),
            }
        )
        patience = aiohttp.ClientTimeout(
            total=patience_seconds, connect=REQUEST_TIMEOUT_SECONDS, sock_connect=REQUEST_TIMEOUT_SECONDS
        )
        async with self._consent(_Request("GET", path, query, patience=patience)) as answer:
            yield _lines(answer)

    async def watch(
        self, path: str, *, fields: str, resource_version: str, timeout_seconds: int
    ) -> AsyncGenerator[tuple[str, Raw], None]:
        """Follow what the field selector lets through, from a version on: ``(event type, object)``, without an end.

        The server ends each request after `timeout_seconds`, and another begins where it ended: whoever iterates sets
        the limit in time.
        """
        while True:
            query = urlencode(
                {
                    "watch": "true",
                    "fieldSelector": fields,
                    "resourceVersion": resource_version,
                    "timeoutSeconds": str(timeout_seconds),
                }
            )
            async with self._consent(_Request("GET", path, query, patience=_WATCHING)) as answer:
                async for line in _lines(answer):
                    event = msgspec.json.decode(line)
                    raw = event["object"]
                    if event["type"] == "ERROR":
                        raise refusal(raw.get("code") or 0, raw)
                    resource_version = raw["metadata"]["resourceVersion"]
                    yield event["type"], raw

    async def close(self) -> None:
        """Close all connections."""
        if self._opened is not None:
            await self._opened.close()

    async def _ask(self, request: _Request) -> Raw:
        async with self._consent(request) as answer:
            found: Raw = msgspec.json.decode(await answer.read())
            return found

    @asynccontextmanager
    async def _consent(self, request: _Request) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send a request, and give the server's consent, whose body is still to come."""
        with _as_kube_errors():
            while True:
                authorization = await self._credentials.authorization()
                answer = await self._send(request, authorization)
                if answer.status != _UNAUTHORIZED or not await self._credentials.renew(authorization):
                    break
                answer.release()
            async with answer:
                if answer.status >= _REFUSALS_FROM:
                    raise await _refusal(answer)
                yield answer

    async def _send(self, request: _Request, authorization: str | None) -> aiohttp.ClientResponse:
        headers = {"Content-Type": request.content_type} if request.body is not None else {}
        if authorization is not None:
            headers["Authorization"] = authorization
        where = f"{request.path}?{request.query}" if request.query else request.path
        code = 0
        try:
            answer = await self._session().request(
                request.method,
                # To the letter: nothing of it is to be quoted again.
                URL(self._address + where, encoded=True),
                data=request.body,
                headers=headers,
                allow_redirects=False,
                timeout=request.patience,
            )
            code = answer.status
        finally:
            self._told(request.method, request.path, code)
        return answer

    def _session(self) -> aiohttp.ClientSession:
        # Within the loop that uses it: one cannot be made before there is one.
        if self._opened is None:
            self._opened = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=self._verify, limit=CONNECTIONS),
                headers={"Accept": _JSON},
                # Said where there is a body.
                skip_auto_headers=("Content-Type",),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._opened


@contextmanager
def _as_kube_errors() -> Iterator[None]:
    """Turn aiohttp's errors, and those of an answer that is no JSON, into the project's."""
    try:
        yield
    except (aiohttp.ClientError, OSError, msgspec.DecodeError) as error:
        raise KubeUnavailableError(f"the API server did not answer: {type(error).__name__} {error}") from error


async def _refusal(answer: aiohttp.ClientResponse) -> KubeError:
    """Say why the server refused; whatever stands between it and us may answer something else than a Status."""
    said = await answer.read()
    try:
        status = msgspec.json.decode(said)
    except msgspec.DecodeError:
        status = None
    return refusal(answer.status, status if isinstance(status, dict) else {})


async def _lines(answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """Cut a watch into its events, however long one is."""
    rest = b""
    async for piece in answer.content.iter_any():
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            yield line
