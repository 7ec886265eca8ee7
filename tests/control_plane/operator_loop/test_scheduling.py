"""GPUs and the real scheduler, and what a job costs the API server: on nodes that exist as far as it can tell."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from control_plane.conftest import MakeOperator
from control_plane.operator_loop.attempts import SOURCE, Attempts, condition
from local_cluster.control_plane import ControlPlane
from steno_store import ObjectStore
from support import kubelet
from support.api_proxy import ApiProxy
from support.kubernetes_api import Api, wait_for

MakeNode = Callable[[int], str]


@pytest.fixture
def make_node(served: Api, name: str) -> Iterator[MakeNode]:
    """Register a node with some GPUs."""
    made: list[str] = []

    def make(gpus: int) -> str:
        node = f"node-{len(made)}-{name}"
        kubelet.add_node(served, node, gpus=gpus)
        made.append(node)
        return node

    yield make
    for node in made:
        kubelet.remove_node(served, node)


def scheduled(api: Api, name: str) -> Any:
    """Give the job's pod once it has a node; None before."""
    return next((pod for pod in api.pods(name) if pod.spec.node_name), None)


def test_the_scheduler_honours_the_gpu(served: Api, attempts: Attempts, name: str, make_node: MakeNode) -> None:
    """Of two jobs that want the one GPU, one gets it; the other says in words what it waits for, and is next."""
    node = make_node(1)
    first, second = f"{name}-1", f"{name}-2"
    attempts.submit(first, profile="gpu")
    placed = wait_for(lambda: scheduled(served, first), "the first pod to have a node")
    attempts.submit(second, profile="gpu")

    def says_why() -> Any:
        job = served.job(second)
        assert job is not None
        queued = condition(job, "Queued")
        return queued if queued["reason"] == "NoNodeFits" else None

    queued = wait_for(says_why, "the second job to say why it waits")

    assert node == placed.spec.node_name
    assert "Insufficient nvidia.com/gpu" in queued["message"]
    attempts.complete(first)
    assert node == wait_for(lambda: scheduled(served, second), "the GPU to be passed on").spec.node_name
    # Its kubelet is gone before it ran: released all the same once the pod is confirmed to be gone.
    served.delete(second)

    def confirmed() -> bool | None:
        for pod in served.pods(second):
            kubelet.let_go(served, pod)
        return True if served.job(second) is None else None

    wait_for(confirmed, "the second job to go")


@pytest.fixture
def proxy(control_plane: ControlPlane, tmp_path: Path) -> Iterator[ApiProxy]:
    """A way to the API server on which every write is counted."""
    with ApiProxy(control_plane, tmp_path / "kubeconfig") as running:
        yield running


BESIDE = {"leases", "events"}
"""Written by the process itself, and about the second job, which fails."""


def test_a_job_costs_five_writes(
    api: Api, make_operator: MakeOperator, proxy: ApiProxy, make_node: MakeNode, store: ObjectStore
) -> None:
    """From its creation to Complete the operator writes five times: adoption, Job, queued, running, the end."""
    make_node(8)
    operator = make_operator(api, kubeconfig=proxy.kubeconfig)
    attempts = Attempts(api, store)
    attempts.submit("talk", profile="gpu")
    wait_for(lambda: scheduled(api, "talk"), "the pod to have a node")
    pod = attempts.start("talk")
    api.wait_for_phase("talk", "Processing")
    attempts.claim("talk", pod)
    kubelet.end(api, pod, exit_code=0)
    api.wait_for_phase("talk", "Completed")
    # A second life beside it tells that the first has come to rest.
    api.submit("walk", {**SOURCE, "profile": "tpu"})
    api.wait_for_phase("walk", "Failed")
    operator.kill()

    written = Counter(
        write.what for write in proxy.writes if "/walk" not in write.path and write.what.split()[1] not in BESIDE
    )

    assert {"PATCH transcriptionjobs": 1, "POST jobs": 1, "PATCH transcriptionjobs/status": 3} == written
    assert [] == [write for write in proxy.writes if write.status >= 300]
