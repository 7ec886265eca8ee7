"""What the operator sees of one job beside the job itself: plain values, so that decisions need no cluster.

Filled in by `observe`, read by `reconcile` and its policies. Must not know any client.
"""

from dataclasses import dataclass
from datetime import datetime

from steno_types import Manifest, TerminationMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchJob:
    """The batch/v1 Job of the name that the job's Job has, whoever owns it."""

    name: str
    uid: str
    owner_uid: str | None
    """uid of its controlling owner."""
    complete: bool = False
    failed: bool = False
    failure_message: str = ""
    """The Job controller's own words, when it failed."""
    deleting: bool = False

    @property
    def finished(self) -> bool:
        """Whether the Job controller will start no more pods."""
        return self.complete or self.failed


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerPod:
    """One attempt: a pod of the job's Job."""

    name: str
    started: datetime | None = None
    """When its container began to run; None while it waits."""
    finished: datetime | None = None
    """When its container ended."""
    exit_code: int | None = None
    termination: TerminationMessage | None = None
    """What the worker gave as its reason."""
    out_of_memory: bool = False
    """Whether the kernel killed the container over its memory limit."""
    waiting_reason: str = ""
    """Why it does not run yet: Unschedulable, ImagePullBackOff, ContainerCreating …"""
    waiting_message: str = ""

    @property
    def running(self) -> bool:
        """Whether its container runs now."""
        return self.started is not None and self.finished is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """All that was read, freshly, for one decision."""

    batch_job: BatchJob | None = None
    pods: tuple[WorkerPod, ...] = ()
    """Oldest first."""
    manifest: Manifest | None = None
    """The claimed outcome, if any; read only when there can be one."""
    delivered: bool = False
    """Whether the copy that the job asks for is recorded as made; looked for only beside a manifest that says
    Complete."""
