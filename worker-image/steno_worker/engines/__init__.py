"""Engines: what turns samples into segments.

`pipeline` knows the `Engine` protocol alone, `worker` passes it `load_engine`. The machine-learning packages are
imported in this package's modules only, and only when an engine is loaded. Must not know stores, jobs or formats.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from steno_types import EngineName, EngineSettings
from steno_worker.samples import Samples
from steno_worker.transcript import EngineInfo, Segment


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What an engine makes of a recording; the work is done while `segments` is walked."""

    language: str | None
    """BCP 47 tag as given or detected; None when none was given and no speech was found."""
    segments: Iterator[Segment]
    """In the order of their start, as they are decoded."""


class Engine(Protocol):
    """A loaded model."""

    @property
    def info(self) -> EngineInfo:
        """Name it, as it runs here."""
        ...

    def transcribe(self, samples: Samples, *, language: str, word_timestamps: bool) -> Heard:
        """Transcribe a recording spoken in `language`: a BCP 47 tag, or ``auto`` to detect it.

        Raises
        ------
        SettingsInvalidError
            Terminal, the platform's (exit 78): the model does not know the language.
        DeviceOutOfMemoryError
            Retryable (exit 75); also while the segments are walked.
        """
        ...


def load_engine(settings: EngineSettings) -> Engine:
    """Load the engine and model of `settings`; takes seconds to minutes, and is done once a process.

    Raises
    ------
    ModelUnknownError, SettingsInvalidError
        Terminal, the platform's (exit 78).
    DeviceOutOfMemoryError
        Retryable (exit 75).
    """
    match settings.name:
        case EngineName.FASTER_WHISPER:
            from steno_worker.engines.faster_whisper import FasterWhisper  # noqa: PLC0415 -- heavy

            return FasterWhisper.load(settings)
