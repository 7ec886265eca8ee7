"""The kubelet's part, played by patching pods' status: a worker starts, ends, or is evicted, when a test says so.

For the control plane tier, where nothing runs containers. What it writes is what kubelet 1.34 writes; where a test
says so, as of a while ago.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from steno_types import TerminationMessage, to_rfc3339
from support.kubernetes_api import Api, wait_for

GPU = "nvidia.com/gpu"
"""The resource of a node's GPUs, and its taint's key."""


def _now() -> str:
    return _ago(0)


def _ago(seconds: float) -> str:
    return to_rfc3339(datetime.now(UTC) - timedelta(seconds=seconds))


def _patch(api: Api, pod: Any, status: dict[str, Any]) -> None:
    api.core.patch_namespaced_pod_status(pod.metadata.name, api.namespace, {"status": status})


def _container(pod: Any, state: dict[str, Any], *, ready: bool) -> dict[str, Any]:
    image = pod.spec.containers[0].image
    return {
        "name": "worker",
        "image": image,
        "imageID": image,
        "ready": ready,
        "started": ready,
        "restartCount": 0,
        "state": state,
    }


def start(api: Api, pod: Any, *, ago_seconds: float = 0) -> None:
    """Let the pod's container run."""
    since = _ago(ago_seconds)
    running = _container(pod, {"running": {"startedAt": since}}, ready=True)
    _patch(api, pod, {"phase": "Running", "startTime": since, "containerStatuses": [running]})


def keep_waiting(api: Api, pod: Any, reason: str, message: str, *, ago_seconds: float = 0) -> None:
    """Let the pod's container wait, as for an image that cannot be pulled, since the pod got its node."""
    waiting = _container(pod, {"waiting": {"reason": reason, "message": message}}, ready=False)
    placed = {"type": "PodScheduled", "status": "True", "lastTransitionTime": _ago(ago_seconds)}
    _patch(api, pod, {"phase": "Pending", "conditions": [placed], "containerStatuses": [waiting]})


def turn_away(api: Api, pod: Any, reason: str, message: str) -> None:
    """Let the pod fail before it has a container, as the kubelet's own admission or an eviction does."""
    _patch(api, pod, {"phase": "Failed", "reason": reason, "message": message})


def end(
    api: Api, pod: Any, *, exit_code: int, said: TerminationMessage | None = None, reason: str | None = None
) -> None:
    """Let the pod's container end with `exit_code`, and `said` as its termination message."""
    terminated = {
        "exitCode": exit_code,
        "reason": reason or ("Completed" if exit_code == 0 else "Error"),
        "startedAt": _now(),
        "finishedAt": _now(),
        "message": said.to_json() if said else "",
    }
    status = {
        "phase": "Succeeded" if exit_code == 0 else "Failed",
        "containerStatuses": [_container(pod, {"terminated": terminated}, ready=False)],
    }
    _patch(api, pod, status)


def disrupt(api: Api, pod: Any, reason: str = "EvictionByEvictionAPI") -> None:
    """Mark the pod as about to be ended by the cluster, as the eviction API and others do."""
    condition = {
        "type": "DisruptionTarget",
        "status": "True",
        "reason": reason,
        "message": "Eviction API: evicting",
        "lastTransitionTime": _now(),
    }
    _patch(api, pod, {"conditions": [condition]})


def let_go(api: Api, pod: Any) -> None:
    """Confirm that a deleted pod's containers are gone, so that the pod goes too; it may be gone already."""
    try:
        api.core.delete_namespaced_pod(pod.metadata.name, api.namespace, grace_period_seconds=0)
    except api.refusal as gone:
        if gone.status != 404:
            raise


def add_node(api: Api, name: str, *, gpus: int, resource: str = GPU) -> None:
    """Register a node that is ready, and open to nothing but pods that tolerate GPUs."""
    metadata = {"name": name, "labels": {"steno.dev/gpu": "true"}}
    taint = {"key": GPU, "value": "present", "effect": "NoSchedule"}
    api.core.create_node({"metadata": metadata, "spec": {"taints": [taint]}})
    amounts = {"cpu": "8", "memory": "32Gi", "pods": "110", resource: str(gpus)}
    ready = {
        "type": "Ready",
        "status": "True",
        "reason": "KubeletReady",
        "message": "kubelet is posting ready status",
        "lastHeartbeatTime": _now(),
        "lastTransitionTime": _now(),
    }
    status = {"capacity": amounts, "allocatable": amounts, "conditions": [ready]}
    api.core.patch_node_status(name, {"status": status})

    def open_to_pods() -> bool | None:
        # The server taints every new node, and the node controller takes the taint away once the node is ready.
        return {GPU} == {taint.key for taint in api.core.read_node(name).spec.taints} or None

    wait_for(open_to_pods, f"{name} to be ready")


def remove_node(api: Api, name: str) -> None:
    """Take a node away."""
    api.core.delete_node(name)
