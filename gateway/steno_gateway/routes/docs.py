"""``/docs``: Swagger UI, from files of our own, since a cluster may have no way to the internet."""

from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse
from starlette.exceptions import HTTPException
from swagger_ui_bundle import swagger_ui_path

router = APIRouter(include_in_schema=False)

ASSETS: Final = {
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "swagger-ui.css": "text/css; charset=utf-8",
    "favicon-32x32.png": "image/png",
}
"""The files of the bundle that the page needs, and their media types."""


@router.get("/")
async def root(request: Request) -> RedirectResponse:
    """Lead whoever opens the address in a browser to the docs."""
    return RedirectResponse(f"{_root_path(request)}/docs")


@router.get("/docs")
async def docs(request: Request) -> HTMLResponse:
    """Show the API, with a form to try each call."""
    at = _root_path(request)
    return get_swagger_ui_html(
        openapi_url=f"{at}/openapi.json",
        title="Steno",
        swagger_js_url=f"{at}/docs/swagger-ui-bundle.js",
        swagger_css_url=f"{at}/docs/swagger-ui.css",
        swagger_favicon_url=f"{at}/docs/favicon-32x32.png",
        # Else the page asks a public validator about the document.
        swagger_ui_parameters={"validatorUrl": None},
    )


@router.get("/docs/{asset}")
async def asset(asset: str) -> FileResponse:
    """Give one of the page's files."""
    if asset not in ASSETS:
        raise HTTPException(404)
    return FileResponse(Path(str(swagger_ui_path)) / asset, media_type=ASSETS[asset])


def _root_path(request: Request) -> str:
    return str(request.scope.get("root_path", ""))
