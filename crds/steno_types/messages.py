"""What a running worker says: its progress while it works, its reason when it gives up.

The worker writes both, the operator reads them. Must not know how they travel.
"""

from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from steno_types.base import WireModel
from steno_types.failure import Reason

TERMINATION_MESSAGE_MAX_BYTES: Final = 4096
"""The kubelet keeps no more of a termination message (Kubernetes, "Determine the Reason for Pod Failure")."""


class Stage(StrEnum):
    """What a worker is doing."""

    FETCH = "fetch"
    LOAD_MODEL = "load-model"
    TRANSCRIBE = "transcribe"
    PUBLISH = "publish"


class ProgressReport(WireModel):
    """How far one attempt is."""

    stage: Stage
    percent: Annotated[int, Field(ge=0, le=100)]
    """Share of the audio that is transcribed, rounded down."""
    processed_seconds: Annotated[float, Field(ge=0)]
    total_seconds: Annotated[float, Field(ge=0)]
    """Seconds of audio in all; 0 while unknown."""
    estimated_seconds_left: Annotated[float | None, Field(ge=0)] = None
    """Wall seconds until the last segment at the pace so far; None while nothing is known."""


class TerminationMessage(WireModel):
    """Why an attempt ended without a transcript; the container's last word."""

    reason: Reason
    message: str
    """What happened, for people; without secrets."""

    def to_json(self) -> str:
        """Spell it within the kubelet's limit, shortening the message where needed."""
        text = self.model_dump_json(by_alias=True)
        excess = len(text.encode()) - TERMINATION_MESSAGE_MAX_BYTES
        if excess <= 0:
            return text
        # A character may cost up to twelve bytes as escaped JSON; cut by bytes and let the decoder drop a torn one.
        kept = self.message.encode()[: -(excess + 3)].decode(errors="ignore")
        return TerminationMessage(reason=self.reason, message=kept + "…").to_json()
