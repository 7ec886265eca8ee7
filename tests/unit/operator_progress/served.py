"""The operator's server on loopback, with a desk behind it or nothing, and what a client makes of its answers.

Used by the tests of this folder that speak HTTP.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx

from steno_operator.progress.intake import ProgressIntake
from steno_operator.serving import application, serve
from unit.operator_progress.desk import a_report

REPORT = a_report(40).model_dump_json(by_alias=True)
JSON = {"Content-Type": "application/json"}


@asynccontextmanager
async def served(
    progress: ProgressIntake | None = None,
    *,
    healthy: Callable[[], list[str]] = list,
    ready: Callable[[], list[str]] = list,
    metrics: Callable[[], tuple[bytes, str]] = lambda: (b"", "text/plain"),
) -> AsyncIterator[httpx.AsyncClient]:
    """Serve, and give a client."""
    app = application(healthy=healthy, ready=ready, metrics=metrics, progress=progress)
    async with (
        httpx.AsyncClient(trust_env=False, timeout=60) as client,
        serve(app, 0, host="127.0.0.1") as port,
    ):
        client.base_url = httpx.URL(f"http://127.0.0.1:{port}")
        yield client


def bearer(token: str) -> dict[str, str]:
    """Give the headers of a report."""
    return {**JSON, "Authorization": f"Bearer {token}"}


async def post(client: httpx.AsyncClient, token: str, content: Any = REPORT) -> httpx.Response:
    """Report."""
    return await client.post("/progress", content=content, headers=bearer(token))


def problem(response: httpx.Response) -> dict[str, Any]:
    """Read a problem document, and hold it to what each of them says."""
    assert "application/problem+json" == response.headers["Content-Type"]
    document: dict[str, Any] = response.json()
    assert response.status_code == document["status"]
    assert {"type", "title", "status", "detail", "remedy"} <= set(document)
    return document
