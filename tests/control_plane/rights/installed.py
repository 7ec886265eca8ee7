"""The operator as the chart installs it: its service account, the roles that it has and no others, its settings.

Used by the tests of this folder, which run it as a process under that account.
"""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from control_plane.rights.audited import Right
from local_cluster.control_plane import ControlPlane
from local_cluster.pins import KUBERNETES
from local_cluster.tools import tool
from support.kubernetes_api import Api

CHART: Final = Path(__file__).parents[3] / "charts" / "steno"
ACCOUNT: Final = "steno-operator"
TOKEN_SECONDS: Final = 3600
IN_A_NAMESPACE: Final = frozenset({"Role", "RoleBinding", "ServiceAccount"})
"""Kinds of those objects that are applied here."""

Raw = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """An operator's place in a cluster."""

    objects: tuple[Raw, ...]
    """All that the chart renders."""
    kubeconfig: Path
    """A way to the API server under the operator's own account."""
    user: str
    """That account, as the API server names it."""

    @property
    def environment(self) -> dict[str, str]:
        """Give the chart's settings of the operator that are not about the store."""
        return {
            entry["name"]: entry["value"]
            for entry in pod_template(self.objects, "operator")["spec"]["containers"][0]["env"]
            if "value" in entry and not entry["name"].startswith("STENO_STORE_")
        }

    @property
    def granted(self) -> set[Right]:
        """Give each verb on each resource that the operator's roles hold."""
        return {
            Right(verb, group, resource)
            for role in roles(self.objects)
            for rule in role.get("rules", ())
            for group in rule["apiGroups"]
            for resource in rule["resources"]
            for verb in rule["verbs"]
        }


def rendered(namespace: str, *flags: str) -> tuple[Raw, ...]:
    """Render the chart as a release in that namespace."""
    command = [str(tool("helm")), "template", "steno", str(CHART), "--namespace", namespace]
    command += ["--kube-version", KUBERNETES, "--set", "store.bucket=talks", *flags]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return tuple(document for document in yaml.safe_load_all(said) if document)


def pod_template(objects: tuple[Raw, ...], part: str) -> Raw:
    """Find the pods of the operator or the gateway."""
    (found,) = (each for each in objects if (each["kind"], part_of(each)) == ("Deployment", part))
    template: Raw = found["spec"]["template"]
    return template


def part_of(each: Raw) -> str:
    """Say which part an object is for."""
    labels = each["metadata"].get("labels", {})
    return str(labels.get("app.kubernetes.io/name", "")).removeprefix("steno-")


def roles(objects: tuple[Raw, ...]) -> Iterator[Raw]:
    """Walk the operator's roles and their bindings."""
    return (each for each in objects if part_of(each) == "operator" and "Role" in each["kind"])


def apply(api: Api, *objects: Raw) -> None:
    """Apply objects, as Helm does: into the namespace of `api` where they name none and need one."""
    for each in objects:
        if each["kind"] in IN_A_NAMESPACE:
            each["metadata"].setdefault("namespace", api.namespace)
    command = [str(tool("kubectl")), "--kubeconfig", str(api.kubeconfig), "apply", "-f", "-"]
    text = yaml.safe_dump_all(objects)
    done = subprocess.run(command, input=text, text=True, capture_output=True, check=False)
    assert 0 == done.returncode, done.stderr


def install(api: Api, control_plane: ControlPlane, folder: Path, *flags: str) -> Installed:
    """Make the operator's account in the namespace of `api`, with what the chart grants it."""
    objects = rendered(api.namespace, *flags)
    apply(api, *(each for each in objects if each["kind"] == "ServiceAccount"), *roles(objects))
    asked = {"spec": {"expirationSeconds": TOKEN_SECONDS}}
    token = api.core.create_namespaced_service_account_token(ACCOUNT, api.namespace, asked).status.token
    told = json.loads(control_plane.kubeconfig.read_text())
    told["users"][0]["user"] = {"token": token}
    kubeconfig = folder / f"{api.namespace}.kubeconfig"
    kubeconfig.write_text(json.dumps(told))
    return Installed(objects=objects, kubeconfig=kubeconfig, user=f"system:serviceaccount:{api.namespace}:{ACCOUNT}")
