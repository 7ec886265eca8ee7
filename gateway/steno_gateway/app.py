"""The ASGI application: routes, errors, headers.

Made by `server` and by every test from a `Context`; holds nothing else.
"""

from typing import Final

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.middleware.cors import CORSMiddleware

from steno_gateway import refusals
from steno_gateway.access.audit import Audited
from steno_gateway.context import Context
from steno_gateway.dialects import ROUTERS as DIALECTS
from steno_gateway.dialects import SPELLERS
from steno_gateway.headers import EXPOSED, TAKEN, SecurityHeaders
from steno_gateway.metrics import Metered
from steno_gateway.openapi import document_of
from steno_gateway.reads.quick_status import QuickStatus
from steno_gateway.routes import ROUTERS

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
"""Those that a page of another site may send, where any may."""


def routes() -> FastAPI:
    """Make an application that has all routes and describes them, and can answer nothing yet."""
    # FastAPI's own pages load their scripts from a CDN, which an offline cluster cannot reach.
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url="/openapi.json", generate_unique_id_function=_name)
    for router in (*ROUTERS, *DIALECTS):
        app.include_router(router)
    app.openapi = document_of(app)  # type: ignore[method-assign]  # FastAPI's documented way
    return app


def create_app(context: Context) -> FastAPI:
    """Make the application that answers from `context`."""
    app = routes()
    app.state.context = context
    refusals.install(app, SPELLERS)
    # The last one added stands outermost.
    app.add_middleware(QuickStatus, context=context)
    app.add_middleware(Audited, now=context.now)
    if origins := context.settings.allowed_origins:
        # No credentials: a page of another site sends a key, never a cookie, so that "*" lets nobody in by itself.
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=METHODS,
            allow_headers=TAKEN,
            expose_headers=EXPOSED,
            allow_credentials=False,
        )
    app.add_middleware(SecurityHeaders)
    app.add_middleware(Metered, metrics=context.metrics)
    return app


def _name(route: APIRoute) -> str:
    """Let generated clients call an operation as its function is called here."""
    return route.name
