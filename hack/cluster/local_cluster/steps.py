"""Say what is being done and how long it took: ``==> node image ... 31.2 s``.

Every module that may take longer than a second wraps it in `step`. Goes to stderr, so that stdout holds answers
alone.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO


@contextmanager
def step(what: str, *, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> Iterator[None]:
    """Print `what` before, the seconds after; a step does not hold another."""
    stream = sys.stderr if stream is None else stream
    print(f"==> {what} ... ", end="", file=stream, flush=True)
    start_seconds = clock()
    try:
        yield
    except BaseException:
        print(f"failed after {clock() - start_seconds:.1f} s", file=stream, flush=True)
        raise
    print(f"{clock() - start_seconds:.1f} s", file=stream, flush=True)


def absent(what: str, *, stream: TextIO | None = None) -> None:
    """Print that there was nothing to remove."""
    print(f"==> {what} ... absent", file=sys.stderr if stream is None else stream, flush=True)


def present(what: str, *, stream: TextIO | None = None) -> None:
    """Print that there was nothing to make."""
    print(f"==> {what} ... present", file=sys.stderr if stream is None else stream, flush=True)
