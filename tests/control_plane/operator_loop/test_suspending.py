"""Suspension on a real control plane: whatever a job is at, its Job goes; resumed, it gets the next one."""

from typing import Any

import pytest

from control_plane.operator_loop.attempts import SOURCE, Attempts, condition, conditions, ended_attempts
from steno_types import Reason
from support import kubelet
from support.kubernetes_api import Api


def suspended(attempts: Attempts, name: str) -> Any:
    """Suspend a job, wait until that is said and nothing of it runs, and give the job."""
    attempts.wants(name, suspend=True)
    job = attempts.wait_for_condition(name, "Suspended")
    attempts.wait_for_no_batch_job(name)
    return job


def test_a_job_that_waits_is_suspended_and_resumed(attempts: Attempts, name: str) -> None:
    """Its Job goes, the job is Pending and says why; resumed, it gets the next Job and completes."""
    attempts.submit(name)

    waiting = suspended(attempts, name)
    attempts.wants(name, suspend=False)
    second = attempts.wait_for_batch_job(name, 1)
    done = attempts.complete(name)

    assert {"Queued": "False", "Suspended": "True"} == conditions(waiting)
    assert ("Pending", "Suspended") == (waiting["status"]["phase"], condition(waiting, "Suspended")["reason"])
    assert "jobRef" not in waiting["status"]
    assert second.metadata.uid == done["status"]["jobRef"]["uid"]
    assert [(None, False)] == ended_attempts(done)
    assert "False" == condition(done, "Suspended")["status"]


def test_a_running_worker_is_ended_free_of_charge(attempts: Attempts, name: str) -> None:
    """Its attempt is over for the reason Suspended and counts for nothing, though the job has no retry."""
    attempts.submit(name, backoffLimit=0)
    attempts.run(name)

    waiting = suspended(attempts, name)
    attempts.wants(name, suspend=False)
    done = attempts.complete(name)

    assert "False" == condition(waiting, "Running")["status"]
    assert [("Suspended", False), (None, False)] == ended_attempts(done)
    assert 2 == done["status"]["launches"]


def test_retries_are_counted_across_jobs(attempts: Attempts, name: str) -> None:
    """Suspended while the Job controller waits before a retry, the job goes on with what is left of its retries."""
    attempts.submit(name, backoffLimit=1)
    attempts.end(name, attempts.start(name), 75, said=Reason.DEVICE_OUT_OF_MEMORY)
    attempts.wait_for_ended(name)

    suspended(attempts, name)
    attempts.wants(name, suspend=False)
    second = attempts.wait_for_batch_job(name, 1)
    attempts.end(name, attempts.start(name), 69, said=Reason.STORAGE_UNAVAILABLE)
    failed = attempts.api.wait_for_phase(name, "Failed")

    assert 0 == second.spec.backoff_limit
    assert [("DeviceOutOfMemory", True), ("StorageUnavailable", True)] == ended_attempts(failed)
    assert "StorageUnavailable" == failed["status"]["failure"]["reason"]


def test_a_job_that_is_born_suspended_has_no_job(served: Api, attempts: Attempts, name: str) -> None:
    """Nothing is created for it until it is resumed; then its first Job is."""
    served.submit(name, {**SOURCE, "suspend": True})
    born = attempts.wait_for_condition(name, "Suspended")
    attempts.submit(f"{name}-other")  # by then a Job would have been there
    before = served.batch_jobs(name)

    attempts.wants(name, suspend=False)
    attempts.wait_for_batch_job(name, 0)

    assert "Pending" == born["status"]["phase"]
    assert [] == before
    assert "launches" not in born["status"]
    attempts.complete(name)


def test_a_worker_that_has_won_meanwhile_completes_the_job(attempts: Attempts, name: str) -> None:
    """Suspended in the moment in which its worker publishes, the job is Complete: there is nothing to resume."""
    attempts.submit(name)
    pod = attempts.run(name)
    attempts.claim(name, pod)

    attempts.wants(name, suspend=True)

    done = attempts.api.wait_for_phase(name, "Completed")
    assert "failure" not in done["status"]
    assert [(None, False)] == ended_attempts(done)


def test_a_job_that_is_done_cannot_be_suspended(attempts: Attempts, name: str) -> None:
    """What is Complete stays so, whatever its spec says later."""
    attempts.submit(name)
    done = attempts.complete(name)

    attempts.wants(name, suspend=True, ttlSecondsAfterFinished=-1)
    later = attempts.api.wait_for(name, lambda job: "expirationTime" not in job["status"], "tell its new TTL")

    assert conditions(done) == conditions(later)


@pytest.mark.parametrize("then", ["cancelled", "deleted"])
def test_a_suspended_job_can_be_ended(attempts: Attempts, name: str, then: str) -> None:
    """Cancelled it fails as such, deleted it goes with its receipt, and no Job is created on the way."""
    attempts.submit(name)
    job = suspended(attempts, name)

    if then == "cancelled":
        attempts.wants(name, cancel=True)
        job = attempts.api.wait_for_phase(name, "Failed")
        assert "Cancelled" == job["status"]["failure"]["reason"]
        assert "False" == condition(job, "Suspended")["status"]
        assert [] == attempts.api.batch_jobs(name)
    attempts.api.delete(name)

    last = attempts.api.watch_until_gone(job)[-1]
    assert last["status"]["release"]["verifiedEmpty"]
    assert 1 == last["status"]["launches"]


def test_resumed_at_once_it_waits_for_its_worker_to_be_gone(attempts: Attempts, name: str, node: str) -> None:
    """Two workers at once would share a GPU for nothing: the next Job waits for the last one's pod."""
    attempts.submit(name, profile="gpu")
    pod = attempts.run(name)
    attempts.wants(name, suspend=True)
    attempts.wait_for_condition(name, "Suspended")

    attempts.wants(name, suspend=False)
    attempts.wait_for_condition(name, "Suspended", "False")
    attempts.submit(f"{name}-other")  # by then a second Job would have been there
    meanwhile = [found.metadata.name for found in attempts.api.batch_jobs(name)]
    kubelet.end(attempts.api, pod, exit_code=143)
    kubelet.let_go(attempts.api, pod)
    second = attempts.wait_for_batch_job(name, 1)

    assert node == pod.spec.node_name
    assert 1 == len(meanwhile)
    assert second.metadata.name not in meanwhile
