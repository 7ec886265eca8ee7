"""The files of a model, and their digest.

Called by `models.locate` and `models.bucket`. The digest is what the following prints, in the C locale and for the
files that there are, so that anybody can make it::

    sha256sum config.json model.bin preprocessor_config.json tokenizer.json vocabulary.* | sha256sum

Hashing goes at the speed of one core: 1.6 GB of large-v3-turbo in about a second with SHA instructions, which is why
a thread of its own does it while the model is loaded. Must not know where the files came from.
"""

import hashlib
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from steno_worker.errors import ModelUnknownError

MODEL_FILES: Final = ("config.json", "model.bin", "preprocessor_config.json", "tokenizer.json", "vocabulary.*")
"""What faster-whisper reads of a folder, and downloads of a repository (1.2.1)."""

NEEDED_FILES: Final = ("model.bin", "tokenizer.json")
"""Without the first there is no model. Without the second faster-whisper would ask the Hub for another model's, at
each start, and the digest would not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocatedModel:
    """A model that lies in a folder of this machine."""

    path: Path
    """The folder."""
    digesting: Future[str]
    """Makes the digest, or has made it."""

    @property
    def digest(self) -> str:
        """``sha256:<hex>``; waits until it is made.

        Raises
        ------
        ModelUnknownError
            Terminal, the platform's (exit 78): a file cannot be read.
        ModelDownloadFailedError
            Retryable (exit 69): a file of the cache was damaged, and has been removed.
        """
        return self.digesting.result()


def located(path: Path, *, name: str) -> LocatedModel:
    """Check that `path` holds a model, called `name`, and begin to digest it."""
    require(name, {file.name for file in path.iterdir()})
    return LocatedModel(path=path, digesting=begin(lambda: digest_of(hashed(path, name=name))))


def begin(make: Callable[[], str]) -> Future[str]:
    """Make a digest in a thread of its own."""
    thread = ThreadPoolExecutor(1, thread_name_prefix="digest")
    digesting = thread.submit(make)
    thread.shutdown(wait=False)
    return digesting


def require(name: str, files: set[str]) -> None:
    """Raise `ModelUnknownError` unless the `files` of the model `name` can be one."""
    for needed in NEEDED_FILES:
        if needed not in files:
            raise ModelUnknownError(
                f"The model {name} cannot be loaded: it has no {needed}. It has to be in CTranslate2's form, "
                "with tokenizer.json beside it."
            )


def hashed(path: Path, *, name: str) -> dict[str, str]:
    """Hash the files of a model: sha256 in hexadecimal digits by file name."""
    try:
        return {file.name: _sha256(file) for file in path.iterdir() if is_model_file(file.name)}
    except OSError as error:
        raise ModelUnknownError(f"The model {name} cannot be loaded: a file is unreadable ({error}).") from error


def is_model_file(name: str) -> bool:
    """Whether a file belongs to the model, and not to what else lies there."""
    return any(fnmatchcase(name, pattern) for pattern in MODEL_FILES)


def digest_of(hashes: Mapping[str, str]) -> str:
    """Digest a model by its files' sha256; files that are none of the model's do not count."""
    lines = "".join(f"{hashes[name]}  {name}\n" for name in sorted(hashes) if is_model_file(name))
    return f"sha256:{hashlib.sha256(lines.encode()).hexdigest()}"


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
