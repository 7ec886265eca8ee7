"""Jobs whose Job the API server refuses, on a real control plane: for a while, and told of, or for good."""

from dataclasses import dataclass
from typing import Any

import pytest

from control_plane.conftest import MakeOperator, new_namespace
from control_plane.operator_loop.attempts import SOURCE, Attempts, condition
from control_plane.operator_loop.conftest import WithProfiles
from local_cluster.control_plane import ControlPlane
from steno_store import ObjectStore
from support.etcd import make_older
from support.kubernetes_api import Raw

BROKEN: Raw = {
    "image": "steno.local/worker:test",
    "engines": ["faster-whisper"],
    "engine": {"name": "faster-whisper", "model": "tiny"},
}


@dataclass(frozen=True)
class Bounded:
    """A namespace with a quota, and a job that it holds back from the first moment of the module on."""

    attempts: Attempts
    control_plane: ControlPlane
    held: Raw

    def allow(self, **amounts: str) -> None:
        """Change the quota."""
        api = self.attempts.api
        hard = {"count/jobs.batch": None, "pods": None, **{k.replace("_", "/"): v for k, v in amounts.items()}}
        api.core.patch_namespaced_resource_quota("jobs", api.namespace, {"spec": {"hard": hard}})


@pytest.fixture(scope="module")
def refusing(
    control_plane: ControlPlane, make_operator: MakeOperator, with_profiles: WithProfiles, store: ObjectStore
) -> Attempts:
    """A namespace whose operator has profiles that no API server takes."""
    api = new_namespace(control_plane)
    profiles = with_profiles(
        unreadable={**BROKEN, "resources": {"requests": {"cpu": "plenty"}}},
        contradictory={**BROKEN, "resources": {"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}},
    )
    make_operator(api, STENO_PROFILES_FILE=profiles)
    return Attempts(api, store)


@pytest.fixture(scope="module", autouse=True)
def bounded(control_plane: ControlPlane, make_operator: MakeOperator, store: ObjectStore) -> Bounded:
    """Its job is held back before the module's other tests: 15 s pass before it is tried again."""
    api = new_namespace(control_plane)
    api.core.create_namespaced_resource_quota(
        api.namespace, {"metadata": {"name": "jobs"}, "spec": {"hard": {"count/jobs.batch": "0"}}}
    )
    api.wait_for_quota("jobs")
    make_operator(api)
    attempts = Attempts(api, store)
    api.submit("held", SOURCE)
    held = attempts.wait_for_condition("held", "Queued", reason="QuotaExhausted")
    return Bounded(attempts, control_plane, held)


def test_a_quota_holds_a_job_back(bounded: Bounded) -> None:
    """It waits, says so in the API server's own words, and an Event says it too."""
    held = bounded.held

    assert "Queued" == held["status"]["phase"]
    message = condition(held, "Queued")["message"]
    assert message.startswith("The API server does not allow the worker's Job for now: ")
    assert "exceeded quota: jobs, requested: count/jobs.batch=1" in message
    event = bounded.attempts.wait_for_event("held", "JobForbidden")
    assert ("Warning", message) == (event.type, event.message)
    assert [] == bounded.attempts.api.batch_jobs("held")
    assert "jobRef" not in held["status"]


@pytest.mark.parametrize(
    ("profile", "words"),
    [
        pytest.param("unreadable", "quantities must match the regular expression", id="a quantity that is none"),
        pytest.param("contradictory", "must be less than or equal to cpu limit", id="more requested than allowed"),
    ],
)
def test_a_job_that_no_api_server_takes_fails(refusing: Attempts, name: str, profile: str, words: str) -> None:
    """It is not tried for ever: it fails as JobRefused, in the server's words, without any Job."""
    refusing.api.submit(name, {**SOURCE, "profile": profile})

    job = refusing.api.wait_for_phase(name, "Failed")

    failure = job["status"]["failure"]
    assert ("JobRefused", True) == (failure["reason"], failure["retryable"])
    assert words in failure["message"]
    assert [] == refusing.api.batch_jobs(name)
    assert "jobRef" not in job["status"]


def test_a_quota_that_forbids_pods_is_told_of(bounded: Bounded, name: str) -> None:
    """The Job is there, its pod is not: after half a minute the job says where to look."""
    attempts = bounded.attempts
    bounded.allow(**{"count_jobs.batch": "10", "pods": "0"})
    attempts.submit(name)
    (batch_job,) = attempts.api.batch_jobs(name)
    key = f"jobs/{attempts.api.namespace}/{batch_job.metadata.name}"

    make_older(bounded.control_plane, key, batch_job.metadata, "creation_timestamp", seconds=60)
    attempts.wants(name, ttlSecondsAfterFinished=7)  # a reason to look

    job = attempts.wait_for_condition(name, "Queued", reason="QuotaExhausted")
    assert f"kubectl describe job {batch_job.metadata.name}" in condition(job, "Queued")["message"]
    assert [] == attempts.api.pods(name)


def test_a_job_that_was_held_back_is_launched(bounded: Bounded) -> None:
    """Nobody tells when a quota has room again: the operator tries, and the job goes on."""
    bounded.allow(**{"count_jobs.batch": "10"})

    batch_job = bounded.attempts.wait_for_batch_job("held", 0)

    done: Any = bounded.attempts.complete("held")
    assert batch_job.metadata.uid == done["status"]["jobRef"]["uid"]
    assert ["JobForbidden"] == [reason for _, reason in bounded.attempts.told("held")]
