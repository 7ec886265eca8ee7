"""What the API server is asked about the CRD: whether this may be created, changed so, told so.

Used by the tests of this folder. A question ends in None when the server accepts, in its words when it refuses.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from kubernetes.client import ApiException

from steno_types import GROUP, PLURAL, VERSION
from support.kubernetes_api import Api

Raw = dict[str, Any]
Question = Callable[["Asker"], str | None]

UPLOAD_ID: Final = "0123456789abcdef0123456789abcdef"
SPEC: Final[Raw] = {"source": {"s3": {"key": "recordings/talk.wav"}}}
TIME: Final = "2026-01-31T12:00:00Z"

REFUSED = 422
"""Unprocessable Entity: the schema or a rule refuses."""


@dataclass
class Asker:
    """One job's worth of questions."""

    api: Api
    name: str

    def create(self, spec: Raw, *, name: str | None = None) -> str | None:
        """Create the job."""
        return _verdict(lambda: self.api.submit(name or self.name, spec))

    def change(self, change: Raw) -> str | None:
        """Merge a change into the job."""
        return _verdict(lambda: self.api.patch(self.name, change))

    def tell(self, status: Raw | None) -> str | None:
        """Merge into the job's status; None removes it."""
        return _verdict(lambda: self.api.patch_status(self.name, status))

    def replace_status(self, status: Raw | None) -> str | None:
        """Put the whole status in place of the old; None: without any."""
        whole = self.api.job(self.name)
        assert whole is not None
        whole.pop("status", None)
        if status is not None:
            whole["status"] = status
        put = self.api.custom.replace_namespaced_custom_object_status
        return _verdict(lambda: put(GROUP, VERSION, self.api.namespace, PLURAL, self.name, whole))


def _verdict(ask: Callable[[], object]) -> str | None:
    try:
        ask()
    except ApiException as error:
        if error.status != REFUSED:
            raise
        return str(json.loads(error.body or "{}")["message"])
    return None


def creating(spec: Raw, *, name: str | None = None) -> Question:
    """Ask whether a job may be created so."""
    return lambda asker: asker.create(spec, name=name)


def changing(before: Raw, change: Raw) -> Question:
    """Ask whether the spec of a job may be changed so; null removes a field."""

    def ask(asker: Asker) -> str | None:
        assert asker.create(before) is None
        return asker.change({"spec": change})

    return ask


def condition(kind: str, status: str = "True", **more: Any) -> Raw:
    """Give a condition."""
    return {"type": kind, "status": status, "reason": "Said", "lastTransitionTime": TIME, **more}


def telling(*statuses: Raw | None) -> Question:
    """Ask whether the status may become so, once it has become all those before."""

    def ask(asker: Asker) -> str | None:
        assert asker.create(SPEC) is None
        *before, last = statuses
        for status in before:
            assert asker.tell(status) is None
        return asker.tell(last)

    return ask


def replacing(before: Raw, status: Raw | None) -> Question:
    """Ask whether a status may be replaced so."""

    def ask(asker: Asker) -> str | None:
        assert asker.create(SPEC) is None
        assert asker.tell(before) is None
        return asker.replace_status(status)

    return ask
