"""What the OpenAPI document says of access: the ways to show a key, and which call takes what.

Called by `openapi`, on the document that FastAPI made of the routes.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from starlette.routing import BaseRoute

from steno_gateway import problems
from steno_gateway.access.permission import calls_of
from steno_gateway.access.sessions import SECURE_COOKIE
from steno_gateway.problems import Kind

Schema = dict[str, Any]

SCHEMES: Final[Schema] = {
    "ApiKey": {"type": "http", "scheme": "bearer", "description": "A key that whoever runs the gateway gave out."},
    "BareApiKey": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "The same key without a word before it, as AssemblyAI's clients send it.",
    },
    "Session": {
        "type": "apiKey",
        "in": "cookie",
        "name": SECURE_COOKIE,
        "description": "What POST /session trades a key for; `steno_session` over plain http.",
    },
}
"""Any of them will do; an installation that lets anonymous callers in asks for none."""

REFUSALS: Final = (
    problems.UNAUTHENTICATED,
    problems.SCOPE_MISSING,
    problems.OTHER_SITE,
    problems.RATE_EXCEEDED,
    problems.CONCURRENCY_EXCEEDED,
)
"""What every call that asks for its caller may be refused with."""


def describe(
    document: Schema, routes: Sequence[BaseRoute], responses: Callable[..., Mapping[int | str, Schema]]
) -> None:
    """Add the schemes, and to each call that asks for its caller what it takes and how it refuses.

    Parameters
    ----------
    document
        Is changed.
    routes
        Those that it describes.
    responses
        Describes kinds of problems as responses.
    """
    document.setdefault("components", {})["securitySchemes"] = SCHEMES
    for call in calls_of(routes):
        if call.shown and call.permissions:
            operation = document["paths"][call.path][call.method.lower()]
            _ask(operation, [each.scope for each in call.permissions if each.scope], responses)


def _ask(operation: Schema, scopes: Sequence[str], responses: Callable[..., Mapping[int | str, Schema]]) -> None:
    operation["security"] = [{name: []} for name in SCHEMES]
    if scopes:
        operation["description"] = f"{operation.get('description', '')}\n\nTakes the scope `{'`, `'.join(scopes)}`."
    described = operation["responses"]
    # A dialect's own shape of errors is said by its default response.
    shape = described.get("default", {}).get("content")
    for status, response in responses(*_not_yet(described)).items():
        if status != "default":
            described[str(status)] = {**response, **({"content": shape} if shape else {})}


def _not_yet(described: Schema) -> list[Kind]:
    return [kind for kind in REFUSALS if str(kind.status) not in described]
