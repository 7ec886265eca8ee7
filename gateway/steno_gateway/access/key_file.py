"""The file of keys as it changes: read at the start, and again whenever somebody has written it.

Made by `access`. The file comes from a Secret; the kubelet brings a new version by turning a symbolic link, a minute
or so after the Secret was changed.
"""

import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from steno_gateway.access.keys import KeyRing, KeysInvalidError, parse

CHECK_SECONDS: Final = 1.0
"""Between two looks at the file, however many requests come."""

logger = logging.getLogger(__name__)

Fingerprint = tuple[int, int, int]
"""Inode, time of the last change and size of a file: another content has another one."""


class KeyFile:
    """The keys of a gateway.

    Parameters
    ----------
    path
        Of the file.
    namespaces
        Those that the gateway serves.
    clock
        Monotonic seconds.

    Raises
    ------
    KeysInvalidError
        The file cannot be read, or used.
    """

    def __init__(self, path: Path, namespaces: Sequence[str], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._namespaces = namespaces
        self._clock = clock
        self._looked_at = clock()
        try:
            self._fingerprint: Fingerprint | None = self._look()
            self._ring = parse(path.read_bytes(), namespaces)
        except OSError as error:
            raise KeysInvalidError([f"it cannot be read: {error.strerror}"]) from None

    def ring(self) -> KeyRing:
        """Give the keys, those of a changed file at most `CHECK_SECONDS` after the change.

        A new file that cannot be used is logged, once, and the old keys stay. A look is one ``stat`` of a file in
        memory, so no thread is asked to do it.
        """
        if self._clock() - self._looked_at >= CHECK_SECONDS:
            self._looked_at = self._clock()
            self._read_if_changed()
        return self._ring

    def _look(self) -> Fingerprint:
        seen = self._path.stat()
        return seen.st_ino, seen.st_mtime_ns, seen.st_size

    def _read_if_changed(self) -> None:
        before, fault = self._fingerprint, None
        try:
            self._fingerprint = None
            self._fingerprint = self._look()
            if self._fingerprint == before:
                return
            self._ring = parse(self._path.read_bytes(), self._namespaces)
        except OSError as error:
            fault = f"it cannot be read: {error.strerror}"
        except KeysInvalidError as error:
            fault = str(error)
        if fault is None:
            logger.info("%s has changed; keys: %d", self._path, len(self._ring.by_digest))
        elif before is not None or self._fingerprint is not None:
            logger.error("%s has changed and cannot be used, the old keys stay: %s", self._path, fault)
