"""Why a report is refused: a word for programs and logs, a sentence for people. Raised by `identity` and `intake`."""

from enum import StrEnum
from typing import Final

from steno_types import PROGRESS_AUDIENCE


class Refusal(StrEnum):
    """One reason to take no report from whoever shows a token."""

    NOT_AUTHENTICATED = "NotAuthenticated"
    WRONG_AUDIENCE = "WrongAudience"
    NOT_BOUND_TO_A_POD = "NotBoundToAPod"
    NAMESPACE_NOT_SERVED = "NamespaceNotServed"
    POD_GONE = "PodGone"
    POD_OF_NO_JOB = "PodOfNoJob"
    BATCH_JOB_GONE = "BatchJobGone"
    BATCH_JOB_NOT_OURS = "BatchJobNotOurs"
    JOB_GONE = "JobGone"


MESSAGES: Final = {
    Refusal.NOT_AUTHENTICATED: "The API server does not vouch for the token: it is forged, has expired, is for "
    "another audience, or the pod that it is bound to is gone.",
    Refusal.WRONG_AUDIENCE: f"The token is not for the audience {PROGRESS_AUDIENCE!r}; mount one that is.",
    Refusal.NOT_BOUND_TO_A_POD: "The token is not a service account's, bound to a pod; mount a projected one.",
    Refusal.NAMESPACE_NOT_SERVED: "This operator does not serve the pod's namespace.",
    Refusal.POD_GONE: "The pod that the token is bound to is gone.",
    Refusal.POD_OF_NO_JOB: "The pod is not controlled by a Job; a label alone proves nothing.",
    Refusal.BATCH_JOB_GONE: "The pod's Job is gone.",
    Refusal.BATCH_JOB_NOT_OURS: "The pod's Job is not controlled by a TranscriptionJob.",
    Refusal.JOB_GONE: "The TranscriptionJob that the pod works for is gone.",
}
"""What each means, for the log of whoever is refused."""


class ReportRefusedError(Exception):
    """No report is taken from this token's holder; names neither the token nor anything of the job."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(MESSAGES[refusal])
        self.refusal = refusal
        """Which of the reasons it is."""
