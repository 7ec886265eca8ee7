"""A Docker daemon of our own where none answers; it outlives the command that started it.

`clusters` and `images` hold it with `in_use` while they work, so that nobody's teardown stops it under them. A daemon
that somebody else started is used and never stopped. Must not know about clusters.
"""

import os
import select
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from local_cluster import commands, docker, needs, packages, runc_within_bounds, state, steps, system_path
from local_cluster.digests import digest
from local_cluster.docker import Docker
from local_cluster.errors import CommandFailedError, StartFailedError

PACKAGES: Final = {
    "dockerd": "docker.io",
    "docker": "docker.io",
    "containerd": "containerd",
    "runc": "runc",
    "iptables": "iptables",
}
"""Program to Debian package."""

START_TRIES: Final = 3
"""A daemon killed with containers running leaves a containerd that may fail the first start after it."""

START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 30.0
_USE_LOCK: Final = "daemon-use"
_POLL_SECONDS: Final = 0.2


@contextmanager
def in_use() -> Iterator[None]:
    """Keep the daemon from being stopped by anybody else's teardown meanwhile."""
    with state.lock(_USE_LOCK, shared=True):
        yield


@contextmanager
def running() -> Iterator[Docker]:
    """Yield a daemon that answers, started if none does, and keep it from being stopped meanwhile."""
    with in_use():
        yield ensure()


def ensure() -> Docker:
    """Return the daemon that answers, started if none does; the caller holds it `in_use`."""
    if found := docker.find():
        return found
    needs.require_root("starting a Docker daemon")
    with state.lock("daemon-start"):
        packages.install(PACKAGES)
        if found := docker.find():  # another process, or the package's own service
            return found
        with steps.step("Docker daemon"):
            return _start()


def stop_if_idle() -> None:
    """Stop our daemon, unless a container runs in it or somebody holds it in use."""
    with state.lock_if_free(_USE_LOCK) as alone:
        pid = _our_pid()
        if not alone or pid is None or ((found := docker.find()) and found.run("ps", "--quiet")):
            return
        with steps.step("stopping the Docker daemon"):
            _stop(pid)


def left_processes() -> list[int]:
    """Return what our dockerd started for itself and its containers, known by the folder of its sockets."""
    return [
        int(folder.name)
        for folder in Path("/proc").iterdir()
        if folder.name.isdigit() and str(_run_folder()).encode() in _command_line(folder)
    ]


def _start() -> Docker:
    log = state.state_folder() / "dockerd.log"
    for _ in range(START_TRIES):
        pid = _our_pid() or _spawn(log)  # one that a killed command had just started is waited for
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and not _has_ended(pid):
            if found := docker.find():
                return found
            time.sleep(_POLL_SECONDS)
        _stop(pid)
    raise StartFailedError(f"dockerd did not start:\n{commands.tail(log.read_text(errors='replace'))}")


def _spawn(log: Path) -> int:
    """Start dockerd in a session of its own, so that no terminal, no `make` and no end of ours takes it along."""
    program = needs.require_program("dockerd", "install docker.io")
    run_folder = _run_folder()
    run_folder.mkdir(parents=True, exist_ok=True)
    own_pid_file = run_folder / "docker.pid"
    own_pid_file.unlink(missing_ok=True)  # a killed daemon's: dockerd refuses to start if the number was given again
    command = [
        str(program),
        *("--data-root", str(_data_root())),
        *("--exec-root", str(run_folder)),
        *("--pidfile", str(own_pid_file)),
        *("--add-runtime", f"bounded={_installed_runtime()}"),
        *("--default-runtime", "bounded"),
    ]
    pid = os.posix_spawn(
        program,
        command,
        system_path.environment(),
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
        setsigdef=[signal.SIGPIPE, signal.SIGTERM],
    )
    _pid_file().write_text(str(pid))
    return pid


def _installed_runtime() -> Path:
    """Copy the runc wrapper beside the daemon's state: containers outlive the checkout that this file lies in."""
    installed = state.state_folder() / "runc-within-bounds"
    # The base interpreter, not a virtual environment's, which may be gone tomorrow; -I -S skip what the wrapper
    # never uses.
    interpreter = Path(sys.executable).resolve()
    source = Path(runc_within_bounds.__file__).read_text()
    part = installed.with_suffix(".part")
    part.write_text(f"#!{interpreter} -IS\n{source}")
    part.chmod(0o755)
    part.rename(installed)
    return installed


def _stop(pid: int) -> None:
    """Ask the daemon to end, make sure that it has, and that it left no process behind."""
    for signal_number in (signal.SIGTERM, signal.SIGKILL):
        if _has_ended(pid):
            break
        os.kill(pid, signal_number)
        _wait_for_end(pid, STOP_SECONDS)
    for stray in left_processes():
        os.kill(stray, signal.SIGKILL)
        _wait_for_end(stray, STOP_SECONDS)
    with suppress(CommandFailedError):  # one that was killed left its data root mounted upon itself
        commands.run(["umount", _data_root()])
    _pid_file().unlink(missing_ok=True)


def _our_pid() -> int | None:
    """Return the process id of the daemon that works on our data root; a recycled id is not taken for it."""
    try:
        pid = int(_pid_file().read_text())
        command_line = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    return pid if str(_data_root()).encode() in command_line.split(b"\0") else None


def _command_line(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:  # ended meanwhile
        return b""


def _has_ended(pid: int) -> bool:
    return _wait_for_end(pid, 0.0)


def _wait_for_end(pid: int, timeout_seconds: float) -> bool:
    """Say whether a process, a child of ours or not, ends within the time; a child is reaped."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        ended = bool(select.select([descriptor], [], [], timeout_seconds)[0])
    finally:
        os.close(descriptor)
    if ended:
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
    return ended


def _data_root() -> Path:
    return state.state_folder() / "docker"


def _run_folder() -> Path:
    """Return a folder of our state's own, of a name short enough for a socket's path, which holds 108 bytes."""
    return Path("/run") / f"steno-docker-{digest(str(state.state_folder()))}"


def _pid_file() -> Path:
    return state.state_folder() / "dockerd.pid"
