"""A way to the API server that fails as ways do: by rule, or just now, and only as a test says.

For the control plane tier. A rule names requests by `Request.what` and says what becomes of them; watches may fall
silent, lose events, or be told that they are out of date. What concerns Leases passes unless a rule names it: who
leads is another test's question.
"""

import io
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from http.client import HTTPResponse, HTTPSConnection
from pathlib import Path
from random import Random
from threading import Lock
from typing import Any, Final, NoReturn
from urllib.parse import parse_qs, urlsplit
from weakref import WeakSet

from local_cluster.control_plane import ControlPlane
from support.api_proxy import ApiProxy, Write

_LEASES: Final = "leases"
_PIECE_BYTES: Final = 64 << 10
_REASONS: Final = {409: "Conflict", 410: "Expired", 429: "TooManyRequests", 500: "InternalError"}
"""The API server's words for its codes; any other is ServiceUnavailable."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the client asks for."""

    method: str
    path: str
    """With the query."""
    name: str = ""
    """Of the object: as the path says, or the body where the object is created."""

    @property
    def resource(self) -> str:
        """Plural of what it is about."""
        return self._parts[0]

    @property
    def what(self) -> str:
        """The request in short, verb, resource, subresource: ``PATCH transcriptionjobs/status``, ``WATCH pods``."""
        resource, *rest = self._parts
        return " ".join([self.verb, "/".join([resource, *rest[1:]])])

    @property
    def verb(self) -> str:
        """GET, LIST, WATCH, or the method."""
        if self.method != "GET" or len(self._parts) > 1:
            return self.method
        return "WATCH" if "watch" in parse_qs(urlsplit(self.path).query) else "LIST"

    @property
    def _parts(self) -> list[str]:
        return urlsplit(self.path).path.partition("/namespaces/")[2].split("/")[1:] or [""]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """The connection goes."""

    after: bool
    """Whether the server has done what it was asked: then only its answer is lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """The request stays on its way for a while."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse:
    """An answer that the server never gave; it does not hear of the request."""

    code: int
    retry_after_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CutInHalf:
    """The server does what it was asked, and half of its answer arrives."""


Fault = Drop | Delay | Refuse | CutInHalf


@dataclass(slots=True, kw_only=True)
class Rule:
    """What becomes of which requests."""

    fault: Fault
    what: str = "*"
    """Pattern of `Request.what`, with ``*``; Leases only where it names them."""
    name: str = "*"
    """Pattern of the object's name; a list has none."""
    times: int | None = None
    """How many requests it strikes; None: all, as long as it stands."""
    skip: int = 0
    """How many it lets pass first."""
    share: float = 1.0
    """Of the rest, which share it strikes, at random."""
    struck: int = field(default=0, init=False)
    """How many it has."""

    def strikes(self, request: Request, random: Random) -> bool:
        """Whether this request is struck; counts it."""
        named = _LEASES in self.what or request.resource != _LEASES
        if not (named and fnmatchcase(request.what, self.what) and fnmatchcase(request.name, self.name)):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.struck == self.times or random.random() >= self.share:
            return False
        self.struck += 1
        return True


class OpenWatch:
    """A watch that the client holds open."""

    def __init__(self, resource: str, send: Callable[[bytes], None]) -> None:
        self.resource = resource
        self.silent = False
        """Whether nothing of it reaches the client any more, though it stays open."""
        self.over = False
        """Whether it ends with its next piece."""
        self.send = send
        self._lock = Lock()

    def tell(self, event: dict[str, Any]) -> None:
        """Let the client hear of an event, if it still listens."""
        with self._lock:
            if self.silent:
                return
            try:
                self.send(json.dumps(event).encode() + b"\n")
            except OSError:
                self.over = True


