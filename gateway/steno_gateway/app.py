"""The ASGI application: routes, errors, headers.

Made by `server` and by every test from a `Context`; holds nothing else.
"""

from fastapi import FastAPI
from fastapi.routing import APIRoute

from steno_gateway import refusals
from steno_gateway.context import Context
from steno_gateway.headers import SecurityHeaders
from steno_gateway.openapi import document_of
from steno_gateway.routes import ROUTERS


def create_app(context: Context) -> FastAPI:
    """Make the application that answers from `context`."""
    # FastAPI's own pages load their scripts from a CDN, which an offline cluster cannot reach.
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url="/openapi.json", generate_unique_id_function=_name)
    app.state.context = context
    for router in ROUTERS:
        app.include_router(router)
    refusals.install(app)
    app.add_middleware(SecurityHeaders)
    app.openapi = document_of(app)  # type: ignore[method-assign]  # FastAPI's documented way
    return app


def _name(route: APIRoute) -> str:
    """Let generated clients call an operation as its function is called here."""
    return route.name
