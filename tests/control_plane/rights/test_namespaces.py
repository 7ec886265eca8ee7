"""An operator that serves other namespaces than its own does so with the roles that the chart makes there."""

from pathlib import Path

import pytest

from control_plane.conftest import MakeOperator, new_namespace
from control_plane.operator_loop.attempts import Attempts
from control_plane.rights.audited import FORBIDDEN, AuditLog
from control_plane.rights.installed import install
from control_plane.rights.test_verbs import SETTINGS, namespaces, report_progress
from local_cluster.control_plane import ControlPlane
from steno_store import ObjectStore
from support.kubernetes_api import Api


@pytest.fixture
def places(control_plane: ControlPlane) -> list[Api]:
    """The release's own namespace, and two others."""
    return [new_namespace(control_plane) for _ in range(3)]


@pytest.fixture(params=["listed", "all"])
def watched(request: pytest.FixtureRequest, places: list[Api]) -> str:
    """What the chart is told to watch: the two others, or all there are."""
    return ",".join(place.namespace for place in places[1:]) if request.param == "listed" else "*"


def test_a_job_in_each_namespace_lives_and_goes(
    watched: str,
    places: list[Api],
    control_plane: ControlPlane,
    make_operator: MakeOperator,
    *,
    own_store: ObjectStore,
    audit_log: AuditLog,
    tmp_path: Path,
) -> None:
    """It runs with progress, completes, is released, and at no step is a right missing."""
    home, served = places[0], places[1:] if watched != "*" else places
    flags = ("--set", f"operator.watchNamespaces={{{watched}}}", "--set", "operator.queuePriorities.high=1")
    installed = install(home, control_plane, tmp_path, *flags)
    settings = installed.environment | SETTINGS | {"STENO_STORE_BUCKET": own_store.bucket}
    operator = make_operator(home, kubeconfig=installed.kubeconfig, **settings)

    for api in served:
        attempts = Attempts(api, own_store)
        attempts.submit("talk")
        pod = attempts.run("talk")
        assert 200 == report_progress(operator, api, pod)
        attempts.claim("talk", pod)
        attempts.end("talk", pod, 0)
        api.wait_for_phase("talk", "Completed")
        api.delete("talk")
        api.wait_until_gone("talk")

    assert 0 == operator.stop()
    asked = [*audit_log.of(installed.user)]
    assert [] == [request for request in asked if request.code == FORBIDDEN]
    assert {place.namespace for place in (home, *served)} == namespaces(asked)
    elsewhere = {request.right.resource for request in asked if request.namespace == home.namespace}
    if watched != "*":
        # At home: its Lease, and who it is.
        assert {"leases", "namespaces"} >= elsewhere
