"""What is noted of a request while it is answered: who asked, and which tasks came of it.

Begun by `audit` around every request; `access` writes the caller, and whoever makes a job its task. Needs no request
at hand: it is the one of the running task.
"""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum

from steno_gateway.access.caller import Caller


class ShownBy(StrEnum):
    """What told who asks."""

    KEY = "key"
    SESSION = "session"
    NOTHING = "nothing"


@dataclass(slots=True)
class RequestRecord:
    """One request."""

    caller: Caller | None = None
    """None: nobody was asked for, or nobody known asked."""
    shown_by: ShownBy = ShownBy.NOTHING
    tasks: list[str] = field(default_factory=list)
    """Tasks that were made, by id."""
    at_end: list[Callable[[], None]] = field(default_factory=list)
    """Called once the answer is sent, or nobody waits for it any more."""


_current: ContextVar[RequestRecord | None] = ContextVar("steno_request", default=None)


def begin() -> RequestRecord:
    """Begin the record of the request that the running task answers."""
    record = RequestRecord()
    _current.set(record)
    return record


def current() -> RequestRecord:
    """Give the record of the request that is being answered; outside of one, a record that nobody reads."""
    return _current.get() or RequestRecord()


def made(task_id: str) -> None:
    """Note that the request has made a task, for the audit log."""
    current().tasks.append(task_id)
