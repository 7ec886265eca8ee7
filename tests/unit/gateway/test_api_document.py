"""The API describes itself, completely and offline."""

import re
from typing import Any

import pytest

from steno_gateway.openapi import TranscribeForm
from steno_gateway.requests import TranscribeOptions
from steno_types import Engine, TranscriptionJobSpec
from support.gateway import Gateway, gateway, kind_of

CALLS = {
    ("/transcribe", "post"),
    ("/uploads", "post"),
    ("/uploads/{upload}", "put"),
    ("/uploads/{upload}", "get"),
    ("/uploads/{upload}", "delete"),
    ("/uploads/{upload}/parts/{number}", "put"),
    ("/uploads/{upload}/complete", "post"),
    ("/batches", "post"),
    ("/retry/{task_id}", "post"),
    ("/cancel/{task_id}", "post"),
    ("/suspend/{task_id}", "post"),
    ("/resume/{task_id}", "post"),
    ("/jobs/{task_id}", "patch"),
    ("/status/{task_id}", "get"),
    ("/events/{task_id}", "get"),
    ("/events", "get"),
    ("/jobs", "get"),
    ("/download/{task_id}", "get"),
    ("/release/{task_id}", "post"),
    ("/release/{task_id}", "delete"),
    ("/queue", "get"),
    ("/session", "post"),
    ("/session", "get"),
    ("/session", "delete"),
    ("/healthz", "get"),
    ("/readyz", "get"),
}


async def document_of(gateway: Gateway) -> dict[str, Any]:
    """Fetch the OpenAPI document."""
    document: dict[str, Any] = (await gateway.client.get("/openapi.json")).json()
    return document


async def test_every_call_is_described(gateway: Gateway) -> None:
    """Each call has a summary, a description, a tag and a name of its own, and no other call is shown."""
    document = await document_of(gateway)

    operations = {
        (path, method): operation for path, item in document["paths"].items() for method, operation in item.items()
    }
    assert CALLS == set(operations)
    assert all(o["summary"] and o["description"] and o["tags"] for o in operations.values())
    assert len(operations) == len({o["operationId"] for o in operations.values()})


async def test_every_error_is_described_as_a_problem(gateway: Gateway) -> None:
    """Whatever is no success has the media type and the schema of a problem document."""
    document = await document_of(gateway)

    errors = [
        response["content"]
        for item in document["paths"].values()
        for operation in item.values()
        for status, response in operation["responses"].items()
        if status == "default" or status >= "400"
    ]
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    assert [problem] * len(errors) == errors
    assert "HTTPValidationError" not in document["components"]["schemas"]


async def test_both_bodies_of_transcribe_are_described(gateway: Gateway) -> None:
    """The form and the JSON, which the route reads by itself, have their schemas."""
    document = await document_of(gateway)

    content = document["paths"]["/transcribe"]["post"]["requestBody"]["content"]
    schemas = document["components"]["schemas"]
    assert {"multipart/form-data", "application/json"} == set(content)
    assert ["file"] == schemas["TranscribeForm"]["required"]
    assert ("string", "binary") == tuple(
        schemas["TranscribeForm"]["properties"]["file"][k] for k in ("type", "format")
    )
    assert {"url", "s3", "upload"} < set(schemas["TranscribeRequest"]["properties"])
    assert set(TranscribeForm.model_fields) == set(schemas["TranscribeForm"]["properties"])


async def test_every_reference_leads_somewhere(gateway: Gateway) -> None:
    """No schema is named that is not there."""
    response = await gateway.client.get("/openapi.json")

    named = set(re.findall(r'"#/components/schemas/(\w+)"', response.text))
    assert set() == named - set(response.json()["components"]["schemas"])


async def test_the_document_is_of_the_version_it_claims(gateway: Gateway) -> None:
    """3.0 knows no null type, no list of examples and no const; the page that is served knows no 3.1."""
    response = await gateway.client.get("/openapi.json")

    assert "3.0.3" == response.json()["openapi"]
    assert [] == re.findall(r'"type":"null"|"examples":\[|"const":|\{"\$ref":"[^"]*",', response.text)


