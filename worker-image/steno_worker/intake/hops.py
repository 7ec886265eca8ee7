"""Ask an address for a recording, and go where it redirects to, but never to a host that must not be asked.

Called by `url` for each try. Of each hop the name is resolved once, every address found is put to the guard, and the
connection goes to one of just these: the request names the address, with the host in its ``Host`` header and in the
TLS handshake. So an answer of the name server that changes between check and connection cannot matter.

Each hop has a connection of its own, as one that was verified for one name must not serve another at the same
address. httpx's transport is used without its client: that has cookies, proxies from the environment and a log of
every URL, none of which belong here.
"""

import asyncio
import base64
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final

import httpx

from steno_worker.errors import SourceForbiddenError, SourceNotFoundError
from steno_worker.intake.addresses import AllowedHosts, IpAddress, can_be_listed, parse_literal
from steno_worker.intake.answers import REDIRECTS, PassingFaultError, connection_faults_told
from steno_worker.intake.limits import ALLOWED_HOSTS_VARIABLE
from steno_worker.intake.naming import without_secrets
from steno_worker.logs import fields

if TYPE_CHECKING:
    from httpcore import AsyncNetworkStream

MAX_REDIRECTS: Final = 5
"""A share link, its login check, its region and its storage make four."""

MAX_PORT: Final = 65_535

_NO_SUCH_NAME: Final = frozenset({socket.EAI_NONAME, socket.EAI_NODATA})
"""What the resolver says of a name that has no address; anything else may pass."""

logger = logging.getLogger(__name__)


def resolve(host: str, port: int) -> list[str]:
    """Ask the system's resolver, in the order in which its answers should be tried; ``socket.gaierror``."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """What a fetch needs of the world."""

    resolve: Callable[[str, int], list[str]] = resolve
    """Gives the addresses of a host, spelled as text. Blocks; called in a thread."""
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    connect_seconds: float = 10.0
    """For TCP and for TLS, per address."""
    idle_seconds: float = 30.0
    """Longest time without a byte."""
    trust: ssl.SSLContext = field(default_factory=httpx.create_ssl_context)
    """Certificates trusted; default: certifi's, or those that ``SSL_CERT_FILE`` or ``SSL_CERT_DIR`` name."""

    @property
    def timeout(self) -> dict[str, float | None]:
        """In the transport's words."""
        return httpx.Timeout(self.idle_seconds, connect=self.connect_seconds).as_dict()


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """Asks addresses on behalf of one job."""

    allowed: AllowedHosts
    network: Network

    @asynccontextmanager
    async def open(self, source: str, headers: Mapping[str, str]) -> AsyncIterator[httpx.Response]:
        """Give the first answer that is no redirect; its body is still to be read.

        Parameters
        ----------
        source
            Where to begin. User and password in it are sent to its own scheme, host and port alone.
        headers
            Sent to every hop.

        Raises
        ------
        SourceNotFoundError, SourceForbiddenError
            Terminal, the user's (exit 66).
        PassingFaultError
            Another try may help.
        """
        url = first = _parse(source, "The source's URL")
        for _ in range(MAX_REDIRECTS + 1):
            own = headers if _origin(url) != _origin(first) else {**headers, **_authorization(first)}
            async with self._hop(url, own) as response:
                if response.status_code not in REDIRECTS or "Location" not in response.headers:
                    yield response
                    return
                url = _next(url, response.headers["Location"])
        raise SourceNotFoundError(f"{without_secrets(source)} is redirected more than {MAX_REDIRECTS} times.")

    @asynccontextmanager
    async def _hop(self, url: httpx.URL, headers: Mapping[str, str]) -> AsyncIterator[httpx.Response]:
        """Ask one address; gives its answer, redirect or not."""
        addresses = await self._checked_addresses(url)
        async with (
            _closing_sockets() as trace,
            httpx.AsyncHTTPTransport(verify=self.network.trust, trust_env=False) as transport,
        ):
            extensions = {"timeout": self.network.timeout, "trace": trace}
            requests = [pinned_request(url, headers, address, extensions) for address in addresses]
            response = await self._first_answer(transport, requests, without_secrets(str(url)))
            try:
                yield response
            finally:
                await response.aclose()

    async def _first_answer(
        self, transport: httpx.AsyncBaseTransport, requests: Sequence[httpx.Request], shown: str
    ) -> httpx.Response:
        """Try one address after the other, as only some may be reachable from here."""
        for request in requests[:-1]:
            try:
                return await self._ask(transport, request, shown)
            except PassingFaultError as fault:
                if not isinstance(fault.__cause__, httpx.ConnectError | httpx.ConnectTimeout):
                    raise
        return await self._ask(transport, requests[-1], shown)

    async def _ask(self, transport: httpx.AsyncBaseTransport, request: httpx.Request, shown: str) -> httpx.Response:
        with connection_faults_told(shown, idle_seconds=self.network.idle_seconds):
            return await transport.handle_async_request(request)

    async def _checked_addresses(self, url: httpx.URL) -> list[IpAddress]:
        """Give the addresses of the host, none of which is forbidden: with one that is, all are refused."""
        host, shown = url.raw_host.decode("ascii"), without_secrets(str(url))
        try:
            literal = parse_literal(host)
        except ValueError as error:
            raise SourceForbiddenError(f"{shown} is not fetched: {error}.") from error
        addresses = [literal] if literal is not None else await self._resolve(host, url, shown)
        for address in addresses:
            found = self.allowed.refusal(host, address)
            if found is None:
                continue
            logger.warning("address refused", extra=fields(url=shown, address=str(address), kind=found))
            remedy = (
                f"whoever runs the cluster can allow it in {ALLOWED_HOSTS_VARIABLE}"
                if can_be_listed(found)
                else f"{ALLOWED_HOSTS_VARIABLE} cannot allow it"
            )
            raise SourceForbiddenError(f"{shown} leads to a {found} address, which is not asked; {remedy}.")
        return addresses

    async def _resolve(self, host: str, url: httpx.URL, shown: str) -> list[IpAddress]:
        try:
            found = await asyncio.to_thread(self.network.resolve, host, _origin(url)[2])
        except UnicodeError as error:  # a label that is empty or too long for the DNS
            raise SourceNotFoundError(f"The host of {shown} is no valid name.") from error
        except socket.gaierror as error:
            if error.errno in _NO_SUCH_NAME:
                raise SourceNotFoundError(f"The host of {shown} does not exist; check its spelling.") from error
            raise PassingFaultError("its host's name could not be resolved") from error
        if not found:
            raise SourceNotFoundError(f"The host of {shown} has no address.")
        return [ip_address(address) for address in found]