class FaultyProxy(ApiProxy):
    """The way, as long as the context.

    Parameters
    ----------
    seed
        Of the shares that rules strike.
    """

    def __init__(self, server: ControlPlane, kubeconfig: Path, *, seed: int = 1) -> None:
        super().__init__(server, kubeconfig)
        self.requests: list[Request] = []
        """Every request that came, Leases' too, in order."""
        self.rules: list[Rule] = []
        """The first that strikes decides."""
        self.loses: Callable[[str, dict[str, Any]], bool] = lambda _resource, _event: False
        """Asked of each event of a watch, with its resource's plural; True: the client never hears of it."""
        self.lost: list[tuple[str, str, str]] = []
        """Type, resource and name of the events that were lost."""
        self.begun: Counter[str] = Counter()
        """How many watches were begun, by resource."""
        self._random = Random(seed)  # noqa: S311 -- chance that can be repeated
        self._watches: list[OpenWatch] = []
        self._to_cut: WeakSet[HTTPResponse] = WeakSet()
        self._lock = Lock()

    def asked(self, what: str, name: str = "*") -> int:
        """Count the requests so far, by patterns of `Request.what` and of the object's name."""
        return sum(
            fnmatchcase(request.what, what) and fnmatchcase(request.name, name) for request in [*self.requests]
        )

    @contextmanager
    def under(self, *rules: Rule) -> Iterator[None]:
        """Let rules stand for the length of the context."""
        self.rules = [*rules, *self.rules]
        try:
            yield
        finally:
            self.rules = [rule for rule in self.rules if rule not in rules]

    def watches(self, resource: str) -> list[OpenWatch]:
        """Give the watches of a resource that are open and speak."""
        with self._lock:
            own = (watch for watch in self._watches if watch.resource == resource)
            return [watch for watch in own if not (watch.over or watch.silent)]

    def silence(self, resource: str) -> None:
        """Let the open watches of a resource say nothing more, and stay open; those that follow are well."""
        for watch in self.watches(resource):
            watch.silent = True

    def fail_watches(self, resource: str, code: int) -> None:
        """Send an ERROR event of that code into the open watches of a resource, and end them as the server does."""
        for watch in self.watches(resource):
            watch.tell({"type": "ERROR", "object": _status(code)})
            watch.over = True

    def ask(
        self, upstream: HTTPSConnection, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> HTTPResponse | None:
        """Pass a request on, unless a rule says otherwise."""
        request = Request(method, path, Write.of(method, path, body).name)
        with self._lock:
            self.requests.append(request)
            rule = next((rule for rule in self.rules if rule.strikes(request, self._random)), None)
        match rule.fault if rule is not None else None:
            case Drop(after=False):
                return None
            case Drop(after=True):
                answer = super().ask(upstream, method, path, headers, body)
                if answer is not None:
                    answer.read()
                return None
            case Refuse(code=code, retry_after_seconds=pause):
                return _made_up(code, pause)
            case Delay(seconds=seconds):
                time.sleep(seconds)
            case CutInHalf():
                answer = super().ask(upstream, method, path, headers, body)
                if answer is not None:
                    self._to_cut.add(answer)
                return answer
        return super().ask(upstream, method, path, headers, body)

    def relay(self, method: str, path: str, answer: HTTPResponse, send: Callable[[bytes], None]) -> None:
        """Pass an answer's body on; a watch's event by event."""
        request = Request(method, path)
        watches = request.verb == "WATCH" and answer.status == 200
        if watches:
            self._relay_events(OpenWatch(request.resource, send), answer, cut=answer in self._to_cut)
        elif answer in self._to_cut:
            _send_half(answer.read(), send)
        else:
            super().relay(method, path, answer, send)

    def _relay_events(self, watch: OpenWatch, answer: HTTPResponse, *, cut: bool) -> None:
        with self._lock:
            self._watches.append(watch)
            self.begun[watch.resource] += 1
        rest = b""
        try:
            while piece := answer.read1(_PIECE_BYTES):
                *lines, rest = (rest + piece).split(b"\n")
                for line in lines:
                    if cut:
                        _send_half(line, watch.send)
                    self._relay_event(watch, json.loads(line))
                if watch.over:
                    return
        finally:
            watch.over = True
            with self._lock:
                self._watches.remove(watch)

    def _relay_event(self, watch: OpenWatch, event: dict[str, Any]) -> None:
        if self.loses(watch.resource, event):
            self.lost.append((event["type"], watch.resource, event["object"]["metadata"].get("name", "")))
        else:
            watch.tell(event)


class _Text:
    """What `HTTPResponse` reads an answer from, in place of a socket."""

    def __init__(self, text: bytes) -> None:
        self._text = text

    def makefile(self, _mode: str) -> io.BytesIO:
        """Give the answer."""
        return io.BytesIO(self._text)


def _status(code: int) -> dict[str, Any]:
    """Give the API server's object for a refusal."""
    reason = _REASONS.get(code, "ServiceUnavailable")
    message = f"the test says {code}"
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "message": message,
        "reason": reason,
        "code": code,
    }


def _made_up(code: int, retry_after_seconds: int | None) -> HTTPResponse:
    body = json.dumps(_status(code)).encode()
    pause = f"Retry-After: {retry_after_seconds}\r\n" if retry_after_seconds is not None else ""
    head = f"HTTP/1.1 {code} Refused\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{pause}\r\n"
    answer = HTTPResponse(_Text(head.encode() + body))  # type: ignore[arg-type]  # all it asks of a socket
    answer.begin()
    return answer


def _send_half(body: bytes, send: Callable[[bytes], None]) -> NoReturn:
    send(body[: len(body) // 2])
    raise ConnectionAbortedError("the test wants half an answer")
