"""What can go wrong with the store, in the project's words.

::

    StoreError
    ├── ConditionalPutError
    ├── CorsUnsupportedError
    ├── LifecycleUnsupportedError
    ├── ObjectChangedError
    ├── ObjectNotFoundError
    │   └── BucketNotFoundError
    ├── StoreForbiddenError
    └── StoreUnavailableError
        └── StoreAwayError

botocore's exceptions never leave this package: `translated` is the one place that maps them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Final

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
)
from urllib3.exceptions import HTTPError


class StoreError(Exception):
    """A call to the store failed; the message names bucket and key, never credentials.

    Raised as itself when the store will not do what it was asked, however often: it lacks the feature, or holds the
    request for wrong.
    """


class ConditionalPutError(StoreError):
    """The store does not honour ``If-None-Match`` on a PUT, and so cannot be Steno's; raised by `ownership` alone."""


class CorsUnsupportedError(StoreError):
    """The store has no CORS rules of a bucket; raised by `cors` alone."""


class LifecycleUnsupportedError(StoreError):
    """The store has no lifecycle rules; raised by `lifecycle` alone."""


class ObjectChangedError(StoreError):
    """The object is no longer the one that was asked for; it was replaced meanwhile."""


class ObjectNotFoundError(StoreError):
    """There is no such object, or no such upload."""


class BucketNotFoundError(ObjectNotFoundError):
    """There is no such bucket, and so no such object."""


class StoreForbiddenError(StoreError):
    """The store refuses: no credentials, wrong credentials, or a policy in the way."""


class StoreUnavailableError(StoreError):
    """The store did not answer, or answered with an error of its own; another try may succeed."""


class StoreAwayError(StoreUnavailableError):
    """The store has not answered others of late, so it was not even asked; raised by `breaker` alone."""


_FORBIDDEN: Final = frozenset(
    {
        "AccessDenied",
        "AllAccessDisabled",
        "ExpiredToken",
        "InvalidAccessKeyId",
        "InvalidToken",
        "SignatureDoesNotMatch",
        "XAdminUserNotFound",
    }
)
"""Codes that mean `StoreForbiddenError`; AWS sends some with status 400, Versity's gateway the last with 404."""

_NOT_FOUND: Final = frozenset({"NoSuchKey", "NoSuchUpload", "NoSuchVersion", "NotFound", "404"})
"""Codes that mean `ObjectNotFoundError`. The status alone does not: what a proxy or a gateway does not know is no
missing object, which would end a job for good."""

_TEMPORARY: Final = frozenset({"OperationAborted", "RequestTimeout", "SlowDown"})
"""Codes that mean `StoreUnavailableError` though their status is below 500."""

_TEMPORARY_STATUSES: Final = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
)
"""Statuses below 500 that another try may change."""

NOT_IMPLEMENTED: Final = frozenset({"NotImplemented", "MethodNotAllowed", "501", "405"})
"""Codes of a store that lacks the call; stores differ."""


def error_code(error: ClientError) -> str:
    """Give the store's own code, for example ``NoSuchKey``; for a HEAD it is the bare HTTP status."""
    return str(error.response.get("Error", {}).get("Code", ""))


def error_status(error: ClientError) -> int:
    """Give the HTTP status of the store's answer; 0 when the answer had none of its own."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


@contextmanager
def translated(action: str) -> Iterator[None]:
    """Turn botocore's errors into the project's; `action` says what was tried, for example ``read s3://b/k``."""
    try:
        yield
    except ClientError as error:
        said = str(error.response.get("Error", {}).get("Message", ""))
        found = error_class(error_code(error), error_status(error))
        raise found(f"cannot {action}: {error_code(error)} {said}".rstrip()) from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise StoreForbiddenError(f"cannot {action}: {error}") from error
    except ParamValidationError as error:
        raise StoreError(f"cannot {action}: {error}") from error
    except (BotoCoreError, HTTPError) as error:
        raise StoreUnavailableError(f"cannot {action}: {error}") from error


def error_class(code: str, status: int) -> type[StoreError]:
    """Classify the store's answer: by its code where that says more, else by its HTTP status."""
    if code == "NoSuchBucket":
        return BucketNotFoundError
    if code in _FORBIDDEN or status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return StoreForbiddenError
    if status == HTTPStatus.PRECONDITION_FAILED:
        return ObjectChangedError
    if code in NOT_IMPLEMENTED:
        return StoreError
    if code in _TEMPORARY or status in _TEMPORARY_STATUSES or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return StoreUnavailableError
    return ObjectNotFoundError if code in _NOT_FOUND else StoreError
