"""What a flow can ask for, and what it is told: the border between what is done and how it is carried out.

A flow is a generator that yields steps and gets their answers sent in, so that it knows no socket, no clock and no
event loop: `wire` carries it out, blocking or not. Pure.
"""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

Result = TypeVar("Result")

Sink = Callable[[bytes], object]
"""Takes the next bytes of a body."""


class BrokenConnectionError(Exception):
    """No whole answer came; thrown into the flow that asked. Says what happened, without an address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The beginning of an answer."""

    status: int
    headers: Mapping[str, str]
    """By name in small letters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Head):
    """A whole answer."""

    body: bytes = b""
    """Empty where a sink took it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request. The answer is an `Answer`, or `BrokenConnectionError`."""

    method: str
    path: str = field(repr=False)
    """Below the server's address, with a slash before it; or an absolute URL, which is sent no key."""
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = field(default=None, repr=False)
    timeout_seconds: float | None = None
    """Without any byte of an answer; None: the client's own."""
    sink: Callable[[Head], Sink | None] | None = None
    """Looks at the beginning, and may give what takes the body."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Let time pass."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Work:
    """Do something that blocks, with files for example. The answer is what it gives, or what it raises."""

    do: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Time:
    """Say what a clock says that only goes forward, in seconds."""


Step = Call | Pause | Work | Time

Flow = Generator[Step, Any, Result]
"""Yields steps, is sent their answers, and gives a result."""
