"""``GET /status/{task_id}`` without FastAPI, where the answer lies ready.

Stands around the application (`app.create_app`), inside of all that measures, records and adds headers. Polling for a
status is what a gateway is asked most: what FastAPI does for the route, resolving its dependencies above all, takes
three times as long as everything else (`tests/benchmarks`). So a plain request for a task that is in the cache is
answered here, by the same calls; every other one, with a query, for an unknown task, with a watch too old to be
believed, goes on to `routes.status`, which is also what the docs describe.
"""

from dataclasses import dataclass
from typing import Final

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from steno_gateway.access.caller import Scope as AccessScope
from steno_gateway.context import Context
from steno_gateway.problems import ProblemError
from steno_gateway.refusals import problem_response
from steno_gateway.tasks.views import Links

PREFIX: Final = "/status/"


@dataclass(frozen=True, slots=True)
class _Route:
    """What is measured as the request's route."""

    path: str


_ROUTE: Final = _Route(PREFIX + "{task_id}")


class QuickStatus:
    """Answers what it can, and passes the rest on."""

    def __init__(self, app: ASGIApp, *, context: Context) -> None:
        self._app = app
        self._context = context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the route does."""
        if scope["type"] == "http" and scope["method"] == "GET" and not scope["query_string"]:
            root_path: str = scope.get("root_path", "")
            path: str = scope["path"].removeprefix(root_path)
            if path.startswith(PREFIX) and not _refuses_caches(scope):
                scope["route"] = _ROUTE
                if await self._answer(scope, receive, send, path.removeprefix(PREFIX), Links(root_path)):
                    return
                del scope["route"]
        await self._app(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, task_id: str, links: Links) -> bool:
        context = self._context
        try:
            caller = await context.access.admit(HTTPConnection(scope), AccessScope.READ)
        except ProblemError as refused:
            await problem_response(refused)(scope, receive, send)
            return True
        job = context.reads.known(caller.namespace, task_id)
        if job is None:
            # Whoever is admitted is not counted a second time.
            return False
        body = context.documents.status(job, links)
        headers = [
            (b"cache-control", b"no-store"),
            (b"content-length", b"%d" % len(body)),
            (b"content-type", b"application/json"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        return True


def _refuses_caches(scope: Scope) -> bool:
    return any(name == b"cache-control" and b"no-cache" in value.lower() for name, value in scope["headers"])
