"""Packed mode as a process of its own: what goes to which stream, and how it ends."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from steno_types import Assignment

SERVE = """
import sys
from steno_worker.logs import configure_logging
from steno_worker.serving import serve, take_stdout
from steno_worker.sigterm import SigtermWatch
from support.object_store import InMemoryObjectStore
from unit.worker.attempts import UPLOAD_KEY

store = InMemoryObjectStore()
store.put(UPLOAD_KEY, open(sys.argv[1], "rb").read())
sigterm = SigtermWatch()
sigterm.start()
log_context = configure_logging(sys.stderr)
answers = take_stdout()
print("a library's chatter", flush=True)
sys.exit(serve(log_context, sigterm, lines=sys.stdin.buffer, answers=answers, connect=lambda _: store))
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Set what the chart would set."""
    (tmp_path / "scratch").mkdir()
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "STENO_STORE_BUCKET": "steno",
        "STENO_SCRATCH": str(tmp_path / "scratch"),
        "STENO_TERMINATION_MESSAGE": str(tmp_path / "termination-log"),
    }


def line_of(assignment: Assignment, number: int) -> str:
    """Spell a line: the job `number` of several."""
    changed = assignment.model_copy(update={"results_prefix": f"steno/team/jobs/talk-{number:08x}/"})
    return json.dumps({"attempt": f"pod-{number}", "assignment": changed.to_wire()}) + "\n"


def stages_in(log: list[dict[str, Any]], attempt: str) -> list[str]:
    """Give the stages that an attempt entered."""
    told = [line["stage"] for line in log if line["message"] == "progress" and line["attempt"] == attempt]
    return list(dict.fromkeys(told))


def test_answers_go_to_stdout_and_everything_else_to_stderr(
    environment: dict[str, str], assignment: Assignment, meeting: Path
) -> None:
    """A real model, loaded once for two jobs: the second one begins to be transcribed right after it is fetched."""
    ended = subprocess.run(
        [sys.executable, "-c", SERVE, str(meeting)],
        env=environment,
        input=line_of(assignment, 1) + line_of(assignment, 2),
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert 0 == ended.returncode
    assert [("pod-1", 0), ("pod-2", 0)] == [
        (answer["attempt"], answer["exitCode"]) for answer in map(json.loads, ended.stdout.splitlines())
    ]
    chatter, *lines = ended.stderr.splitlines()
    assert "a library's chatter" == chatter
    log = [json.loads(line) for line in lines]
    assert ["fetch", "load-model", "self-test", "transcribe", "publish"] == stages_in(log, "pod-1")
    assert ["fetch", "transcribe", "publish"] == stages_in(log, "pod-2")


def test_the_entry_point_serves_until_the_input_ends(environment: dict[str, str]) -> None:
    """``steno-worker --serve-stdin`` with nothing to do ends well, and says nothing on stdout."""
    ended = subprocess.run(
        [sys.executable, "-m", "steno_worker", "--serve-stdin"],
        env=environment,
        input="no assignment\n",
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )

    (answer,) = map(json.loads, ended.stdout.splitlines())
    assert (0, 78) == (ended.returncode, answer["exitCode"])


def test_sigterm_ends_it_as_ever(environment: dict[str, str], tmp_path: Path, meeting: Path) -> None:
    """While it waits for a line, too: exit 143, termination message, no scratch left."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVE, str(meeting)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("no assignment\n")
        process.stdin.flush()
        assert "SettingsInvalid" in process.stdout.readline()

        process.send_signal(signal.SIGTERM)

        assert 143 == process.wait(timeout=30)
    assert "Terminated" in (tmp_path / "termination-log").read_text()
    assert [] == list((tmp_path / "scratch").iterdir())
