"""Leases in memory: `steno_kube.Leases` method by method, for tests of what stands above it.

Keeps the API server's promises: every change takes the next resourceVersion, and a write with an old one conflicts.
Candidates that share a `LeaseServer` see one another's writes; each has its own way there, which may fail or hang.

It derives from the real class only so that mypy compares the signatures; nothing of it is inherited at run time.
"""

import asyncio
import dataclasses
import itertools

from steno_kube import AlreadyExistsError, ConflictError, KubeError, Lease, Leases, ResourceNotFoundError


class LeaseServer:
    """What the API server keeps."""

    def __init__(self) -> None:
        self.leases: dict[tuple[str, str], Lease] = {}
        """By namespace and name."""
        self._versions = itertools.count(1)

    def keep(self, lease: Lease) -> Lease:
        """Keep a Lease as it is now, under the next resourceVersion."""
        kept = dataclasses.replace(lease, resource_version=str(next(self._versions)))
        self.leases[lease.namespace, lease.name] = kept
        return kept


class InMemoryLeases(Leases):
    """One client's way to the Leases."""

    def __init__(self, server: LeaseServer) -> None:
        self._shared = server
        self.failing: KubeError | None = None
        """Raised by every call while it is set."""
        self.before_seconds = 0.0
        """For which a call is on its way to the server."""
        self.after_seconds = 0.0
        """For which its answer is on its way back."""
        self.calls: list[str] = []
        """Names of the methods called, in order."""

    async def get(self, namespace: str, name: str) -> Lease:
        """Read one Lease."""
        await self._meet("get")
        found = self._find(namespace, name)
        await asyncio.sleep(self.after_seconds)
        return found

    async def create(self, lease: Lease) -> Lease:
        """Create a Lease; `AlreadyExistsError` when the name is taken."""
        await self._meet("create")
        if (lease.namespace, lease.name) in self._shared.leases:
            raise AlreadyExistsError(f'leases.coordination.k8s.io "{lease.name}" already exists')
        created = self._shared.keep(lease)
        await asyncio.sleep(self.after_seconds)
        return created

    async def replace(self, lease: Lease) -> Lease:
        """Make the record be that of `lease`; `ConflictError` when the Lease changed since it was read."""
        await self._meet("replace")
        if self._find(lease.namespace, lease.name).resource_version != lease.resource_version:
            raise ConflictError(f'Operation cannot be fulfilled on leases.coordination.k8s.io "{lease.name}"')
        replaced = self._shared.keep(lease)
        await asyncio.sleep(self.after_seconds)
        return replaced

    def _find(self, namespace: str, name: str) -> Lease:
        found = self._shared.leases.get((namespace, name))
        if found is None:
            raise ResourceNotFoundError(f'leases.coordination.k8s.io "{name}" not found')
        return found

    async def _meet(self, call: str) -> None:
        self.calls.append(call)
        await asyncio.sleep(self.before_seconds)
        if self.failing is not None:
            raise self.failing
