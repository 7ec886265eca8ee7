"""The operator's probes and metrics over a real connection, and what it says to any other request."""

from collections.abc import Callable

import httpx
import pytest

from unit.operator_progress.desk import Worker
from unit.operator_progress.served import post, problem, served


@pytest.mark.parametrize(
    ("method", "path", "status", "allowed"),
    [
        pytest.param("GET", "/", 404, None, id="no such path"),
        pytest.param("GET", "/progress", 405, "POST", id="no such method"),
        pytest.param("POST", "/healthz", 405, "GET,HEAD", id="a probe is read"),
    ],
)
async def test_what_there_is_not_is_said_so(
    client: httpx.AsyncClient, method: str, path: str, status: int, allowed: str | None
) -> None:
    """The library's own refusals are problem documents too."""
    answer = await client.request(method, path)

    assert status == problem(answer)["status"]
    assert allowed == answer.headers.get("Allow")


async def test_an_operator_without_an_intake_takes_no_reports() -> None:
    """The path is not there."""
    async with served() as client:
        assert 404 == (await post(client, "any")).status_code


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_a_probe_says_what_is_wrong(path: str) -> None:
    """Each probe asks its own question; complaints are a 503 that lists them, and none is a 200."""
    complaints: list[str] = []

    def of(probe: str) -> Callable[[], list[str]]:
        return lambda: complaints if probe == path else ["The other probe's business."]

    async with served(healthy=of("/healthz"), ready=of("/readyz")) as client:
        well = await client.get(path)
        complaints += ["The watch of Jobs is silent.", "The queue stands still."]
        unwell = await client.get(path)

    assert (200, "ok\n") == (well.status_code, well.text)
    assert (503, "The watch of Jobs is silent. The queue stands still.") == (
        unwell.status_code,
        problem(unwell)["detail"],
    )


async def test_metrics_are_given_as_they_are() -> None:
    """Prometheus' text keeps its own Content-Type, escaping and all."""
    content_type = "text/plain; version=1.0.0; charset=utf-8; escaping=underscores"
    async with served(metrics=lambda: (b"steno_jobs 1\n", content_type)) as client:
        answer = await client.get("/metrics")

    assert (200, "steno_jobs 1\n", content_type) == (
        answer.status_code,
        answer.text,
        answer.headers["Content-Type"],
    )


async def test_nothing_is_logged_of_a_request(
    client: httpx.AsyncClient, worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    """A line a probe and report would drown the rest."""
    caplog.set_level("DEBUG")
    await client.get("/healthz")
    await post(client, worker.token)

    assert [] == [record.name for record in caplog.records if record.name.startswith("aiohttp")]
