"""What a running worker says: its progress while it works, its reason when it gives up.

The worker writes both, the operator reads them. Must not know how they travel.
"""

from bisect import bisect_right
from typing import Annotated, Final

from pydantic import BeforeValidator, Field

from steno_types.base import WireModel
from steno_types.failure import Reason
from steno_types.stage import Stage

PROGRESS_AUDIENCE: Final = "steno-operator"
"""Audience of the token that a worker's pod shows with its reports: good for this one purpose, at no API server."""

TERMINATION_MESSAGE_MAX_BYTES: Final = 4096
"""The kubelet keeps no more of a termination message (Kubernetes, "Determine the Reason for Pod Failure")."""


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


class ProgressAnswer(WireModel):
    """What the operator says to a report."""

    stop: bool = False
    """Whether to give up at once: the job is cancelled, suspended or being deleted."""


def _encodable(text: object) -> object:
    """Replace what UTF-8 cannot say (half a surrogate pair, as file names bring along), so that the word gets out."""
    return text.encode(errors="replace").decode() if isinstance(text, str) else text


class TerminationMessage(WireModel):
    """Why an attempt ended without a transcript; the container's last word."""

    reason: Reason
    message: Annotated[str, BeforeValidator(_encodable)]
    """What happened, for people; without secrets."""

    def to_json(self) -> str:
        """Spell it within the kubelet's limit, shortening the message where needed."""
        text = self._spell(self.message)
        if len(text.encode()) <= TERMINATION_MESSAGE_MAX_BYTES:
            return text
        # Every character costs a byte or more, up to six where JSON escapes it: no more than this can fit.
        candidate = self.message[:TERMINATION_MESSAGE_MAX_BYTES]
        too_long = bisect_right(
            range(len(candidate)),
            TERMINATION_MESSAGE_MAX_BYTES,
            key=lambda length: len(self._spell(candidate[:length] + "…").encode()),
        )
        return self._spell(candidate[: too_long - 1] + "…")

    def _spell(self, message: str) -> str:
        return self.model_copy(update={"message": message}).model_dump_json(by_alias=True)
