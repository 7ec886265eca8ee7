"""Transcribe files of this machine, by the same steps as a pod's: decode, load, transcribe, render.

Called by `command`, which owns arguments and signals. The work is done in a thread, and the main thread waits: so
that Ctrl-C is heard at once, whatever native code runs. Only the main thread writes transcripts. Must not know
stores or jobs.
"""

import errno
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Never

from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from steno_types import EngineSettings, JobIdentity, Stage, Task, TranscriptFormat, failure_for
from steno_worker.checkpoints import NoCheckpoints
from steno_worker.decoding import start_decoding
from steno_worker.engines import Engine, SpeechRequest, load_engine
from steno_worker.errors import (
    InternalError,
    OutputForbiddenError,
    ScratchFullError,
    SourceForbiddenError,
    SourceNotFoundError,
    WorkerError,
)
from steno_worker.loading import LoadedEngines
from steno_worker.rendering import Rendering, file_suffix, render_all
from steno_worker.transcribing import transcribe

EXIT_USAGE: Final = 2
"""As argparse exits on arguments that it cannot follow."""

SIGNALS_SECONDS: Final = 0.2
"""For which the main thread waits at a time, and a signal's handler may have to wait for it."""

NO_JOB: Final = "local"
"""Namespace, and uid, of a transcript that no job was made for."""

STAGES: Final = {Stage.LOAD_MODEL: "loading the model", Stage.SELF_TEST: "testing the model"}
"""What the bar says while nothing is transcribed yet."""

LINKLESS: Final = frozenset({errno.EPERM, errno.ENOTSUP, errno.ENOSYS})
"""What a file system answers that has no hard links: a memory stick's, a share's."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the arguments ask for."""

    files: tuple[Path, ...]
    output_dir: Path | None
    """None: beside each file."""
    formats: tuple[TranscriptFormat, ...]
    engine: EngineSettings
    language: str
    task: Task
    prompt: str | None
    hotwords: tuple[str, ...]
    channel: int | None
    word_timestamps: bool
    force: bool
    quiet: bool

    @property
    def request(self) -> SpeechRequest:
        """What is asked of the engine."""
        return SpeechRequest(
            language=self.language,
            task=self.task,
            prompt=self.prompt,
            hotwords=self.hotwords,
            word_timestamps=self.word_timestamps,
        )

    def target(self, file: Path, transcript_format: TranscriptFormat) -> Path:
        """Say where the transcript of `file` goes."""
        return (self.output_dir or file.parent) / f"{file.stem}.{file_suffix(transcript_format)}"


class EngineUnfitError(Exception):
    """The engine could not be loaded, which no other file will change; its cause says why."""


def transcribe_files(wanted: Wanted) -> int:
    """Transcribe each file; gives the exit code: 0, or the first failure's.

    Raises
    ------
    KeyboardInterrupt
        And whatever else a signal's handler raises: the scratch folder is gone by then, and no transcript is half
        written; a thread may still compute.
    """
    if conflict := _conflict(wanted):
        _say(conflict)
        return EXIT_USAGE
    engines = LoadedEngines(load_engine)
    failures: list[int] = []
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="steno transcribe: %(message)s")
    with _scratch() as scratch, logging_redirect_tqdm():
        worker = ThreadPoolExecutor(1, thread_name_prefix="transcribe")
        for file in wanted.files:
            try:
                renderings, warnings = _ended(worker.submit(_transcribed, wanted, file, engines, scratch)).result()
                _write_all(wanted, file, renderings)
            except EngineUnfitError as unfit:
                failures.append(_failed(None, unfit.__cause__))
                break
            except Exception as error:  # noqa: BLE001 -- said, and the next file is another matter
                failures.append(_failed(file, error))
                continue
            for warning in warnings:
                _say(f"{file}: warning: {warning}")
    return failures[0] if failures else 0


_Transcribed = tuple[list[Rendering], tuple[str, ...]]
"""A recording's renderings, and warnings."""


def _ended(work: Future[_Transcribed]) -> Future[_Transcribed]:
    """Wait until work is over, and let signals' handlers run in between.

    One that another thread took, or that came a moment before, does not end a wait: Python would run its handler only
    after it, hours later.
    """
    while not wait((work,), timeout=SIGNALS_SECONDS).done:
        pass
    return work


def _conflict(wanted: Wanted) -> str | None:
    """Say what keeps transcripts from being written where they belong; None: nothing does."""
    recordings = {file.resolve() for file in wanted.files}
    owners: dict[Path, Path] = {}
    for file in wanted.files:
        for transcript_format in wanted.formats:
            target = wanted.target(file, transcript_format)
            if target.resolve() in recordings:
                return f"{target} is a recording; it is not overwritten by a transcript."
            if (owner := owners.setdefault(target.resolve(), file)) is not file:
                return f"{owner} and {file} would both be written to {target}; use --output-dir, one after another."
            if target.exists() and not wanted.force:
                return f"{target} is there already; use --force to overwrite it."
    return None


