"""What the tests of the operator's loop share: one namespace that one operator serves, and a worker to play."""

import secrets

import pytest

from control_plane.conftest import MakeOperator, new_namespace
from control_plane.operator_loop.attempts import Attempts
from local_cluster.control_plane import ControlPlane
from steno_store import ObjectStore
from support.kubernetes_api import Api


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
