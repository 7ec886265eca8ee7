"""What becomes of an answer, or of none: who has to act, and whether another try may help.

Used by `hops` and `url`. The one place that reads status codes and httpx's errors. What the other end sent is never
quoted but for its status: it may repeat the address, whose query is a secret.
"""

import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

import httpx

from steno_worker.errors import SourceForbiddenError, SourceNotFoundError

BODIES: Final = frozenset({HTTPStatus.OK, HTTPStatus.NON_AUTHORITATIVE_INFORMATION, HTTPStatus.PARTIAL_CONTENT})
"""Statuses that come with the recording, or a part of it."""

REDIRECTS: Final = frozenset(
    {
        HTTPStatus.MOVED_PERMANENTLY,
        HTTPStatus.FOUND,
        HTTPStatus.SEE_OTHER,
        HTTPStatus.TEMPORARY_REDIRECT,
        HTTPStatus.PERMANENT_REDIRECT,
    }
)
"""Statuses that lead elsewhere."""

_GONE: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
_REFUSALS: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_TEMPORARY: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})

_CONTENT_RANGE: Final = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
"""RFC 9110, section 14.4."""


class PassingFaultError(Exception):
    """The other end failed in a way that may pass; never leaves `intake`.

    The message continues "could not be fetched: ".
    """

    def __init__(self, said: str, *, requested_seconds: float = 0.0) -> None:
        super().__init__(said)
        self.requested_seconds = requested_seconds
        """Pause that the server asked for."""


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of the recording a body is."""

    start_bytes: int
    total_bytes: int | None
    """Of the whole recording; None: unknown."""


def check_status(response: httpx.Response, address: str) -> None:
    """Return if `response` brings a body or says that the range asked for is beyond the end.

    Raises
    ------
    SourceNotFoundError, SourceForbiddenError
        Terminal, the user's (exit 66).
    PassingFaultError
        Another try may help.
    """
    status = response.status_code
    if status in BODIES or status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        return
    if status in _GONE:
        raise SourceNotFoundError(f"There is no recording at {address}: the server answers {status}.")
    if status in _REFUSALS:
        raise SourceForbiddenError(
            f"The server refuses {address} ({status}). If the address was signed, it may have expired: submit the job"
            " with a fresh one."
        )
    if status in _TEMPORARY or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise PassingFaultError(f"the server answers {status}", requested_seconds=_retry_after_seconds(response))
    raise SourceForbiddenError(
        f"The server does not hand out {address}: it answers {status}."
        " If the address was signed, it may have expired."
    )


def part_of(response: httpx.Response) -> Part:
    """Read which bytes come; a 206 that does not say so is a `PassingFaultError`."""
    if response.status_code != HTTPStatus.PARTIAL_CONTENT:
        length = response.headers.get("Content-Length", "")
        return Part(0, int(length) if length.isdecimal() else None)
    told = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
    if told is None:
        raise PassingFaultError("the server sends a part and does not say which")
    return Part(int(told[1]), int(told[3]) if told[3] != "*" else None)


def validator_of(response: httpx.Response) -> str | None:
    """Give what a later request may name in If-Range; None where the server tells nothing to rely on.

    A weak etag may stand for different bytes (RFC 9110, section 13.1.5).
    """
    etag: str = response.headers.get("ETag", "")
    if etag.startswith('"'):
        return etag
    modified: str | None = response.headers.get("Last-Modified")
    return modified if not etag else None


def _retry_after_seconds(response: httpx.Response) -> float:
    """Read Retry-After, seconds or a date; 0 where it is absent, past or unreadable."""
    asked: str = response.headers.get("Retry-After", "").strip()
    if asked.isdecimal():
        return float(asked)
    try:
        until = parsedate_to_datetime(asked)
        now = parsedate_to_datetime(response.headers["Date"]) if "Date" in response.headers else datetime.now(UTC)
        return max(0.0, (until - now).total_seconds())
    except (ValueError, TypeError):  # TypeError: one of the two has no time zone
        return 0.0


@contextmanager
def connection_faults_told(address: str, *, idle_seconds: float) -> Iterator[None]:
    """Turn httpx's errors into `PassingFaultError`, or into the user's where no other try can help."""
    try:
        yield
    except httpx.ConnectTimeout as error:
        raise PassingFaultError("no connection could be made in time") from error
    except httpx.TimeoutException as error:
        raise PassingFaultError(f"nothing came for {idle_seconds:g} seconds") from error
    except httpx.ConnectError as error:
        if (refused := _certificate_fault(error)) is not None:
            raise SourceForbiddenError(
                f"The certificate of the server at {address} is not to be trusted: {refused.verify_message}."
            ) from error
        raise PassingFaultError("no connection could be made") from error
    except httpx.TransportError as error:
        raise PassingFaultError("the connection broke, or what came was no HTTP") from error


def _certificate_fault(error: BaseException) -> ssl.SSLCertVerificationError | None:
    """Look for the cause that the layers between have wrapped."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLCertVerificationError):
        cause = cause.__cause__ or cause.__context__
    return cause
