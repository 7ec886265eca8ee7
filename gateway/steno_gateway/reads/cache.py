"""All jobs of the namespaces that the gateway serves, as last seen.

Read by the routes and dialects; fed by one watch for each namespace, and by what this gateway itself writes.
"""

from collections.abc import Sequence

from steno_kube import ResourceNotFoundError, TranscriptionJobs
from steno_types import TranscriptionJob


class JobCache:
    """The jobs."""

    def __init__(self, jobs: TranscriptionJobs) -> None:
        self._jobs = jobs

    async def get(self, namespace: str, name: str) -> TranscriptionJob:
        """Give one job; one that is being deleted does not exist any more.

        Raises
        ------
        ResourceNotFoundError
            There is no such job.
        KubeError
            It is not known whether there is: the watch is too old, and the API server does not answer either.
        """
        job = await self._jobs.get(namespace, name)
        if job.metadata.deletion_timestamp is not None:
            raise ResourceNotFoundError(f"{namespace}/{name} is being deleted")
        return job

    async def list(self, namespace: str) -> Sequence[TranscriptionJob]:
        """Give the jobs of a namespace, those too that are being deleted, in no order; raises as `get`."""
        return await self._jobs.list(namespace)
