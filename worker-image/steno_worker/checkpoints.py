"""Checkpoints: what one attempt leaves so that the next need not compute it again.

`engines.chunked` and `engines.multistep` write and read them through the `Checkpoints` protocol; `pipeline` makes
them. Here are the implementations: in the store under a job's results (`StoredCheckpoints`), and none at all
(`NoCheckpoints`). All of them lie under a *fingerprint* of what the work depends on, so that another model or setting
finds nothing. Must not know what a checkpoint says.
"""

import hashlib
import json
import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Protocol, Self

from steno_store import ObjectStore, StoreError, keys
from steno_worker.errors import StorageUnavailableError
from steno_worker.logs import fields

FORM: Final = 1
"""Raised when a newer worker must not read an older one's checkpoints."""

READERS: Final = 8
"""Requests at once while they are read: a long recording has hundreds of small objects."""

logger = logging.getLogger(__name__)


class Checkpoints(Protocol):
    """Named pieces of finished work; each is written once and never changed."""

    def load(self) -> dict[str, bytes]:
        """Read all that there are, by name."""
        ...

    def put(self, name: str, body: bytes) -> bytes:
        """Write a piece unless there is one of that name; gives the one that counts.

        `name` is a relative path of ASCII letters, digits, ``-``, ``_``, ``.`` and ``/``.
        """
        ...

    def put_later(self, name: str, body: bytes) -> None:
        """Write a piece when there is time for it; nobody waits, and nobody hears whether it worked."""
        ...


class NoCheckpoints:
    """For work that nobody resumes."""

    def load(self) -> dict[str, bytes]:
        """Give nothing."""
        return {}

    def put(self, name: str, body: bytes) -> bytes:
        """Keep nothing."""
        del name
        return body

    def put_later(self, name: str, body: bytes) -> None:
        """Keep nothing."""
        del name, body


def fingerprint(about: Mapping[str, object]) -> str:
    """Digest what the work depends on, in 32 hexadecimal digits; `about` is JSON-ready, its order does not matter."""
    spelled = json.dumps({"form": FORM, **about}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(spelled.encode()).hexdigest()[:32]


class StoredCheckpoints:
    """In the store, under a job's results; a context manager, in which what was begun is written to its end.

    A store that is away stops no work: what could not be written is computed again by the next attempt, if there is
    one.
    """

    def __init__(self, store: ObjectStore, results_prefix: str, work: str) -> None:
        self._store = store
        self._prefix = keys.checkpoints(results_prefix, work)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="checkpoint")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.shutdown()

    def load(self) -> dict[str, bytes]:
        """Read all that there are; `StorageUnavailableError` when the store is away, as guessing would cost work."""
        try:
            found = [entry.key for entry in self._store.list(self._prefix)]
            with ThreadPoolExecutor(READERS, thread_name_prefix="checkpoint") as readers:
                bodies = readers.map(self._store.get, found)
                pieces = {key.removeprefix(self._prefix): body for key, body in zip(found, bodies, strict=True)}
        except StoreError as error:
            raise StorageUnavailableError(f"The work of earlier attempts could not be read ({error}).") from error
        if pieces:
            logger.info("resuming", extra=fields(checkpoints=len(pieces)))
        return pieces

    def put(self, name: str, body: bytes) -> bytes:
        """Write a piece unless there is one; gives the one that counts, and the given one when the store is away."""
        key = self._prefix + name
        try:
            return body if self._store.put_if_absent(key, body) else self._store.get(key)
        except StoreError as error:
            logger.warning("a checkpoint could not be written: %s", error)
            return body

    def put_later(self, name: str, body: bytes) -> None:
        """Write a piece from a thread of its own, after those before it."""
        self._writer.submit(self.put, name, body)
