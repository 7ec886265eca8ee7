"""A server lives no longer than whoever started it, and says why it did not start."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from local_cluster import loopback
from local_cluster.errors import StartFailedError
from local_cluster.processes import Process

ENDS_SECONDS = 10

PARENT = """
import sys
from pathlib import Path
from local_cluster.processes import Process
with Process(["sleep", "600"], log=Path(sys.argv[1])) as child:
    print(child.pid, flush=True)
    sys.stdin.read()
"""


def test_stopped_process_is_gone(tmp_path: Path) -> None:
    """Leaving the context ends the program at once."""
    with Process(["sleep", "600"], log=tmp_path / "log") as process:
        pid = process.pid

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_process_starts_again(tmp_path: Path) -> None:
    """A stopped process is started again by the same object, as another process."""
    with Process(["sleep", "600"], log=tmp_path / "log") as process:
        first = process.pid
        process.stop()
        process.start()

        assert first != process.pid


def test_process_dies_with_a_killed_parent(tmp_path: Path) -> None:
    """A parent that is killed, and so runs nothing more, takes its servers along."""
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, tmp_path / "log"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as parent:
        assert parent.stdout is not None
        child = os.pidfd_open(int(parent.stdout.readline()))
        parent.send_signal(signal.SIGKILL)

        ended, _, _ = select.select([child], [], [], ENDS_SECONDS)
        os.close(child)

    assert ended


def test_failed_start_carries_the_end_of_the_log(tmp_path: Path) -> None:
    """A program that ends instead of becoming ready is an error that holds its last words and status."""
    command = ["sh", "-c", "echo first; echo no such flag >&2; exit 3"]

    with (
        Process(command, log=tmp_path / "log") as process,
        pytest.raises(StartFailedError, match="sh ended with status 3:\nfirst\nno such flag"),
    ):
        process.wait_until(lambda: False, timeout_seconds=ENDS_SECONDS)


def test_start_that_takes_too_long_is_an_error(tmp_path: Path) -> None:
    """A program that runs and does not become ready in time is an error too."""
    with (
        Process(["sleep", "600"], log=tmp_path / "log") as process,
        pytest.raises(StartFailedError, match="sleep was not ready after 0 s"),
    ):
        process.wait_until(lambda: False, timeout_seconds=0)


def test_free_ports_differ_and_lie_below_the_ephemeral_range() -> None:
    """Ports that are chosen together are different, and none is one that the kernel gives to clients."""
    ports = loopback.free_ports(8)

    assert 8 == len(set(ports))
    assert all(port in loopback.PORTS for port in ports)
