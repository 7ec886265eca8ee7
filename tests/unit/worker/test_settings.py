"""Wrong settings end the worker at once, by the variable's name and without its value."""

from pathlib import Path

import pytest

from steno_types import Assignment, Reason, TerminationMessage
from steno_worker.errors import SettingsInvalidError
from steno_worker.settings import WorkerSettings
from steno_worker.sigterm import SigtermWatch
from steno_worker.worker import run


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, assignment: Assignment, tmp_path: Path) -> pytest.MonkeyPatch:
    """Set every variable that the worker needs."""
    monkeypatch.setenv("STENO_ASSIGNMENT", assignment.model_dump_json(by_alias=True))
    monkeypatch.setenv("STENO_ATTEMPT", "talk-89abcdef-x7k2p")
    monkeypatch.setenv("STENO_STORE_BUCKET", "steno")
    monkeypatch.setenv("STENO_TERMINATION_MESSAGE", str(tmp_path / "termination-log"))
    return monkeypatch


def test_settings_are_read(environment: pytest.MonkeyPatch, assignment: Assignment, tmp_path: Path) -> None:
    """The environment gives assignment, attempt, store and scratch folder."""
    environment.setenv("STENO_SCRATCH", str(tmp_path))

    settings, store = WorkerSettings.from_environment()

    assert (assignment, "talk-89abcdef-x7k2p", tmp_path) == (settings.assignment, settings.attempt, settings.scratch)
    assert "steno" == store.bucket


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        pytest.param("STENO_ASSIGNMENT", None, "STENO_ASSIGNMENT is not set", id="no assignment"),
        pytest.param("STENO_ASSIGNMENT", "hunter2", "STENO_ASSIGNMENT is not JSON", id="no JSON"),
        pytest.param(
            "STENO_ASSIGNMENT", '{"job": "hunter2"}', r"STENO_ASSIGNMENT \(job\): Input should be", id="shape"
        ),
        pytest.param("STENO_ATTEMPT", None, "STENO_ATTEMPT is not set; .* downward API", id="no attempt"),
        pytest.param(
            "STENO_ATTEMPT", "hunter2/../up", "STENO_ATTEMPT: String should match", id="attempt with slashes"
        ),
        pytest.param(
            "STENO_URL_ALLOWED_HOSTS", "hunter2:80", "STENO_URL_ALLOWED_HOSTS: .*entry 1 is no", id="host and port"
        ),
        pytest.param(
            "STENO_PROGRESS_URL", "hunter2", "STENO_PROGRESS_URL: String should match", id="no http address"
        ),
        pytest.param("STENO_STORE_BUCKET", None, "STENO_STORE_BUCKET is not set; the chart", id="no bucket"),
        pytest.param("STENO_STORE_ENDPOINT", "hunter2", "STENO_STORE_ENDPOINT: .*valid URL", id="no address"),
        pytest.param("STENO_SCRATCH", "/nowhere", "STENO_SCRATCH is /nowhere, .* mount an emptyDir", id="no folder"),
    ],
)
def test_a_wrong_setting_is_named(
    environment: pytest.MonkeyPatch, variable: str, value: str | None, said: str
) -> None:
    """The message has the variable and what to do; a value never shows."""
    if value is None:
        environment.delenv(variable)
    else:
        environment.setenv(variable, value)

    with pytest.raises(SettingsInvalidError, match=said) as raised:
        WorkerSettings.from_environment()

    assert "hunter2" not in str(raised.value)


def test_wrong_settings_are_exit_78(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The worker ends for good and says why, though there is no store to claim anything in."""
    environment.delenv("STENO_STORE_BUCKET")

    exit_code = run({}, SigtermWatch())

    message = TerminationMessage.model_validate_json((tmp_path / "termination-log").read_bytes())
    assert (78, Reason.SETTINGS_INVALID) == (exit_code, message.reason)
    assert "STENO_STORE_BUCKET" in message.message


def test_a_worker_without_a_place_for_its_last_word_still_ends(environment: pytest.MonkeyPatch) -> None:
    """Outside Kubernetes there may be no /dev/termination-log: the exit code stays the same."""
    environment.setenv("STENO_TERMINATION_MESSAGE", "/nowhere/termination-log")
    environment.delenv("STENO_ATTEMPT")

    assert 78 == run({}, SigtermWatch())
