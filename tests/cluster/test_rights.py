"""What Steno's pods may do on a real cluster: as little as works."""

import pytest

from local_installation.installation import NAMESPACE, Installation
from support.kubernetes_api import Api


def may(installation: Installation, account: str, verb: str, resource: str) -> bool:
    """Ask the API server whether one of Steno's service accounts may do something in its namespace."""
    identity = f"--as=system:serviceaccount:{NAMESPACE}:steno-{account}"
    # After a slash kubectl takes the name of an object.
    resource, _, subresource = resource.partition("/")
    question = ("auth", "can-i", verb, resource, f"--subresource={subresource}", "--namespace", NAMESPACE, identity)
    return installation.kubectl(*question, may_fail=True).strip() == "yes"


@pytest.mark.parametrize(
    ("account", "verb", "resource", "allowed"),
    [
        pytest.param("worker", "get", "transcriptionjobs.steno.dev", False, id="worker-reads-no-job"),
        pytest.param("worker", "list", "pods", False, id="worker-lists-no-pods"),
        pytest.param("worker", "get", "secrets", False, id="worker-reads-no-secret"),
        pytest.param("operator", "create", "jobs.batch", True, id="operator-creates-jobs"),
        pytest.param("operator", "get", "secrets", False, id="operator-reads-no-secret"),
        pytest.param("operator", "create", "pods", False, id="operator-creates-no-pod"),
        pytest.param("operator", "patch", "transcriptionjobs.steno.dev/status", True, id="operator-writes-status"),
        pytest.param("gateway", "create", "transcriptionjobs.steno.dev", True, id="gateway-creates-jobs"),
        pytest.param("gateway", "patch", "transcriptionjobs.steno.dev/status", False, id="gateway-writes-no-status"),
        pytest.param("gateway", "create", "jobs.batch", False, id="gateway-creates-no-batch-job"),
        pytest.param("gateway", "get", "secrets", False, id="gateway-reads-no-secret"),
    ],
)
def test_service_account_may_do_what_it_needs_alone(
    installation: Installation, account: str, verb: str, resource: str, *, allowed: bool
) -> None:
    """Each part's rights are those its code uses; the worker has none."""
    assert allowed == may(installation, account, verb, resource)


def test_namespace_admits_nothing_but_restricted_pods(api: Api) -> None:
    """Steno runs where the restricted Pod Security Standard is enforced, so its pods meet it."""
    namespace = api.core.read_namespace(NAMESPACE)
    running = [pod for pod in api.core.list_namespaced_pod(NAMESPACE).items if pod.status.phase == "Running"]

    assert "restricted" == namespace.metadata.labels["pod-security.kubernetes.io/enforce"]
    assert {"gateway", "operator"} <= {pod.spec.containers[0].name for pod in running}
