"""The arguments of each subcommand. A function of this module is a subcommand, and gives its exit code.

Found by the ``steno`` command. Imports what is the extra's only when there is something to do.
"""

import argparse
import json
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

SERVER_VARIABLE: Final = "STENO_SERVER"
KEY_VARIABLE: Final = "STENO_KEY"

DEFAULT_PARALLEL: Final = 4
"""Recordings or tasks that are seen to at once."""

EPILOG: Final = """\
The server is --server or STENO_SERVER, its API key the text of --key-file or STENO_KEY. Answers go to stdout, all
else to stderr; bars are drawn on a terminal alone. Exit codes: 0; 1: a task failed; 2: arguments; 65: the server
refused; 66: a file cannot be read; 69: the server is away or too busy; 74: a file cannot be written; 76: what
answered is no Steno; 77: the key is not good for it; 78: the extra `client` is not installed; 124: not ended within
--timeout; 130: Ctrl-C. Of several the first that goes wrong decides, and the others are still done.
"""


def submit(arguments: Sequence[str]) -> int:
    """Send recordings to a Steno server."""
    parser = _parser("submit", submit)
    parser.add_argument("sources", metavar="SOURCE", nargs="+", help="a file, a pattern, a URL, or s3://bucket/key")
    what = parser.add_argument_group("the task")
    what.add_argument("--language", help="BCP 47 tag, auto, or mixed")
    what.add_argument("--task", choices=("transcribe", "translate"), help="translate: into English")
    what.add_argument("--prompt", help="text that the model takes for what was said before")
    what.add_argument("--hotword", action="append", help="a word that is likely to occur; may be repeated")
    what.add_argument("--words", action="store_true", help="times of words, too")
    what.add_argument("--profile", help="worker profile of the installation")
    what.add_argument("--model", help="the engine's model")
    what.add_argument("--s3-path", metavar="ADDRESS", help="where a copy of the results goes: s3://bucket/prefix/")
    what.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="any other of the REST API; VALUE may be JSON",
    )
    then = parser.add_argument_group("what comes then")
    then.add_argument("--wait", action="store_true", help="wait until the tasks have ended")
    _timeout(then)
    then.add_argument(
        "--download", action="append", default=[], metavar="FORMAT", help="wait, and fetch this; may be repeated"
    )
    then.add_argument("--output-dir", metavar="FOLDER", type=Path, default=Path(), help="(default: here)")
    then.add_argument("--resume", metavar="UPLOAD", help="go on with an upload that broke off, of one file")
    _parallel(then)
    given = parser.parse_args(arguments)
    given.options = _options(parser, given)
    if given.resume and len(given.sources) > 1:
        parser.error("argument --resume: goes with one file")
    return _act(parser, given)


def status(arguments: Sequence[str]) -> int:
    """Say how far tasks are."""
    parser = _parser("status", status)
    _tasks(parser)
    return _act(parser, parser.parse_args(arguments))


def wait(arguments: Sequence[str]) -> int:
    """Wait until tasks have ended."""
    parser = _parser("wait", wait)
    _tasks(parser)
    _timeout(parser)
    return _act(parser, parser.parse_args(arguments))


def download(arguments: Sequence[str]) -> int:
    """Fetch transcripts."""
    parser = _parser("download", download)
    _tasks(parser)
    parser.add_argument(
        "--format",
        action="append",
        metavar="FORMAT",
        help="json, verbose_json, md, srt, vtt, txt, tsv or report; may be repeated (default: md)",
    )
    parser.add_argument("--output-dir", metavar="FOLDER", type=Path, default=Path(), help="(default: here)")
    parser.add_argument("--stdout", action="store_true", help="write to stdout instead of into files")
    given = parser.parse_args(arguments)
    given.format = given.format or ["md"]
    if given.stdout and given.json:
        parser.error("argument --stdout: not with --json")
    return _act(parser, given)


