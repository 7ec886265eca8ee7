"""Interruptions on a real control plane: whatever in the cluster ends a worker, no retry is spent, work goes on."""

from collections.abc import Callable
from typing import Any

import pytest

from control_plane.operator_loop.attempts import Attempts, ended_attempts
from local_cluster.control_plane import ControlPlane
from support import kubelet
from support.etcd import make_older
from support.kubernetes_api import Api, wait_for

MAKE_OLDER_SECONDS = 600
"""Longer than a pod may be overdue before its node counts as lost."""


@pytest.mark.parametrize(
    ("disruption", "reason"),
    [
        ("PreemptionByScheduler", "Preempted"),
        ("EvictionByEvictionAPI", "Drained"),
        ("TerminationByKubelet", "Evicted"),
        ("DeletionByTaintManager", "NodeLost"),
        ("DeletionByPodGC", "NodeLost"),
        ("OfANewerKubernetes", "Terminated"),
    ],
)
def test_a_disruption_is_known_by_its_reason(attempts: Attempts, name: str, disruption: str, reason: str) -> None:
    """Killed under DisruptionTarget, an attempt says by whom, counts for nothing, and its Job goes on."""
    attempts.submit(name, backoffLimit=0)
    pod = attempts.run(name)
    kubelet.disrupt(attempts.api, pod, disruption)

    attempts.end(name, pod, 137)

    job = attempts.wait_for_ended(name)
    assert [(reason, False)] == ended_attempts(job)
    (batch_job,) = attempts.api.batch_jobs(name)
    assert batch_job.metadata.uid == job["status"]["jobRef"]["uid"]
    assert reason in attempts.wait_for_event(name, "AttemptInterrupted").message


def by_admission(reason: str) -> Callable[[Api, Any], None]:
    """Give how a pod is refused by its node's kubelet, as nothing but its phase tells."""
    return lambda api, pod: kubelet.turn_away(api, pod, reason, "Pod was rejected: it does not fit")


def by_hand(exit_code: int) -> Callable[[Api, Any], None]:
    """Give how a pod is deleted, and its worker ends in time or not."""

    def delete(api: Api, pod: Any) -> None:
        kubelet.start(api, pod)
        api.core.delete_namespaced_pod(pod.metadata.name, api.namespace)
        kubelet.end(api, pod, exit_code=exit_code)
        kubelet.let_go(api, pod)

    return delete


@pytest.mark.parametrize(
    ("ends", "reason"),
    [
        pytest.param(by_admission("OutOfcpu"), "Evicted", id="no room on the node after all"),
        pytest.param(by_admission("OutOfnvidia.com/gpu"), "Evicted", id="the GPU is taken after all"),
        pytest.param(by_admission("UnexpectedAdmissionError"), "NodeLost", id="the device plugin is away"),
        pytest.param(by_hand(137), "Terminated", id="deleted by hand, and killed"),
    ],
)
def test_what_the_job_controller_counts_is_free(
    attempts: Attempts, name: str, node: str, ends: Callable[[Api, Any], None], reason: str
) -> None:
    """The Job fails, as it has no retry; another one follows and completes."""
    attempts.submit(name, profile="gpu", backoffLimit=0)
    pod = attempts.placed(name)

    ends(attempts.api, pod)

    second = attempts.wait_for_batch_job(name, 1)
    done = attempts.complete(name)
    assert node == pod.spec.node_name
    assert [(reason, False), (None, False)] == ended_attempts(done)
    assert second.metadata.uid == done["status"]["jobRef"]["uid"]


def test_a_pod_deleted_by_hand_that_ends_in_time(attempts: Attempts, name: str, node: str) -> None:
    """A worker that leaves with 143 is followed by another one of the same Job, and nothing is spent."""
    attempts.submit(name, profile="gpu", backoffLimit=0)
    pod = attempts.placed(name)

    by_hand(143)(attempts.api, pod)

    job = attempts.wait_for_ended(name)
    assert node == pod.spec.node_name
    assert [("Terminated", False)] == ended_attempts(job)
    assert 1 == job["status"]["launches"]


@pytest.fixture
def stranded(attempts: Attempts, control_plane: ControlPlane, name: str, node: str) -> Any:
    """A pod that should have been gone ten minutes ago: its node is lost, and no kubelet lets it go."""
    attempts.submit(name, profile="gpu", backoffLimit=0)
    pod = attempts.run(name)
    assert node == pod.spec.node_name
    api = attempts.api
    api.core.delete_namespaced_pod(pod.metadata.name, api.namespace)
    going = api.core.read_namespaced_pod(pod.metadata.name, api.namespace)
    key = f"pods/{api.namespace}/{pod.metadata.name}"
    make_older(control_plane, key, going.metadata, "deletion_timestamp", seconds=MAKE_OLDER_SECONDS)
    return pod


def test_a_lost_node_is_not_waited_for(attempts: Attempts, name: str, stranded: Any) -> None:
    """The attempt is over as NodeLost, free of charge, and the next Job comes while the old pod is there still."""
    second = attempts.wait_for_batch_job(name, 1)

    pod = attempts.next_pod(name, than=stranded)
    kubelet.start(attempts.api, pod)
    job = attempts.api.wait_for_phase(name, "Processing")
    assert 0 == second.spec.backoff_limit
    assert [("NodeLost", False)] == ended_attempts(job)
    assert stranded.metadata.uid in {pod.metadata.uid for pod in attempts.api.pods(name)}
    assert "Warning" == attempts.wait_for_event(name, "NodeLost").type
    attempts.claim(name, pod)
    kubelet.end(attempts.api, pod, exit_code=0)
    done = attempts.api.wait_for_phase(name, "Completed")
    assert [("NodeLost", False), (None, False)] == ended_attempts(done)


def test_a_worker_of_a_lost_node_may_still_win(attempts: Attempts, name: str, stranded: Any) -> None:
    """Cut off from the cluster but not from the store, it claims first: the next one ends, and nothing breaks."""
    attempts.wait_for_batch_job(name, 1)
    pod = attempts.next_pod(name, than=stranded)
    kubelet.start(attempts.api, pod)
    attempts.api.wait_for_phase(name, "Processing")

    attempts.claim(name, stranded)
    kubelet.end(attempts.api, pod, exit_code=0)

    done = attempts.api.wait_for_phase(name, "Completed")
    assert all(f"/attempts/{stranded.metadata.name}/" in output["uri"] for output in done["status"]["outputs"])
    assert [(None, False), (None, False)] == ended_attempts(done)


def test_the_pod_of_a_lost_node_holds_a_release(attempts: Attempts, name: str, stranded: Any) -> None:
    """Its worker may still write: the release waits for it until somebody has confirmed that it is gone."""
    attempts.wait_for_batch_job(name, 1)
    job = attempts.api.job(name)
    assert job is not None
    second = attempts.next_pod(name, than=stranded)
    attempts.api.delete(name)

    def going() -> bool | None:
        return all(pod.metadata.deletion_timestamp for pod in attempts.api.pods(name)) or None

    wait_for(going, "both pods to be on their way out")
    kubelet.let_go(attempts.api, second)
    held = attempts.api.job(name)

    kubelet.let_go(attempts.api, stranded)

    assert held is not None
    assert attempts.api.watch_until_gone(job)[-1]["status"]["release"]["verifiedEmpty"]