def pinned_request(
    url: httpx.URL, headers: Mapping[str, str], address: IpAddress, extensions: Mapping[str, object]
) -> httpx.Request:
    """Make the request for `url` that goes to `address` whatever the name server says by then."""
    host = url.raw_host.decode("ascii")
    # A certificate for an address names the address itself, and no name is sent.
    named = {"sni_hostname": host.removesuffix(".")} if parse_literal(host) is None else {}
    return httpx.Request(
        "GET",
        url.copy_with(host=str(address), userinfo=b"", fragment=None),
        headers={"Host": url.netloc.decode("ascii"), **headers},
        extensions={**extensions, **named},
    )


@asynccontextmanager
async def _closing_sockets() -> AsyncIterator[Callable[[str, Mapping[str, Any]], Awaitable[None]]]:
    """Give a ``trace`` for requests, and close in the end every socket that was opened for them.

    httpcore forgets a socket whose TLS handshake is cancelled, as the time limit does.
    """
    opened: list[AsyncNetworkStream] = []

    async def trace(event: str, about: Mapping[str, Any]) -> None:
        if event == "connection.connect_tcp.complete":
            opened.append(about["return_value"])

    try:
        yield trace
    finally:
        for stream in opened:
            await stream.aclose()


def _parse(text: str, what: str) -> httpx.URL:
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError) as error:
        raise SourceNotFoundError(f"{what} cannot be read as an address.") from error
    if url.scheme not in {"http", "https"}:
        raise SourceForbiddenError(f"{what} is neither http nor https.")
    if not url.host or (url.port is not None and not 0 < url.port <= MAX_PORT):
        raise SourceNotFoundError(f"{what} names no host, or a port that cannot be.")
    return url


def _next(url: httpx.URL, location: str) -> httpx.URL:
    """Follow a redirect, but not from https to http."""
    shown = without_secrets(str(url))
    try:
        target = str(url.join(location))
    except (httpx.InvalidURL, ValueError):
        target = location  # unreadable by itself too
    found = _parse(target, f"The address that {shown} redirects to")
    if url.scheme == "https" and found.scheme == "http":
        raise SourceForbiddenError(f"{shown} redirects from https to http, which is not followed.")
    return found


def _origin(url: httpx.URL) -> tuple[str, bytes, int]:
    return url.scheme, url.raw_host, url.port or (443 if url.scheme == "https" else 80)


def _authorization(url: httpx.URL) -> dict[str, str]:
    """Spell the user and password of a URL as Basic credentials (RFC 7617)."""
    if not url.userinfo:
        return {}
    pair = f"{url.username}:{url.password}".encode()
    return {"Authorization": f"Basic {base64.b64encode(pair).decode('ascii')}"}
