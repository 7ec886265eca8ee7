"""The engine of this process: loaded when it is first asked for, tested once, kept for the next recording.

`pipeline` asks for it; `worker`, `serving` and `local` make the one `LoadedEngines` of their process. Must not know
jobs or recordings.
"""

import gc
from collections.abc import Callable
from pathlib import Path

from steno_types import EngineSettings, Stage
from steno_worker.engines import Engine
from steno_worker.self_test import is_testable, self_test


class LoadedEngines:
    """Holds one engine at most, as two models rarely fit a GPU."""

    def __init__(self, load: Callable[[EngineSettings], Engine]) -> None:
        self._load = load
        self._settings: EngineSettings | None = None
        self._engine: Engine | None = None

    def get(self, settings: EngineSettings, *, scratch: Path, entering: Callable[[Stage], None]) -> Engine:
        """Give the engine of `settings`: the one at hand, else it is loaded and tested, after the other is freed.

        Parameters
        ----------
        scratch
            A folder for the self-test.
        entering
            Told of each stage that begins; of none where the engine is at hand.

        Raises
        ------
        SelfTestFailedError
            Terminal, the platform's (exit 78).
        WorkerError
            As `load_engine`.
        """
        wanted = settings.model_copy(update={"vad": True})  # each recording's own affair, and no engine's
        if self._engine is not None and self._settings == wanted:
            return self._engine
        self.drop()
        entering(Stage.LOAD_MODEL)
        engine = self._load(settings)
        if is_testable(engine):
            entering(Stage.SELF_TEST)
            self_test(engine, scratch)
        self._engine, self._settings = engine, wanted
        return engine

    def drop(self) -> None:
        """Free the engine and what it holds of a device; the next `get` loads again."""
        if self._engine is None:
            return
        self._engine = self._settings = None
        gc.collect()  # a cycle through a traceback would keep the model in the GPU's memory
