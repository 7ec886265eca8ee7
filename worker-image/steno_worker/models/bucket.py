"""Models out of a bucket, kept in a cache that pods may share.

Called by `models.locate`. Under the prefix lie the model's files and ``SHA256SUMS``, made by::

    sha256sum * > SHA256SUMS

All that it lists is fetched into a folder of its own, checked, and only then moved to where it is looked for: a name
made of the digest of ``SHA256SUMS``. A rename is one step, so two pods that fetch at once meet a whole model, and the
later one drops its own. Another model under the same prefix gets another name. Must not know what a model is for.
"""

import errno
import hashlib
import logging
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Final

from steno_store import ObjectStore, StoreError, StoreUnavailableError
from steno_types import SourceObject
from steno_worker.errors import (
    ModelDownloadFailedError,
    ModelUnknownError,
    ScratchFullError,
    SettingsInvalidError,
    SourceError,
    StorageUnavailableError,
)
from steno_worker.intake.s3 import fetch
from steno_worker.logs import fields
from steno_worker.models.folder import LocatedModel, begin, digest_of, hashed, is_model_file, require

SCHEME: Final = "s3://"
"""How the address of such a model begins."""

SUMS: Final = "SHA256SUMS"
"""The list of the model's files."""

MAX_SUMS_BYTES: Final = 1 << 20
"""Longest list that is read: some ten thousand files."""

PARTIAL: Final = ".partial-"
"""How the name of a folder begins that is being filled."""

PARTIAL_SECONDS: Final = 86_400.0
"""Age at which such a folder is taken for a killed pod's, and removed: no download takes a day."""

_LINE: Final = re.compile(r"([0-9a-fA-F]{64}) [ *](.+)")

logger = logging.getLogger(__name__)


def fetched(address: str, *, cache: Path, store: ObjectStore, now: Callable[[], float] = time.time) -> LocatedModel:
    """Give the model at `address` out of the cache; fetch it where it is not there.

    Parameters
    ----------
    cache
        Folder; made where it is not there.
    now
        Seconds since the epoch; tells the age of what was left behind.

    Raises
    ------
    ModelUnknownError, SettingsInvalidError
        Terminal, the platform's (exit 78).
    ModelDownloadFailedError, ScratchFullError
        Retryable (exit 69, 75).
    """
    bucket, _, prefix = address.removeprefix(SCHEME).partition("/")
    if not bucket:
        raise ModelUnknownError(f"The model {address} names no bucket: it has to be s3://bucket/prefix.")
    where = _Prefix(address, bucket, prefix.strip("/"), store)
    sums = where.read_sums()
    listed = _listed(sums, address)
    require(address, set(listed))
    home = cache / f"sha256-{hashlib.sha256(sums).hexdigest()}"
    with _cache_faults_told(cache):
        if home.is_dir():
            return LocatedModel(path=home, digesting=_checking(home, listed, address))
        cache.mkdir(parents=True, exist_ok=True)
        _sweep(cache, now())
        _fill(home, where, listed)
    made: Future[str] = Future()
    made.set_result(digest_of(listed))
    return LocatedModel(path=home, digesting=made)


class _Prefix:
    """Where the model lies."""

    def __init__(self, address: str, bucket: str, prefix: str, store: ObjectStore) -> None:
        self.address = address
        self._bucket = bucket
        self._prefix = prefix
        self._store = store

    def read_sums(self) -> bytes:
        """Read the list of files."""
        key, sums = self._key(SUMS), b""
        try:
            for chunk in self._store.stream(key, bucket=self._bucket):
                sums += chunk
                if len(sums) > MAX_SUMS_BYTES:
                    raise ModelUnknownError(
                        f"The model {self.address} has a {SUMS} of more than {MAX_SUMS_BYTES} bytes."
                    )
        except StoreUnavailableError as error:
            raise ModelDownloadFailedError(f"The model {self.address} could not be fetched ({error}).") from error
        except StoreError as error:
            raise ModelUnknownError(
                f"The model {self.address} cannot be loaded: its {SUMS} is not to be had ({error})."
            ) from error
        return sums

    def fetch(self, name: str, *, into: Path) -> str:
        """Fetch a file; gives its sha256."""
        source = SourceObject(bucket=self._bucket, key=self._key(name))
        try:
            return fetch(self._store, source, into=into, on_bytes=lambda _: None).sha256
        except StorageUnavailableError as error:
            raise ModelDownloadFailedError(
                f"The file {name} of the model {self.address} could not be fetched ({error.__cause__})."
            ) from error
        except SourceError as error:
            raise ModelUnknownError(
                f"The model {self.address} cannot be loaded: {name}, which its {SUMS} lists, is not to be had "
                f"({error.__cause__})."
            ) from error

    def _key(self, name: str) -> str:
        return f"{self._prefix}/{name}" if self._prefix else name


