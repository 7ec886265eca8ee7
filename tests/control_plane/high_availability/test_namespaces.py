"""An operator serves its own namespace, those that it is told, or all; its one Lease is at home."""

from collections.abc import Iterator

import pytest

from control_plane.conftest import MakeOperator, new_namespace
from control_plane.high_availability.replicas import holder_of, lease_of
from control_plane.operator_loop.attempts import SOURCE
from local_cluster.control_plane import ControlPlane
from steno_types import GROUP, PLURAL, VERSION
from support.kubernetes_api import Api, wait_for
from support.operator_process import OperatorProcess


@pytest.fixture
def nobody_elses_jobs(control_plane: ControlPlane) -> None:
    """Jobs that earlier tests left unserved are gone: an operator of all namespaces would serve them too."""
    custom = Api(control_plane.kubeconfig).custom
    for job in custom.list_cluster_custom_object(GROUP, VERSION, PLURAL)["items"]:
        api = Api(control_plane.kubeconfig, job["metadata"]["namespace"])
        if job["metadata"].get("finalizers"):
            api.patch(job["metadata"]["name"], {"metadata": {"finalizers": None}})
    for namespace in Api(control_plane.kubeconfig).core.list_namespace().items:
        custom.delete_collection_namespaced_custom_object(GROUP, VERSION, namespace.metadata.name, PLURAL)


@pytest.fixture
def namespaces(control_plane: ControlPlane, nobody_elses_jobs: None) -> list[Api]:
    """Three namespaces: the operator's own, and two others."""
    del nobody_elses_jobs
    return [new_namespace(control_plane) for _ in range(3)]


@pytest.fixture(params=["own", "listed", "all"])
def scope(request: pytest.FixtureRequest) -> str:
    """What the operator is told to serve."""
    return str(request.param)


@pytest.fixture
def served(scope: str, namespaces: list[Api]) -> list[Api]:
    """Where jobs are to be served."""
    return {"own": namespaces[:1], "listed": namespaces[1:], "all": namespaces}[scope]


@pytest.fixture
def operator(
    scope: str, namespaces: list[Api], served: list[Api], make_operator: MakeOperator
) -> Iterator[OperatorProcess]:
    """An operator with that setting."""
    setting = {
        "own": {},
        "listed": {"STENO_WATCH_NAMESPACES": ",".join(api.namespace for api in served)},
        "all": {"STENO_WATCH_NAMESPACES": "*"},
    }[scope]
    running = make_operator(namespaces[0], **setting)
    yield running
    running.kill()


def test_the_setting_says_where_jobs_are_served(
    operator: OperatorProcess, namespaces: list[Api], served: list[Api]
) -> None:
    """Jobs and what becomes of their Jobs are followed there, and nowhere else."""
    for api in namespaces:
        api.submit("talk", SOURCE)

    for api in served:
        api.wait_for_phase("talk", "Queued")
        (first,) = api.batch_jobs("talk")
        api.batch.delete_namespaced_job(first.metadata.name, api.namespace, propagation_policy="Foreground")

        def anew(api: Api = api, uid: str = first.metadata.uid) -> bool | None:
            return any(job.metadata.uid != uid for job in api.batch_jobs("talk")) or None

        wait_for(anew, f"another Job in {api.namespace}")

    assert 200 == operator.probe("healthz")
    assert "" != holder_of(namespaces[0])
    for api in namespaces:
        assert (api in served) == bool(api.batch_jobs("talk"))
    assert [None, None] == [lease_of(api) for api in namespaces[1:]]
