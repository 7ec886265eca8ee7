"""Models from a hub: really downloaded, by the Hub's own client, from a server on loopback; and every refusal.

The client reads its settings once, so each question is a process of its own.
"""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from steno_worker.models.folder import digest_of, hashed
from unit.worker.attempts import MODEL
from unit.worker.hub_server import COMMIT, Hub, running

ASK = """
import sys, faster_whisper  # as by the time an engine asks
from steno_worker.models import locate
from steno_worker.errors import WorkerError
try:
    located = locate(sys.argv[1])
    print(located.path, located.digest)
except WorkerError as error:
    print(type(error).__name__, error)
"""

Ask = Callable[..., str]


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    """A hub with one repository: the small model, and a file that is none of its."""
    shutil.copytree(MODEL, tmp_path / "repository")
    (tmp_path / "repository" / "README.md").write_text("Read me.")
    with running(Hub(repository="team/whisper", folder=tmp_path / "repository")) as hub:
        yield hub


@pytest.fixture
def ask(tmp_path: Path, hub: Hub) -> Ask:
    """Look for a model in a process of its own; gives what it says."""

    def ask(name: str, **environment: str) -> str:
        settings = {"HF_HOME": str(tmp_path / "home"), "HF_ENDPOINT": hub.url, "PATH": os.environ["PATH"]}
        ended = subprocess.run(
            [sys.executable, "-c", ASK, name],
            env={**settings, **environment},
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        )
        return ended.stdout.strip()

    return ask


def test_a_repository_is_downloaded_once(ask: Ask, hub: Hub, tmp_path: Path) -> None:
    """The model's files come, and no others; the second time the Hub is only asked whether there is a newer one."""
    path, digest = ask("team/whisper").split()
    first, hub.asked[:] = list(hub.asked), []
    again = ask("team/whisper")

    assert tmp_path / "home" / "hub" / "models--team--whisper" / "snapshots" / COMMIT == Path(path)
    assert {file.name for file in MODEL.iterdir()} == {file.name for file in Path(path).iterdir()}
    assert digest_of(hashed(MODEL, name="whisper-espeak")) == digest
    assert [] == [asked for asked in first if "team/whisper" not in asked], "nothing is reported to anybody"
    assert f"{path} {digest}" == again
    assert ["GET /api/models/team/whisper/revision/main"] == hub.asked


def test_what_is_cached_needs_no_hub(ask: Ask, hub: Hub) -> None:
    """A cached model is used while the Hub is away, and when it must not be asked."""
    found = ask("team/whisper")
    hub.status = 503

    assert found == ask("team/whisper")
    hub.asked.clear()
    assert found == ask("team/whisper", HF_HUB_OFFLINE="1")
    assert [] == hub.asked


def test_offline_and_not_cached_names_setting_and_cache(ask: Ask, tmp_path: Path) -> None:
    """Who forbids the Hub has to fill the cache: the message says which."""
    said = ask("team/whisper", HF_HUB_OFFLINE="1")

    assert said == (
        f"ModelUnknownError The model team/whisper is not in the cache {tmp_path / 'home' / 'hub'}, "
        "and HF_HUB_OFFLINE forbids to download it."
    )


@pytest.mark.parametrize(
    ("name", "error", "reason"),
    [
        pytest.param("team/absent", "ModelUnknownError", "it answered 404", id="repository"),
        pytest.param("giant", "ModelUnknownError", "expected one of: tiny.en", id="size"),
        pytest.param("a/b/c", "ModelUnknownError", "Repo id must be", id="malformed"),
    ],
)
def test_a_name_that_the_hub_does_not_know_is_terminal(ask: Ask, name: str, error: str, reason: str) -> None:
    """No other attempt finds it either."""
    said = ask(name)

    assert said.startswith(f"{error} The model {name} cannot be loaded")
    assert reason in said


@pytest.mark.parametrize(
    ("status", "error"),
    [
        pytest.param(401, "ModelUnknownError", id="no token"),
        pytest.param(403, "ModelUnknownError", id="gated"),
        pytest.param(429, "ModelDownloadFailedError", id="too many requests"),
        pytest.param(500, "ModelDownloadFailedError", id="broken"),
        pytest.param(503, "ModelDownloadFailedError", id="down"),
    ],
)
def test_the_hubs_answer_decides_whether_to_try_again(ask: Ask, hub: Hub, status: int, error: str) -> None:
    """What another attempt may change is retryable; the answer is told."""
    hub.status = status

    said = ask("team/whisper")

    assert said.startswith(f"{error} The model team/whisper")
    assert f"answered {status}" in said


def test_a_file_that_is_refused_is_terminal(ask: Ask, hub: Hub) -> None:
    """A repository may be listed and its files kept back."""
    hub.file_status = 403

    assert ask("team/whisper").startswith("ModelUnknownError The model team/whisper cannot be loaded: 127.0.0.1 has")


def test_a_hub_that_nobody_answers_for_is_retryable(ask: Ask) -> None:
    """A connection that is refused says nothing of the model."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    said = ask("team/whisper", HF_ENDPOINT=f"http://user:hunter2@127.0.0.1:{port}")

    assert (
        "ModelDownloadFailedError The model team/whisper could not be downloaded: 127.0.0.1 cannot be reached."
        == said
    )


def test_a_repository_of_another_form_is_named(ask: Ask, hub: Hub) -> None:
    """PyTorch's Whisper has no model.bin: the message says which form it takes."""
    (hub.folder / "model.bin").unlink()

    said = ask("team/whisper")

    assert said.startswith("ModelUnknownError The model team/whisper cannot be loaded: it has no model.bin.")
    assert "CTranslate2" in said


def test_a_cache_that_cannot_be_written_is_named(ask: Ask, tmp_path: Path) -> None:
    """A read-only root filesystem is the chart's to mend: the message says by which setting."""
    (tmp_path / "file").write_text("")

    said = ask("team/whisper", HF_HOME=str(tmp_path / "file" / "home"))

    assert said.startswith("SettingsInvalidError")
    assert "HF_HOME" in said
