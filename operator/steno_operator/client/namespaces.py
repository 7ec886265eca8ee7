"""Namespaces at the API server; the operator looks at its own alone."""

from steno_kube import ApiServer


class Namespaces:
    """What the operator asks of a namespace."""

    def __init__(self, server: ApiServer) -> None:
        self._server = server

    async def uid(self, name: str) -> str:
        """Give the uid of a namespace: no other has it, in any cluster, nor one that is made anew by that name."""
        uid: str = (await self._server.get(f"/api/v1/namespaces/{name}"))["metadata"]["uid"]
        return uid
