"""The command line answers with one line and a status, whatever goes wrong."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from local_cluster.__main__ import main


def test_missing_need_is_one_line_and_status_2(tmp_path: Path) -> None:
    """With a Go that is too old and no cache, installing a tool says what to install and nothing else."""
    go = tmp_path / "go"
    go.write_text("#!/bin/sh\necho go1.19.8\n")
    go.chmod(0o755)
    ended = subprocess.run(
        [sys.executable, "-m", "local_cluster", "tools", "helm"],
        env={"STENO_STATE_DIR": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path), "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert 2 == ended.returncode
    assert "" == ended.stdout
    assert 1 == len(ended.stderr.splitlines())
    assert "install Go 1.21 or newer for building helm" in ended.stderr


@pytest.mark.parametrize("command", ["up", "down", "kubeconfig", "ports"])
def test_foreign_cluster_is_refused(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """No command touches, or even describes, a cluster whose name is not ours."""
    status = main([command, "minikube"])

    assert 2 == status
    assert 1 == len(capsys.readouterr().err.splitlines())


def test_kubeconfig_lies_in_the_state_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The kubeconfig's path is printed alone, and is a file of our own."""
    monkeypatch.setenv("STENO_STATE_DIR", str(tmp_path))

    assert 0 == main(["kubeconfig", "steno-test"])
    assert f"{tmp_path}/clusters/steno-test/kubeconfig\n" == capsys.readouterr().out
