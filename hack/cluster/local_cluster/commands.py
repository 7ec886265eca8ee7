"""Run a program to its end; what it printed is the answer, or part of the error.

Every module that calls a program calls it here. Servers that stay up are `processes`' business.
"""

import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from local_cluster import needs
from local_cluster.errors import CommandFailedError

TAIL_LINES: Final = 25
"""How much of a failed program's output an error carries: enough for a Go compiler's or kubeadm's complaint."""

Arguments = Sequence[str | Path]


def run(
    arguments: Arguments,
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    text_in: str | None = None,
    survives: bool = False,
) -> str:
    """Return the standard output of a program that ended well; raise `CommandFailedError` otherwise.

    The program is killed when this process dies, unless it `survives`: a run killed halfway leaves nobody at work
    behind the back of the next one.
    """
    ended = subprocess.run(
        arguments if survives else mortal(arguments),
        env=environment,
        cwd=folder,
        input=text_in,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if ended.returncode != 0:
        raise CommandFailedError(failure_text(arguments, ended.returncode, ended.stdout + ended.stderr))
    return ended.stdout


def succeeds(arguments: Arguments, *, environment: Mapping[str, str] | None = None) -> bool:
    """Say whether a program ends well; its output is nobody's interest."""
    quiet = subprocess.run(arguments, env=environment, capture_output=True, check=False)
    return quiet.returncode == 0


def mortal(arguments: Arguments) -> Arguments:
    """Return the command that runs `arguments` and is killed by the kernel when the thread that starts it dies.

    `setpriv` asks for the signal and then becomes the program, with the same process id. It works where no handler
    of ours could: when this process is killed with SIGKILL. A program started on a thread dies when that thread
    ends.
    """
    setpriv = needs.require_program("setpriv", "install util-linux")
    # Whoever died before the signal was asked for is no longer the parent.
    if_parent_lives = '[ "$PPID" -eq "$0" ] && exec "$@"'
    return (setpriv, "--pdeathsig", "KILL", "--", "/bin/sh", "-c", if_parent_lives, str(os.getpid()), *arguments)


def failure_text(arguments: Arguments, status: int, printed: str) -> str:
    """Word the failure of a program: how it was called, its status, the end of its output."""
    command = shlex.join(str(argument) for argument in arguments)
    return f"`{command}` ended with status {status}:\n{tail(printed)}"


def tail(text: str) -> str:
    """Return the last lines of a text."""
    return "\n".join(text.rstrip().splitlines()[-TAIL_LINES:])
