"""Namespaces at the API server; the operator looks at its own alone."""

from lightkube import AsyncClient
from lightkube.resources.core_v1 import Namespace

from steno_kube import translated


class Namespaces:
    """What the operator asks of a namespace."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def uid(self, name: str) -> str:
        """Give the uid of a namespace: no other has it, in any cluster, nor one that is made anew by that name."""
        with translated():
            namespace = await self._client.get(Namespace, name)
        if namespace.metadata is None or namespace.metadata.uid is None:
            raise ValueError("the API server sent a namespace without a uid")
        return namespace.metadata.uid
