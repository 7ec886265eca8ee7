"""Packed mode: one process, many assignments; each is answered, whatever becomes of it."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from steno_store import ObjectStore, read_manifest
from steno_types import Assignment, Outcome, SourceObject
from steno_worker.errors import DeviceOutOfMemoryError, EngineFailedError
from steno_worker.serving import MAX_LINE_BYTES, serve
from steno_worker.sigterm import SigtermWatch
from support.object_store import InMemoryObjectStore
from unit.worker.attempts import ScriptedEngine

Serve = Callable[..., list[dict[str, Any]]]


def line_of(assignment: Assignment, *, number: int = 1, **changes: object) -> bytes:
    """Spell a line: the job `number` of several."""
    changed = assignment.model_copy(update={"results_prefix": prefix_of(number), **changes})
    return json.dumps({"attempt": f"pod-{number}", "assignment": changed.to_wire()}).encode() + b"\n"


def prefix_of(number: int) -> str:
    """Say where the results of the job `number` lie."""
    return f"steno/team/jobs/talk-{number:08x}/"


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """The folder that every attempt works in."""
    (tmp_path / "scratch").mkdir()
    return tmp_path / "scratch"


@pytest.fixture
def serve_lines(
    store: InMemoryObjectStore, scratch: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: ScriptedEngine
) -> Serve:
    """Serve lines to their end, with nothing set but what the chart would set; gives the answers."""
    monkeypatch.setenv("STENO_STORE_BUCKET", store.bucket)
    monkeypatch.setenv("STENO_SCRATCH", str(scratch))
    monkeypatch.setenv("STENO_TERMINATION_MESSAGE", str(tmp_path / "termination-log"))

    def connect(_: object) -> ObjectStore:
        return store

    def serve_lines(*lines: bytes) -> list[dict[str, Any]]:
        answers = io.StringIO()
        exit_code = serve(
            {}, SigtermWatch(), lines=io.BytesIO(b"".join(lines)), answers=answers, connect=connect, load=engine.load
        )
        assert 0 == exit_code
        assert [] == list(scratch.rglob("*"))
        assert not (tmp_path / "termination-log").exists(), "the pod itself has not failed"
        return [json.loads(line) for line in answers.getvalue().splitlines()]

    return serve_lines


def test_assignments_are_worked_off_with_one_load(
    serve_lines: Serve, store: InMemoryObjectStore, assignment: Assignment, engine: ScriptedEngine
) -> None:
    """Each job gets its own outcome, claimed by its own attempt; the model is loaded once."""
    answers = serve_lines(*(line_of(assignment, number=number) for number in (1, 2, 3)))

    assert [
        {"attempt": f"pod-{number}", "exitCode": 0, "reason": None, "message": None} for number in (1, 2, 3)
    ] == answers
    assert 1 == engine.loads
    manifests = [read_manifest(store, prefix_of(number)) for number in (1, 2, 3)]
    assert ["pod-1", "pod-2", "pod-3"] == [manifest.attempt for manifest in manifests if manifest]
    assert {Outcome.COMPLETE} == {manifest.outcome for manifest in manifests if manifest}


def test_other_settings_load_another_engine(
    serve_lines: Serve, assignment: Assignment, engine: ScriptedEngine
) -> None:
    """Jobs of one process may ask for different models, one after another."""
    large = assignment.engine.model_copy(update={"model": "large"})

    answers = serve_lines(
        line_of(assignment, number=1), line_of(assignment, number=2, engine=large), line_of(assignment, number=3)
    )

    assert [0, 0, 0] == [answer["exitCode"] for answer in answers]
    assert 3 == engine.loads


def test_a_failure_is_answered_and_the_next_job_done(
    serve_lines: Serve, store: InMemoryObjectStore, assignment: Assignment, engine: ScriptedEngine
) -> None:
    """A bad recording costs its own job alone; its failure is claimed as a pod would."""
    absent = SourceObject(bucket=store.bucket, key="absent")

    first, second = serve_lines(line_of(assignment, number=1, source=absent), line_of(assignment, number=2))

    assert ("pod-1", 66, "SourceNotFound") == (first["attempt"], first["exitCode"], first["reason"])
    assert "absent" in first["message"]
    assert 0 == second["exitCode"]
    assert 1 == engine.loads
    manifest = read_manifest(store, prefix_of(1))
    assert manifest is not None
    assert Outcome.FAILED == manifest.outcome


@pytest.mark.parametrize(
    ("error", "exit_code", "loads"),
    [
        pytest.param(DeviceOutOfMemoryError("Full."), 75, 2, id="device full"),
        pytest.param(ZeroDivisionError("by zero"), 70, 2, id="unforeseen"),
        pytest.param(EngineFailedError("No."), 75, 1, id="engine failed"),
    ],
)
def test_an_engine_that_nobody_trusts_any_more_is_loaded_anew(
    serve_lines: Serve,
    assignment: Assignment,
    engine: ScriptedEngine,
    *,
    error: Exception,
    exit_code: int,
    loads: int,
) -> None:
    """What is left in the device's memory, or of an unforeseen error, must not reach the next job."""
    engine.raises = error

    answers = serve_lines(line_of(assignment, number=1), line_of(assignment, number=2))

    assert [exit_code, exit_code] == [answer["exitCode"] for answer in answers]
    assert loads == engine.loads


