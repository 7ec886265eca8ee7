"""Admission of requests: whose they are, whether they may, and whether there are too many of them.

Made by `server` from the settings; asked by `permission` once for each request.
"""

from typing import Protocol

from starlette.requests import HTTPConnection

from steno_gateway.access.caller import ANONYMOUS, Caller, Scope


class Access(Protocol):
    """Says who asks."""

    async def admit(self, request: HTTPConnection, scope: Scope) -> Caller:
        """Give the caller of a request.

        Raises
        ------
        ProblemError
            No key, an unknown one, one without `scope`, or too many requests.
        """


class AnonymousAccess:
    """Everybody may do everything in one namespace."""

    def __init__(self, namespace: str) -> None:
        self._caller = Caller(name=ANONYMOUS, namespace=namespace, scopes=frozenset(Scope))

    async def admit(self, request: HTTPConnection, scope: Scope) -> Caller:
        """Give the one caller there is."""
        del request, scope
        return self._caller
