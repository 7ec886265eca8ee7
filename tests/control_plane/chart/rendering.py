"""The chart as Helm renders it; used by the tests of this folder."""

import subprocess
from pathlib import Path
from typing import Any

import yaml

from local_cluster.tools import tool
from support.kubernetes_api import Api

ROOT = Path(__file__).parents[3]

OF_NO_NAMESPACE = frozenset({"ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition"})
"""Kinds of objects of the chart that belong to the cluster."""

Rendered = dict[tuple[str, str], dict[str, Any]]


def helm_template(*flags: str) -> subprocess.CompletedProcess[str]:
    """Render the chart."""
    command = [str(tool("helm")), "template", "steno", str(ROOT / "charts" / "steno"), "--kube-version", "1.34.0"]
    return subprocess.run([*command, *flags], capture_output=True, text=True, check=False)


def accepted(api: Api, *flags: str) -> subprocess.CompletedProcess[str]:
    """Have an API server look at every object of a release in the namespace of `api`, and keep none."""
    done = helm_template("--namespace", api.namespace, *flags)
    assert 0 == done.returncode, done.stderr
    objects = [document for document in yaml.safe_load_all(done.stdout) if document]
    for each in objects:
        # kubectl takes objects of several namespaces only where each names its own, as Helm does for it.
        if each["kind"] not in OF_NO_NAMESPACE:
            each["metadata"].setdefault("namespace", api.namespace)
    kubectl = [str(tool("kubectl")), "--kubeconfig", str(api.kubeconfig)]
    return subprocess.run(
        [*kubectl, "apply", "--server-side", "--force-conflicts", "--dry-run=server", "--validate=strict", "-f", "-"],
        input=yaml.safe_dump_all(objects),
        capture_output=True,
        text=True,
        check=False,
    )


def rendered(*flags: str) -> Rendered:
    """Render the chart for a bucket; gives its objects by kind and name."""
    done = helm_template("--set", "store.bucket=talks", *flags)
    assert 0 == done.returncode, done.stderr
    documents = [document for document in yaml.safe_load_all(done.stdout) if document]
    return {(document["kind"], document["metadata"]["name"]): document for document in documents}


def container(objects: Rendered, name: str) -> dict[str, Any]:
    """Find the one container of a Deployment."""
    (only,) = objects["Deployment", name]["spec"]["template"]["spec"]["containers"]
    found: dict[str, Any] = only
    return found


def environment(objects: Rendered, name: str) -> dict[str, str]:
    """Read the plain environment variables of a Deployment's container."""
    return {entry["name"]: entry["value"] for entry in container(objects, name)["env"] if "value" in entry}
