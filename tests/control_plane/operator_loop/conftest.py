"""What the tests of the operator's loop share: one namespace that one operator serves, and a worker to play."""

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from control_plane.conftest import PROFILES, MakeOperator, new_namespace
from control_plane.operator_loop.attempts import Attempts
from local_cluster.control_plane import ControlPlane
from steno_store import ObjectStore
from support import kubelet
from support.kubernetes_api import Api

WithProfiles = Callable[..., str]
"""Writes the tier's worker profiles, and further ones by name; gives the file's path, as the operator is told it."""


@pytest.fixture(scope="session")
def served(control_plane: ControlPlane, make_operator: MakeOperator) -> Api:
    """A namespace with an operator that many tests share: none stops it, and each has names of its own."""
    bound = new_namespace(control_plane)
    make_operator(bound)
    return bound


@pytest.fixture(scope="session")
def attempts(served: Api, store: ObjectStore) -> Attempts:
    """The worker's part in the shared namespace."""
    return Attempts(served, store)


@pytest.fixture
def name() -> str:
    """A job's name that no other test has."""
    return f"talk-{secrets.token_hex(4)}"


@pytest.fixture(scope="module")
def node(served: Api, attempts: Attempts) -> Iterator[str]:
    """A node with GPUs for everybody who tolerates them; its kubelet is the test. No pod is left to want a GPU."""
    made = f"node-{secrets.token_hex(4)}"
    kubelet.add_node(served, made, gpus=64)
    yield made
    attempts.remove([job for job in served.jobs() if job["spec"].get("profile") == "gpu"])
    kubelet.remove_node(served, made)


@pytest.fixture(scope="session")
def with_profiles(tmp_path_factory: pytest.TempPathFactory) -> WithProfiles:
    """Worker profiles of a test's own, beside those of the tier."""

    def write(**further: dict[str, Any]) -> str:
        path: Path = tmp_path_factory.mktemp("profiles") / "profiles.yaml"
        profiles: Any = PROFILES["profiles"]
        path.write_text(yaml.safe_dump({**PROFILES, "profiles": {**profiles, **further}}))
        return str(path)

    return write
