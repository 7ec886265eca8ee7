"""What the tests of faults share: an operator whose way to the API server fails as a test says."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from control_plane.conftest import MakeOperator
from control_plane.faults.lab import Lab
from control_plane.operator_loop.attempts import Attempts
from local_cluster.control_plane import ControlPlane
from steno_store import ObjectStore
from support.faulty_proxy import FaultyProxy, Rule
from support.kubernetes_api import Api
from support.operator_process import OperatorProcess


@dataclass(frozen=True)
class Faulty:
    """An operator behind a faulty way, and the worker's part in its namespace."""

    proxy: FaultyProxy
    operator: OperatorProcess
    attempts: Attempts

    @property
    def api(self) -> Api:
        """The API server by a way without faults."""
        return self.attempts.api


MakeFaulty = Callable[..., Faulty]
"""Starts one; settings of the operator by name, and ``before=`` rules that stand from its first request on."""


@pytest.fixture
def make_faulty(
    control_plane: ControlPlane, api: Api, make_operator: MakeOperator, store: ObjectStore, tmp_path: Path
) -> Iterator[MakeFaulty]:
    """An operator of the test's own behind a way of its own."""
    with FaultyProxy(control_plane, tmp_path / "kubeconfig") as proxy:
        started: list[OperatorProcess] = []

        def make(*, before: Sequence[Rule] = (), **settings: str) -> Faulty:
            proxy.rules += before
            started.append(make_operator(api, kubeconfig=proxy.kubeconfig, **settings))
            return Faulty(proxy, started[-1], Attempts(api, store))

        yield make
        for operator in started:
            operator.kill()


@pytest.fixture
def faulty(make_faulty: MakeFaulty) -> Faulty:
    """The same with the tier's own settings."""
    return make_faulty()


@pytest.fixture
def lab() -> Lab:
    """A laboratory at noon."""
    return Lab()
