"""A circuit breaker before a store: once it has fallen silent, one looks whether it is back, and nobody else waits.

Handed to `ObjectStore.from_settings` by who serves many at once, the operator: there a store that hangs would hold up
those that need it and, once they have taken all places, those that do not::

    closed     every request goes out          five tries in a row without an answer: open
    open       every request fails at once     after two seconds: half open
    half open  one request goes out            an answer, of whatever kind: closed; none: open

An answer is any HTTP response, a refusal and an error of the store's own too. What is read of an object after that is
not seen here. Shared by threads.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ConnectionError as NoConnectionError
from botocore.exceptions import HTTPClientError

from steno_store.errors import StoreAwayError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SILENT_TRIES: Final = 5
"""Tries in a row without an answer, of all threads together, after which the store counts as away."""

PAUSE_SECONDS: Final = 2.0
"""After a try without an answer, until the next look whether it is back."""

_SILENCE: Final = (NoConnectionError, HTTPClientError)
"""botocore's words for: no connection, none in time, no answer in time, cut off."""


class Breaker:
    """Whether a store answers, as far as those know who ask it.

    Parameters
    ----------
    clock
        Seconds that never go back.
    now
        Wall clock, for the words of the error alone.
    """

    def __init__(
        self,
        *,
        silent_tries: int = SILENT_TRIES,
        pause_seconds: float = PAUSE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._silent_tries = silent_tries
        self._pause_seconds = pause_seconds
        self._clock = clock
        self._now = now
        self._lock = Lock()
        self._silent = 0
        self._since: datetime | None = None
        self._next_look = 0.0
        self._looking = False

    def guard(self, client: "S3Client") -> None:
        """Stand before every request of a client."""
        events = client.meta.events
        events.register("before-call.s3", self._before)
        events.register("response-received.s3", self._after)
        events.register("after-call-error.s3", self._failed)

    def admit(self) -> None:
        """Let a request go out.

        Raises
        ------
        StoreAwayError
            It would wait in vain.
        """
        with self._lock:
            if self._since is None:
                return
            if self._looking or self._clock() < self._next_look:
                raise StoreAwayError(
                    f"the object store has not answered since {self._since:%Y-%m-%dT%H:%M:%SZ}; "
                    f"every {self._pause_seconds:g} s one request looks whether it is back"
                )
            self._looking = True

    def answered(self) -> None:
        """Take note that the store gave an answer."""
        with self._lock:
            self._silent, self._since, self._looking = 0, None, False

    def kept_silent(self) -> None:
        """Take note that a try came to no answer."""
        with self._lock:
            self._silent += 1
            if self._since is None and self._silent >= self._silent_tries:
                self._since = self._now()
            self._looking = False
            self._next_look = self._clock() + self._pause_seconds

    def withdrawn(self) -> None:
        """Take note that a request is over, if it ever went out."""
        with self._lock:
            self._looking = False

    def _before(self, **_: Any) -> None:
        self.admit()

    def _after(self, exception: Exception | None, **_: Any) -> None:
        if isinstance(exception, _SILENCE):
            self.kept_silent()
        else:
            self.answered()

    def _failed(self, **_: Any) -> None:
        self.withdrawn()
