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

lightkube's exceptions never leave this package and `steno_operator.client`: `translated` is the one place that maps
them.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
from lightkube import ApiError


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


_BY_REASON: dict[str, type[KubeError]] = {
    "NotFound": ResourceNotFoundError,
    "AlreadyExists": AlreadyExistsError,
    "Conflict": ConflictError,
    "Forbidden": KubeForbiddenError,
    "Unauthorized": KubeForbiddenError,
}
_BY_CODE: dict[int, type[KubeError]] = {
    401: KubeForbiddenError,
    403: KubeForbiddenError,
    404: ResourceNotFoundError,
    409: ConflictError,
}


def _from_status(error: ApiError) -> KubeError:
    status = error.status
    message = status.message or str(error)
    code = status.code or 0
    if status.reason in {"Invalid", "BadRequest"} or code in {400, 422}:
        causes = (status.details.causes if status.details else None) or []
        return InvalidResourceError(message, tuple(cause.field for cause in causes if cause.field))
    kind = _BY_REASON.get(status.reason or "") or _BY_CODE.get(code, KubeUnavailableError)
    return kind(message)


@contextmanager
def translated() -> Iterator[None]:
    """Turn lightkube's and its HTTP client's errors into the project's."""
    try:
        yield
    except ApiError as error:
        raise _from_status(error) from error
    except httpx2.HTTPStatusError as error:
        code = error.response.status_code
        raise _BY_CODE.get(code, KubeUnavailableError)(str(error)) from error
    except (httpx2.HTTPError, OSError) as error:
        raise KubeUnavailableError(f"the API server did not answer: {type(error).__name__} {error}") from error
