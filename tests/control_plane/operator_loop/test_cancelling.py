"""Cancellation on a real control plane: whatever a job is at, it ends as Cancelled, unless it has won already."""

from collections.abc import Iterator

import pytest

from control_plane.conftest import MakeOperator, account_of, new_namespace
from control_plane.operator_loop.attempts import Attempts, condition, ended_attempts
from local_cluster.control_plane import ControlPlane
from local_cluster.object_stores import MinioServer
from steno_store import ObjectStore, read_manifest
from steno_types import OPERATOR_ATTEMPT, Reason
from support import kubelet
from support.kubernetes_api import Api


@pytest.mark.parametrize("state", ["waiting", "running", "suspended", "between two attempts"])
def test_a_cancelled_job_fails_as_such(attempts: Attempts, name: str, state: str) -> None:
    """The operator claims it, the Job and its pod are gone, and no other is made."""
    attempts.submit(name)
    if state == "running":
        attempts.run(name)
    elif state == "suspended":
        attempts.wants(name, suspend=True)
        attempts.wait_for_condition(name, "Suspended")
    elif state == "between two attempts":
        attempts.end(name, attempts.start(name), 75, said=Reason.DEVICE_OUT_OF_MEMORY)
        attempts.wait_for_ended(name)

    attempts.wants(name, cancel=True)
    job = attempts.api.wait_for_phase(name, "Failed")

    attempts.wait_for_no_batch_job(name)
    manifest = read_manifest(attempts.store, attempts.prefix(name))
    assert manifest is not None
    assert OPERATOR_ATTEMPT == manifest.attempt
    assert "Cancelled" == condition(job, "Failed")["reason"]
    assert ("Cancelled", False) == (job["status"]["failure"]["reason"], job["status"]["failure"]["retryable"])
    assert 1 == job["status"]["launches"]
    assert "stopping" not in job["status"]


def test_a_running_attempt_ends_as_cancelled(attempts: Attempts, name: str) -> None:
    """The attempt that the cancellation ends says so."""
    attempts.submit(name)
    attempts.run(name)

    attempts.wants(name, cancel=True)

    assert [("Cancelled", True)] == ended_attempts(attempts.api.wait_for_phase(name, "Failed"))


def test_a_job_that_is_cancelled_before_its_launch_has_no_job(served: Api, attempts: Attempts, name: str) -> None:
    """Cancelled from the start, as by a queue of one's own that was emptied: it fails at once."""
    served.submit(name, {"source": {"s3": {"key": "recordings/talk.wav"}}, "cancel": True})

    job = served.wait_for_phase(name, "Failed")

    assert "Cancelled" == job["status"]["failure"]["reason"]
    assert [] == served.batch_jobs(name)
    assert "launches" not in job["status"]
    assert "Warning" == attempts.wait_for_event(name, "Cancelled").type


def test_a_cancellation_cannot_be_taken_back(attempts: Attempts, name: str) -> None:
    """The API server refuses it, in words that say why."""
    attempts.submit(name)
    attempts.wants(name, cancel=True)

    with pytest.raises(attempts.api.refusal) as refused:
        attempts.wants(name, cancel=False)

    assert 422 == refused.value.status
    assert "spec.cancel" in str(refused.value.body)
    attempts.api.wait_for_phase(name, "Failed")


def test_a_job_that_is_done_cannot_be_cancelled(attempts: Attempts, name: str) -> None:
    """What is Complete stays so, with its outputs."""
    attempts.submit(name)
    done = attempts.complete(name)

    attempts.wants(name, cancel=True, ttlSecondsAfterFinished=-1)
    attempts.api.wait_for(name, lambda job: "expirationTime" not in job["status"], "have taken the change in")

    job = attempts.api.job(name)
    assert job is not None
    assert done["status"]["conditions"] == job["status"]["conditions"]
    assert done["status"]["outputs"] == job["status"]["outputs"]


def test_a_worker_that_published_first_has_won(attempts: Attempts, name: str) -> None:
    """Cancelled in the moment in which its worker claims, the job is Complete, and what is published stays."""
    attempts.submit(name)
    pod = attempts.run(name)
    attempts.claim(name, pod)

    attempts.wants(name, cancel=True)

    job = attempts.api.wait_for_phase(name, "Completed")
    prefix = attempts.prefix(name)
    assert "failure" not in job["status"]
    assert 3 == len(list(attempts.store.list(f"{prefix}attempts/{pod.metadata.name}/")))


def test_what_a_cancelled_job_has_written_stays(attempts: Attempts, name: str) -> None:
    """Its checkpoints are there until it is released."""
    attempts.submit(name)
    attempts.run(name)
    checkpoint = f"{attempts.prefix(name)}checkpoints/abc/batch-0"
    attempts.store.put(checkpoint, b"12345")

    attempts.wants(name, cancel=True)
    attempts.api.wait_for_phase(name, "Failed")

    assert attempts.store.exists(checkpoint)


@pytest.fixture
def outage(
    control_plane: ControlPlane, make_operator: MakeOperator, store: ObjectStore
) -> Iterator[tuple[Attempts, MinioServer]]:
    """A namespace whose operator has a store of its own, which a test may stop."""
    api = new_namespace(control_plane)
    with MinioServer() as server:
        account = account_of(server)
        account.client.create_bucket(Bucket=store.bucket)
        own = account.store(store.bucket)
        operator = make_operator(api, server=server)
        yield Attempts(api, own), server
        operator.kill()
        own.close()
        account.close()


def test_an_outage_of_the_store_holds_no_gpu(outage: tuple[Attempts, MinioServer]) -> None:
    """While the store is away a Job goes all the same, whatever its attempts came to; it is claimed afterwards."""
    attempts, server = outage
    for name in ("cancelled", "suspended", "retried"):
        attempts.submit(name)
        attempts.run(name)
    server.stop()
    kubelet.end(attempts.api, attempts.api.wait_for_pod("retried"), exit_code=69)

    attempts.wants("cancelled", cancel=True)
    attempts.wants("retried", cancel=True)
    attempts.wants("suspended", suspend=True)
    for name in ("cancelled", "suspended", "retried"):
        attempts.wait_for_no_batch_job(name)
    meanwhile = attempts.api.job("cancelled")
    server.start()

    assert meanwhile is not None
    assert "Cancelled" == meanwhile["status"]["stopping"]["reason"]
    assert "Processing" == meanwhile["status"]["phase"]
    for name in ("cancelled", "retried"):
        failed = attempts.api.wait_for_phase(name, "Failed")
        assert "Cancelled" == failed["status"]["failure"]["reason"]
    attempts.wants("suspended", suspend=False)
    attempts.complete("suspended")
