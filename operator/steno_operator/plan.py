"""What to do for one job: the vocabulary between `reconcile`, which decides, and `apply`, which acts.

Frozen values; must not know any client.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

from steno_types import Manifest, TranscriptionJobStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopt:
    """Put the finalizer and the results' prefix on the job, before anything exists that they speak of."""

    results_prefix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateBatchJob:
    """Create the Job, and let the status name it; one of that name and owner that exists already is as good."""

    manifest: dict[str, Any] = field(repr=False)
    """Holds the assignment, and that may hold a secret address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteBatchJob:
    """Delete a Job and its pods."""

    name: str
    waits_for_pods: bool = True
    """Whether the Job stays to be seen until its pods are gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletePod:
    """Delete a pod that no Job answers for any more."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetQueuePriority:
    """Change the priority class on a Job that Kueue holds back."""

    name: str
    priority: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimOutcome:
    """Write the manifest unless there is one; whichever then stands decides."""

    results_prefix: str
    manifest: Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteObjects:
    """Delete the job's objects, and its upload unless another job names it; write the receipt."""

    results_prefix: str
    upload_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveFinalizer:
    """Let the job go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteJob:
    """Ask for the job's own deletion: its time is over."""


Action = (
    Adopt
    | CreateBatchJob
    | DeleteBatchJob
    | DeletePod
    | SetQueuePriority
    | ClaimOutcome
    | DeleteObjects
    | RemoveFinalizer
    | DeleteJob
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """A Kubernetes Event on the job: what a person who looks at it should know of the way here."""

    kind: Literal["Normal", "Warning"]
    reason: str
    """CamelCase, at most 128 characters."""
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do for one job; empty when all is as desired."""

    actions: tuple[Action, ...] = ()
    """In order; a failure ends the plan and requeues the job with backoff."""
    status: TranscriptionJobStatus | None = None
    """Written once, after the actions; None leaves it alone."""
    announcements: tuple[Announcement, ...] = ()
    """Told once all of that succeeded; a failure to tell is logged and forgotten."""
    requeue_after_seconds: float | None = None
    """Set when time alone can change the answer (TTL), or when the actions change what the next decision sees."""
