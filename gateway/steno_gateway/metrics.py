"""What the gateway measures, as Prometheus text; names and units are those of the operator's metrics.

`Metered` stands around the application and feeds it each request; `routes.probes` hands them out. No label has a
task, a tenant or a key: their number is bounded by routes, methods and status codes. Each replica counts for itself.
"""

import time
from collections.abc import Callable
from typing import Final

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MEDIA_TYPE: Final = CONTENT_TYPE_LATEST

REQUEST_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600)
"""Seconds of a request, from a read to an upload or a transcript that is waited for."""

NO_ROUTE: Final = "none"
"""In place of the route of a request that no route takes."""

CUT: Final = "cut"
"""In place of the status code of a request whose client went away before there was one."""

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Any other is counted as ``other``: a client may call a method what it likes."""


class Metrics:
    """The gateway's metrics in a registry of their own.

    Parameters
    ----------
    watch_age_seconds
        Since the watch that has been silent longest said anything; None: one never has.
    upload_memory_bytes
        What uploads hold.
    """

    def __init__(
        self, *, watch_age_seconds: Callable[[], float | None], upload_memory_bytes: Callable[[], int]
    ) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library's one function without types
        self.registry = CollectorRegistry()
        # Memory and processor time, under the names that every program has them.
        ProcessCollector(registry=self.registry)
        self._seconds = Histogram(
            "steno_gateway_request_seconds",
            "From a request's headers to the end of its answer, event streams left out.",
            ("route", "method", "code"),
            buckets=REQUEST_BUCKETS,
            registry=self.registry,
        )
        self._received = Counter(
            "steno_gateway_received_bytes", "Bytes of requests' bodies.", ("route",), registry=self.registry
        )
        self._sent = Counter(
            "steno_gateway_sent_bytes", "Bytes of answers' bodies.", ("route",), registry=self.registry
        )
        self._open = Gauge(
            "steno_gateway_requests_open",
            "Requests that are being answered, streams included.",
            registry=self.registry,
        )
        age = Gauge(
            "steno_gateway_watch_age_seconds",
            "Since a watch of the jobs last said anything; of several the oldest. NaN: one never has.",
            registry=self.registry,
        )
        age.set_function(lambda: float("nan") if (seconds := watch_age_seconds()) is None else seconds)
        memory = Gauge(
            "steno_gateway_upload_memory_bytes", "What uploads hold of their memory.", registry=self.registry
        )
        memory.set_function(upload_memory_bytes)

    def begin(self) -> None:
        """Count a request as open."""
        self._open.inc()

    def end(self, answered: "Answered") -> None:
        """Count a request as answered."""
        self._open.dec()
        if not answered.is_stream:
            self._seconds.labels(answered.route, answered.method, answered.code).observe(answered.seconds)
        self._received.labels(answered.route).inc(answered.received_bytes)
        self._sent.labels(answered.route).inc(answered.sent_bytes)

    def text(self) -> bytes:
        """Give all metrics as they are now."""
        return generate_latest(self.registry)


class Answered:
    """One request, while it is answered and once it is."""

    __slots__ = ("code", "is_stream", "method", "received_bytes", "route", "seconds", "sent_bytes")

    def __init__(self, method: str) -> None:
        self.method = method if method in _METHODS else "other"
        self.route = NO_ROUTE
        """Its path, with the names of parameters."""
        self.code = CUT
        self.seconds = 0.0
        self.received_bytes = 0
        self.sent_bytes = 0
        self.is_stream = False
        """Whether it is a stream of events, which lasts as long as its client likes."""


class Metered:
    """Measures every request to an application."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics, clock: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._metrics = metrics
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answered, begun = Answered(scope["method"]), self._clock()

        async def counted() -> Message:
            message = await receive()
            answered.received_bytes += len(message.get("body", b""))
            return message

        async def seen(message: Message) -> None:
            if message["type"] == "http.response.start":
                answered.code = str(message["status"])
                answered.is_stream = any(
                    name == b"content-type" and value.startswith(b"text/event-stream")
                    for name, value in message["headers"]
                )
            answered.sent_bytes += len(message.get("body", b""))
            await send(message)

        self._metrics.begin()
        try:
            await self._app(scope, counted, seen)
        finally:
            route = scope.get("route")
            answered.route = NO_ROUTE if route is None else route.path
            answered.seconds = self._clock() - begun
            self._metrics.end(answered)
