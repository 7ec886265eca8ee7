"""Spell an address so that it may be shown.

Used wherever a URL enters a message or the log. A query may be a signature that opens the recording to whoever has
it, and what stands before the host is a password.
"""

from typing import Final

import httpx

UNREADABLE: Final = "an address that cannot be read"
"""Stands for a URL that has no sure parts."""


def without_secrets(url: str) -> str:
    """Spell `url` without user, password, query and fragment; `UNREADABLE` where they cannot be told from the rest.

    Read by the parser that the fetch itself uses, so that both agree on where the host begins.
    """
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        return UNREADABLE
    if not parsed.scheme or not parsed.host:
        return UNREADABLE
    return str(parsed.copy_with(userinfo=b"", query=None, fragment=None))
