"""Who asks: what a request's credentials come to.

Made by `keys`, given to every route; must not know HTTP.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Scope(StrEnum):
    """What a key is good for. None includes another."""

    READ = "read"
    """Look at tasks and fetch their transcripts."""
    WRITE = "write"
    """Make, change and release tasks."""
    ADMIN = "admin"
    """See what concerns the whole installation, such as the depth of queues over all tenants."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Somebody with a key, or anybody where the installation asks for none."""

    name: str
    """Of the key; for logs, limits and the jobs' label, so a label's value by its shape."""
    namespace: str
    """Whose jobs are seen: the tenant. Jobs of other namespaces do not exist for this caller."""
    scopes: frozenset[Scope]
    requests_per_minute: int | None = None
    """Requests that are answered in a minute; None: as many as come."""
    max_unfinished: int | None = None
    """Tasks that may wait or run at once; None: only the installation's own limit counts."""
    max_concurrent_requests: int | None = None
    """Requests that one gateway answers at once, streams and uploads among them; None: as many as come."""
    max_concurrent_uploads: int | None = None
    """Requests of those that may bring a recording; None: as many as come."""


ANONYMOUS: Final = "anonymous"
"""Name of the caller without a key, in an installation that asks for none."""