def _listed(sums: bytes, address: str) -> dict[str, str]:
    """Read ``SHA256SUMS``: sha256 by name. Every name is a path below the prefix, and so below the cache's folder."""
    try:
        lines = sums.decode().splitlines()
    except UnicodeDecodeError as error:
        raise ModelUnknownError(f"The model {address} has a {SUMS} that is no text.") from error
    listed = {}
    for number, line in enumerate(lines, start=1):
        found = _LINE.fullmatch(line)
        name = found[2].removeprefix("./") if found else ""
        if not found or not _is_below(name):
            raise ModelUnknownError(
                f"The model {address} has a {SUMS} whose line {number} is none of sha256sum's, or names a file "
                "elsewhere."
            )
        if name != SUMS:  # `sha256sum * > SHA256SUMS` lists that file too, as it was then: empty
            listed[name] = found[1].lower()
    return listed


def _is_below(name: str) -> bool:
    """Whether `name` stays in the folder that it is put into."""
    path = PurePosixPath(name)
    return (
        bool(path.parts)
        and not path.is_absolute()
        and ".." not in path.parts
        and "\\" not in name
        and "\0" not in name
    )


def _checking(home: Path, listed: dict[str, str], address: str) -> Future[str]:
    """Check a model out of the cache while it is loaded; what a disk has damaged is removed."""

    def check() -> str:
        hashes = hashed(home, name=address)
        wanted = {name: value for name, value in listed.items() if is_model_file(name)}
        if damaged := sorted(name for name in wanted if hashes.get(name) != wanted[name]):
            shutil.rmtree(home, ignore_errors=True)
            raise ModelDownloadFailedError(
                f"The cached file {damaged[0]} of the model {address} was damaged; the model is fetched anew."
            )
        return digest_of(hashes)

    return begin(check)


def _fill(home: Path, where: _Prefix, listed: dict[str, str]) -> None:
    """Fetch all that is `listed` and move it to `home`, where it is whole or not at all."""
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix=PARTIAL, dir=home.parent))
    try:
        for name, sha256 in listed.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            if where.fetch(name, into=file) != sha256:
                raise ModelUnknownError(
                    f"The model {where.address} cannot be loaded: {name} is not the file that its {SUMS} lists."
                )
        folder.chmod(0o755)  # other pods' users read it too
        _move(folder, home)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    logger.info("model fetched", extra=fields(model=where.address, wall_time_s=round(time.monotonic() - began, 3)))


def _move(folder: Path, home: Path) -> None:
    try:
        folder.rename(home)
    except OSError as error:
        if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
            raise
        logger.info("another pod has fetched the model meanwhile")


def _sweep(cache: Path, now: float) -> None:
    """Remove what pods left that were killed while they fetched."""
    for folder in cache.glob(f"{PARTIAL}*"):
        with suppress(FileNotFoundError):  # moved to its place, or removed, just now
            written = max(path.lstat().st_mtime for path in (folder, *folder.rglob("*")))
            if now - written > PARTIAL_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _cache_faults_told(cache: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise ScratchFullError(f"The model cache {cache} has no space left.") from error
        raise SettingsInvalidError(
            f"The model cache {cache} cannot be used ({os.strerror(error.errno or 0)}); point STENO_MODEL_CACHE to a "
            "volume that may be written."
        ) from error
