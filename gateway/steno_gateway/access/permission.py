"""How a route asks for its caller: ``Reader``, ``Writer`` or ``Admin`` among its parameters.

Used by the routes of all dialects. What a request is refused with is a `ProblemError`, which `refusals` spells in the
dialect's own way.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request

from steno_gateway.access.caller import Caller, Scope
from steno_gateway.context import Context, context_of


def _permitted(scope: Scope) -> Callable[[Request], Awaitable[Caller]]:
    async def permitted(request: Request) -> Caller:
        context: Context = context_of(request)
        return await context.access.admit(request, scope)

    return permitted


Reader = Annotated[Caller, Depends(_permitted(Scope.READ))]
"""Somebody who may look."""

Writer = Annotated[Caller, Depends(_permitted(Scope.WRITE))]
"""Somebody who may make and change tasks."""

Admin = Annotated[Caller, Depends(_permitted(Scope.ADMIN))]
"""Somebody who may see what concerns all tenants."""
