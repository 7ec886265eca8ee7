"""Jobs that somebody else deletes, on a real control plane: made again while there are retries, and then no more."""

from typing import Any

import pytest

from control_plane.operator_loop.attempts import Attempts, ended_attempts
from support import kubelet
from support.kubernetes_api import Raw, wait_for


def lose(attempts: Attempts, batch_job: Any, propagation: str) -> None:
    """Delete a job's Job as kubectl does."""
    attempts.api.batch.delete_namespaced_job(
        batch_job.metadata.name, attempts.api.namespace, propagation_policy=propagation
    )


def pod_of(attempts: Attempts, name: str, batch_job: Any) -> Any:
    """Wait for the pod of one of a job's Jobs."""
    own = {"batch.kubernetes.io/job-name": batch_job.metadata.name}
    return wait_for(
        lambda: next((pod for pod in attempts.api.pods(name) if own.items() <= pod.metadata.labels.items()), None),
        f"a pod of {batch_job.metadata.name}",
    )


@pytest.mark.parametrize("propagation", ["Foreground", "Background"])
@pytest.mark.parametrize("running", [True, False], ids=["running", "waiting"])
def test_each_loss_is_a_retry(attempts: Attempts, name: str, propagation: str, *, running: bool) -> None:
    """Deleted twice where one retry is allowed, the job fails as JobLost, and there is no third Job."""
    attempts.submit(name, backoffLimit=1)

    for number in (0, 1):
        batch_job = attempts.wait_for_batch_job(name, number)
        if running:
            kubelet.start(attempts.api, pod_of(attempts, name, batch_job))
            attempts.wait_for_condition(name, "Running")
        lose(attempts, batch_job, propagation)

    job = attempts.api.wait_for_phase(name, "Failed")
    # Whether a pod or its Job is seen to go first is chance; that of a pod is free.
    assert ["JobLost"] * 2 == [reason for reason, counted in ended_attempts(job) if counted]
    assert {"Terminated", "JobLost"} >= {reason for reason, _ in ended_attempts(job)}
    failure = job["status"]["failure"]
    assert ("JobLost", True) == (failure["reason"], failure["retryable"])
    assert 2 == job["status"]["launches"]
    assert "jobRef" not in job["status"]
    attempts.wait_for_no_batch_job(name)


def test_a_worker_that_was_left_behind_finishes(attempts: Attempts, name: str) -> None:
    """Deleted with --cascade=orphan, the Job leaves its worker at work: it may win, and no other runs beside it."""
    attempts.submit(name, backoffLimit=1)
    pod = attempts.run(name)
    (batch_job,) = attempts.api.batch_jobs(name)

    lose(attempts, batch_job, "Orphan")
    lost = attempts.wait_for_ended(name)
    meanwhile = attempts.api.batch_jobs(name)
    attempts.claim(name, pod)
    kubelet.end(attempts.api, pod, exit_code=0)

    done = attempts.api.wait_for_phase(name, "Completed")
    assert [("JobLost", True)] == ended_attempts(lost)
    assert [] == [found for found in meanwhile if found.metadata.uid != batch_job.metadata.uid]
    assert all(pod.metadata.name in output["uri"] for output in done["status"]["outputs"])


def left_behind(attempts: Attempts, name: str) -> Raw:
    """Submit a job, let a worker run, and take the Job away from above it; gives the job."""
    attempts.submit(name, backoffLimit=1)
    attempts.run(name)
    (batch_job,) = attempts.api.batch_jobs(name)
    lose(attempts, batch_job, "Orphan")
    return attempts.wait_for_ended(name)


@pytest.mark.parametrize("how", ["cancel", "suspend"])
def test_a_worker_that_was_left_behind_is_ended_with_its_job(attempts: Attempts, name: str, how: str) -> None:
    """It belongs to no Job any more, and holds its GPU no longer than any other."""
    left_behind(attempts, name)

    attempts.wants(name, **{how: True})

    attempts.wait_for_no_batch_job(name)
    job = attempts.wait_for_condition(name, "Failed" if how == "cancel" else "Suspended")
    assert 1 == job["status"]["launches"]


def test_a_worker_that_was_left_before_it_began_is_replaced(attempts: Attempts, name: str) -> None:
    """A pod that waits for a node is deleted, so that it never runs beside that of the next Job."""
    attempts.submit(name, backoffLimit=1)
    pod = attempts.api.wait_for_pod(name)
    (batch_job,) = attempts.api.batch_jobs(name)

    lose(attempts, batch_job, "Orphan")

    attempts.wait_for_batch_job(name, 1)
    wait_for(
        lambda: None if pod.metadata.uid in {found.metadata.uid for found in attempts.api.pods(name)} else True,
        "the pod that was left behind to go",
    )
    assert [("JobLost", True), (None, False)] == ended_attempts(attempts.complete(name))


@pytest.mark.parametrize("over", [True, False], ids=["that is over", "that runs"])
def test_what_was_left_behind_goes_with_the_job(attempts: Attempts, name: str, *, over: bool) -> None:
    """The release takes a pod along that belongs to no Job."""
    job = left_behind(attempts, name)
    if over:
        (pod,) = attempts.api.pods(name)
        attempts.claim(name, pod)
        kubelet.end(attempts.api, pod, exit_code=0)

    attempts.api.delete(name)

    assert attempts.api.watch_until_gone(job)[-1]["status"]["release"]["verifiedEmpty"]
    assert [] == attempts.api.pods(name)
