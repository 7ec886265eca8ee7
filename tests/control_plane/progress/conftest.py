"""What the tests of workers' progress share: the intake in this process, under an account that may do no more."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from kubernetes import client

from control_plane.progress.tokens import SECONDS
from control_plane.progress.workplace import Workplace
from local_cluster.control_plane import ControlPlane
from steno_kube import TranscriptionJobs, connect
from steno_operator.client import OwnedObjects, TokenReviews
from steno_operator.progress.intake import ProgressIntake
from steno_operator.serving import application, serve
from steno_types import GROUP
from support.kubernetes_api import Api

RULES = [
    {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]},
    {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["get"]},
    {"apiGroups": [GROUP], "resources": ["transcriptionjobs"], "verbs": ["get"]},
    {"apiGroups": [GROUP], "resources": ["transcriptionjobs/status"], "verbs": ["patch"]},
]
"""All that the intake does in a namespace it serves; beside it, it may ask whose a token is."""


def account(api: Api) -> str:
    """Make an account with those rules in the namespace, and give a token of it."""
    rbac: Any = client.RbacAuthorizationV1Api(api.connection)
    name, namespace = "intake", api.namespace
    api.core.create_namespaced_service_account(namespace, {"metadata": {"name": name}})
    subjects = [{"kind": "ServiceAccount", "name": name, "namespace": namespace}]
    group = "rbac.authorization.k8s.io"
    rbac.create_namespaced_role(namespace, {"metadata": {"name": name}, "rules": RULES})
    rbac.create_namespaced_role_binding(
        namespace,
        {
            "metadata": {"name": name},
            "roleRef": {"apiGroup": group, "kind": "Role", "name": name},
            "subjects": subjects,
        },
    )
    reviews = {"apiGroups": ["authentication.k8s.io"], "resources": ["tokenreviews"], "verbs": ["create"]}
    rbac.create_cluster_role({"metadata": {"name": f"{namespace}-{name}"}, "rules": [reviews]})
    rbac.create_cluster_role_binding(
        {
            "metadata": {"name": f"{namespace}-{name}"},
            "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": f"{namespace}-{name}"},
            "subjects": subjects,
        }
    )
    spec = {"expirationSeconds": SECONDS}
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
    token: str = api.core.create_namespaced_service_account_token(name, namespace, request).status.token
    return token


@pytest.fixture
def own_kubeconfig(api: Api, control_plane: ControlPlane, tmp_path: Path) -> Path:
    """A way to the API server under the intake's own account."""
    told = json.loads(control_plane.kubeconfig.read_text())
    told["users"][0]["user"] = {"token": account(api)}
    path = tmp_path / "kubeconfig"
    path.write_text(json.dumps(told))
    return path


@pytest.fixture
async def workplace(api: Api, own_kubeconfig: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Workplace]:
    """A namespace of the test's own, with an intake that serves it."""
    monkeypatch.setenv("KUBECONFIG", str(own_kubeconfig))
    reading, writing = connect("steno-operator"), connect("steno-operator-progress")
    jobs = TranscriptionJobs(writing)
    intake = ProgressIntake(
        reviews=TokenReviews(reading),
        owned=OwnedObjects(reading),
        jobs=jobs,
        namespaces=frozenset({api.namespace}),
    )
    app = application(healthy=list, ready=list, metrics=lambda: (b"", "text/plain"), progress=intake)
    async with (
        serve(app, 0, host="127.0.0.1") as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as http,
    ):
        yield Workplace(api, http, jobs)
    await reading.close()
    await writing.close()
