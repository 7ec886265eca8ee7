"""Work assignments off, and say how each ended.

`run`, called by `__main__`, does the one that the environment describes: settings in, exit code out. `serving` works
off one after another at the same `Workplace`. Turns whatever ends an attempt into an exit code, a reason and a line
of the log. Must not know how an attempt is done.
"""

import logging
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from steno_store import ObjectStore, StoreSettings
from steno_types import (
    Assignment,
    Disposition,
    EngineSettings,
    Manifest,
    ProgressReport,
    Reason,
    exit_codes,
    failure_for,
)
from steno_worker.engines import Engine, load_engine
from steno_worker.errors import InternalError, WorkerError
from steno_worker.loading import LoadedEngines
from steno_worker.logs import fields
from steno_worker.models import locate
from steno_worker.pipeline import Attempt, run_attempt
from steno_worker.posting import ProgressPoster
from steno_worker.progress import ProgressLog
from steno_worker.settings import InstallationSettings, WorkerSettings
from steno_worker.sigterm import SigtermWatch
from steno_worker.termination import write_termination_message

SETTLED_EXIT_CODE: Final = exit_codes(Disposition.TERMINAL)[0]
"""For a failure that the operator claimed and no worker has a code for: any code that ends the Job for good."""

logger = logging.getLogger(__name__)

Connect = Callable[[StoreSettings], ObjectStore]
"""Opens the store."""

Load = Callable[[EngineSettings], Engine]
"""Loads an engine; raises as `load_engine`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How an attempt ended."""

    exit_code: int = 0
    reason: Reason | None = None
    """Why it failed; None: it did not."""
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """What the attempts of one process share."""

    settings: InstallationSettings
    store: ObjectStore
    engines: LoadedEngines
    scratch: Path
    """A folder of this process alone."""
    log_context: dict[str, str]
    """What is on every line of the log."""

    def work_off(self, assignment: Assignment, name: str) -> Ended:
        """Do the attempt `name`; leaves nothing in the scratch folder.

        Raises
        ------
        WorkerError
            It ended without an outcome.
        """
        self.log_context.update(_log_context(assignment, name))
        self.log_context.pop("stage", None)  # of the attempt before
        with _folder_in(self.scratch) as scratch, self._posting() as post:
            attempt = Attempt(
                assignment=assignment,
                name=name,
                store=self.store,
                scratch=scratch,
                engines=self.engines,
                progress=ProgressLog(post=post, entered=lambda stage: self.log_context.update(stage=stage.value)),
                limits=self.settings.limits,
                layout=self.settings.layout,
            )
            return _followed(run_attempt(attempt))

    @contextmanager
    def _posting(self) -> Iterator[Callable[[ProgressReport], None]]:
        """Open the way to whoever takes progress, if anybody does."""
        if self.settings.progress_url is None:
            yield lambda _: None
            return
        with ProgressPoster(self.settings.progress_url, self.settings.progress_token) as poster:
            yield poster.post


def run(
    log_context: dict[str, str],
    sigterm: SigtermWatch,
    *,
    connect: Connect = ObjectStore.from_settings,
    load: Load | None = None,
) -> int:
    """Work one assignment off, as the environment says, and give the exit code; `load` as for `open_workplace`."""

    def work_off() -> Ended:
        settings, store_settings = WorkerSettings.from_environment()
        log_context.update(_log_context(settings.assignment, settings.attempt))
        with open_workplace(settings, store_settings, log_context, sigterm, connect=connect, load=load) as place:
            return place.work_off(settings.assignment, settings.attempt)

    ended = guarded(work_off)
    if ended.reason is not None:
        write_termination_message(ended.reason, ended.message)
    return ended.exit_code


@contextmanager
def open_workplace(
    settings: InstallationSettings,
    store_settings: StoreSettings,
    log_context: dict[str, str],
    sigterm: SigtermWatch,
    *,
    connect: Connect,
    load: Load | None,
) -> Iterator[Workplace]:
    """Make what attempts need; it is gone afterwards, however the process ends short of SIGKILL.

    `load` stands in for `load_engine`, which finds models in the store too.
    """
    store = connect(store_settings)
    find_model = partial(locate, cache=settings.model_cache, open_store=lambda: store)
    with _folder_in(settings.scratch) as scratch:
        sigterm.remove_on_exit(scratch)
        yield Workplace(
            settings=settings,
            store=store,
            engines=LoadedEngines(load or partial(load_engine, locate=find_model)),
            scratch=scratch,
            log_context=log_context,
        )


def guarded(work: Callable[[], Ended]) -> Ended:
    """Do `work`; whatever it raises is an end too."""
    try:
        return work()
    except WorkerError as error:
        return _given_up(error)
    except Exception as error:
        logger.exception("unforeseen")
        return _given_up(InternalError.of(error))


def _log_context(assignment: Assignment, attempt: str) -> dict[str, str]:
    return {"job": f"{assignment.job.namespace}/{assignment.job.name}", "attempt": attempt}


def _followed(manifest: Manifest) -> Ended:
    """End as the outcome that counts says."""
    if manifest.failure is None:
        return Ended()
    failure = manifest.failure
    return Ended(exit_code=_exit_code(failure.reason), reason=failure.reason, message=failure.message)


def _given_up(error: WorkerError) -> Ended:
    """End without an outcome."""
    code = _exit_code(error.reason)
    logger.error("%s", error, extra=fields(reason=error.reason, exit_code=code))
    return Ended(exit_code=code, reason=error.reason, message=str(error))


def _exit_code(reason: Reason) -> int:
    code = failure_for(reason).exit_code
    return SETTLED_EXIT_CODE if code is None else code


@contextmanager
def _folder_in(parent: Path) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="steno-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
