"""What can end an attempt without a transcript.

::

    WorkerError
    ├── TerminalError
    │   ├── AudioError
    │   │   ├── AudioUndecodableError
    │   │   ├── NoAudioStreamError
    │   │   └── AudioTooLongError
    │   ├── LanguageUnsupportedError
    │   ├── OptionUnsupportedError
    │   ├── TranscriptIncompleteError
    │   ├── SourceError
    │   │   ├── SourceNotFoundError
    │   │   ├── SourceForbiddenError
    │   │   ├── SourceTooLargeError
    │   │   └── SourceCorruptError
    │   └── ConfigurationError
    │       ├── ModelUnknownError
    │       ├── SettingsInvalidError
    │       ├── SelfTestFailedError
    │       └── OutputForbiddenError
    ├── RetryableError
    │   ├── StorageUnavailableError
    │   ├── SourceUnavailableError
    │   ├── ModelDownloadFailedError
    │   ├── DeviceOutOfMemoryError
    │   ├── EngineFailedError
    │   └── ScratchFullError
    └── InternalError

A class without children names its `Reason`; exit code, disposition and remedy follow from ``steno_types.failure``.
Errors of libraries are turned into these where the library is called. SIGTERM has no class: it ends the process from
outside of whatever runs (`steno_worker.sigterm`).
"""

import traceback
from pathlib import Path
from typing import ClassVar, Self

from steno_types import Failure, Reason, failure_for


class WorkerError(Exception):
    """The attempt is over; the message says what happened in full sentences and holds no secret."""

    reason: ClassVar[Reason]
    """The row of the failure table."""

    @property
    def failure(self) -> Failure:
        """The row itself."""
        return failure_for(self.reason)


class TerminalError(WorkerError):
    """No other attempt can do better: the outcome is claimed as Failed."""


class AudioError(TerminalError):
    """The recording is at fault."""


class AudioUndecodableError(AudioError):
    """No decoder reads the recording; names container and codec as far as they are known."""

    reason = Reason.AUDIO_UNDECODABLE


class NoAudioStreamError(AudioError):
    """The recording is readable and holds no audio; names what it holds instead."""

    reason = Reason.NO_AUDIO_STREAM


class AudioTooLongError(AudioError):
    """More was decoded than the installation allows; names the limit."""

    reason = Reason.AUDIO_TOO_LONG


class LanguageUnsupportedError(TerminalError):
    """The model does not know the language asked for; names both."""

    reason = Reason.LANGUAGE_UNSUPPORTED


class OptionUnsupportedError(TerminalError):
    """The engine or its model cannot do what the job asks for; names the field."""

    reason = Reason.OPTION_UNSUPPORTED


class TranscriptIncompleteError(TerminalError):
    """Speech was found that the transcript does not cover; says how much, and where."""

    reason = Reason.TRANSCRIPT_INCOMPLETE


class SourceError(TerminalError):
    """The recording cannot be had."""


class SourceNotFoundError(SourceError):
    """There is no object, or no bucket, where the recording should be."""

    reason = Reason.SOURCE_NOT_FOUND


class SourceForbiddenError(SourceError):
    """The recording may not be read: the credentials do not suffice, or the address is one that must not be asked."""

    reason = Reason.SOURCE_FORBIDDEN


class SourceTooLargeError(SourceError):
    """The recording has more bytes than are fetched; names the limit."""

    reason = Reason.SOURCE_TOO_LARGE


class SourceCorruptError(SourceError):
    """What was fetched is not what was announced; names both digests."""

    reason = Reason.SOURCE_CORRUPT


class ConfigurationError(TerminalError):
    """Whoever runs the cluster has to change something first."""


class ModelUnknownError(ConfigurationError):
    """The model is not to be found, or is not one that the engine can load."""

    reason = Reason.MODEL_UNKNOWN


class SettingsInvalidError(ConfigurationError):
    """A setting is absent, malformed or impossible here; names it."""

    reason = Reason.SETTINGS_INVALID


class SelfTestFailedError(ConfigurationError):
    """The model hears nothing in the clip that it is tested with."""

    reason = Reason.SELF_TEST_FAILED


class OutputForbiddenError(ConfigurationError):
    """The store's credentials may not write where the results belong."""

    reason = Reason.OUTPUT_FORBIDDEN


class RetryableError(WorkerError):
    """Another attempt may succeed: nothing is claimed."""


class StorageUnavailableError(RetryableError):
    """The store did not answer, after the client's own retries."""

    reason = Reason.STORAGE_UNAVAILABLE


class SourceUnavailableError(RetryableError):
    """The server that has the recording did not answer, after the worker's own retries."""

    reason = Reason.SOURCE_UNAVAILABLE


class ModelDownloadFailedError(RetryableError):
    """The model could not be fetched from where it lies."""

    reason = Reason.MODEL_DOWNLOAD_FAILED


class DeviceOutOfMemoryError(RetryableError):
    """The GPU ran out of memory while the model was loaded or ran."""

    reason = Reason.DEVICE_OUT_OF_MEMORY


class EngineFailedError(RetryableError):
    """The engine, or the server behind it, gave up; says what it said."""

    reason = Reason.ENGINE_FAILED


class ScratchFullError(RetryableError):
    """No space is left for the recording or its samples."""

    reason = Reason.SCRATCH_FULL


class InternalError(WorkerError):
    """Nobody foresaw it; the log has the traceback."""

    reason = Reason.INTERNAL_ERROR

    @classmethod
    def of(cls, cause: Exception) -> Self:
        """Say where `cause` arose without quoting it, as a stranger's message may hold a secret."""
        frames = traceback.extract_tb(cause.__traceback__)
        where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
        return cls(f"An unforeseen {type(cause).__name__} was raised{where}.")
