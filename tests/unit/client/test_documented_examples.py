"""docs/client.md shows programs that run, and exit codes that are."""

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest

from steno_cli.acting import EXIT_INTERRUPTED, EXIT_NOT_ENDED, EXIT_TASK_FAILED
from support.installation import Installation
from support.transcriber import SENTENCES, TEXT

DOCUMENT = (Path(__file__).parents[3] / "docs" / "client.md").read_text()
PROGRAMS = re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)


@pytest.mark.parametrize(
    ("program", "lines"),
    [
        pytest.param(0, [*SENTENCES, "talk.srt", "True"], id="blocking"),
        pytest.param(1, ["talk.wav: completed", "notes.wav: failed"], id="not blocking"),
        pytest.param(2, ["beam_size"], id="refused"),
    ],
)
async def test_an_example_runs(installation: Installation, talk: Path, program: int, lines: list[str]) -> None:
    """As it stands, in a folder with a recording; it prints what one expects."""
    (talk.parent / "notes.wav").write_bytes(TEXT)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        PROGRAMS[program],
        cwd=talk.parent,
        env={**os.environ, "STENO_SERVER": installation.url},
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()

    assert (0, lines) == (process.returncode, [line for line in out.decode().splitlines() if line])


def test_no_example_is_left_out() -> None:
    """Each program of the document is one of those above."""
    assert 3 == len(PROGRAMS)


def test_exit_codes_are_those_of_the_document() -> None:
    """The table has each code that the command may end with."""
    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", DOCUMENT, re.MULTILINE)}
    sysexits = {
        os.EX_DATAERR,
        os.EX_NOINPUT,
        os.EX_UNAVAILABLE,
        os.EX_IOERR,
        os.EX_PROTOCOL,
        os.EX_NOPERM,
        os.EX_CONFIG,
    }

    assert {0, 2, EXIT_TASK_FAILED, EXIT_NOT_ENDED, EXIT_INTERRUPTED} | sysexits == listed
