"""What the tests of the sweep share: a yard whose sweeper has a role of its own and nothing beside it."""

import json
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from control_plane.conftest import account_of
from control_plane.sweeping.yard import ACCOUNT, Yard, allow_sweeping
from local_cluster.control_plane import ControlPlane
from local_cluster.object_stores import MinioServer
from steno_kube import connect
from support.kubernetes_api import Api


def account(api: Api) -> str:
    """Make an account that may do what a sweep of the namespace needs, and give a token of it."""
    api.core.create_namespaced_service_account(api.namespace, {"metadata": {"name": ACCOUNT}})
    allow_sweeping(api, api.namespace)
    request = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"expirationSeconds": 3600},
    }
    made = api.core.create_namespaced_service_account_token(ACCOUNT, api.namespace, request)
    token: str = made.status.token
    return token


@pytest.fixture
def kubeconfig(api: Api, control_plane: ControlPlane, tmp_path: Path) -> Path:
    """A way to the API server under that account."""
    told = json.loads(control_plane.kubeconfig.read_text())
    told["users"][0]["user"] = {"token": account(api)}
    path = tmp_path / "kubeconfig"
    path.write_text(json.dumps(told))
    return path


@pytest.fixture
async def yard(
    api: Api, kubeconfig: Path, minio: MinioServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Yard]:
    """A namespace and a bucket of the test's own, and their sweeper."""
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    connection = connect("steno-operator")
    with closing(account_of(minio)) as owner, closing(owner.store(owner.new_bucket(versioned=True))) as store:
        yield Yard(api, owner, store, connection)
    await connection.close()
