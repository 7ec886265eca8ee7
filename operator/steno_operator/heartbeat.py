"""When the API server was last heard on each watch, so that a watch that is silently dead ends the process.

`api_session` reports what comes in; the liveness probe asks for `complaints`, the metrics for `ages`. Whatever comes
counts, bookmarks too: the server sends one about every minute, so a watch of which nothing happens is heard all the
same, and one that is heard no more is broken, however healthy the process looks.

Knows the paths of the API server; must not know kopf, nor what is done about a complaint.
"""

import re
import time
from collections.abc import Callable, Collection
from typing import Final

KINDS: Final = ("transcriptionjobs", "jobs", "pods")
"""Plurals of what is watched."""

SILENCE_LIMIT_SECONDS: Final = 180.0
"""Longest silence of a watch. kopf gives up a silent one after 70 s (`handlers.settings`) and begins another, so this
much means that beginning another failed too, for as long again and more."""

Watch = tuple[str, str | None]
"""A kind, and the namespace where it is watched; None: all namespaces."""

# Not from its beginning: a cluster behind a gateway of its own has a path before the API's.
_COLLECTION: Final = re.compile(
    r"/(?:apis/steno\.dev/[^/]+|apis/batch/v1|api/v1)"
    r"(?:/namespaces/(?P<namespace>[^/]+))?"
    rf"/(?P<kind>{'|'.join(KINDS)})$"
)


def watch_of(path: str) -> Watch | None:
    """Say which watch a request for `path` belongs to, be it the watch itself or the list before it; None: none."""
    found = _COLLECTION.search(path)
    return (found["kind"], found["namespace"]) if found else None


class Heartbeat:
    """What was heard when.

    Parameters
    ----------
    clock
        Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._heard: dict[Watch, float] = {}

    def begin(self, namespaces: Collection[str] | None) -> None:
        """Expect to hear of all kinds in these namespaces from now on; None: of all namespaces at once.

        Nothing is expected before: a standby watches nothing.
        """
        now = self._clock()
        for kind in KINDS:
            for namespace in (None,) if namespaces is None else namespaces:
                self._heard[kind, namespace] = now

    def heard(self, watch: Watch) -> None:
        """Note that something came; a watch that is not expected is none of ours."""
        if watch in self._heard:
            self._heard[watch] = self._clock()

    def ages(self) -> dict[str, float]:
        """Give the seconds since each kind was heard, in the namespace that is silent longest; empty: no watch."""
        now = self._clock()
        ages: dict[str, float] = {}
        for (kind, _), moment in self._heard.items():
            ages[kind] = max(ages.get(kind, 0.0), now - moment)
        return ages

    def complaints(self) -> list[str]:
        """Name the watches that are silent for too long, a sentence each; empty: all is well."""
        now = self._clock()
        return [
            f"The watch of {kind} in {namespace or 'all namespaces'} is silent for {now - moment:.0f} s"
            f" (limit {SILENCE_LIMIT_SECONDS:g} s)."
            for (kind, namespace), moment in self._heard.items()
            if now - moment > SILENCE_LIMIT_SECONDS
        ]
