"""The API keys: how they look, how the file of them is read, how one is found again.

Used by `key_file`, which watches the file, and by `new_key`, which makes entries for it. Only the SHA-256 of a key is
ever kept (docs/adr/0015-api-keys-are-hashed-with-sha-256.md). Pure: knows neither HTTP nor the file system.

::

    session_secret: 9f0c…        # signs the page's cookies; without it nobody signs in there
    keys:
      - name: newsroom
        sha256: 3b5d…
        namespace: speech
        scopes: [read, write]
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Self

import yaml
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from steno_gateway.access.caller import ANONYMOUS, Caller, Scope

KEY_PREFIX: Final = "steno_"
"""Begins every key that is made here, so that tools that look for leaked secrets know one when they see it."""
KEY_BYTES: Final = 32
"""Of chance in a key: 256 bits."""
NAME_PATTERN: Final = r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"
"""Of a key: an RFC 1123 label, and so the value of a Kubernetes label too."""

Count = Annotated[int, Field(ge=1, le=1_000_000)]


class ApiKey(BaseModel):
    """One entry of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, hide_input_in_errors=True)

    name: Annotated[str, Field(pattern=NAME_PATTERN)]
    """Whose key it is: for logs, limits and the jobs' label."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """Of the key, in hexadecimal digits."""
    namespace: Annotated[str, Field(pattern=NAME_PATTERN)]
    """The tenant; one that the gateway serves."""
    scopes: Annotated[frozenset[Scope], Field(min_length=1)]
    """What the key is good for."""
    requests_per_minute: Count | None = None
    """Each replica of the gateway counts for itself; None: no limit."""
    max_unfinished: Count | None = None
    """Tasks of this key that may wait or run at once; None: no limit of its own."""
    max_concurrent_requests: Count | None = None
    """Requests at once, streams and uploads among them, of each replica; None: no limit."""
    max_concurrent_uploads: Count | None = None
    """Uploads at once, of each replica; None: no limit of its own."""
    expires: AwareDatetime | None = None
    """When the key ceases to work, with a time zone; None: never."""

    @field_validator("name")
    @classmethod
    def _is_somebody(cls, name: str) -> str:
        if name == ANONYMOUS:
            raise ValueError(f"the name {ANONYMOUS!r} stands for callers without a key")
        return name

    def works(self, now: datetime) -> bool:
        """Say whether the key has not expired."""
        return self.expires is None or now < self.expires

    def caller(self) -> Caller:
        """Give who shows this key."""
        return Caller(
            name=self.name,
            namespace=self.namespace,
            scopes=self.scopes,
            requests_per_minute=self.requests_per_minute,
            max_unfinished=self.max_unfinished,
            max_concurrent_requests=self.max_concurrent_requests,
            max_concurrent_uploads=self.max_concurrent_uploads,
        )


class KeysDocument(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, hide_input_in_errors=True)

    session_secret: Annotated[SecretStr | None, Field(min_length=32)] = None
    """Signs the cookies of the page, at least 32 characters of chance; None: keys cannot be traded for cookies."""
    keys: tuple[ApiKey, ...]
    """In any order."""


class KeysInvalidError(Exception):
    """The file of keys cannot be used; `faults` name entry and field, and hold no value."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(self.faults))


@dataclass(frozen=True, slots=True)
class KnownKey:
    """An entry, with what follows from it."""

    entry: ApiKey
    caller: Caller


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRing:
    """The keys that are good at the moment, found by their digest."""

    by_digest: Mapping[str, KnownKey]
    session_secret: str | None = None
    """Signs the cookies of the page; None: there are none."""

    @classmethod
    def of(cls, document: KeysDocument) -> Self:
        """Make it from what was read."""
        secret = document.session_secret
        return cls(
            by_digest={entry.sha256: KnownKey(entry, entry.caller()) for entry in document.keys},
            session_secret=None if secret is None else secret.get_secret_value(),
        )

    def of_digest(self, digest: str, now: datetime) -> KnownKey | None:
        """Find the key with this digest; None: there is none, or it has expired.

        How long the lookup takes may tell of the digest, which says nothing of the key; the comparison tells nothing.
        """
        known = self.by_digest.get(digest)
        if known is None or not hmac.compare_digest(known.entry.sha256.encode(), digest.encode()):
            return None
        return known if known.entry.works(now) else None


def new_key() -> str:
    """Draw a key."""
    return KEY_PREFIX + secrets.token_urlsafe(KEY_BYTES)


def digest_of(key: str) -> str:
    """Give the SHA-256 of a key, in hexadecimal digits; any text is taken."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def parse(text: bytes, namespaces: Sequence[str]) -> KeyRing:
    """Read the file's text: YAML, and so JSON too.

    Parameters
    ----------
    text
        The file as it lies there.
    namespaces
        Those that the gateway serves; a key of another one is refused.

    Raises
    ------
    KeysInvalidError
        It is no YAML, a field is wrong, or two entries are at odds.
    """
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        # The error's own text quotes the file.
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""
        raise KeysInvalidError([f"it is no YAML{where}"]) from None
    try:
        document = KeysDocument.model_validate(raw)
    except ValidationError as error:
        raise KeysInvalidError(_faults(error, raw)) from None
    if faults := [*_conflicts(document.keys, namespaces)]:
        raise KeysInvalidError(faults)
    return KeyRing.of(document)


def _faults(error: ValidationError, raw: Any) -> list[str]:
    """Name entry and field of each fault; an entry by its place, and by its name where that can be told."""
    faults = []
    for fault in error.errors(include_input=False, include_url=False, include_context=False):
        match fault["loc"]:
            case ("keys", int(place), *path):
                where = [_entry(place, raw["keys"][place])]
            case path:
                where = []
        if path:
            where.append(".".join(str(step) for step in path))
        faults.append(f"{' '.join(where) or 'the file'}: {fault['msg']}")
    return faults


def _entry(place: int, entry: Any) -> str:
    """Name an entry that may be anything."""
    name = entry.get("name") if isinstance(entry, dict) else None
    return f"keys[{place}] ({name})" if isinstance(name, str) and re.match(NAME_PATTERN, name) else f"keys[{place}]"


def _conflicts(entries: Sequence[ApiKey], namespaces: Sequence[str]) -> Iterable[str]:
    names: dict[str, int] = {}
    digests: dict[str, int] = {}
    for place, entry in enumerate(entries):
        where = _entry(place, {"name": entry.name})
        if (other := names.setdefault(entry.name, place)) != place:
            yield f"{where} name: keys[{other}] has the same name"
        if (other := digests.setdefault(entry.sha256, place)) != place:
            yield f"{where} sha256: keys[{other}] is the same key"
        if entry.namespace not in namespaces:
            yield (
                f"{where} namespace: the gateway does not serve {entry.namespace}; "
                f"it serves {', '.join(namespaces)} (the chart's tenants)"
            )
