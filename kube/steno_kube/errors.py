"""What the API server can answer, in the project's words.

::

    KubeError
    ├── ResourceNotFoundError
    ├── AlreadyExistsError
    ├── ClusterUnknownError
    ├── ConflictError
    ├── InvalidResourceError
    ├── KubeForbiddenError
    └── KubeUnavailableError
        ├── KubeInternalError
        └── VersionExpiredError

`refusal` is the one place that tells one refusal from another.
"""

from collections.abc import Mapping
from typing import Any, Final


class KubeError(Exception):
    """A call to the API server failed; the message is the server's own."""


class ResourceNotFoundError(KubeError):
    """There is no such object (404)."""


class AlreadyExistsError(KubeError):
    """There is an object of that name (409 on create)."""


class ClusterUnknownError(KubeError):
    """Nothing says where the API server is: no service account, no kubeconfig; raised by `connect` alone."""


class ConflictError(KubeError):
    """The object changed since it was read (409 on update)."""


class InvalidResourceError(KubeError):
    """The server refuses the object (400, 422); `fields` name what is wrong with it."""

    def __init__(self, message: str, fields: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.fields = fields
        """Paths of the offending fields, for example ``spec.source``."""


class KubeForbiddenError(KubeError):
    """Our service account may not do this (401, 403), or a quota forbids it."""


class KubeUnavailableError(KubeError):
    """The server did not answer, is overloaded, or failed; another try may succeed."""


class KubeInternalError(KubeUnavailableError):
    """The server did answer, and failed over this very request (500): as a rule a webhook did that it asks."""


class VersionExpiredError(KubeUnavailableError):
    """The server does not remember what happened since that version (410): list anew."""


_BY_REASON: Final[dict[str, type[KubeError]]] = {
    "NotFound": ResourceNotFoundError,
    "AlreadyExists": AlreadyExistsError,
    "Conflict": ConflictError,
    "Forbidden": KubeForbiddenError,
    "Unauthorized": KubeForbiddenError,
    "InternalError": KubeInternalError,
    "Expired": VersionExpiredError,
    "Gone": VersionExpiredError,
}
_BY_CODE: Final[dict[int, type[KubeError]]] = {
    401: KubeForbiddenError,
    403: KubeForbiddenError,
    404: ResourceNotFoundError,
    409: ConflictError,
    410: VersionExpiredError,
}
_INVALID: Final = frozenset({400, 422})
_ELSEWHERE: Final = frozenset({0, 408, 410, 429, 502, 503, 504})
"""Codes that say nothing about what was asked for; 0 where there was none."""


def refusal(code: int, status: Mapping[str, Any]) -> KubeError:
    """Give the error that a refusal is: its HTTP code, and the ``metav1.Status`` that came with it, empty if none."""
    reason = status.get("reason") or ""
    message = status.get("message") or f"the API server answered {code}"
    if reason in {"Invalid", "BadRequest"} or code in _INVALID:
        causes = (status.get("details") or {}).get("causes") or ()
        return InvalidResourceError(message, tuple(cause["field"] for cause in causes if cause.get("field")))
    # A webhook may refuse with any code that it likes.
    unknown = KubeUnavailableError if code in _ELSEWHERE else KubeInternalError
    kind = _BY_REASON.get(reason) or _BY_CODE.get(code, unknown)
    return kind(message)
