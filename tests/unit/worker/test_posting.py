"""Progress on its way to the operator: the newest counts, failures disturb nothing, and the answer may say stop."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from steno_types import Assignment, ProgressReport, Stage
from steno_worker.posting import ProgressPoster
from unit.worker.attempts import Pod, ScriptedEngine

TOKEN = "projected-token"


class Operator:
    """A server on loopback that takes reports, as the operator does."""

    def __init__(self) -> None:
        self.reports: list[int] = []
        self.tokens: set[str] = set()
        self.answer: tuple[int, bytes] = (200, b'{"stop": false}')
        self.open = threading.Event()
        self.open.set()
        self.asked = threading.Semaphore(0)
        operator = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                operator.asked.release()
                operator.open.wait()
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                operator.tokens.add(self.headers["Authorization"])
                operator.reports.append(body["percent"])
                code, answer = operator.answer
                self.send_response(code)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/progress"


@pytest.fixture
def operator() -> Iterator[Operator]:
    """Serve until the test is over."""
    operator = Operator()
    thread = threading.Thread(target=operator.server.serve_forever)
    thread.start()
    yield operator
    operator.open.set()
    operator.server.shutdown()
    thread.join()
    operator.server.server_close()


@pytest.fixture
def token(tmp_path: Path) -> Path:
    """Lay the pod's token where the kubelet would."""
    path = tmp_path / "token"
    path.write_text(f"{TOKEN}\n")
    return path


def report(percent: int) -> ProgressReport:
    """Make one."""
    return ProgressReport(stage=Stage.TRANSCRIBE, percent=percent, processed_seconds=percent, total_seconds=100)


def test_reports_arrive_with_the_pods_token(operator: Operator, token: Path) -> None:
    """What was said last before the end is said, too."""
    with ProgressPoster(operator.url, token) as poster:
        poster.post(report(40))
        operator.asked.acquire()
        poster.post(report(80))

    assert [40, 80] == operator.reports
    assert {f"Bearer {TOKEN}"} == operator.tokens


def test_only_the_newest_of_those_that_wait_is_posted(operator: Operator, token: Path) -> None:
    """An operator that is slow is not flooded, and no work waits for it."""
    operator.open.clear()
    with ProgressPoster(operator.url, token) as poster:
        poster.post(report(1))
        operator.asked.acquire()
        for percent in range(2, 50):
            poster.post(report(percent))
        operator.open.set()

    assert [1, 49] == operator.reports


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param((503, b"away"), id="refused"),
        pytest.param((200, b"<html>"), id="no answer of ours"),
    ],
)
def test_a_failure_is_logged_once_and_tried_again(
    operator: Operator, token: Path, answer: tuple[int, bytes], caplog: pytest.LogCaptureFixture
) -> None:
    """Progress is worth no attempt; the log stays readable."""
    operator.answer = answer
    with ProgressPoster(operator.url, token) as poster:
        for percent in (1, 2, 3):
            poster.post(report(percent))
            operator.asked.acquire()

    assert [1, 2, 3] == operator.reports
    assert 1 == len(caplog.records)
    assert TOKEN not in caplog.text


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda token: token.unlink(), id="no token"),
        pytest.param(lambda token: token.write_bytes(b"\xff\xfe\n"), id="a token that is none"),
    ],
)
def test_a_token_that_cannot_be_read_disturbs_nothing(
    operator: Operator, token: Path, spoil: Callable[[Path], object], caplog: pytest.LogCaptureFixture
) -> None:
    """The pod's volume may be late."""
    spoil(token)

    with ProgressPoster(operator.url, token) as poster:
        poster.post(report(1))

    assert [] == operator.reports
    assert 1 == len(caplog.records)


def test_an_operator_may_say_stop(operator: Operator, token: Path) -> None:
    """A cancelled job holds no GPU any longer than until the next report."""
    operator.answer = (200, b'{"stop": true}')
    stopped = threading.Event()

    with ProgressPoster(operator.url, token, stop=stopped.set) as poster:
        poster.post(report(1))
        assert stopped.wait(timeout=10)


def test_a_pod_that_is_told_where_posts_its_progress(
    operator: Operator,
    token: Path,
    pod: Pod,
    assignment: Assignment,
    engine: ScriptedEngine,
) -> None:
    """The environment names address and token; what is said last has all of the audio."""
    pod.environment.setenv("STENO_PROGRESS_URL", operator.url)
    pod.environment.setenv("STENO_PROGRESS_TOKEN", str(token))

    ended = pod.run(assignment=assignment, load=engine.load)

    assert 0 == ended.exit_code
    assert 100 == operator.reports[-1]


def test_the_last_report_is_repeated_while_there_is_no_newer_one(operator: Operator, token: Path) -> None:
    """A worker that loads a model says nothing new, and is to hear all the same that it shall stop."""
    with ProgressPoster(operator.url, token, repeat_seconds=0.01) as poster:
        poster.post(report(40))
        for _ in range(3):
            operator.asked.acquire()

    assert {40} == {*operator.reports}
    assert len(operator.reports) >= 2
