"""What may be asked for beside a task's id: the queries of the reading routes, but for `listing`'s."""

from typing import Annotated, Final

from pydantic import Field

from steno_gateway.requests import RequestModel

WAIT_MOST_SECONDS: Final = 60
"""For which a request may wait for the end of a task: as long as proxies commonly let one take."""

VERSION_PATTERN: Final = "^[0-9]{1,20}$"
"""A resourceVersion."""


class StatusQuery(RequestModel):
    """How the status is asked for."""

    wait: Annotated[float, Field(ge=0, le=WAIT_MOST_SECONDS)] = 0
    """Seconds to wait for the task's end; 0: answer at once."""


class EventsQuery(RequestModel):
    """Where a stream is to go on."""

    last_event_id: Annotated[str | None, Field(pattern=VERSION_PATTERN)] = None
    """The last event that was received, or `version` of GET /jobs; the header Last-Event-ID says the same."""
