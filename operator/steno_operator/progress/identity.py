"""Who reports: from a token to the pod that it is bound to.

Called by `intake`. The API server is asked for each token once a minute at most::

    a pod it speaks for   remembered 60 s, by the SHA-256 of the token
    a refusal             remembered 5 s: the next try may be right (a Service account just created, a lost etcd)
    an error              never

What a minute-old answer no longer says, that the pod is gone, `intake` finds by reading the pod.
"""

import asyncio
import hashlib
import time
from collections.abc import Callable
from typing import Final

from steno_operator.client import TokenReviews
from steno_operator.progress.evidence import Speaker, TokenReview
from steno_operator.progress.memory import Remembered
from steno_operator.progress.refusals import Refusal, ReportRefusedError
from steno_types import PROGRESS_AUDIENCE

ACCEPTED_SECONDS: Final = 60.0
"""For which a token's pod is remembered; so long can a token outlive its expiry here."""

REFUSED_SECONDS: Final = 5.0
"""For which a refusal is; the API server itself says "no" too when it could not look."""

TOKENS_REMEMBERED: Final = 10_000
"""Of accepted tokens, and of refused ones as many: some 3 MB of each."""

REVIEWS_AT_ONCE: Final = 8
"""Whoever sends one forged token after another is not to take the API server from the reconciles."""

SERVICE_ACCOUNT_PREFIX: Final = "system:serviceaccount:"
"""Of a service account's user name; its namespace follows."""


def speaker_of(review: TokenReview) -> Speaker | Refusal:
    """Read a review: the pod that speaks, or why it is none."""
    if not review.authenticated:
        return Refusal.NOT_AUTHENTICATED
    # A server that knows no audiences answers for any token that is good for itself.
    if PROGRESS_AUDIENCE not in review.audiences:
        return Refusal.WRONG_AUDIENCE
    if not review.username.startswith(SERVICE_ACCOUNT_PREFIX) or not review.pod_name or not review.pod_uid:
        return Refusal.NOT_BOUND_TO_A_POD
    namespace = review.username.removeprefix(SERVICE_ACCOUNT_PREFIX).partition(":")[0]
    return Speaker(namespace=namespace, pod_name=review.pod_name, pod_uid=review.pod_uid)


class Identities:
    """Tokens that were reviewed lately, and whose they are."""

    def __init__(self, reviews: TokenReviews, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._reviews = reviews
        self._accepted = Remembered[bytes, Speaker](seconds=ACCEPTED_SECONDS, size=TOKENS_REMEMBERED, clock=clock)
        # Apart, so that no flood of forged tokens drives out the good ones.
        self._refused = Remembered[bytes, Refusal](seconds=REFUSED_SECONDS, size=TOKENS_REMEMBERED, clock=clock)
        self._turns = asyncio.Semaphore(REVIEWS_AT_ONCE)

    async def speaker(self, token: str) -> Speaker:
        """Say which pod the token is bound to.

        Raises
        ------
        ReportRefusedError
            It is bound to none, or good for nothing here.
        KubeError
            The API server was not to be asked.
        """
        key = hashlib.sha256(token.encode()).digest()
        found = self._accepted.get(key) or self._refused.get(key)
        if found is None:
            async with self._turns:
                found = speaker_of(await self._reviews.review(token))
            if isinstance(found, Speaker):
                self._accepted.put(key, found)
            else:
                self._refused.put(key, found)
        if isinstance(found, Refusal):
            raise ReportRefusedError(found)
        return found
