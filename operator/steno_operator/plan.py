"""What to do for one job: the vocabulary between `reconcile`, which decides, and `apply`, which acts.

Frozen values; must not know any client.
"""

from dataclasses import dataclass, field
from typing import Any

from steno_types import Manifest, TranscriptionJobStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopt:
    """Put the finalizer and the results' prefix on the job, before anything exists that they speak of."""

    results_prefix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateBatchJob:
    """Create the Job; one of that name and owner that exists already is as good."""

    manifest: dict[str, Any] = field(repr=False)
    """Holds the assignment, and that may hold a secret address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteBatchJob:
    """Delete the Job and its pods."""

    name: str


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


Action = Adopt | CreateBatchJob | DeleteBatchJob | ClaimOutcome | DeleteObjects | RemoveFinalizer | DeleteJob


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do for one job; empty when all is as desired."""

    actions: tuple[Action, ...] = ()
    """In order; a failure ends the plan and requeues the job with backoff."""
    status: TranscriptionJobStatus | None = None
    """Written once, after the actions; None leaves it alone."""
    requeue_after_seconds: float | None = None
    """Set when time alone can change the answer (TTL), or when the actions change what the next decision sees."""
