"""Models: where one is, and what it is.

Called by engines that load a model into this process (`locate`). A model is a folder of files in CTranslate2's form;
here it is found, or fetched, and digested. Must not know how a model is loaded.

::

    folder    the files of a model, and their digest
    bucket    s3://bucket/prefix, fetched into the worker's own cache
    hub       a size, or a repository of the Hugging Face Hub, fetched into the Hub's own cache
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

from steno_store import ObjectStore
from steno_worker.errors import ModelUnknownError
from steno_worker.models import bucket, folder, hub
from steno_worker.models.folder import LocatedModel

__all__ = ["Locate", "LocatedModel", "default_cache", "locate"]

Locate = Callable[[str], LocatedModel]
"""Finds a model by its name; raises as `locate`."""


def default_cache() -> Path:
    """Give the cache of models where nothing else is set: one among the system's temporary files."""
    return Path(tempfile.gettempdir()) / "steno-models"


def locate(
    name: str, *, cache: Path | None = None, open_store: Callable[[], ObjectStore] | None = None
) -> LocatedModel:
    """Find the model `name`, and fetch it where it is not here.

    Parameters
    ----------
    name
        An absolute folder; ``s3://bucket/prefix``; a size that faster-whisper knows, or a repository on the Hub.
    cache
        Folder for models out of a bucket; pods may share it. Default: `default_cache`.
    open_store
        Connects to the store, once a model lies in a bucket; None: there is none.

    Raises
    ------
    ModelUnknownError, SettingsInvalidError
        Terminal, the platform's (exit 78).
    ModelDownloadFailedError, ScratchFullError
        Retryable (exit 69, 75).
    """
    if name.startswith(bucket.SCHEME):
        if open_store is None:
            raise ModelUnknownError(f"The model {name} lies in a bucket, and there is no object store here.")
        return bucket.fetched(name, cache=cache or default_cache(), store=open_store())
    if name.startswith("/"):
        if not Path(name).is_dir():
            raise ModelUnknownError(f"There is no folder {name} in the worker's image or volumes.")
        return folder.located(Path(name), name=name)
    return folder.located(hub.download(name), name=name)
