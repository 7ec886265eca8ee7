"""What this operator is responsible for: the namespaces, the jobs in them, and the Lease that makes it the only one.

Made by `process` from the settings; read by `handlers` (what is watched) and by the leader election (which Lease).

One operator serves every job of its namespaces. A shard of a larger installation would differ in two things, and they
stand here side by side: `job_selector`, so that it sees its jobs alone, and `lease_name`, so that each shard has a
leader of its own.
"""

from dataclasses import dataclass
from typing import Final, Self

from steno_operator.settings import OperatorSettings

EVERYWHERE: Final = "*"
"""The setting that means all namespaces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The jobs that one group of replicas serves."""

    namespaces: tuple[str, ...] | None
    """Where jobs are served; None: in all namespaces of the cluster."""
    job_selector: str
    """Label selector of the jobs that are served; empty: all jobs."""
    lease_namespace: str
    """Where the Lease lies: the operator's own namespace."""
    lease_name: str
    """Name of the Lease; one for each group of replicas that serves the same jobs."""

    @classmethod
    def of(cls, settings: OperatorSettings) -> Self:
        """Read it from the settings; without a list of namespaces it is the operator's own."""
        wanted = settings.watch_namespaces or settings.namespace
        return cls(
            # Each once, in the order given.
            namespaces=None if wanted == EVERYWHERE else tuple(dict.fromkeys(wanted.split(","))),
            job_selector="",
            lease_namespace=settings.namespace,
            lease_name=settings.lease_name,
        )
