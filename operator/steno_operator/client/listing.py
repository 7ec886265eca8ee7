"""Raw lists of what the operator watches, for a look at everything before the first decision."""

from collections.abc import AsyncIterator
from typing import Any

from steno_kube import TRANSCRIPTION_JOBS, ApiServer
from steno_operator.client.batch_jobs import PODS
from steno_types import JOB_LABEL


class Listing:
    """All jobs, and all pods of theirs."""

    def __init__(self, server: ApiServer) -> None:
        self._server = server

    async def jobs(self, namespace: str | None) -> AsyncIterator[dict[str, Any]]:
        """Walk the TranscriptionJobs of a namespace; None: of all."""
        async for raw in self._server.list(TRANSCRIPTION_JOBS.all(namespace)):
            yield raw

    async def pods(self, namespace: str | None) -> AsyncIterator[dict[str, Any]]:
        """Walk the pods of their Jobs."""
        async for raw in self._server.list(PODS.all(namespace), labels=JOB_LABEL):
            yield raw
