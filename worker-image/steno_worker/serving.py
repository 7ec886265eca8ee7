"""Packed mode: one process works off assignment after assignment, so that the model is loaded once.

`__main__` calls `serve` for ``--serve-stdin``. Each line of standard input is one attempt; each is answered by one
line of standard output, in order, and the next line is read after that::

    {"attempt": "talk-89abcdef-x7k2p", "assignment": {...}}
    {"attempt": "talk-89abcdef-x7k2p", "exitCode": 0, "reason": null, "message": null}

The answer's exit code, reason and message are what a pod of its own would have ended with. ``docs/adr/0010`` says why
it is standard input. Must not know who writes the lines.
"""

import json
import os
from collections.abc import Iterator
from typing import BinaryIO, Final, TextIO

from pydantic import ValidationError

from steno_store import ObjectStore
from steno_types import Assignment, Reason
from steno_types.base import WireModel
from steno_worker.errors import SettingsInvalidError
from steno_worker.settings import AttemptName, InstallationSettings
from steno_worker.sigterm import SigtermWatch
from steno_worker.termination import write_termination_message
from steno_worker.worker import Connect, Ended, Load, Workplace, guarded, open_workplace

MAX_LINE_BYTES: Final = 1 << 20
"""Longest line that is read: an assignment has some kilobytes, its prompt included."""

FRESH_START: Final = frozenset({Reason.INTERNAL_ERROR, Reason.DEVICE_OUT_OF_MEMORY})
"""After these the model is loaded anew: nobody knows what state it is in, or what of the device it holds."""


class ServedAssignment(WireModel):
    """A line of the input."""

    attempt: AttemptName
    """Its name; no two of a job may have the same."""
    assignment: Assignment


class ServedOutcome(WireModel):
    """A line of the output."""

    attempt: str | None
    """As the input's line names it; None where that cannot be told."""
    exit_code: int
    """What a pod of its own would have ended with."""
    reason: Reason | None
    """Why it failed; None: it did not."""
    message: str | None


def serve(
    log_context: dict[str, str],
    sigterm: SigtermWatch,
    *,
    lines: BinaryIO,
    answers: TextIO,
    connect: Connect = ObjectStore.from_settings,
    load: Load | None = None,
) -> int:
    """Work the assignments of `lines` off until they end; gives the process's exit code.

    What goes wrong with one line is its answer, and the next one is read. Without usable settings nothing is read:
    the process ends as a pod would.
    """

    def work() -> Ended:
        settings, store_settings = InstallationSettings.from_environment()
        with open_workplace(settings, store_settings, log_context, sigterm, connect=connect, load=load) as place:
            for line in _lines(lines):
                answers.write(_worked_off(place, line).model_dump_json(by_alias=True) + "\n")
                answers.flush()
                log_context.clear()
        return Ended()

    ended = guarded(work)
    if ended.reason is not None:
        write_termination_message(ended.reason, ended.message)
    return ended.exit_code


def take_stdout() -> TextIO:
    """Give a stream to the process's standard output; whatever else is written there goes to standard error."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answers


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    """Read line by line; of one that is too long, its beginning."""
    while line := stream.readline(MAX_LINE_BYTES + 1):
        rest = line
        while rest and not rest.endswith(b"\n"):
            rest = stream.readline(MAX_LINE_BYTES)
        yield line


def _worked_off(place: Workplace, line: bytes) -> ServedOutcome:
    def work_off() -> Ended:
        served = _read(line)
        return place.work_off(served.assignment, served.attempt)

    ended = guarded(work_off)
    if ended.reason in FRESH_START:
        place.engines.drop()
    return ServedOutcome(
        attempt=_name_in(line),
        exit_code=ended.exit_code,
        reason=ended.reason,
        message=ended.message or None,
    )


def _read(line: bytes) -> ServedAssignment:
    if len(line) > MAX_LINE_BYTES:
        raise SettingsInvalidError(f"The line has more than {MAX_LINE_BYTES} bytes.")
    try:
        return ServedAssignment.model_validate_json(line)
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False, include_context=False)
        told = "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'the line'}: {fault['msg']}" for fault in faults)
        raise SettingsInvalidError(f"The line is no assignment with the name of its attempt ({told}).") from error


def _name_in(line: bytes) -> str | None:
    """Give the attempt's name as far as it can be told, so that a refusal finds its asker."""
    try:
        return str(json.loads(line)["attempt"])
    except (ValueError, TypeError, LookupError):
        return None
