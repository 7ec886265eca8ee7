"""The operator's own identity: an ordinary service account with the chart's Role, and a kubeconfig with its token.

Called by `stand`. Must not know what the operator does with it.
"""

import json
import subprocess
from pathlib import Path
from typing import Any, Final

import yaml

from local_cluster.control_plane import ControlPlane
from local_cluster.pins import KUBERNETES
from local_cluster.tools import tool
from support.kubernetes_api import Api

RELEASE: Final = "steno"
"""Name under which the chart is rendered; that of its parts' objects."""

ACCOUNT: Final = f"{RELEASE}-operator"

TOKEN_SECONDS: Final = 24 * 3600
"""For which the token is good, longer than any benchmark."""


def user(namespace: str) -> str:
    """Give the name by which the API server knows the operator of a namespace."""
    return f"system:serviceaccount:{namespace}:{ACCOUNT}"


def grant(api: Api, chart: Path) -> None:
    """Create the service account in the namespace of `api`, with the roles that `chart` gives the operator."""
    api.core.create_namespaced_service_account(api.namespace, {"metadata": {"name": ACCOUNT}})
    # A role of the whole cluster bears the namespace before it.
    apply(api, *(each for each in _rendered(chart, api.namespace) if ACCOUNT in each["metadata"]["name"]))


def kubeconfig(api: Api, control_plane: ControlPlane, path: Path) -> Path:
    """Write a kubeconfig of the service account."""
    asked = {"spec": {"expirationSeconds": TOKEN_SECONDS}}
    token = api.core.create_namespaced_service_account_token(ACCOUNT, api.namespace, asked).status.token
    cluster = {"server": control_plane.server, "certificate-authority": str(control_plane.ca_file)}
    path.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "bench",
                "contexts": [{"name": "bench", "context": {"cluster": "bench", "user": "operator"}}],
                "clusters": [{"name": "bench", "cluster": cluster}],
                "users": [{"name": "operator", "user": {"token": token}}],
            }
        )
    )
    path.chmod(0o600)
    return path


def apply(api: Api, *objects: dict[str, Any]) -> None:
    """Apply objects with kubectl, into the namespace of `api` where they name none."""
    kubectl = [str(tool("kubectl")), "--kubeconfig", str(api.kubeconfig), "--namespace", api.namespace]
    text = yaml.safe_dump_all(objects)
    subprocess.run([*kubectl, "apply", "-f", "-"], input=text, text=True, check=True, stdout=subprocess.DEVNULL)


def _rendered(chart: Path, namespace: str) -> list[dict[str, Any]]:
    """Render the chart's roles and their bindings."""
    command = [str(tool("helm")), "template", RELEASE, str(chart), "--namespace", namespace]
    flags = ["--kube-version", KUBERNETES, "--set", "store.bucket=bench", "--show-only", "templates/rbac.yaml"]
    said = subprocess.run([*command, *flags], check=True, stdout=subprocess.PIPE, text=True).stdout
    return [document for document in yaml.safe_load_all(said) if document]
