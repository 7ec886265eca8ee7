"""Raw lists of what the operator watches, for a look at everything before the first decision."""

from collections.abc import AsyncIterator
from typing import Any, Final

from lightkube import ALL_NS, AsyncClient
from lightkube.generic_resource import create_namespaced_resource

from steno_kube import translated
from steno_types import GROUP, JOB_LABEL, KIND, PLURAL, VERSION

LIST_CHUNK: Final = 500
"""Objects per page of a list; client-go's default."""

_TranscriptionJob: Final = create_namespaced_resource(GROUP, VERSION, KIND, PLURAL)
_Pod: Final = create_namespaced_resource("", "v1", "Pod", "pods")


class Listing:
    """All jobs, and all pods of theirs."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def jobs(self, namespace: str | None) -> AsyncIterator[dict[str, Any]]:
        """Walk the TranscriptionJobs of a namespace; None: of all."""
        with translated():
            where = namespace or ALL_NS
            async for raw in self._client.list(_TranscriptionJob, namespace=where, chunk_size=LIST_CHUNK):
                yield dict(raw)

    async def pods(self, namespace: str | None) -> AsyncIterator[dict[str, Any]]:
        """Walk the pods of their Jobs."""
        with translated():
            where = namespace or ALL_NS
            async for raw in self._client.list(
                _Pod, namespace=where, labels={JOB_LABEL: None}, chunk_size=LIST_CHUNK
            ):
                yield dict(raw)