def jobs(arguments: Sequence[str]) -> int:
    """List tasks, those made last first."""
    parser = _parser("jobs", jobs)
    parser.add_argument("--status", choices=("pending", "processing", "completed", "failed"))
    for name in ("phase", "profile", "file-name", "reason", "created-after", "created-before"):
        parser.add_argument(f"--{name}", metavar="TEXT", help="as GET /jobs takes it")
    parser.add_argument("--limit", metavar="N", type=_positive, help="at most so many (default: all)")
    return _act(parser, parser.parse_args(arguments))


def queue(arguments: Sequence[str]) -> int:
    """Say how much there is to do."""
    parser = _parser("queue", queue)
    return _act(parser, parser.parse_args(arguments))


def cancel(arguments: Sequence[str]) -> int:
    """End tasks as failed; their recordings stay."""
    parser = _parser("cancel", cancel)
    _tasks(parser)
    return _act(parser, parser.parse_args(arguments))


def release(arguments: Sequence[str]) -> int:
    """Delete tasks, their uploads and their transcripts, and show the receipts."""
    parser = _parser("release", release)
    _tasks(parser)
    return _act(parser, parser.parse_args(arguments))


def _parser(name: str, command: Callable[[Sequence[str]], int]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"steno {name}",
        description=command.__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(name=name)
    server = parser.add_argument_group("the server")
    server.add_argument("--server", metavar="URL", help=f"(default: ${SERVER_VARIABLE})")
    server.add_argument("--key-file", metavar="FILE", type=Path, help=f"holds the API key (default: ${KEY_VARIABLE})")
    server.add_argument("--retries", metavar="N", type=int, default=6, help="of each request (default: 6)")
    parser.add_argument("--json", action="store_true", help="answer in JSON, one document a line")
    return parser


def _tasks(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("tasks", metavar="TASK", nargs="+", help="as `steno submit` named it")
    _parallel(parser)


def _timeout(group: argparse._ActionsContainer) -> None:
    group.add_argument("--timeout", metavar="SECONDS", type=float, help="wait no longer (default: until the end)")


def _parallel(group: argparse._ActionsContainer) -> None:
    group.add_argument(
        "--parallel",
        metavar="N",
        type=_positive,
        default=DEFAULT_PARALLEL,
        help=f"at once (default: {DEFAULT_PARALLEL})",
    )


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is no whole number from 1 on")
    return int(text)


def _options(parser: argparse.ArgumentParser, given: argparse.Namespace) -> dict[str, Any]:
    """Give the task's options by their names in the REST API."""
    named = {
        "language": given.language,
        "task": given.task,
        "prompt": given.prompt,
        "hotwords": given.hotword,
        "word_timestamps": given.words or None,
        "profile": given.profile,
        "model": given.model,
        "s3_path": given.s3_path,
    }
    options: dict[str, Any] = {name: value for name, value in named.items() if value is not None}
    for option in given.option:
        name, equals, value = option.partition("=")
        if not equals or not re.fullmatch("[a-z0-9_]+", name):
            parser.error(f"argument --option: {option} is not NAME=VALUE")
        try:
            options[name] = json.loads(value)
        except ValueError:
            options[name] = value
    return options


def _act(parser: argparse.ArgumentParser, given: argparse.Namespace) -> int:
    given.server = given.server or os.environ.get(SERVER_VARIABLE)
    if not given.server:
        parser.error(f"which server? Give --server URL, or set {SERVER_VARIABLE}")
    if given.retries < 0:
        parser.error("argument --retries: 0 or more")
    given.key = os.environ.get(KEY_VARIABLE) or None
    if given.key_file is not None:
        try:
            given.key = given.key_file.read_text().strip()
        except (OSError, UnicodeDecodeError):
            parser.error(f"argument --key-file: {given.key_file} cannot be read")

    from steno_cli.acting import act  # noqa: PLC0415 -- its imports are the extra's

    try:
        return act(given)
    except ValueError as error:
        parser.error(str(error))
