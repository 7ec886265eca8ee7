"""What no honest client sends is refused by name, in bounded memory, and leaves nothing."""

import pytest

from steno_kube import KubeUnavailableError
from support.gateway import FORM_TYPE, Gateway, a_file, a_form, kind_of, problem_of

BODY = {"s3": {"key": "a.wav"}}


@pytest.mark.parametrize(
    "content_type",
    ["audio/mpeg", "application/octet-stream", "application/x-www-form-urlencoded", "text/plain", ""],
)
async def test_a_recording_as_the_body_is_shown_another_call(gateway: Gateway, content_type: str) -> None:
    """As curl --data-binary sends it: PUT /uploads takes it."""
    response = await gateway.client.post(
        "/transcribe", content=b"ID3\x04sound", headers={"Content-Type": content_type}
    )

    assert (415, "content-type-unsupported", "Content-Type") == kind_of(response)
    assert "PUT /uploads" in response.json()["remedy"]
    assert "multipart/form-data, application/json" == response.headers["Accept-Post"]
    assert () == gateway.jobs.jobs


@pytest.mark.parametrize("path", ["/transcribe", "/batches"])
async def test_a_type_of_10_kb_is_not_repeated(gateway: Gateway, path: str) -> None:
    """A problem is short, whatever it is about."""
    response = await gateway.client.post(path, content=b"x", headers={"Content-Type": "a" * 10_240})

    assert (415, "content-type-unsupported", "Content-Type") == kind_of(response)
    assert len(response.content) < 2048


@pytest.mark.parametrize("path", ["/transcribe", "/batches"])
@pytest.mark.parametrize(
    ("content", "problem"),
    [
        pytest.param(b"", (400, "body-empty", None), id="zero bytes"),
        pytest.param(b"\x00", (400, "body-malformed", None), id="a null byte"),
        pytest.param(b'{"s3": {"key": "\xff"}}', (400, "body-malformed", None), id="no UTF-8"),
        pytest.param(b"[" * 100_000, (400, "body-malformed", None), id="deep"),
        pytest.param(b"1" * 100_000, (400, "body-malformed", None), id="a large number"),
        pytest.param(b"null", (422, "field-invalid", None), id="null"),
    ],
)
async def test_a_body_that_is_no_request_is_refused(
    gateway: Gateway, path: str, content: bytes, problem: tuple[int, str, str | None]
) -> None:
    """Never as a fault of the server."""
    response = await gateway.client.post(path, content=content, headers={"Content-Type": "application/json"})

    assert problem == kind_of(response)


@pytest.mark.parametrize(("path", "most"), [("/transcribe", 2 << 20), ("/batches", 5 << 20)])
async def test_json_of_50_mb_is_read_to_its_limit(gateway: Gateway, path: str, most: int) -> None:
    """Without a Content-Length too."""
    sent = 0

    async def body() -> object:
        nonlocal sent
        for _ in range(50 * 16):
            sent += 1 << 16
            yield b" " * (1 << 16)

    response = await gateway.client.post(
        path,
        content=body(),  # type: ignore[arg-type]  # an asynchronous generator of bytes
        headers={"Content-Type": "application/json"},
    )

    assert (413, "body-too-large", None) == kind_of(response)
    assert sent < most


@pytest.mark.parametrize("path", ["/transcribe?language=de", "/batches?language=de"])
async def test_parameters_in_the_address_are_not_ignored(gateway: Gateway, path: str) -> None:
    """Options belong into the body."""
    assert (422, "field-unknown", "language") == kind_of(await gateway.client.post(path, json=BODY))


async def test_a_parameter_of_10_kb_is_not_repeated(gateway: Gateway) -> None:
    """Nor in the field."""
    response = await gateway.client.post(f"/transcribe?{'a' * 10_240}=1", json=BODY)

    assert (422, "field-unknown", "a" * 100) == kind_of(response)
    assert len(response.content) < 2048


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Content-Length": "9" * 30}, id="a length of 30 digits"),
        pytest.param({"X-Anything": "a" * 10_240}, id="a header of 10 kB"),
    ],
)
async def test_headers_break_nothing(gateway: Gateway, headers: dict[str, str]) -> None:
    """What they say is believed, or left alone."""
    response = await gateway.client.post("/transcribe", json=BODY, headers=headers)

    assert response.status_code in {202, 413}


@pytest.mark.parametrize("language", ["de\u0000", "de ", "d\u00e9", "x" * 40])
async def test_unicode_where_none_belongs_is_named(gateway: Gateway, language: str) -> None:
    """An option is refused by its name."""
    response = await gateway.client.post("/transcribe", json={**BODY, "language": language})

    assert (422, "field-invalid", "language") == kind_of(response)


async def test_unicode_where_it_belongs_is_kept(gateway: Gateway) -> None:
    """Words are words."""
    words = ["Übung", "会議", "🎙️"]

    await gateway.client.post("/transcribe", json={"s3": {"key": "Übung/会議.wav"}, "hotwords": words})

    (job,) = gateway.jobs.jobs
    assert tuple(words) == job.spec.hotwords
    assert job.spec.source.s3 is not None
    assert "Übung/会議.wav" == job.spec.source.s3.key


@pytest.mark.parametrize(
    "kwargs",
    [
        pytest.param({"json": BODY}, id="json"),
        pytest.param({"content": a_form(a_file()), "headers": {"Content-Type": FORM_TYPE}}, id="a form"),
    ],
)
async def test_an_absent_api_server_leaves_nothing(gateway: Gateway, kwargs: dict[str, object]) -> None:
    """Neither a task nor bytes; try again after the seconds given."""
    gateway.jobs.failing, gateway.jobs.failing_calls = KubeUnavailableError("10.0.0.1"), frozenset({"create", "get"})

    response = await gateway.client.post("/transcribe", **kwargs)  # type: ignore[arg-type]  # one of two shapes

    assert (503, "cluster-unavailable", None) == kind_of(response)
    assert "5" == response.headers["Retry-After"]
    assert "10.0.0.1" not in problem_of(response)["detail"]
    assert ({}, ()) == (gateway.uploads(), gateway.jobs.jobs)
