"""Why a job waits: in one word, as the operator writes it, and in whole, as people are told.

The word is the reason of a condition. `Waiting` is made by `explanation` whenever somebody asks, and written nowhere.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from steno_types.base import Time, WireModel


class WaitingReason(StrEnum):
    """What a job waits for; the reason of its Queued, or Suspended, condition."""

    BEHIND_OTHERS = "BehindOthers"
    """Other jobs go first; it has no Job yet."""
    JOB_NOT_CREATED = "JobNotCreated"
    """The API server fails to make its Job, as a rule over a webhook that does not answer."""
    QUOTA_EXHAUSTED = "QuotaExhausted"
    """A quota, Kueue's or the namespace's, has no room."""
    NO_NODE_FITS = "NoNodeFits"
    """Its pod is there, and no node has what it asks for free."""
    IMAGE_PULLING = "ImagePulling"
    """Its pod has a node, which fetches the worker's image."""
    WORKER_STARTING = "WorkerStarting"
    """Its Job is there, and the pod on its way: seconds, as a rule."""
    WORKER_ENDED = "WorkerEnded"
    """An attempt has ended, and another one is to come."""
    MODEL_LOADING = "ModelLoading"
    """Its worker runs, and loads the model."""
    SUSPENDED = "Suspended"
    """The job says so itself."""


class Waiting(WireModel):
    """What a job that waits can be told; an estimate is one."""

    position: Annotated[int | None, Field(ge=1)] = None
    """Its place in its queue, 1 for whoever is next; None: nobody goes before it, or it is suspended."""
    reason: WaitingReason
    """What it waits for, as one word for programs."""
    message: str
    """The same in a sentence for people."""
    estimated_start_time: Time | None = None
    """When a worker will take it, if all goes on as measured; None: nothing is measured that would tell."""
