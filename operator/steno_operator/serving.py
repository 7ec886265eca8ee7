"""The operator's HTTP server: probes, metrics, and workers' progress, on one port of every replica.

Started by `process`, which says what healthy and ready mean. Plain HTTP: what it tells is no secret, and a worker's
token is good for nothing else. What a report means is `progress.intake`'s business; kopf and the API server are none
of this module's.

Every error is a problem document (RFC 9457) with the fields that the gateway's have.
"""

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import ValidationError

from steno_kube import KubeError
from steno_operator.progress.intake import ProgressIntake
from steno_operator.progress.refusals import ReportRefusedError
from steno_types import ProgressReport

BODY_MAX_BYTES: Final = 16 * 1024
"""Of a report; one has some 150."""

PATIENCE_SECONDS: Final = 5.0
"""For which a report may take to arrive, and the API server to answer what it asks; the worker waits no longer."""

RETRY_SECONDS: Final = 5
"""Until another try is worth while, when the API server is away."""

SHUTDOWN_SECONDS: Final = 5.0
"""From the last new connection to the end of the last request, however slow that is."""

PROBLEM_TYPE: Final = "application/problem+json"
TYPE_PREFIX: Final = "urn:steno:problem:"
"""As the gateway's: a problem's type is this and its slug."""

Complaints = Callable[[], list[str]]
"""Says what is wrong, a sentence each; nothing is: an empty list."""

Metrics = Callable[[], tuple[bytes, str]]
"""Gives Prometheus' text, and the Content-Type that it is in."""

# RFC 6750, section 2.1; the scheme is spelled in any case (RFC 9110, section 11.1).
_BEARER: Final = re.compile(r"(?i:bearer) +([A-Za-z0-9._~+/-]+=*)")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem."""

    slug: str
    status: int
    title: str
    remedy: str
    headers: Mapping[str, str] | None = None


BODY_MALFORMED: Final = Kind(
    "body-malformed", 400, "The request's body cannot be read", "Send a progress report in JSON."
)
BODY_INTERRUPTED: Final = Kind(
    "body-interrupted", 400, "The request's body ended early", "Send the whole report again."
)
UNAUTHENTICATED: Final = Kind(
    "token-missing",
    401,
    "The request shows no token",
    "Send 'Authorization: Bearer' with the token that is mounted into the worker's pod.",
    {"WWW-Authenticate": "Bearer"},
)
REFUSED: Final = Kind(
    "report-refused", 403, "The report is not taken", "Report from a pod that works for a TranscriptionJob."
)
PATH_UNKNOWN: Final = Kind(
    "path-unknown", 404, "There is no such path", "Ask for /healthz, /readyz, /metrics or /progress."
)
METHOD_UNKNOWN: Final = Kind(
    "method-not-allowed", 405, "The path does not take this method", "Use a method that the Allow header names."
)
BODY_IDLE: Final = Kind("body-idle", 408, "The request's body stopped coming", "Send the whole report again.")
BODY_TOO_LARGE: Final = Kind(
    "body-too-large", 413, "The request's body is too large", f"Send at most {BODY_MAX_BYTES} bytes."
)
CONTENT_TYPE_UNKNOWN: Final = Kind(
    "content-type-unsupported", 415, "The request's Content-Type is not supported", "Send application/json."
)
INTERNAL: Final = Kind(
    "internal", 500, "The operator failed in a way it did not foresee", "Look into the operator's log."
)
UNHEALTHY: Final = Kind("unhealthy", 503, "The operator is not well", "Wait for its restart, or look into its log.")
NOT_READY: Final = Kind("not-ready", 503, "The operator is not ready", "Try again in a moment.")
API_SERVER_AWAY: Final = Kind(
    "cluster-unavailable",
    503,
    "The Kubernetes API server could not be asked",
    "Report again later; nothing is lost, as each report says all.",
    {"Retry-After": str(RETRY_SECONDS)},
)


class ProblemError(Exception):
    """The request cannot be answered as asked; a detail never holds a token or the API server's words."""

    def __init__(self, kind: Kind, detail: str, *, field: str | None = None, **more: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.document = {
            "type": TYPE_PREFIX + kind.slug,
            "title": kind.title,
            "status": kind.status,
            "detail": detail,
            **({"field": field} if field is not None else {}),
            **more,
            "remedy": kind.remedy,
        }
        """The body of the response."""

    def response(self) -> web.Response:
        """Give the response."""
        return web.Response(
            status=self.kind.status,
            body=json.dumps(self.document).encode(),
            content_type=PROBLEM_TYPE,
            headers=self.kind.headers,
        )


def application(
    *,
    healthy: Complaints,
    ready: Complaints,
    metrics: Metrics,
    progress: ProgressIntake | None,
    patience_seconds: float = PATIENCE_SECONDS,
) -> web.Application:
    """Put the server's answers together.

    Parameters
    ----------
    healthy, ready
        Asked by the probes; any complaint is a 503 that says it.
    metrics
        Asked by Prometheus.
    progress
        Takes the reports; None: there is no such path.
    patience_seconds
        For which a report may take to arrive, and then to be taken.
    """

    async def show_metrics(_: web.Request) -> web.Response:
        body, content_type = metrics()
        return web.Response(body=body, headers={"Content-Type": content_type})

    app = web.Application(client_max_size=BODY_MAX_BYTES, middlewares=[_problems_as_documents])
    app.router.add_get("/healthz", _probe(healthy, UNHEALTHY))
    app.router.add_get("/readyz", _probe(ready, NOT_READY))
    app.router.add_get("/metrics", show_metrics)
    if progress is not None:
        app.router.add_post("/progress", _reports(progress, patience_seconds))
    return app


@asynccontextmanager
async def serve(
    app: web.Application,
    port: int,
    *,
    host: str = "0.0.0.0",  # noqa: S104 -- a pod's address is not known beforehand
    shutdown_seconds: float = SHUTDOWN_SECONDS,
) -> AsyncIterator[int]:
    """Serve while the context is open; gives the port, which is a free one where `port` is 0.

    At the end no connection is taken any more, requests under way are answered, and whatever is not done after
    `shutdown_seconds` is cut off.

    Raises
    ------
    OSError
        The port is taken.
    """
    # aiohttp waits once for requests to end, and once more for those that it then cancels.
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=shutdown_seconds / 2)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def _probe(complaints: Complaints, kind: Kind) -> Handler:
    async def probe(_: web.Request) -> web.Response:
        found = complaints()
        if found:
            raise ProblemError(kind, " ".join(found))
        return web.Response(text="ok\n")

    return probe


