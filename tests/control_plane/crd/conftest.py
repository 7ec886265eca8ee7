"""One namespace for all questions about the CRD: nothing serves it, so jobs stay as they were written."""

import itertools
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from control_plane.crd.questions import Asker
from local_cluster.control_plane import ControlPlane
from local_cluster.tools import tool
from support.kubernetes_api import Api

Kubectl = Callable[..., subprocess.CompletedProcess[str]]
"""Runs kubectl with arguments, ``stdin=`` and ``check=``, in the namespace of the questions."""


@pytest.fixture(scope="session")
def unserved(control_plane: ControlPlane) -> Api:
    """A namespace without an operator."""
    bound = Api(control_plane.kubeconfig, "unserved")
    bound.create_namespace()
    return bound


@pytest.fixture(scope="session")
def names() -> Iterator[str]:
    """Names that no job has yet."""
    return (f"talk-{number}" for number in itertools.count())


@pytest.fixture
def asker(unserved: Api, names: Iterator[str]) -> Asker:
    """Asks the API server about a job of its own."""
    return Asker(unserved, next(names))


@pytest.fixture
def kubectl(unserved: Api, tmp_path: Path) -> Kubectl:
    """The real kubectl, with nothing of the user's."""

    def run(*arguments: str, stdin: str | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
        command = [
            *(str(tool("kubectl")), "--kubeconfig", str(unserved.kubeconfig), "--cache-dir", str(tmp_path)),
            *("--namespace", unserved.namespace, *arguments),
        ]
        return subprocess.run(command, input=stdin, check=check, capture_output=True, text=True)

    return run
