"""Admission of requests: whose they are, whether they may, and whether there are too many of them.

Made by `server` from the settings; asked by `permission` once for each request, and by the page's `routes.session`.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Self

from starlette.requests import HTTPConnection

from steno_gateway import problems
from steno_gateway.access import record, sessions
from steno_gateway.access.caller import ANONYMOUS, Caller, Scope
from steno_gateway.access.credentials import is_of_another_site, is_upload, is_write, shown_key
from steno_gateway.access.key_file import KeyFile
from steno_gateway.access.keys import KeysInvalidError, KnownKey, digest_of
from steno_gateway.access.limits import Limits
from steno_gateway.access.record import ShownBy
from steno_gateway.access.sessions import Session
from steno_gateway.problems import ProblemError
from steno_gateway.settings import GatewaySettings

CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="steno"'}
"""Said with every 401 (RFC 6750, section 3)."""


class AccessUnsetError(Exception):
    """Neither keys nor anonymous callers are let in, so the gateway would refuse everybody."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that has just begun."""

    caller: Caller
    cookie: str
    """The cookie's value."""
    expires: datetime


class Access:
    """Who is let in.

    Parameters
    ----------
    keys
        The API keys; None: there are none, and what a request shows as one is not looked at.
    anonymous
        Who shows nothing; None: nobody.
    session_seconds
        For which a session lasts.
    secure_cookies
        Whether its cookie is for https alone even where a request did not seem to come by it.
    trusted_origins
        Whose pages may send what anonymous callers may.
    now, limits
        The time, aware; what every key has used up.
    """

    def __init__(
        self,
        *,
        keys: KeyFile | None,
        anonymous: Caller | None,
        session_seconds: int,
        secure_cookies: bool,
        trusted_origins: tuple[str, ...],
        now: Callable[[], datetime],
        limits: Limits,
    ) -> None:
        self._keys = keys
        self._anonymous = anonymous
        self._session_seconds = session_seconds
        self._secure_cookies = secure_cookies
        self._trusted_origins = trusted_origins
        self._now = now
        self._limits = limits

    @classmethod
    def of(
        cls,
        settings: GatewaySettings,
        *,
        now: Callable[[], datetime],
        clock: Callable[[], float] = time.monotonic,
    ) -> Self:
        """Make it as the settings say.

        Raises
        ------
        KeysInvalidError
            The file of keys cannot be used.
        AccessUnsetError
            There is no file of keys, and nobody may come without one.
        """
        keys = None
        if settings.api_keys_file is not None:
            keys = KeyFile(settings.api_keys_file, settings.served_namespaces, clock=clock)
        elif not settings.anonymous:
            raise AccessUnsetError
        anonymous = Caller(name=ANONYMOUS, namespace=settings.namespace, scopes=frozenset(Scope))
        return cls(
            keys=keys,
            anonymous=anonymous if settings.anonymous else None,
            session_seconds=settings.session_seconds,
            secure_cookies=settings.secure_cookies,
            trusted_origins=settings.allowed_origins,
            now=now,
            limits=Limits(clock=clock),
        )

    async def admit(self, connection: HTTPConnection, scope: Scope | None) -> Caller:
        """Give the caller of a request, and count it.

        Parameters
        ----------
        connection
            The request.
        scope
            What it takes; None: to be somebody.

        Raises
        ------
        ProblemError
            No key, an unknown one, one without `scope`, or too many requests.
        """
        noted = record.current()
        if noted.caller is None:
            noted.caller, noted.shown_by = self._who(connection)
            self._limits.count(noted.caller)
            noted.at_end.append(self._limits.begin(noted.caller, upload=is_upload(connection)))
        caller = noted.caller
        if scope is not None and scope not in caller.scopes:
            raise ProblemError(
                problems.SCOPE_MISSING,
                f"The API key {caller.name!r} has not the scope {scope.value!r} that this call takes.",
                remedy=f"Use a key with the scope {scope.value!r}; whoever runs the gateway gives keys out.",
            )
        return caller

    def sign_in(self, connection: HTTPConnection, key: str) -> SignedIn:
        """Trade a key for a session.

        Raises
        ------
        ProblemError
            The key is unknown, used too often, or there are no sessions here.
        """
        if is_of_another_site(connection):
            raise _of_another_site()
        ring = self._keys.ring() if self._keys is not None else None
        if ring is None or ring.session_secret is None:
            raise ProblemError(
                problems.SESSIONS_OFF,
                "This gateway asks for no keys." if ring is None else "The gateway's keys have no session_secret.",
                remedy="Call without a session; GET /session says who one is then."
                if ring is None
                else "Send the key with each request; whoever runs the gateway can set a session_secret.",
            )
        known = self._known(digest_of(key))
        if known is None:
            raise _unauthenticated("The API key is unknown, or has expired.")
        noted = record.current()
        noted.caller, noted.shown_by = known.caller, ShownBy.KEY
        self._limits.count(known.caller)
        expires = self._now() + timedelta(seconds=self._session_seconds)
        if known.entry.expires is not None:
            expires = min(expires, known.entry.expires)
        session = Session(known.entry.sha256, expires.astimezone(UTC).replace(microsecond=0))
        return SignedIn(known.caller, sessions.sign(session, ring.session_secret), session.expires)

    def takes_secure_cookies(self, connection: HTTPConnection) -> bool:
        """Say whether the cookie of this client's is the one for https alone."""
        return self._secure_cookies or connection.scope["scheme"] in {"https", "wss"}

    def _who(self, connection: HTTPConnection) -> tuple[Caller, ShownBy]:
        if self._keys is not None and (key := shown_key(connection)) is not None:
            # A wrong key is not nobody's: its owner would look into another tenant than they think.
            if (known := self._known(digest_of(key))) is None:
                raise _unauthenticated("The API key is unknown, or has expired.")
            return known.caller, ShownBy.KEY
        # From here on a browser may have been made to send it.
        if (session := self._session(connection)) is not None and (known := self._known(session.digest)) is not None:
            if _may_be_forged(connection) and is_of_another_site(connection):
                raise _of_another_site()
            return known.caller, ShownBy.SESSION
        if self._anonymous is None:
            raise _unauthenticated("The request shows no API key.")
        if _may_be_forged(connection) and is_of_another_site(connection, self._trusted_origins):
            raise _of_another_site()
        return self._anonymous, ShownBy.NOTHING

    def _known(self, digest: str) -> KnownKey | None:
        return self._keys.ring().of_digest(digest, self._now()) if self._keys is not None else None

    def _session(self, connection: HTTPConnection) -> Session | None:
        secret = self._keys.ring().session_secret if self._keys is not None else None
        cookie = connection.cookies.get(sessions.cookie_name(secure=self.takes_secure_cookies(connection)))
        return None if secret is None or cookie is None else sessions.read(cookie, secret, self._now())


def _may_be_forged(connection: HTTPConnection) -> bool:
    """Say whether a page of another site could gain by this: it changes something, or opens a socket to read from."""
    return is_write(connection) or connection.scope["type"] == "websocket"


def _unauthenticated(detail: str) -> ProblemError:
    return ProblemError(
        problems.UNAUTHENTICATED,
        detail,
        field="Authorization",
        remedy="Send a valid API key as 'Authorization: Bearer KEY'; whoever runs the gateway gives keys out.",
        headers=CHALLENGE,
    )


def _of_another_site() -> ProblemError:
    return ProblemError(
        problems.OTHER_SITE,
        "A page of another site sent this with what the reader's browser knows of this one.",
        field="Origin",
        remedy="Send an API key with the request; whoever runs the gateway names the sites whose pages may call it.",
    )


__all__ = ["Access", "AccessUnsetError", "KeysInvalidError", "SignedIn"]
