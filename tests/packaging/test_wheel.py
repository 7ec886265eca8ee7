"""The wheel as its users get it: what is in it, and that each extra is enough for its part and no more."""

import os
import subprocess
import zipfile
from pathlib import Path

import pytest

PACKAGES = {
    "steno_types",
    "steno_store",
    "steno_kube",
    "steno_operator",
    "steno_gateway",
    "steno_worker",
    "steno_command",
    "steno_cli",
    "steno_client",
}

EXIT_CONFIG = 78


def call(*command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a program of an environment with nothing set, away from the checkout."""
    return subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env={"PATH": "/usr/bin:/bin"},
    )


def test_wheel_holds_the_packages_and_nothing_else(wheel: Path) -> None:
    """Each room is a top-level package with its type marker; no test, no chart, no Dockerfile comes along."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()

    assert PACKAGES == {name.split("/")[0] for name in names if ".dist-info" not in name}
    assert PACKAGES == {name.split("/")[0] for name in names if name.endswith("/py.typed")}


def test_wheel_holds_the_clip_of_the_self_test(wheel: Path) -> None:
    """What a package needs besides its modules comes along."""
    with zipfile.ZipFile(wheel) as archive:
        assert archive.read("steno_worker/self_test.flac").startswith(b"fLaC")


@pytest.mark.parametrize("environment", [""], indirect=True, ids=["base"])
def test_base_needs_pydantic_alone(environment: Path) -> None:
    """Who reads TranscriptionJobs installs the models and pydantic, no client and no framework."""
    listed = call(environment / "pip", "list", "--format=freeze").stdout
    names = {line.split("==")[0].split(" @")[0].lower() for line in listed.splitlines()}

    assert {"pydantic", "steno"} <= names
    assert set() == names & {"boto3", "fastapi", "kopf", "lightkube", "faster-whisper", "torch"}
    assert 0 == call(environment / "python", "-c", "import steno_types").returncode


@pytest.mark.parametrize("environment", [""], indirect=True, ids=["base"])
@pytest.mark.parametrize("part", ["operator", "gateway", "worker"])
def test_part_without_its_extra_names_it(environment: Path, part: str) -> None:
    """A part that lacks its extra says in one line what to install."""
    ended = call(environment / f"steno-{part}")

    assert EXIT_CONFIG == ended.returncode
    assert [] == ended.stdout.splitlines()
    (line,) = ended.stderr.splitlines()
    assert f"steno[{part}]" in line


@pytest.mark.parametrize("environment", [""], indirect=True, ids=["base"])
def test_the_command_explains_itself_without_any_extra(environment: Path) -> None:
    """``steno`` lists what it can do; a subcommand shows its help, and names its extra when it is to work."""
    listed = call(environment / "steno", "--help")
    explained = call(environment / "steno", "transcribe", "--help")
    refused = call(environment / "steno", "transcribe", "talk.wav")

    assert (0, 0, EXIT_CONFIG) == (listed.returncode, explained.returncode, refused.returncode)
    assert "  transcribe  Transcribe recordings of this machine, without a cluster." in listed.stdout.splitlines()
    assert explained.stdout.startswith("usage: steno transcribe")
    (line,) = refused.stderr.splitlines()
    assert line.endswith("run: pip install 'steno[worker]'")


@pytest.mark.parametrize("environment", [""], indirect=True, ids=["base"])
def test_the_clients_subcommands_explain_themselves_without_their_extra(environment: Path) -> None:
    """Help is to be had, and the extra is named where there is something to do."""
    explained = call(environment / "steno", "submit", "--help")
    refused = call(environment / "steno", "submit", "talk.wav", "--server", "http://127.0.0.1:1")

    assert (0, EXIT_CONFIG) == (explained.returncode, refused.returncode)
    assert refused.stderr.endswith("run: pip install 'steno[client]'\n")


@pytest.mark.parametrize("environment", ["client"], indirect=True)
def test_the_clients_extra_is_enough_and_small(environment: Path) -> None:
    """With it a subcommand gets as far as the server, and nothing of the other parts comes along."""
    ended = call(environment / "steno", "queue", "--server", "http://127.0.0.1:1", "--retries", "0")
    listed = call(environment / "pip", "list", "--format=freeze").stdout
    names = {line.split("==")[0].split(" @")[0].lower() for line in listed.splitlines()}

    assert os.EX_UNAVAILABLE == ended.returncode, ended.stderr
    assert {"httpx", "pydantic", "rich"} <= names
    assert set() == names & {"boto3", "fastapi", "kopf", "lightkube", "numpy"}


@pytest.mark.parametrize("environment", ["operator", "gateway", "worker"], indirect=True)
def test_extra_is_enough_for_its_part(environment: Path, request: pytest.FixtureRequest) -> None:
    """With its extra a part starts, and complains of its missing settings, not of missing packages."""
    part = request.node.callspec.params["environment"]

    ended = call(environment / f"steno-{part}")
    listed = call(environment / "pip", "list", "--format=freeze").stdout

    assert EXIT_CONFIG == ended.returncode
    assert "STENO_" in ended.stdout + ended.stderr
    assert "steno[" not in ended.stdout + ended.stderr
    assert 0 == call(environment / "pip", "check").returncode
    assert "\ntorch==" not in listed
