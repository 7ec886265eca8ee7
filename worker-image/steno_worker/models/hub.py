"""Models from the Hugging Face Hub, by faster-whisper's names for them.

Called by `models.locate`. What is cached already is taken from there: whether the Hub has a newer one is asked, and
does not matter when the Hub is away. ``HF_HOME``, ``HF_ENDPOINT``, ``HF_TOKEN`` and ``HF_HUB_OFFLINE`` are the Hub's
client's own settings. Must not know what a model is.
"""

import errno
import os
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from steno_worker.errors import (
    ModelDownloadFailedError,
    ModelUnknownError,
    ScratchFullError,
    SettingsInvalidError,
    WorkerError,
)

_SILENCED: Final = {"HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
"""Without the first, the Hub's client reports its use to its maker; without the second, bars get into the log."""

_TEMPORARY: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
"""Statuses below 500 that another try may change."""

_UNWRITABLE: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.ENOENT})
"""What is said of a cache that cannot be written, or made."""


def download(name: str) -> Path:
    """Fetch a model by its size (``large-v3-turbo``) or its repository (``owner/name``); gives its folder.

    The client itself retries what the Hub does not answer, for half a minute.

    Raises
    ------
    ModelUnknownError, SettingsInvalidError
        Terminal, the platform's (exit 78).
    ModelDownloadFailedError, ScratchFullError
        Retryable (exit 69, 75).
    """
    os.environ.update(_SILENCED)  # read once, when the client is imported
    # Imported only now: what is not on the Hub needs none of it.
    from faster_whisper.utils import download_model  # noqa: PLC0415
    from huggingface_hub import constants  # noqa: PLC0415
    from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, LocalEntryNotFoundError  # noqa: PLC0415

    try:
        return Path(download_model(name))
    except LocalEntryNotFoundError as error:  # neither on the Hub, as far as it answers, nor in the cache
        if constants.HF_HUB_OFFLINE:
            raise ModelUnknownError(
                f"The model {name} is not in the cache {constants.HF_HUB_CACHE}, and HF_HUB_OFFLINE forbids to "
                "download it."
            ) from error
        cause = error.__cause__
        status = cause.response.status_code if isinstance(cause, HfHubHTTPError) else None
        raise _refused(name, constants.ENDPOINT, status) from error
    except HfHubHTTPError as error:
        raise _refused(name, constants.ENDPOINT, error.response.status_code) from error
    except (EntryNotFoundError, ValueError) as error:
        raise ModelUnknownError(f"The model {name} cannot be loaded ({error}).") from error
    except OSError as error:
        raise _unwritable(name, constants.HF_HUB_CACHE, error) from error
    except Exception as error:  # the transport's own, whose package changes with the client's releases
        raise ModelDownloadFailedError(
            f"The model {name} could not be downloaded from {_host(constants.ENDPOINT)} ({type(error).__name__})."
        ) from error


def _refused(name: str, endpoint: str, status: int | None) -> WorkerError:
    """Say what an answer of `status` means; None: there was none. A hidden repository looks like an absent one."""
    host = _host(endpoint)
    if status is None:
        return ModelDownloadFailedError(f"The model {name} could not be downloaded: {host} cannot be reached.")
    if status in _TEMPORARY or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ModelDownloadFailedError(f"The model {name} could not be downloaded: {host} answered {status}.")
    return ModelUnknownError(
        f"The model {name} cannot be loaded: {host} has none of that name, or does not give it away "
        f"(it answered {status}). A private or gated one needs HF_TOKEN."
    )


def _unwritable(name: str, cache: str, error: OSError) -> WorkerError:
    if error.errno == errno.ENOSPC:
        return ScratchFullError(f"The cache {cache} has no space for the model {name}.")
    if error.errno in _UNWRITABLE:
        return SettingsInvalidError(
            f"The model {name} cannot be kept: {cache} cannot be written. Point HF_HOME to a volume that can."
        )
    return ModelDownloadFailedError(f"The model {name} could not be downloaded ({type(error).__name__}).")


def _host(endpoint: str) -> str:
    """Name the Hub without what its address may hold besides."""
    return urlsplit(endpoint).hostname or "the model hub"
