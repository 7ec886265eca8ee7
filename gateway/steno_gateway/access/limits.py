"""How much one key may ask of one gateway: requests in a minute, requests and uploads at once.

Kept by `access`, for each key by its name. Every replica counts for itself. Nothing here is waited for: what is too
much is refused, with the seconds after which another try makes sense.
"""

import math
import time
from collections import Counter
from collections.abc import Callable
from typing import Final

from steno_gateway import problems
from steno_gateway.access.caller import Caller
from steno_gateway.problems import ProblemError

MINUTE_SECONDS: Final = 60.0


class TokenBucket:
    """What is left of a rate: as many tokens as fit, and new ones as time goes by.

    A full bucket holds a minute's worth, so that whoever was silent may send that much at once; in the long run no
    more than the rate comes through.

    Parameters
    ----------
    per_minute
        Tokens that come in a minute, and the most that there are at once.
    now_seconds
        By the clock of all further calls; the bucket begins full.
    """

    __slots__ = ("_at_seconds", "_per_minute", "_tokens")

    def __init__(self, per_minute: int, now_seconds: float) -> None:
        self._per_minute = per_minute
        self._tokens = float(per_minute)
        self._at_seconds = now_seconds

    def take(self, now_seconds: float) -> float:
        """Take a token; gives 0, or, where there is none, the seconds until there is one."""
        self._fill(now_seconds)
        if self._tokens >= 1:
            self._tokens -= 1
            return 0.0
        return (1 - self._tokens) * MINUTE_SECONDS / self._per_minute

    def change(self, per_minute: int, now_seconds: float) -> None:
        """Go on with another rate, and what was left of the old one."""
        if per_minute != self._per_minute:
            self._fill(now_seconds)
            self._per_minute = per_minute
            self._tokens = min(self._tokens, per_minute)

    def _fill(self, now_seconds: float) -> None:
        came = (now_seconds - self._at_seconds) * self._per_minute / MINUTE_SECONDS
        self._tokens = min(self._tokens + came, self._per_minute)
        self._at_seconds = now_seconds


class Limits:
    """What every key has used up.

    Parameters
    ----------
    clock
        Monotonic seconds.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: dict[str, TokenBucket] = {}
        self._requests: Counter[str] = Counter()
        self._uploads: Counter[str] = Counter()

    def count(self, caller: Caller) -> None:
        """Count a request.

        Raises
        ------
        ProblemError
            The key's requests of this minute are used up.
        """
        if caller.requests_per_minute is None:
            return
        now = self._clock()
        bucket = self._buckets.setdefault(caller.name, TokenBucket(caller.requests_per_minute, now))
        bucket.change(caller.requests_per_minute, now)
        if (wait_seconds := bucket.take(now)) > 0:
            raise ProblemError(
                problems.RATE_EXCEEDED,
                f"The API key {caller.name!r} may send {caller.requests_per_minute} requests a minute.",
                remedy="Send the request again after the seconds of Retry-After, and ask less often: "
                "GET /status/{task_id}?wait=60 answers when something has changed.",
                headers={"Retry-After": str(math.ceil(wait_seconds))},
            )

    def begin(self, caller: Caller, *, upload: bool) -> Callable[[], None]:
        """Take a place among the key's requests at once, and its uploads; gives what gives it back.

        Raises
        ------
        ProblemError
            There is no place left.
        """
        name = caller.name
        self._insist(caller, self._requests[name], caller.max_concurrent_requests, "requests")
        if upload:
            self._insist(caller, self._uploads[name], caller.max_concurrent_uploads, "uploads")
        taken = (self._requests, self._uploads) if upload else (self._requests,)
        for counter in taken:
            counter[name] += 1

        def end() -> None:
            for counter in taken:
                counter[name] -= 1
                if not counter[name]:
                    del counter[name]

        return end

    @staticmethod
    def _insist(caller: Caller, under_way: int, most: int | None, what: str) -> None:
        if most is not None and under_way >= most:
            raise ProblemError(
                problems.CONCURRENCY_EXCEEDED,
                f"The API key {caller.name!r} may have {most} {what} under way at once.",
                remedy=f"Wait for one of the {what} to end, then send the request again.",
            )
