"""Nodes that are not there, with GPUs that are not there; kwok plays their kubelets by the stages in `STAGES`.

A stage is a file of that name.

Called by `stand`. Must not know the operator.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from local_cluster.loopback import free_ports
from local_cluster.processes import Process
from local_cluster.tools import tool
from support.kubernetes_api import Api, wait_for

STAGES: Final = Path(__file__).parent / "stages"
"""kwok's Stages: how its pods run, end and go."""

GPU: Final = "nvidia.com/gpu"

RUNNING: Final = ("pod-running", "pod-delete")
"""Stages of pods that run until somebody ends them."""

ENDING: Final = (*RUNNING, "pod-complete")
"""Stages of pods that also end by themselves, after `run_seconds`."""

PODS_PER_NODE: Final = 110
"""The kubelet's own limit; each node claims as many GPUs."""

LEASE_SECONDS: Final = 40
"""The kubelet's own; kwok renews the nodes' leases, so that the node controller believes in them."""


def run_seconds() -> float:
    """Give how long a pod runs until it ends."""
    stage = yaml.safe_load((STAGES / "pod-complete.yaml").read_text())
    return float(stage["spec"]["delay"]["durationMilliseconds"]) / 1000


def kwok(kubeconfig: Path, folder: Path, stages: Sequence[str]) -> Process:
    """Give kwok with these stages, not started yet; its log is ``kwok.log`` in `folder`."""
    config = folder / "kwok.yaml"
    config.write_text("---\n".join((STAGES / f"{stage}.yaml").read_text() for stage in stages))
    (port,) = free_ports(1)
    command: list[str | Path] = [
        *(tool("kwok"), f"--kubeconfig={kubeconfig}", f"--config={config}", "--manage-all-nodes=true"),
        *(f"--server-address=127.0.0.1:{port}", f"--node-lease-duration-seconds={LEASE_SECONDS}"),
    ]
    return Process(command, log=folder / "kwok.log", folder=folder)


def add(api: Api, *, pods: int) -> None:
    """Register nodes that hold so many pods, and wait until the scheduler may use them."""
    amounts = {"cpu": "1000", "memory": "4Ti", "ephemeral-storage": "100Ti", "pods": str(PODS_PER_NODE)}
    amounts[GPU] = str(PODS_PER_NODE)
    names = [f"node-{number}" for number in range(math.ceil(pods / PODS_PER_NODE))]
    for name in names:
        api.core.create_node({"metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}}})
        api.core.patch_node_status(name, {"status": {"capacity": amounts, "allocatable": amounts}})

    def ready() -> bool | None:
        return all(_takes_pods(node) for node in api.core.list_node().items) or None

    wait_for(ready, "the nodes to be ready")


def _takes_pods(node: Any) -> bool:
    conditions = {each.type: each.status for each in node.status.conditions or []}
    return conditions.get("Ready") == "True" and not node.spec.taints