def _reports(progress: ProgressIntake, patience_seconds: float) -> Handler:
    async def take_report(request: web.Request) -> web.Response:
        token = _token(request)
        report = await _report(request, patience_seconds)
        try:
            async with asyncio.timeout(patience_seconds):
                answer = await progress.report(token, report)
        except ReportRefusedError as error:
            raise ProblemError(REFUSED, str(error), reason=error.refusal) from error
        except (KubeError, TimeoutError) as error:
            detail = "It did not say whose report this is, or took no progress."
            raise ProblemError(API_SERVER_AWAY, detail) from error
        return web.Response(body=answer.model_dump_json(by_alias=True).encode(), content_type="application/json")

    return take_report


def _token(request: web.Request) -> str:
    given = request.headers.get("Authorization", "")
    shown = _BEARER.fullmatch(given.strip())
    if shown is None:
        detail = "The header holds no bearer token." if given else "The header is missing."
        raise ProblemError(UNAUTHENTICATED, detail, field="Authorization")
    return shown[1]


async def _report(request: web.Request, patience_seconds: float) -> ProgressReport:
    if request.content_type != "application/json":
        raise ProblemError(CONTENT_TYPE_UNKNOWN, "A progress report is application/json.", field="Content-Type")
    try:
        async with asyncio.timeout(patience_seconds):
            body = await request.read()
    except TimeoutError as error:
        raise ProblemError(BODY_IDLE, f"The body was not there after {patience_seconds:g} s.") from error
    except (web.RequestPayloadError, ConnectionError) as error:
        raise ProblemError(BODY_INTERRUPTED, "The body is shorter than announced, or not in its encoding.") from error
    try:
        return ProgressReport.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        field = ".".join(map(str, first["loc"])) or None
        said = first["msg"].removesuffix(".")
        raise ProblemError(BODY_MALFORMED, f"{field or 'The body'}: {said}.", field=field) from error


_OF_AIOHTTP: Final = {404: PATH_UNKNOWN, 405: METHOD_UNKNOWN, 413: BODY_TOO_LARGE}
"""What the library refuses by itself."""


@web.middleware
async def _problems_as_documents(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ProblemError as problem:
        return problem.response()
    except web.HTTPException as error:
        kind = _OF_AIOHTTP.get(error.status, INTERNAL)
        response = ProblemError(kind, f"{request.method} {request.path}: {kind.title}.").response()
        if "Allow" in error.headers:
            response.headers["Allow"] = error.headers["Allow"]
        return response
    except Exception:
        logger.exception("%s %s failed", request.method, request.path)
        return ProblemError(INTERNAL, "What happened is in the operator's log.").response()
