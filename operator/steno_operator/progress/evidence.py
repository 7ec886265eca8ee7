"""What a report is judged by: plain values, as the API server tells them of a token, a pod and a Job.

Filled in by `client.reviews`, read by `identity` and `intake`. Must not know any client.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenReview:
    """What the API server says of a token."""

    authenticated: bool
    """Whether it is the token of somebody known, for one of the audiences that were asked for."""
    audiences: tuple[str, ...] = ()
    """Those of them that it is for; empty: the server, or what it asked, knows no audiences."""
    username: str = ""
    """``system:serviceaccount:<namespace>:<name>`` for a service account."""
    pod_name: str | None = None
    """The pod that the token is bound to; None: it is bound to none."""
    pod_uid: str | None = None
    """That pod's uid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """The pod that a report comes from, as its token proves."""

    namespace: str
    pod_name: str
    pod_uid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Controller:
    """The owner reference that says ``controller: true``."""

    api_version: str
    kind: str
    name: str
    uid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedObject:
    """A pod or a Job, as far as it tells whose it is."""

    name: str
    uid: str
    controller: Controller | None = None
    """Who owns and controls it; None: nobody."""
    created: datetime | None = None
    """When, by the API server's clock; whole seconds."""
    deleting: bool = False
    """Whether it is on its way out."""
    ended: bool = False
    """Of a pod: whether its phase says that nothing of it runs any more."""
