"""What a request shows of who sends it, and whether a page of another site made a browser send it.

Used by `access`. Reads headers and nothing else; must not know which keys there are.
"""

from collections.abc import Collection
from typing import Final

from starlette.requests import HTTPConnection

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""They change nothing (RFC 9110, section 9.2.1)."""

_OWN_SITES: Final = frozenset({"same-origin", "none"})
"""Values of ``Sec-Fetch-Site`` for a page of ours, and for an address that somebody typed."""
_NO_RECORDINGS: Final = frozenset({"application/json", "application/x-www-form-urlencoded"})


def shown_key(connection: HTTPConnection) -> str | None:
    """Give the API key of a request; None: it shows none. What cannot be read as one is given as it is.

    ``Authorization: Bearer KEY``, and ``Authorization: KEY`` as AssemblyAI's clients send it.
    """
    lines = connection.headers.getlist("Authorization")
    if not lines:
        return None
    if len(lines) > 1:
        return ""  # which one counts would be a guess
    scheme, blank, rest = lines[0].strip().partition(" ")
    return rest.strip() if blank and scheme.lower() == "bearer" else lines[0].strip()


def is_write(connection: HTTPConnection) -> bool:
    """Say whether a request may change something."""
    return connection.scope["type"] == "http" and connection.scope["method"] not in SAFE_METHODS


def is_upload(connection: HTTPConnection) -> bool:
    """Say whether a request brings a body that may be a recording, and so holds parts of it in memory."""
    if not is_write(connection):
        return False
    headers = connection.headers
    has_body = "Transfer-Encoding" in headers or headers.get("Content-Length", "0") != "0"
    return has_body and headers.get("Content-Type", "").partition(";")[0].strip().lower() not in _NO_RECORDINGS


def is_of_another_site(connection: HTTPConnection, trusted: Collection[str] = ()) -> bool:
    """Say whether a page of another origin had its reader's browser send this: cross-site request forgery.

    Every browser of these years says ``Sec-Fetch-Site`` over https and to localhost, and ``Origin`` with all that is
    not a plain GET; a request with neither comes from no page.

    Parameters
    ----------
    connection
        The request.
    trusted
        Origins whose pages may.
    """
    headers = connection.headers
    origin = headers.get("Origin")
    if origin is not None and ("*" in trusted or origin in trusted):
        return False
    if (site := headers.get("Sec-Fetch-Site")) is not None:
        return site not in _OWN_SITES
    # By host and port alone: behind a proxy that ends TLS the scheme is not to be known.
    return origin is not None and origin.partition("://")[2] != headers.get("Host")
