"""What the operator sees of one job beside the job itself: plain values, so that decisions need no cluster.

Filled in by `observe`, read by `reconcile` and its policies. Must not know any client.
"""

from dataclasses import dataclass
from datetime import datetime

from steno_types import Manifest, TerminationMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchJob:
    """A batch/v1 Job."""

    name: str
    uid: str
    owner_uid: str | None
    """uid of its controlling owner."""
    created: datetime | None = None
    complete: bool = False
    failed: bool = False
    failure_message: str = ""
    """The Job controller's own words, when it failed."""
    deleting: bool = False
    suspended: bool = False
    """Whether its spec says that no pod may run: a queue's doing, as Steno itself deletes what it suspends."""
    queue_priority: str | None = None
    """Its label with Kueue's priority class."""

    @property
    def finished(self) -> bool:
        """Whether the Job controller will start no more pods."""
        return self.complete or self.failed


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerPod:
    """One attempt: a pod of one of the job's Jobs."""

    name: str
    batch_job: str = ""
    """Name of its Job."""
    created: datetime | None = None
    scheduled: datetime | None = None
    """When it was given a node."""
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
    failed: bool = False
    """Whether the pod is over without success, with or without a container that ever ran."""
    failure_reason: str = ""
    """Why, in the word of whoever ended it: Evicted, NodeLost, UnexpectedAdmissionError …"""
    failure_message: str = ""
    disruption: str = ""
    """Reason of its condition DisruptionTarget, where the cluster ends it; empty otherwise."""
    deletion: datetime | None = None
    """When it is, or was, to be gone, grace included; None: nobody deletes it."""

    @property
    def ended(self) -> bool:
        """Whether nothing of it runs any more, nor will."""
        return self.finished is not None or self.failed

    @property
    def running(self) -> bool:
        """Whether its container runs now."""
        return self.started is not None and not self.ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """All that was read, freshly, for one decision."""

    batch_jobs: tuple[BatchJob, ...] = ()
    """The Jobs that the job owns, oldest first: as a rule one."""
    pods: tuple[WorkerPod, ...] = ()
    """Their pods, oldest first."""
    manifest: Manifest | None = None
    """The claimed outcome, if any; read only when there can be one."""
    delivered: bool = False
    """Whether the copy that the job asks for is recorded as made; looked for only beside a manifest that says
    Complete."""
    admitted: bool = True
    """Whether it is the job's turn to be given a Job."""
    leftovers: tuple[str, ...] = ()
    """Of an ended job: names of its Jobs as last heard of, none of them read."""
