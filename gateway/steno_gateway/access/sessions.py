"""The page's cookie: a signed note of whose key was shown, and until when.

Made and read by `access`. There is no list of sessions, so any replica takes any cookie; it names the key's digest,
which is looked up with every request, so that a session ends with its key.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from itsdangerous import BadData, URLSafeSerializer

SECURE_COOKIE: Final = "__Host-steno_session"
"""Over https: browsers take a name that begins like this from this very host alone, not from its siblings."""
PLAIN_COOKIE: Final = "steno_session"
"""Over plain http, where browsers refuse the other."""

_SALT: Final = "steno-gateway-session"


@dataclass(frozen=True, slots=True)
class Session:
    """What a cookie says."""

    digest: str
    """Of the key that it was traded for."""
    expires: datetime
    """Aware, UTC, in whole seconds."""


def cookie_name(*, secure: bool) -> str:
    """Give the cookie's name, over https or not."""
    return SECURE_COOKIE if secure else PLAIN_COOKIE


def sign(session: Session, secret: str) -> str:
    """Spell a session as a cookie's value."""
    return str(_serializer(secret).dumps([session.digest, int(session.expires.timestamp())]))


def read(cookie: str, secret: str, now: datetime) -> Session | None:
    """Read a cookie's value; None: it is not of our making, or it has expired."""
    try:
        digest, expires_seconds = _serializer(secret).loads(cookie)
    except BadData:
        return None
    session = Session(digest, datetime.fromtimestamp(expires_seconds, UTC))
    return session if now < session.expires else None


def _serializer(secret: str) -> URLSafeSerializer:
    # The library's own digest is SHA-1.
    return URLSafeSerializer(
        secret, salt=_SALT, signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256}
    )
