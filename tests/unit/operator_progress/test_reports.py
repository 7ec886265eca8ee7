"""Workers' reports over a real connection: each answer has its status, and each refusal its problem document."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from steno_kube import KubeError, KubeForbiddenError, KubeUnavailableError
from steno_operator.serving import BODY_MAX_BYTES
from steno_worker.posting import ProgressPoster
from unit.operator_progress.desk import Desk, Worker, a_report
from unit.operator_progress.served import JSON, REPORT, post, problem


async def test_a_report_is_taken(client: httpx.AsyncClient, desk: Desk, worker: Worker) -> None:
    """What a worker posts is in the status, and the answer is to go on."""
    answer = await post(client, worker.token)

    assert (200, {"stop": False}) == (answer.status_code, answer.json())
    assert "application/json" == answer.headers["Content-Type"]
    assert 40 == await desk.percent()


async def test_the_answer_may_be_to_stop(client: httpx.AsyncClient, desk: Desk, worker: Worker) -> None:
    """To stop is no error."""
    desk.change_pod(worker, deleting=True)

    answer = await post(client, worker.token)

    assert (200, {"stop": True}) == (answer.status_code, answer.json())


async def test_the_workers_own_words_are_understood(
    client: httpx.AsyncClient, desk: Desk, worker: Worker, tmp_path: Path
) -> None:
    """What `steno_worker` posts, this server takes, and its "stop" is heard there."""
    token, heard = tmp_path / "token", threading.Event()
    token.write_text(f"{worker.token}\n")

    def work() -> None:
        with ProgressPoster(f"{client.base_url}/progress", token, stop=heard.set) as poster:
            poster.post(a_report(40))
        desk.change_pod(worker, deleting=True)
        with ProgressPoster(f"{client.base_url}/progress", token, stop=heard.set) as poster:
            poster.post(a_report(50))

    await asyncio.to_thread(work)

    assert 40 == await desk.percent()
    assert heard.is_set()


@pytest.mark.parametrize(
    ("headers", "detail"),
    [
        pytest.param({}, "The header is missing.", id="none"),
        pytest.param({"Authorization": "Basic YTpi"}, "The header holds no bearer token.", id="a password"),
        pytest.param({"Authorization": "Bearer"}, "The header holds no bearer token.", id="no token"),
        pytest.param({"Authorization": "Bearer a b"}, "The header holds no bearer token.", id="two tokens"),
        pytest.param({"Authorization": b"Bearer \xff"}, "The header holds no bearer token.", id="no ASCII"),
    ],
)
async def test_a_report_without_a_token_is_turned_away(
    client: httpx.AsyncClient, desk: Desk, headers: dict[str, Any], detail: str
) -> None:
    """Who shows no token is told how to show one, and nobody is asked."""
    answer = await client.post("/progress", content=REPORT, headers=[*JSON.items(), *headers.items()])

    told = problem(answer)
    assert (401, "Bearer") == (answer.status_code, answer.headers["WWW-Authenticate"])
    assert ("urn:steno:problem:token-missing", "Authorization", detail) == (
        told["type"],
        told["field"],
        told["detail"],
    )
    assert [] == desk.reviews.asked


@pytest.mark.parametrize("scheme", ["bearer", "BEARER"])
async def test_the_scheme_is_spelled_in_any_case(client: httpx.AsyncClient, worker: Worker, scheme: str) -> None:
    """Scheme names of HTTP know no case."""
    headers = {**JSON, "Authorization": f"{scheme} {worker.token}"}

    assert 200 == (await client.post("/progress", content=REPORT, headers=headers)).status_code


async def test_a_refused_report_is_forbidden(client: httpx.AsyncClient) -> None:
    """The document names the refusal, and not the token."""
    answer = await post(client, "a-forged-token")

    assert (403, "NotAuthenticated") == (answer.status_code, problem(answer)["reason"])
    assert "a-forged-token" not in answer.text


@pytest.mark.parametrize(
    ("body", "field", "said"),
    [
        pytest.param("", None, "The body", id="nothing"),
        pytest.param("{", None, "The body", id="half of it"),
        pytest.param("[]", None, "The body", id="no object"),
        pytest.param(b"\xff\xfe", None, "The body", id="no UTF-8"),
        pytest.param(REPORT.replace("40", "101", 1), "percent", "percent", id="more than all"),
        pytest.param(REPORT.replace("transcribe", "think"), "stage", "stage", id="an unknown stage"),
        pytest.param('{"stage": "fetch"}', "percent", "percent", id="a field missing"),
    ],
)
async def test_a_malformed_report_names_its_fault(
    client: httpx.AsyncClient, worker: Worker, body: str | bytes, field: str | None, said: str
) -> None:
    """The field at fault is named, by its name on the wire."""
    answer = await post(client, worker.token, body)

    told = problem(answer)
    assert (400, "urn:steno:problem:body-malformed", field) == (answer.status_code, told["type"], told.get("field"))
    assert told["detail"].startswith(f"{said}: ")


async def test_another_content_type_is_refused(client: httpx.AsyncClient, worker: Worker) -> None:
    """A form is no report."""
    answer = await client.post(
        "/progress", data={"percent": "40"}, headers={"Authorization": f"Bearer {worker.token}"}
    )

    assert (415, "Content-Type") == (answer.status_code, problem(answer)["field"])


@pytest.mark.parametrize("declared", [True, False], ids=["as announced", "as it comes"])
async def test_a_large_body_is_refused(client: httpx.AsyncClient, worker: Worker, declared: bool) -> None:  # noqa: FBT001
    """Whether its length is known beforehand or not, no more than the limit is read."""
    body = REPORT.encode().ljust(BODY_MAX_BYTES + 1)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 1024):
            yield body[start : start + 1024]

    content = body if declared else pieces()
    answer = await post(client, worker.token, content)

    assert (413, "urn:steno:problem:body-too-large") == (answer.status_code, problem(answer)["type"])


async def test_a_body_up_to_the_limit_is_read(client: httpx.AsyncClient, worker: Worker) -> None:
    """The limit itself is allowed."""
    body = REPORT.encode().ljust(BODY_MAX_BYTES)

    assert 200 == (await post(client, worker.token, body)).status_code


@pytest.mark.parametrize("error", [KubeUnavailableError("10.0.0.1 away"), KubeForbiddenError("no pods")], ids=str)
async def test_an_api_server_that_is_away_is_no_refusal(
    client: httpx.AsyncClient, desk: Desk, worker: Worker, error: KubeError
) -> None:
    """The worker is told to try again, and none of the API server's words."""
    desk.owned.failing = error

    answer = await post(client, worker.token)

    told = problem(answer)
    assert (503, "5", "urn:steno:problem:cluster-unavailable") == (
        answer.status_code,
        answer.headers["Retry-After"],
        told["type"],
    )
    assert str(error) not in answer.text


async def test_a_fault_of_our_own_is_said_in_the_log(
    client: httpx.AsyncClient, desk: Desk, worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    """What nobody foresaw is an internal error for the worker, and a traceback for us."""
    del desk.owned.calls

    answer = await post(client, worker.token)

    assert (500, "urn:steno:problem:internal") == (answer.status_code, problem(answer)["type"])
    assert ["POST /progress failed"] == [record.getMessage() for record in caplog.records]
    assert caplog.records[0].exc_info
