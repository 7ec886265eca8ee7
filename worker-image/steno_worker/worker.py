"""One process, one attempt: settings in, exit code out.

Called by `__main__`, which owns the process; the tests call it in theirs. Turns whatever ends an attempt into an exit
code, a termination message and a line of the log. Must not know how an attempt is done.
"""

import logging
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from steno_store import ObjectStore, StoreSettings
from steno_types import Disposition, EngineSettings, Manifest, Reason, exit_codes, failure_for
from steno_worker.engines import Engine, load_engine
from steno_worker.errors import InternalError, WorkerError
from steno_worker.logs import fields
from steno_worker.pipeline import Attempt, run_attempt
from steno_worker.progress import ProgressLog
from steno_worker.settings import WorkerSettings
from steno_worker.sigterm import SigtermWatch
from steno_worker.termination import write_termination_message

SETTLED_EXIT_CODE: Final = exit_codes(Disposition.TERMINAL)[0]
"""For a failure that the operator claimed and no worker has a code for: any code that ends the Job for good."""

logger = logging.getLogger(__name__)


def run(
    log_context: dict[str, str],
    sigterm: SigtermWatch,
    *,
    connect: Callable[[StoreSettings], ObjectStore] = ObjectStore.from_settings,
    load: Callable[[EngineSettings], Engine] = load_engine,
) -> int:
    """Work one assignment off, as the environment says, and give the exit code."""
    try:
        settings, store_settings = WorkerSettings.from_environment()
        job = settings.assignment.job
        log_context.update(job=f"{job.namespace}/{job.name}", attempt=settings.attempt)
        with _scratch(settings.scratch, sigterm) as scratch:
            attempt = Attempt(
                assignment=settings.assignment,
                name=settings.attempt,
                store=connect(store_settings),
                scratch=scratch,
                load_engine=load,
                progress=ProgressLog(),
            )
            return _follow(run_attempt(attempt))
    except WorkerError as error:
        return _give_up(error)
    except Exception as error:
        logger.exception("unforeseen")
        return _give_up(InternalError.of(error))


def _follow(manifest: Manifest) -> int:
    """End as the outcome that counts says."""
    if manifest.failure is None:
        return 0
    write_termination_message(manifest.failure.reason, manifest.failure.message)
    return _exit_code(manifest.failure.reason)


def _give_up(error: WorkerError) -> int:
    """End without an outcome."""
    code = _exit_code(error.reason)
    logger.error("%s", error, extra=fields(reason=error.reason, exit_code=code))
    write_termination_message(error.reason, str(error))
    return code


def _exit_code(reason: Reason) -> int:
    code = failure_for(reason).exit_code
    return SETTLED_EXIT_CODE if code is None else code


@contextmanager
def _scratch(parent: Path, sigterm: SigtermWatch) -> Iterator[Path]:
    """Make a folder that is gone afterwards, however the process ends short of SIGKILL."""
    folder = Path(tempfile.mkdtemp(prefix="steno-", dir=parent))
    sigterm.remove_on_exit(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
