"""What is left of finished jobs, on a real control plane: Jobs and pods go after their grace, the results stay."""

from typing import Any

import pytest

from control_plane.conftest import MakeOperator, new_namespace
from control_plane.operator_loop.attempts import Attempts
from local_cluster.control_plane import ControlPlane
from steno_store import ObjectStore
from support import kubelet
from support.kubernetes_api import Api, Raw

LONG = "3600"
"""A grace that no test sees the end of."""


@pytest.fixture(scope="module")
def tidy(control_plane: ControlPlane, make_operator: MakeOperator, store: ObjectStore) -> Attempts:
    """A namespace whose operator leaves what completed for a second, and what failed for an hour."""
    api = new_namespace(control_plane)
    make_operator(api, STENO_COMPLETE_GRACE_SECONDS="1", STENO_FAILED_GRACE_SECONDS=LONG)
    return Attempts(api, store)


def fail(attempts: Attempts, name: str) -> Raw:
    """Let a job fail on its only attempt."""
    attempts.submit(name, backoffLimit=0)
    attempts.end(name, attempts.start(name), 1)
    return attempts.api.wait_for_phase(name, "Failed")


def test_what_completed_is_taken_away_after_its_grace(tidy: Attempts, name: str) -> None:
    """Its Job and pod go, the job, its status and its results stay."""
    tidy.submit(name)
    done = tidy.complete(name)

    tidy.wait_for_no_batch_job(name)

    job = tidy.api.job(name)
    assert job is not None
    assert done["status"] == job["status"]
    assert 4 == len(list(tidy.store.list(tidy.prefix(name))))


def test_what_failed_stays_longer(tidy: Attempts, name: str) -> None:
    """Another job that completed later has nothing left; this one's pod is there to be looked at."""
    failed, completed = f"{name}-failed", f"{name}-completed"
    fail(tidy, failed)
    tidy.submit(completed)
    tidy.complete(completed)

    tidy.wait_for_no_batch_job(completed)

    assert (1, 1) == (len(tidy.api.batch_jobs(failed)), len(tidy.api.pods(failed)))


def test_all_jobs_of_a_job_go(tidy: Attempts, name: str) -> None:
    """A job that went through two Jobs leaves neither behind."""
    tidy.submit(name, backoffLimit=0)
    pod = tidy.api.wait_for_pod(name)
    kubelet.turn_away(tidy.api, pod, "UnexpectedAdmissionError", "no GPU")
    tidy.wait_for_batch_job(name, 1)
    before = len(tidy.api.batch_jobs(name))
    tidy.complete(name)

    tidy.wait_for_no_batch_job(name)

    assert 2 == before


def test_a_kept_job_is_tidied_all_the_same(tidy: Attempts, name: str) -> None:
    """A TTL of -1 keeps the results, not the Job."""
    tidy.submit(name, ttlSecondsAfterFinished=-1)
    tidy.complete(name)

    tidy.wait_for_no_batch_job(name)

    assert tidy.api.job(name) is not None


def test_a_ttl_that_changes_while_the_job_runs_counts(tidy: Attempts, name: str) -> None:
    """What the TTL is at the end decides, not what it was at the start."""
    tidy.submit(name, ttlSecondsAfterFinished=-1)
    pod = tidy.run(name)
    tidy.wants(name, ttlSecondsAfterFinished=0)
    job: Any = tidy.api.job(name)
    tidy.claim(name, pod)
    kubelet.end(tidy.api, pod, exit_code=0)

    last = tidy.api.watch_until_gone(job)[-1]

    assert last["status"]["release"]["verifiedEmpty"]
    assert last["status"]["completionTime"] == last["status"]["expirationTime"]


def test_a_grace_that_ended_while_nobody_looked_is_kept(
    api: Api, make_operator: MakeOperator, store: ObjectStore
) -> None:
    """An operator that starts over tidies what its predecessor left, of jobs that completed and that failed."""
    attempts = Attempts(api, store)
    own = {"STENO_POD_NAME": "steno-operator-tidy"}
    operator = make_operator(api, **own, STENO_COMPLETE_GRACE_SECONDS=LONG, STENO_FAILED_GRACE_SECONDS=LONG)
    attempts.submit("completed")
    attempts.complete("completed")
    fail(attempts, "failed")
    operator.stop()
    before = [len(attempts.api.batch_jobs(name)) for name in ("completed", "failed")]

    operator = make_operator(api, **own, STENO_COMPLETE_GRACE_SECONDS="0", STENO_FAILED_GRACE_SECONDS="0")

    for name in ("completed", "failed"):
        attempts.wait_for_no_batch_job(name)
        job = api.job(name)
        assert job is not None
    assert [1, 1] == before
    # A Job that is gone is not asked for again.
    deletions = operator.log.read_text().count("DeleteBatchJob")
    api.patch("completed", {"spec": {"ttlSecondsAfterFinished": -1}})
    api.wait_for("completed", lambda job: "expirationTime" not in job["status"], "tell its new TTL")
    assert deletions == operator.log.read_text().count("DeleteBatchJob")
    operator.kill()
