"""Tokens, pods and Jobs in memory: `steno_operator.client.reviews` class by class, for tests of what stands above it.

Each derives from the real class only so that mypy compares the signatures; nothing of it is inherited at run time.
"""

from steno_kube import KubeError
from steno_operator.client import OwnedObjects, TokenReviews
from steno_operator.progress.evidence import OwnedObject, TokenReview
from steno_types import PROGRESS_AUDIENCE


class InMemoryTokenReviews(TokenReviews):
    """The tokens that a test has handed out; any other is forged. May be told to fail."""

    def __init__(self) -> None:
        self.known: dict[str, TokenReview] = {}
        """What is said of each."""
        self.asked: list[str] = []
        """Tokens that were reviewed, in order."""
        self.failing: KubeError | None = None
        """Raised by every call while it is set."""

    def hand_out(self, token: str, *, namespace: str, pod: OwnedObject) -> None:
        """Bind a token to a pod."""
        self.known[token] = TokenReview(
            authenticated=True,
            audiences=(PROGRESS_AUDIENCE,),
            username=f"system:serviceaccount:{namespace}:steno-worker",
            pod_name=pod.name,
            pod_uid=pod.uid,
        )

    async def review(self, token: str) -> TokenReview:
        """Say whose token it is."""
        self.asked.append(token)
        if self.failing is not None:
            raise self.failing
        return self.known.get(token, TokenReview(authenticated=False))


class InMemoryOwnedObjects(OwnedObjects):
    """The pods and Jobs that a test has made, by namespace and name; may be told to fail."""

    def __init__(self) -> None:
        self.pods: dict[tuple[str, str], OwnedObject] = {}
        self.batch_jobs: dict[tuple[str, str], OwnedObject] = {}
        self.calls: list[str] = []
        """Names of the methods called, in order."""
        self.failing: KubeError | None = None
        """Raised by every call while it is set."""

    async def pod(self, namespace: str, name: str) -> OwnedObject | None:
        """Read a pod."""
        self._meet("pod")
        return self.pods.get((namespace, name))

    async def batch_job(self, namespace: str, name: str) -> OwnedObject | None:
        """Read a Job."""
        self._meet("batch_job")
        return self.batch_jobs.get((namespace, name))

    def _meet(self, call: str) -> None:
        self.calls.append(call)
        if self.failing is not None:
            raise self.failing
