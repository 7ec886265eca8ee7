"""What jobs name, and the namespace an operator runs in: `steno_operator.client` class by class, in memory.

Each derives from the real class only so that mypy compares the signatures; nothing of it is inherited at run time.
"""

from collections.abc import Awaitable, Callable

from steno_kube import KubeError, ResourceNotFoundError
from steno_operator.client import JobReferences, Namespaces
from steno_operator.names import Names, names_of, union
from steno_store import Layout
from support.transcription_jobs import InMemoryTranscriptionJobs


class InMemoryJobReferences(JobReferences):
    """What the TranscriptionJobs in memory name."""

    def __init__(self, jobs: InMemoryTranscriptionJobs, layout: Layout) -> None:
        self._jobs = jobs
        self._layout = layout
        self.failing: KubeError | None = None
        """Raised by every list while it is set."""
        self.lists = 0
        """Lists so far."""
        self.before: Callable[[int], Awaitable[None]] | None = None
        """Awaited before each list with its number, from 1 on: what happens meanwhile."""

    async def of(self, namespace: str) -> Names:
        """List the jobs afresh, and give all that any of them names."""
        self.lists += 1
        if self.before is not None:
            await self.before(self.lists)
        if self.failing is not None:
            raise self.failing
        found = (job for job in self._jobs.jobs if job.metadata.namespace == namespace)
        return union([names_of(job.to_wire(), self._layout) for job in found])


class InMemoryNamespaces(Namespaces):
    """The namespaces of a cluster, by name; each with its uid."""

    def __init__(self, **uids: str) -> None:
        self.uids = {name.replace("_", "-"): uid for name, uid in uids.items()}
        self.failing: KubeError | None = None
        """Raised by every call while it is set."""

    async def uid(self, name: str) -> str:
        """Give the uid of a namespace."""
        if self.failing is not None:
            raise self.failing
        if name not in self.uids:
            raise ResourceNotFoundError(f'namespaces "{name}" not found')
        return self.uids[name]
