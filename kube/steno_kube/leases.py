"""Leases at the API server: who may act, written down where all candidates see it.

Used by the operator's leader election. Every method makes one request and raises `KubeError`. Knows the record of a
`coordination.k8s.io/v1` Lease; must not know what it is held for, nor when it ends.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from steno_kube.api_server import ApiServer
from steno_kube.resource import Resource

LEASES: Final = Resource("coordination.k8s.io/v1", "leases")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """One Lease: the record, and where it lies."""

    namespace: str
    """Where it lies."""
    name: str
    """Unique in its namespace."""
    holder: str
    """Identity of whoever holds it; empty: nobody does."""
    duration_seconds: int
    """For which a candidate waits, from when it saw the record change last, until it takes the lease; 0: not said."""
    acquired: datetime | None = None
    """When `holder` took it, by the holder's own clock."""
    renewed: datetime | None = None
    """When `holder` renewed it last, by the holder's own clock; tells renewals apart, and is compared to no other."""
    transitions: int = 0
    """How often it went from one holder to another."""
    resource_version: str = ""
    """Version of the object; empty before it is created."""


class Leases:
    """The Leases of a cluster."""

    def __init__(self, server: ApiServer) -> None:
        self._server = server

    async def get(self, namespace: str, name: str) -> Lease:
        """Read one Lease, fresh from the server."""
        return _parse(await self._server.get(LEASES.one(namespace, name)))

    async def create(self, lease: Lease) -> Lease:
        """Create a Lease; `AlreadyExistsError` when the name is taken."""
        raw = {
            "apiVersion": LEASES.api,
            "kind": "Lease",
            "metadata": {"name": lease.name, "namespace": lease.namespace},
            "spec": _record(lease),
        }
        return _parse(await self._server.create(LEASES.all(lease.namespace), raw))

    async def replace(self, lease: Lease) -> Lease:
        """Make the record be that of `lease`; `ConflictError` when the Lease changed since it was read.

        A merge patch under the resourceVersion: labels and annotations that others put there stay.
        """
        body = {"metadata": {"resourceVersion": lease.resource_version}, "spec": _record(lease)}
        return _parse(await self._server.patch(LEASES.one(lease.namespace, lease.name), body))


def _micro_time(moment: datetime | None) -> str | None:
    """Spell a moment as Kubernetes' ``metav1.MicroTime``: UTC, six digits, ``Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") if moment is not None else None


def _record(lease: Lease) -> dict[str, Any]:
    return {
        "holderIdentity": lease.holder,
        "leaseDurationSeconds": lease.duration_seconds,
        "acquireTime": _micro_time(lease.acquired),
        "renewTime": _micro_time(lease.renewed),
        "leaseTransitions": lease.transitions,
    }


def _moment(spelled: str | None) -> datetime | None:
    return datetime.fromisoformat(spelled) if spelled else None


def _parse(raw: Mapping[str, Any]) -> Lease:
    # Each field may be absent: whoever may write Leases may have made it by hand.
    metadata, spec = raw["metadata"], raw.get("spec") or {}
    return Lease(
        namespace=metadata["namespace"],
        name=metadata["name"],
        holder=spec.get("holderIdentity") or "",
        duration_seconds=spec.get("leaseDurationSeconds") or 0,
        acquired=_moment(spec.get("acquireTime")),
        renewed=_moment(spec.get("renewTime")),
        transitions=spec.get("leaseTransitions") or 0,
        resource_version=metadata["resourceVersion"],
    )
