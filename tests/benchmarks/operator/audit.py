"""What the API server notes of one user's requests: the policy it is told, and its lines counted.

`stand` gives the policy to the API server, `life` counts. Must not know the operator.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

WRITES: Final = frozenset({"create", "update", "patch", "delete", "deletecollection"})
"""Verbs that change something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One kind of request."""

    verb: str
    resource: str
    """Plural, with its subresource as in ``transcriptionjobs/status``."""

    @property
    def writes(self) -> bool:
        """Whether it changes something."""
        return self.verb in WRITES

    def __str__(self) -> str:
        return f"{self.verb} {self.resource}"


def policy(user: str) -> dict[str, Any]:
    """Give the audit policy that notes each request of `user` once, without bodies, and nobody else's."""
    return {
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived", "ResponseStarted"],
        "rules": [{"level": "Metadata", "users": [user]}, {"level": "None"}],
    }


def counted(lines: Iterable[str], *, user: str) -> Counter[Request]:
    """Count the requests of `user` by verb and resource, refused ones too: they cost the server as much.

    A watch counts when it ends; a line cut short, the last one of a file that is still written, for nothing.
    """
    found: Counter[Request] = Counter()
    for line in lines:
        if not line.endswith("\n"):
            continue
        event = json.loads(line)
        what = event.get("objectRef")
        if what is None or event["user"]["username"] != user or event["stage"] != "ResponseComplete":
            continue
        name = "/".join(part for part in (what["resource"], what.get("subresource")) if part)
        found[Request(verb=event["verb"], resource=name)] += 1
    return found


def per_job(requests: Counter[Request], jobs: int, *, writes: bool) -> float:
    """Give the writes, or the reads, per job."""
    return sum(count for request, count in requests.items() if request.writes is writes) / jobs


def spelled(requests: Counter[Request], jobs: int, *, writes: bool) -> str:
    """Say which requests those were, per job, the most frequent first."""
    parts = [f"{request} {count / jobs:.2f}" for request, count in requests.most_common() if request.writes is writes]
    return ", ".join(parts) or "none"
