"""What the API server notes of the operator's requests: verbs and resources in the words in which a Role grants them.

Used by the tests of this folder. The server's own audit log, so that nothing between it and the operator decides what
a request was.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

POLICY: Final[dict[str, Any]] = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    # A watch is noted when it begins; its end may be long after the test's.
    "omitStages": ["RequestReceived"],
    "rules": [
        {"level": "None", "userGroups": ["system:serviceaccounts:kube-system"]},
        {"level": "Metadata", "userGroups": ["system:serviceaccounts"]},
        {"level": "None"},
    ],
}
"""Notes what service accounts do, but for the control plane's own, and never a body."""

FORBIDDEN: Final = 403


@dataclass(frozen=True, slots=True, order=True)
class Right:
    """What a Role can grant."""

    verb: str
    group: str
    """API group; empty: the core's."""
    resource: str
    """Plural, with its subresource as in ``transcriptionjobs/status``."""

    def __str__(self) -> str:
        return f"{self.verb} {self.resource}.{self.group}".rstrip(".")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    right: Right
    """What it takes."""
    namespace: str
    """Empty: of no namespace, or of all."""
    name: str
    code: int
    """Of the answer."""


class AuditLog:
    """The file that the API server writes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def of(self, user: str) -> Iterator[Asked]:
        """Give a user's requests for resources, in order; a watch is given when it begins and when it ends."""
        with self.path.open() as lines:
            for line in lines:
                if not line.endswith("\n"):
                    return  # it is being written
                event = json.loads(line)
                if event["user"]["username"] == user and "objectRef" in event:
                    yield _asked(event)


def _asked(event: dict[str, Any]) -> Asked:
    what = event["objectRef"]
    resource = "/".join(part for part in (what["resource"], what.get("subresource")) if part)
    return Asked(
        right=Right(event["verb"], what.get("apiGroup", ""), resource),
        namespace=what.get("namespace", ""),
        name=what.get("name", ""),
        code=event["responseStatus"]["code"],
    )
