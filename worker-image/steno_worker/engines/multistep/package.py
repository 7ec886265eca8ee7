"""The package `mst`, as far as it is used: the one place that imports it.

Called by `Multistep.load`. It comes with PyTorch and half a dozen model libraries, in an image of its own. Nothing of
it is patched: what it cannot do right is kept from it, or mended afterwards. Must not know what is done with it.
"""

import importlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from steno_worker.engines.multistep.overheard import is_out_of_memory, listening, masked
from steno_worker.errors import DeviceOutOfMemoryError, ModelUnknownError
from steno_worker.processors import thread_count

_SILENCED: Final = {
    "DO_NOT_TRACK": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "ORT_DISABLE_TELEMETRY": "1",
    "PYANNOTE_METRICS_ENABLED": "false",
}
"""Without these, pyannote.audio 4 and others report their use to their makers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """What is used of it."""

    version: str
    steps: Any
    """Module ``mst.steps``: a function for each step, which `VideoTranscriber` calls one after another."""
    config: Any
    """Class ``TranscriberConfig``."""
    load_whisper: Any
    """Gives faster-whisper's model by name, and the same one again."""

    @classmethod
    def load(cls) -> Self:
        """Import it; takes some ten seconds.

        Raises
        ------
        ModelUnknownError
            Terminal, the platform's (exit 78): it is not installed, or not all of it.
        """
        os.environ.update(_SILENCED)  # read once, when they are imported
        os.environ.setdefault("OMP_NUM_THREADS", str(thread_count()))  # CTranslate2 and PyTorch heed it
        try:
            with listening():
                package = importlib.import_module("mst")
                return cls(
                    version=package.__version__,
                    steps=importlib.import_module("mst.steps"),
                    config=package.TranscriberConfig,
                    load_whisper=importlib.import_module("mst.steps.transcription").get_whisper_model,
                )
        except ModuleNotFoundError as missing:
            raise ModelUnknownError(
                f"{missing.name} is not installed; the engine multistep needs it: pip install 'steno[multistep]'"
            ) from missing
        except (AttributeError, ImportError, OSError) as error:
            raise ModelUnknownError(
                f"The package multistep-transcriber cannot be used as it is installed here ({error}); the engine "
                "multistep needs the versions of its own constraints.txt."
            ) from error

    def whisper(self, folder: Path, *, name: str, secrets: tuple[str, ...]) -> Any:
        """Load the Whisper model called `name`, so that a damaged one is not found out in the middle of a recording.

        Raises
        ------
        ModelUnknownError
            Terminal, the platform's (exit 78).
        DeviceOutOfMemoryError
            Retryable (exit 75).
        """
        try:
            with listening():
                return self.load_whisper(str(folder))
        except Exception as error:
            told = masked(str(error), secrets)
            if is_out_of_memory(told):
                raise DeviceOutOfMemoryError(f"The GPU ran out of memory ({told}).") from error
            raise ModelUnknownError(f"The model {name} cannot be loaded ({told}).") from error