@pytest.mark.parametrize(
    ("line", "attempt", "said"),
    [
        pytest.param(b"hunter2\n", None, "The line is no assignment", id="no JSON"),
        pytest.param(b"\n", None, "The line is no assignment", id="empty"),
        pytest.param(b"\xff\xfe\n", None, "The line is no assignment", id="no UTF-8"),
        pytest.param(b"[]\n", None, "The line is no assignment", id="no object"),
        pytest.param(b'{"attempt": "pod-1"}\n', "pod-1", "assignment: Field required", id="no assignment"),
        pytest.param(
            b'{"attempt": "../up", "assignment": {}}\n', "../up", "attempt: String should match", id="attempt's name"
        ),
        pytest.param(
            b'{"attempt": "pod-1", "assignment": {"job": "hunter2"}}\n', "pod-1", "assignment.job: ", id="shape"
        ),
        pytest.param(b"x" * (MAX_LINE_BYTES * 3) + b"\n", None, "more than 1048576 bytes", id="endless"),
    ],
)
def test_a_malformed_line_is_answered_and_the_next_one_read(
    serve_lines: Serve, assignment: Assignment, line: bytes, attempt: str | None, said: str
) -> None:
    """Whoever writes the lines hears which was wrong, and what is in it stays secret."""
    refused, done = serve_lines(line, line_of(assignment))

    assert (attempt, 78, "SettingsInvalid") == (refused["attempt"], refused["exitCode"], refused["reason"])
    assert said in refused["message"]
    assert "hunter2" not in refused["message"]
    assert ("pod-1", 0) == (done["attempt"], done["exitCode"])


def test_a_last_line_that_breaks_off_is_answered(serve_lines: Serve, assignment: Assignment) -> None:
    """Half an assignment is none."""
    answers = serve_lines(line_of(assignment)[:-20])

    assert [78] == [answer["exitCode"] for answer in answers]


def test_no_line_is_no_failure(serve_lines: Serve, engine: ScriptedEngine) -> None:
    """An input that ends at once ends the process; nothing is loaded in advance."""
    assert [] == serve_lines()
    assert 0 == engine.loads


def test_a_job_that_comes_twice_is_done_once(
    serve_lines: Serve, assignment: Assignment, engine: ScriptedEngine
) -> None:
    """Whoever lost an answer may ask again: the outcome stands."""
    answers = serve_lines(line_of(assignment), line_of(assignment))

    assert [0, 0] == [answer["exitCode"] for answer in answers]
    assert 1 == len(engine.requests)


def test_unusable_settings_end_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No line could be worked off: it ends as a pod would, and says why."""
    monkeypatch.delenv("STENO_STORE_BUCKET", raising=False)
    monkeypatch.setenv("STENO_TERMINATION_MESSAGE", str(tmp_path / "termination-log"))
    lines = io.BytesIO(b"{}\n")

    exit_code = serve({}, SigtermWatch(), lines=lines, answers=io.StringIO())

    assert 78 == exit_code
    assert "STENO_STORE_BUCKET" in (tmp_path / "termination-log").read_text()
    assert b"{}\n" == lines.read()
