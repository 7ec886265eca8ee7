"""Each request as the API server gets it, and its answers as they come back."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from steno_kube import (
    AlreadyExistsError,
    ApiServer,
    ConflictError,
    InvalidResourceError,
    KubeError,
    KubeForbiddenError,
    KubeUnavailableError,
    ResourceNotFoundError,
)
from steno_kube.api_server import LIST_CHUNK
from steno_kube.errors import KubeInternalError
from unit.kube.serving import Scene, serving

Raw = dict[str, Any]

JOBS = "/apis/batch/v1/namespaces/speech/jobs"


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    """A server that answers an object, and a client of it."""
    async with serving() as running:
        running.answers = [(200, b'{"metadata": {"name": "j"}}')]
        yield running


@pytest.mark.parametrize(
    ("call", "method", "query", "sent"),
    [
        pytest.param(lambda c: c.get(JOBS), "GET", {}, (None, b""), id="read"),
        pytest.param(
            lambda c: c.create(JOBS, {"spec": {}}),
            "POST",
            {"fieldManager": "the bench"},
            ("application/json", b'{"spec":{}}'),
            id="create",
        ),
        pytest.param(
            lambda c: c.patch(JOBS, {"spec": None}),
            "PATCH",
            {"fieldManager": "the bench"},
            ("application/merge-patch+json", b'{"spec":null}'),
            id="merge",
        ),
        pytest.param(lambda c: c.delete(JOBS), "DELETE", {}, (None, b""), id="delete"),
        pytest.param(
            lambda c: c.delete(JOBS, propagation="Foreground"),
            "DELETE",
            {"propagationPolicy": "Foreground"},
            (None, b""),
            id="delete with all that it owns",
        ),
        pytest.param(
            lambda c: c.delete(JOBS, uid="u"),
            "DELETE",
            {},
            ("application/json", b'{"preconditions":{"uid":"u"}}'),
            id="delete no other of the name",
        ),
    ],
)
async def test_what_is_sent(
    scene: Scene,
    call: Callable[[ApiServer], Awaitable[Raw]],
    method: str,
    query: Raw,
    sent: tuple[str | None, bytes],
) -> None:
    """Method, path, query, and the body as what it is; whoever counts requests hears of it."""
    answer = await call(scene.client)

    (asked,) = scene.asked
    assert (method, JOBS, query) == (asked.method, asked.path, asked.query)
    assert sent == (asked.headers.get("Content-Type"), asked.body)
    assert {"metadata": {"name": "j"}} == answer
    assert [(method, JOBS, 200)] == scene.told


async def test_a_list_is_read_page_by_page(scene: Scene) -> None:
    """Each page names the next; a page without objects is one too."""
    pages = [
        {"metadata": {"continue": "a b"}, "items": [{"n": 1}, {"n": 2}]},
        {"metadata": {"continue": "c"}, "items": None},
        {"metadata": {"continue": ""}, "items": [{"n": 3}]},
    ]
    scene.answers = [(200, json.dumps(page).encode()) for page in pages]

    found = [raw["n"] async for raw in scene.client.list(JOBS, labels="steno.dev/job")]

    assert [1, 2, 3] == found
    first = {"limit": str(LIST_CHUNK), "labelSelector": "steno.dev/job"}
    assert [first, {**first, "continue": "a b"}, {**first, "continue": "c"}] == [asked.query for asked in scene.asked]


def events(*told: tuple[str, Raw]) -> tuple[int, bytes]:
    """Give what the server sends until it ends a watch."""
    return 200, b"".join(json.dumps({"type": kind, "object": raw}).encode() + b"\n" for kind, raw in told)


def at(version: str) -> Raw:
    """Give an object at a version; as large as one may be that does not fit a buffer."""
    return {"metadata": {"resourceVersion": version, "annotations": {"a": "x" * 300_000}}}


async def test_a_watch_goes_on_where_it_ended(scene: Scene) -> None:
    """The server ends each request of it; the next begins at the last version, and an error event is an error."""
    gone = {"code": 410, "reason": "Expired", "message": "too old resource version"}
    scene.answers = [events(("ADDED", at("8")), ("MODIFIED", at("9"))), events(), events(("ERROR", gone))]
    watch = scene.client.watch(JOBS, fields="metadata.name=j", resource_version="7", timeout_seconds=30)

    heard = [await anext(watch), await anext(watch)]
    with pytest.raises(KubeUnavailableError, match="too old resource version"):
        await anext(watch)

    assert [("ADDED", at("8")), ("MODIFIED", at("9"))] == heard
    assert ["7", "9", "9"] == [asked.query["resourceVersion"] for asked in scene.asked]
    common = {"watch": "true", "fieldSelector": "metadata.name=j", "timeoutSeconds": "30"}
    assert {**common, "resourceVersion": "7"} == scene.asked[0].query


def status(code: int, reason: str, **more: Any) -> tuple[int, bytes]:
    """Give a refusal as the API server spells it."""
    return code, json.dumps({"kind": "Status", "reason": reason, "message": "No.", "code": code, **more}).encode()


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        pytest.param(status(404, "NotFound"), ResourceNotFoundError, "No.", id="not there"),
        pytest.param(status(409, "AlreadyExists"), AlreadyExistsError, "No.", id="there already"),
        pytest.param(status(409, "Conflict"), ConflictError, "No.", id="changed meanwhile"),
        pytest.param(status(403, "Forbidden"), KubeForbiddenError, "No.", id="forbidden"),
        pytest.param(status(401, "Unauthorized"), KubeForbiddenError, "No.", id="unknown"),
        pytest.param(status(422, "Invalid"), InvalidResourceError, "No.", id="invalid"),
        pytest.param(status(400, "BadRequest"), InvalidResourceError, "No.", id="malformed"),
        pytest.param(status(429, "TooManyRequests"), KubeUnavailableError, "No.", id="overloaded"),
        pytest.param(status(503, "ServiceUnavailable"), KubeUnavailableError, "No.", id="away"),
        pytest.param((404, b"404 page not found"), ResourceNotFoundError, "answered 404", id="no such path"),
        pytest.param((502, b"<html>"), KubeUnavailableError, "answered 502", id="a gateway's own page"),
        pytest.param((502, b'"no"'), KubeUnavailableError, "answered 502", id="no object"),
        pytest.param((302, b""), KubeInternalError, "answered 302", id="elsewhere"),
        pytest.param(
            (200, b'{"metadata": {'), KubeUnavailableError, "did not answer: DecodeError", id="half an answer"
        ),
    ],
)
async def test_what_a_refusal_is(scene: Scene, answer: tuple[int, bytes], error: type[KubeError], said: str) -> None:
    """The server's own word decides before its code, what is no Status has its code alone, and none is retried."""
    scene.answers = [answer]

    with pytest.raises(KubeError, match=said) as raised:
        await scene.client.get(f"{JOBS}/j")

    assert error is type(raised.value)
    assert [("GET", f"{JOBS}/j", answer[0])] == scene.told


async def test_fields_that_are_wrong_are_named(scene: Scene) -> None:
    """Whoever wrote the object can be told where to look."""
    causes = [{"field": "spec.source", "message": "m"}, {"message": "of none"}]
    scene.answers = [status(422, "Invalid", details={"causes": causes})]

    with pytest.raises(InvalidResourceError) as raised:
        await scene.client.create(JOBS, {})

    assert ("spec.source",) == raised.value.fields


async def test_a_server_that_is_not_there(scene: Scene) -> None:
    """It may be there later; whoever counts requests hears that no answer came."""
    assert scene.server is not None
    await scene.server.close()

    with pytest.raises(KubeUnavailableError, match="did not answer"):
        await scene.client.get(JOBS)

    assert [("GET", JOBS, 0)] == scene.told
