"""The worker as a process of its own: SIGTERM at any moment, and what is imported when."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from steno_types import Assignment, Reason, TerminationMessage

NATIVE_CALL = """
import ctypes, sys
from steno_worker.logs import configure_logging
from steno_worker.sigterm import SigtermWatch
from steno_worker.worker import run
from support.object_store import InMemoryObjectStore
from unit.worker.attempts import UPLOAD_KEY, ScriptedEngine

store = InMemoryObjectStore()
store.put(UPLOAD_KEY, open(sys.argv[1], "rb").read())
sigterm = SigtermWatch()
sigterm.start()
# A mutex locked twice never comes back; like CTranslate2 it releases the interpreter's lock, and no signal breaks it.
lock, mutex = ctypes.CDLL(None).pthread_mutex_lock, ctypes.create_string_buffer(64)
engine = ScriptedEngine(on_load=lambda: (print("native", flush=True), lock(mutex), lock(mutex)))
sys.exit(run(configure_logging(sys.stdout), sigterm, connect=lambda _: store, load=engine.load))
"""

WHOLE_ATTEMPT = """
import sys
from steno_worker.logs import configure_logging
from steno_worker.sigterm import SigtermWatch
from steno_worker.worker import run
from support.object_store import InMemoryObjectStore
from unit.worker.attempts import UPLOAD_KEY

store = InMemoryObjectStore()
store.put(UPLOAD_KEY, open(sys.argv[1], "rb").read())
sys.exit(run(configure_logging(sys.stdout), SigtermWatch(), connect=lambda _: store))
"""


@pytest.fixture
def environment(assignment: Assignment, tmp_path: Path) -> dict[str, str]:
    """Set what the operator would set."""
    (tmp_path / "scratch").mkdir()
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "STENO_ASSIGNMENT": assignment.model_dump_json(by_alias=True),
        "STENO_ATTEMPT": "talk-89abcdef-x7k2p",
        "STENO_STORE_BUCKET": "steno",
        "STENO_SCRATCH": str(tmp_path / "scratch"),
        "STENO_TERMINATION_MESSAGE": str(tmp_path / "termination-log"),
    }


@pytest.fixture
def deaf_server() -> Iterator[socket.socket]:
    """Accept connections and never answer, as a store that hangs."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)
        yield server


def terminate(process: "subprocess.Popen[str]") -> tuple[int, float]:
    """Send SIGTERM; gives exit code and seconds until the end."""
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    return process.wait(timeout=30), time.monotonic() - began


def test_sigterm_ends_a_native_call(environment: dict[str, str], meeting: Path, tmp_path: Path) -> None:
    """While CTranslate2 computes, no signal handler of Python runs; the worker ends all the same, tidily."""
    command = [sys.executable, "-c", NATIVE_CALL, str(meeting)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert any(line == "native\n" for line in process.stdout)

        exit_code, seconds = terminate(process)

    assert 143 == exit_code
    assert seconds < 10
    message = TerminationMessage.model_validate_json((tmp_path / "termination-log").read_bytes())
    assert Reason.TERMINATED == message.reason
    assert [] == list((tmp_path / "scratch").iterdir())


def test_sigterm_ends_a_wait_for_the_store(
    environment: dict[str, str], deaf_server: socket.socket, tmp_path: Path
) -> None:
    """The real entry point, held up by a store that hangs, ends at once."""
    port = deaf_server.getsockname()[1]
    store = {
        "STENO_STORE_ENDPOINT": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }
    command = [sys.executable, "-m", "steno_worker"]
    with subprocess.Popen(command, env=environment | store, stdout=subprocess.PIPE, text=True) as process:
        connection, _ = deaf_server.accept()

        exit_code, seconds = terminate(process)

        connection.close()
        assert process.stdout is not None
        log = process.stdout.read()

    assert 143 == exit_code
    assert seconds < 10
    assert '"job": "team/talk"' in log
    assert [] == list((tmp_path / "scratch").iterdir())


def test_a_store_that_refuses_connections_is_exit_69(environment: dict[str, str], tmp_path: Path) -> None:
    """The real entry point and client: nobody listens, so the job is left to a retry."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    store = {
        "STENO_STORE_ENDPOINT": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_MAX_ATTEMPTS": "1",
    }

    ended = subprocess.run([sys.executable, "-m", "steno_worker"], env=environment | store, check=False, timeout=60)

    message = TerminationMessage.model_validate_json((tmp_path / "termination-log").read_bytes())
    assert (69, Reason.STORAGE_UNAVAILABLE) == (ended.returncode, message.reason)


def test_the_machine_learning_packages_are_imported_late(environment: dict[str, str]) -> None:
    """Whatever does not load a model starts without them: settings, manifest and store come first."""
    code = (
        "import sys, steno_worker.__main__, steno_worker.worker\n"
        "print(sorted({'faster_whisper', 'ctranslate2', 'onnxruntime', 'torch'} & set(sys.modules)))"
    )

    ended = subprocess.run(
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True, timeout=60
    )

    assert "[]\n" == ended.stdout


def test_nothing_is_left_in_the_home_folder(environment: dict[str, str], meeting: Path, tmp_path: Path) -> None:
    """ONNX Runtime reports its use unless told not to, and keeps an identifier for that in the home folder."""
    home = tmp_path / "home"
    home.mkdir()

    ended = subprocess.run(
        [sys.executable, "-c", WHOLE_ATTEMPT, str(meeting)],
        env=environment | {"HOME": str(home)},
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (0, "") == (ended.returncode, ended.stderr)
    assert [] == list(home.rglob("*"))
