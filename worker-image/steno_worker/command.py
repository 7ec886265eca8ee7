"""``steno transcribe``: recordings of this machine to transcripts beside them, without a cluster and without S3.

Found by the ``steno`` command, as pyproject's entry point says. Reads the arguments; `local` does the work, and is
imported only then, as it needs the extra ``worker``. Must not know how anything is transcribed.
"""

import argparse
import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Final

from pydantic import ValidationError

from steno_types import EngineName, EngineSettings, Task, TranscriptFormat

DEFAULT_MODEL: Final = "large-v3-turbo"
"""Nearly as good as large-v3 and several times faster; 1.6 GB to download, once."""

DEFAULT_FORMATS: Final = (TranscriptFormat.MARKDOWN, TranscriptFormat.SRT, TranscriptFormat.JSON)
"""One to read, one to watch, one for programs."""

EXIT_INTERRUPTED: Final = 128 + signal.SIGINT
"""As a shell reports a program that Ctrl-C ended."""

EPILOG: Final = """\
For each FILE the transcript is written beside it: talk.md, talk.srt and talk.json for talk.wav. A file that is there
already is never overwritten without --force; that is checked before any work is done. A transcript is written whole
or not at all. Exit codes: 0; 2 for arguments that cannot be followed; 65 for a recording that cannot be transcribed,
66 for one that cannot be read; 69, 70, 75 or 78 for what is at fault otherwise; 130 after Ctrl-C. Of several files
the first that fails decides, and the others are still transcribed.
"""


class StoppedError(BaseException):
    """SIGTERM came; no error, so that nothing takes it for one."""


def main(arguments: Sequence[str]) -> int:
    """Transcribe recordings of this machine, without a cluster."""
    parser = _parser()
    given = parser.parse_args(arguments)
    settings = _settings(parser, given)

    from steno_worker.local import Wanted, transcribe_files  # noqa: PLC0415 -- its imports are the extra's

    wanted = Wanted(
        files=tuple(given.files),
        output_dir=given.output_dir,
        formats=tuple(dict.fromkeys(given.format or DEFAULT_FORMATS)),
        engine=settings,
        language=given.language,
        task=given.task,
        prompt=given.prompt,
        hotwords=tuple(given.hotword),
        channel=given.channel,
        word_timestamps=given.words,
        force=given.force,
        quiet=given.quiet,
    )
    before = signal.signal(signal.SIGTERM, _stop)
    try:
        return transcribe_files(wanted)
    except (KeyboardInterrupt, StoppedError) as ended:
        # All is tidied up, but threads still compute; they would be waited for.
        with contextlib.suppress(OSError):  # the terminal may be gone
            sys.stderr.write("steno transcribe: interrupted\n")
            sys.stderr.flush()
        os._exit(EXIT_INTERRUPTED if isinstance(ended, KeyboardInterrupt) else 128 + signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise StoppedError


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="steno transcribe",
        description=main.__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", metavar="FILE", nargs="+", type=Path, help="a recording: audio or video")
    out = parser.add_argument_group("what is written, and where")
    out.add_argument("--output-dir", metavar="FOLDER", type=Path, help="write there; it is made where it is not")
    out.add_argument(
        "--format",
        action="append",
        type=TranscriptFormat,
        choices=list(TranscriptFormat),
        metavar="FORMAT",
        help=f"one of {', '.join(TranscriptFormat)}; may be repeated (default: {', '.join(DEFAULT_FORMATS)})",
    )
    out.add_argument("--force", action="store_true", help="overwrite transcripts that are there already")
    out.add_argument("--quiet", action="store_true", help="say nothing but warnings and errors")
    speech = parser.add_argument_group("the recording")
    speech.add_argument("--language", default="auto", help="BCP 47 tag, auto, or mixed (default: auto)")
    speech.add_argument(
        "--task", type=Task, choices=list(Task), default=Task.TRANSCRIBE, help="translate: into English"
    )
    speech.add_argument("--prompt", help="text that the model takes for what was said before")
    speech.add_argument(
        "--hotword", action="append", default=[], help="a word that is likely to occur; may be repeated"
    )
    speech.add_argument("--channel", type=int, help="hear this audio channel alone, from 0 (default: all, mixed)")
    speech.add_argument("--words", action="store_true", help="times of words, too")
    speech.add_argument(
        "--no-vad", dest="vad", action="store_false", help="do not find speech first: have silence heard too"
    )
    engine = parser.add_argument_group("the engine")
    engine.add_argument(
        "--engine",
        type=EngineName,
        choices=list(EngineName),
        default=EngineName.FASTER_WHISPER,
        help=f"(default: {EngineName.FASTER_WHISPER})",
    )
    engine.add_argument(
        "--model", default=DEFAULT_MODEL, help=f"a size, a hub repository, or a folder (default: {DEFAULT_MODEL})"
    )
    engine.add_argument("--compute-type", help="CTranslate2's, for example int8 (default: the device's best)")
    engine.add_argument("--beam-size", type=int, help="hypotheses kept while decoding (default: 5)")
    engine.add_argument("--batch-size", type=int, help="chunks decoded at once (default: by device)")
    engine.add_argument(
        "--option", action="append", default=[], metavar="NAME=VALUE", help="one of the engine's own; may be repeated"
    )
    return parser


def _settings(parser: argparse.ArgumentParser, given: argparse.Namespace) -> EngineSettings:
    """Read the engine's settings; what is wrong with them is an error of the arguments."""
    options = {}
    for option in given.option:
        name, equals, value = option.partition("=")
        if not name or not equals:
            parser.error(f"argument --option: {option} is not NAME=VALUE")
        options[name] = value
    if given.channel is not None and given.channel < 0:
        parser.error("argument --channel: channels are counted from 0")
    model = Path(given.model)
    wanted = {
        "name": given.engine,
        "model": str(model.resolve()) if model.is_dir() else given.model,
        "compute_type": given.compute_type,
        "beam_size": given.beam_size,
        "batch_size": given.batch_size,
        "vad": given.vad,
        "options": options,
    }
    try:
        return EngineSettings.model_validate({name: value for name, value in wanted.items() if value is not None})
    except ValidationError as error:
        fault = error.errors()[0]
        parser.error(f"argument --{str(fault['loc'][0]).replace('_', '-')}: {fault['msg']}")
