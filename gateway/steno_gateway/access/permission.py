"""How a route asks for its caller: ``Reader``, ``Writer``, ``Admin`` or ``Known`` among its parameters.

Used by the routes of all dialects. What a request is refused with is a `ProblemError`, which `refusals` spells in the
dialect's own way.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, APIWebSocketRoute, iter_route_contexts
from starlette.requests import HTTPConnection
from starlette.routing import BaseRoute

from steno_gateway.access.caller import Caller, Scope
from steno_gateway.context import Context, context_of


class Permission:
    """Lets a request in that has `scope`; None: anybody who is known."""

    def __init__(self, scope: Scope | None) -> None:
        self.scope = scope

    async def __call__(self, connection: HTTPConnection) -> Caller:
        """Give the request's caller."""
        context: Context = context_of(connection)
        return await context.access.admit(connection, self.scope)


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an application, and what it asks of its caller."""

    method: str
    """``WEBSOCKET`` for a socket; ``ANY`` for what tells none, such as a mounted folder."""
    path: str
    """With its parameters in braces."""
    permissions: tuple[Permission, ...]
    """Empty: anybody may call it."""
    shown: bool
    """Whether the OpenAPI document has it."""


def calls_of(routes: Sequence[BaseRoute]) -> Iterator[Call]:
    """Walk all that an application answers, what is included in it and mounted on it too."""
    for route in iter_route_contexts(routes):
        original = route.original_route
        asked: tuple[Permission, ...] = ()
        if isinstance(original, APIRoute | APIWebSocketRoute):
            asked = tuple(_permissions(original.dependant))
        methods = {"WEBSOCKET"} if isinstance(original, APIWebSocketRoute) else route.methods or {"ANY"}
        shown = isinstance(original, APIRoute) and original.include_in_schema
        path = route.path_format if isinstance(original, APIRoute) else route.path
        for method in sorted(methods):
            yield Call(method, path or repr(original), asked, shown)


def _permissions(dependant: Dependant) -> Iterator[Permission]:
    for each in dependant.dependencies:
        if isinstance(each.call, Permission):
            yield each.call
        yield from _permissions(each)


Reader = Annotated[Caller, Depends(Permission(Scope.READ))]
"""Somebody who may look."""

Writer = Annotated[Caller, Depends(Permission(Scope.WRITE))]
"""Somebody who may make and change tasks."""

Admin = Annotated[Caller, Depends(Permission(Scope.ADMIN))]
"""Somebody who may see what concerns all tenants."""

Known = Annotated[Caller, Depends(Permission(None))]
"""Anybody with a key, whatever it is good for."""