def _transcribed(wanted: Wanted, file: Path, engines: LoadedEngines, scratch: Path) -> _Transcribed:
    """Transcribe one file; runs in the worker's thread."""
    _check_readable(file)
    with (
        tempfile.TemporaryDirectory(dir=scratch, ignore_cleanup_errors=True) as folder,
        _bar(file, quiet=wanted.quiet) as bar,
        start_decoding(file, Path(folder) / "samples", channel=wanted.channel) as audio,
    ):
        engine = _engine(wanted, engines, scratch, lambda what: bar.set_description_str(f"{file.name}: {what}"))
        request = wanted.request
        engine.check(request)
        bar.set_description_str(file.name)

        def advance(seconds: float) -> None:
            bar.total = round(max(audio.expected_seconds, seconds), 1)
            bar.update(round(seconds, 1) - bar.n)

        (work := Path(folder) / "engine").mkdir()
        transcribed = transcribe(
            file,
            audio,
            engine,
            request,
            job=JobIdentity(namespace=NO_JOB, name=file.stem, uid=NO_JOB),
            vad=wanted.engine.vad,
            checkpoints=NoCheckpoints(),
            scratch=work,
            progress=advance,
        )
    rendered = render_all(transcribed.transcript, transcribed.report)
    return [rendering for rendering in rendered if rendering.format in wanted.formats], transcribed.warnings


def _engine(wanted: Wanted, engines: LoadedEngines, scratch: Path, tell: Callable[[str], None]) -> Engine:
    try:
        return engines.get(wanted.engine, scratch=scratch, entering=lambda stage: tell(STAGES[stage]))
    except Exception as error:
        raise EngineUnfitError from error


def _check_readable(file: Path) -> None:
    try:
        with file.open("rb"):
            pass
    except FileNotFoundError as error:
        raise SourceNotFoundError("There is no such file.") from error
    except OSError as error:
        raise SourceForbiddenError(f"The file cannot be read ({os.strerror(error.errno or 0)}).") from error


def _write_all(wanted: Wanted, file: Path, renderings: list[Rendering]) -> None:
    for rendering in renderings:
        target = wanted.target(file, rendering.format)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            _write(target, rendering.body, force=wanted.force)
        except FileExistsError as error:
            raise OutputForbiddenError(f"{target} has come into being meanwhile; it is not overwritten.") from error
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise ScratchFullError(f"There is no space left for {target}.") from error
            raise OutputForbiddenError(f"{target} cannot be written ({os.strerror(error.errno or 0)}).") from error
        if not wanted.quiet:
            sys.stdout.write(f"{target}\n")
            sys.stdout.flush()


def _write(target: Path, body: bytes, *, force: bool) -> None:
    """Write a file whole or not at all; without `force`, FileExistsError where there is one."""
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        partial.write_bytes(body)
        if force:
            partial.replace(target)
        else:
            _put(partial, target)
    finally:
        partial.unlink(missing_ok=True)


def _put(partial: Path, target: Path) -> None:
    """Give a file its name; FileExistsError where it is taken."""
    try:
        target.hardlink_to(partial)  # unlike a rename, this never replaces
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno not in LINKLESS:
            raise
        if target.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from error
        partial.rename(target)


def _failed(file: Path | None, error: BaseException | None) -> int:
    """Say why a file, or None: every further one, has no transcript; gives the exit code."""
    if not isinstance(error, WorkerError):
        logger.error("unforeseen", exc_info=error)
        error = InternalError.of(error) if isinstance(error, Exception) else InternalError()
    _say(f"{file}: {error}" if file else str(error))
    return failure_for(error.reason).exit_code or 1


def _say(message: str) -> None:
    with tqdm.external_write_mode(file=sys.stderr):
        sys.stderr.write(f"steno transcribe: {message}\n")


@contextmanager
def _bar(file: Path, *, quiet: bool) -> Iterator["tqdm[Never]"]:
    """Show how far a file is, in seconds of its audio, where somebody watches."""
    with tqdm(
        desc=file.name,
        unit="s",
        file=sys.stderr,
        leave=False,
        disable=quiet or not sys.stderr.isatty(),
        bar_format="{desc} {percentage:3.0f}% |{bar}| {n:.0f}/{total:.0f} s [{elapsed}<{remaining}]",
        total=1,
    ) as bar:
        yield bar


@contextmanager
def _scratch() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="steno-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