def _bounds(schema: dict[str, Any]) -> dict[str, Any]:
    """What a JSON schema demands of a value, without what it says of it."""
    options = [option for option in schema.get("anyOf", [schema]) if option != {"type": "null"}]
    (only,) = options
    return {
        key: value
        for key, value in {**schema, **only}.items()
        if key not in {"anyOf", "description", "examples", "title"}
    }


SPEC = TranscriptionJobSpec.model_json_schema(by_alias=False)["properties"]
ENGINE = Engine.model_json_schema(by_alias=False)["properties"]
RESOURCE = SPEC | ENGINE | {"engine": ENGINE["name"], "engine_options": ENGINE["options"]}
DESTINATION = {"s3_path", "s3_formats"}
"""What the REST API spells in a way of its own (`test_destinations`)."""


@pytest.mark.parametrize("option", sorted(set(TranscribeOptions.model_fields) - DESTINATION))
def test_an_option_is_bounded_like_the_resources_field(option: str) -> None:
    """The REST API takes exactly what the custom resource takes."""
    schema = TranscribeOptions.model_json_schema()

    assert _bounds(RESOURCE[option]) == _bounds(schema["properties"][option])


async def test_the_docs_page_needs_no_internet(gateway: Gateway) -> None:
    """Everything that the page loads comes from the gateway, and is there."""
    page = await gateway.client.get("/docs")

    assets = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    answers = [await gateway.client.get(asset) for asset in assets]
    assert 3 == len(assets)
    assert [200] * 3 == [answer.status_code for answer in answers]
    assert "url: '/openapi.json'" in page.text
    assert [] == re.findall("https?://", page.text)


async def test_the_docs_page_honours_the_root_path() -> None:
    """Behind a path prefix the page finds its files."""
    async with gateway(root_path="/steno") as behind:
        page = await behind.client.get("/steno/docs")

        assert "url: '/steno/openapi.json'" in page.text
        assert 200 == (await behind.client.get("/steno/docs/swagger-ui.css")).status_code


@pytest.mark.parametrize("asset", ["index.html", "..%2F__init__.py", "swagger-ui-bundle.js.map"])
async def test_no_other_file_is_served(gateway: Gateway, asset: str) -> None:
    """The page's files are listed, not looked for."""
    assert (404, "path-unknown", None) == kind_of(await gateway.client.get(f"/docs/{asset}"))


async def test_the_address_alone_leads_to_the_docs(gateway: Gateway) -> None:
    """Whoever opens the gateway in a browser sees what it can do."""
    response = await gateway.client.get("/")

    assert (307, "/docs") == (response.status_code, response.headers["Location"])


@pytest.mark.parametrize(
    ("method", "path", "problem"),
    [
        pytest.param("GET", "/nowhere", (404, "path-unknown", None), id="unknown path"),
        pytest.param("GET", "/status/", (404, "path-unknown", None), id="no id"),
        pytest.param("GET", "/status/a/b", (404, "path-unknown", None), id="an id with a slash"),
        pytest.param("GET", "/transcribe", (405, "method-not-allowed", None), id="GET to transcribe"),
        pytest.param("PUT", "/release/tsj-1", (405, "method-not-allowed", None), id="PUT to release"),
        pytest.param("POST", "/healthz", (405, "method-not-allowed", None), id="POST to a probe"),
    ],
)
async def test_what_there_is_not_is_a_problem_too(
    gateway: Gateway, method: str, path: str, problem: tuple[int, str, None]
) -> None:
    """Even the framework's own refusals are problem documents."""
    response = await gateway.client.request(method, path)

    assert problem == kind_of(response)


async def test_a_refused_method_names_those_there_are(gateway: Gateway) -> None:
    """405 carries Allow (RFC 9110, section 15.5.6)."""
    assert "POST" == (await gateway.client.get("/transcribe")).headers["Allow"]


@pytest.mark.parametrize("path", ["/docs", "/healthz", "/status/none", "/openapi.json"])
async def test_every_response_has_the_security_headers(gateway: Gateway, path: str) -> None:
    """Successes and refusals alike."""
    headers = (await gateway.client.get(path)).headers

    assert ("nosniff", "DENY", "no-referrer") == (
        headers["X-Content-Type-Options"],
        headers["X-Frame-Options"],
        headers["Referrer-Policy"],
    )
    assert "Access-Control-Allow-Origin" not in headers
