"""No call is forgotten: each asks for its caller, and the document says what it takes."""

from fastapi import APIRouter

from steno_gateway.access.permission import calls_of
from steno_gateway.app import create_app
from support.gateway import Gateway

OPEN = {
    ("GET", "/"),
    ("GET", "/docs"),
    ("GET", "/docs/{asset}"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
    ("GET", "/openapi.json"),
    ("POST", "/session"),
}
"""What anybody may call."""


async def test_each_call_asks_for_its_caller(gateway: Gateway) -> None:
    """But for those that are listed here, of which none asks."""
    calls = [*calls_of(create_app(gateway.context).routes)]

    open_to_all = {(call.method, call.path) for call in calls if not call.permissions} - {("HEAD", "/openapi.json")}
    assert set() == open_to_all - OPEN
    assert {("GET", "/status/{task_id}"), ("POST", "/transcribe"), ("POST", "/release/{task_id}")} <= {
        (call.method, call.path) for call in calls if call.permissions
    }


async def test_a_forgotten_call_is_found(gateway: Gateway) -> None:
    """In a router, on the application, as a socket, or mounted."""
    app = create_app(gateway.context)
    router = APIRouter(prefix="/new")
    router.get("/call")(lambda: None)
    app.include_router(router)
    app.get("/direct")(lambda: None)
    app.websocket("/socket")(lambda: None)
    app.mount("/files", app)

    open_to_all = {(call.method, call.path) for call in calls_of(app.routes) if not call.permissions}
    assert {("GET", "/new/call"), ("GET", "/direct"), ("WEBSOCKET", "/socket"), ("ANY", "/files")} <= open_to_all


async def test_the_document_says_what_a_call_takes(gateway: Gateway) -> None:
    """Schemes, scope, and how it refuses; open calls say nothing of the kind."""
    document = (await gateway.client.get("/openapi.json")).json()

    operations = {
        (method.upper(), path): operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }
    assert {"ApiKey", "BareApiKey", "Session"} == set(document["components"]["securitySchemes"])
    for call, operation in operations.items():
        if call in OPEN:
            assert "security" not in operation, call
        else:
            assert [{"ApiKey": []}, {"BareApiKey": []}, {"Session": []}] == operation["security"], call
            assert {"401", "403", "429"} <= operation["responses"].keys(), call
    assert "Takes the scope `write`." in operations["POST", "/transcribe"]["description"]
