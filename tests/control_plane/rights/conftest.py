"""What the tests of rights share: a control plane that notes each request, and a bucket that only they sweep."""

import subprocess
from collections.abc import Iterator
from contextlib import closing

import pytest
import yaml

from control_plane.conftest import CRD, account_of
from control_plane.rights.audited import POLICY, AuditLog
from local_cluster.control_plane import ControlPlane
from local_cluster.object_stores import MinioServer
from local_cluster.tools import tool
from steno_store import ObjectStore


@pytest.fixture(scope="session")
def audit_log(tmp_path_factory: pytest.TempPathFactory) -> AuditLog:
    """What `control_plane` notes."""
    path = tmp_path_factory.mktemp("audit") / "audit.log"
    path.touch()
    return AuditLog(path)


@pytest.fixture(scope="session")
def control_plane(audit_log: AuditLog) -> Iterator[ControlPlane]:
    """A control plane of this folder's own, with Steno's CRD and an audit log."""
    policy = audit_log.path.with_name("policy.yaml")
    policy.write_text(yaml.safe_dump(POLICY))
    flags = [f"--audit-policy-file={policy}", f"--audit-log-path={audit_log.path}"]
    with ControlPlane(flags={"kube-apiserver": flags}) as running:
        kubectl = [str(tool("kubectl")), "--kubeconfig", str(running.kubeconfig)]
        subprocess.run([*kubectl, "apply", "-f", str(CRD)], check=True, capture_output=True)
        wait = ["wait", "--for=condition=Established", "--timeout=30s", "-f", str(CRD)]
        subprocess.run([*kubectl, *wait], check=True, capture_output=True)
        yield running


@pytest.fixture
def own_store(minio: MinioServer) -> Iterator[ObjectStore]:
    """A bucket for one test: where the operator serves all namespaces it sweeps all that it finds."""
    with closing(account_of(minio)) as account, closing(account.store(account.new_bucket())) as connected:
        yield connected
