"""Copies of the results, on a real control plane: waited for, made by a later attempt, or given up with a warning."""

from dataclasses import dataclass
from typing import Any

import pytest

from control_plane.conftest import MakeOperator, new_namespace
from control_plane.operator_loop.attempts import Attempts, condition, conditions
from local_cluster.control_plane import ControlPlane
from steno_store import ObjectStore
from steno_types import ASSIGNMENT_VARIABLE, Assignment, Reason
from support import kubelet

OUTPUTS = {"destination": {"s3": {"prefix": "transcripts"}}, "formats": ["srt", "json"]}
URL = "https://media.example.org/talk.wav?signature=hunter2"


@dataclass(frozen=True)
class Delivering:
    """The worker's part in a namespace with a default destination, and what its operator logs."""

    attempts: Attempts
    log: Any


@pytest.fixture(scope="module")
def delivering(control_plane: ControlPlane, make_operator: MakeOperator, store: ObjectStore) -> Delivering:
    """A namespace that an operator with a default destination serves."""
    api = new_namespace(control_plane)
    operator = make_operator(api, S3_STORAGE_BUCKET="talks", STENO_URL_MAX_BYTES="1000")
    return Delivering(Attempts(api, store), operator.log)


@pytest.fixture(scope="module", autouse=True)
def first_attempt(delivering: Delivering) -> Any:
    """Claimed, and ended without its copy, before the module's other tests: 10 s pass before the next attempt."""
    attempts = delivering.attempts
    attempts.submit("second-try", outputs=OUTPUTS, backoffLimit=2)
    pod = attempts.start("second-try")
    attempts.claim("second-try", pod)
    attempts.end("second-try", pod, 69, said=Reason.STORAGE_UNAVAILABLE)
    return pod


def test_a_copy_that_is_made_ends_the_job(delivering: Delivering, name: str) -> None:
    """The worker is told where the copy goes, and the job is Complete once it is recorded."""
    attempts = delivering.attempts
    attempts.submit(name, outputs=OUTPUTS)
    pod = attempts.start(name)
    attempts.claim(name, pod)
    attempts.deliver(name, pod)
    kubelet.end(attempts.api, pod, exit_code=0)

    status = attempts.api.wait_for_phase(name, "Completed")["status"]

    env = {variable.name: variable.value for variable in pod.spec.containers[0].env}
    told = Assignment.model_validate_json(env[ASSIGNMENT_VARIABLE]).destination
    assert told is not None
    assert ("talks", "transcripts/", ("srt", "json")) == (told.bucket, told.prefix, told.formats)
    assert "1000" == env["STENO_URL_MAX_BYTES"]
    assert [] == status["warnings"]
    assert all(output["uri"].startswith(f"s3://{attempts.store.bucket}/") for output in status["outputs"])


def test_a_copy_that_is_refused_is_a_warning(delivering: Delivering, name: str) -> None:
    """The transcript is there and the Job has failed: the job is Complete, and says why there is no copy."""
    attempts = delivering.attempts
    attempts.submit(name, outputs=OUTPUTS)
    pod = attempts.start(name)
    attempts.claim(name, pod)
    attempts.end(name, pod, 78, said=Reason.OUTPUT_FORBIDDEN)

    job = attempts.api.wait_for_phase(name, "Completed")

    (warning,) = job["status"]["warnings"]
    assert warning.startswith("DeliveryFailed: The results were not copied to outputs.destination.")
    assert f"s3://{attempts.store.bucket}/{attempts.prefix(name)}attempts/{pod.metadata.name}/," in warning
    assert warning.endswith(f"The last attempt said: OutputForbidden: It went wrong in {name}.")
    assert "failure" not in job["status"]
    assert [pod.metadata.name] == [pod.metadata.name for pod in attempts.api.pods(name)]


def test_a_copy_whose_job_is_gone_is_made_by_another(delivering: Delivering, name: str) -> None:
    """A Job that someone deletes between the claim and the copy is followed by one for the copy alone."""
    attempts = delivering.attempts
    attempts.submit(name, outputs=OUTPUTS, backoffLimit=2)
    first = attempts.start(name)
    attempts.claim(name, first)
    (batch_job,) = attempts.api.batch_jobs(name)
    attempts.api.batch.delete_namespaced_job(
        batch_job.metadata.name, attempts.api.namespace, propagation_policy="Background"
    )

    second = attempts.next_pod(name, than=first)
    kubelet.start(attempts.api, second)
    attempts.deliver(name, second)
    kubelet.end(attempts.api, second, exit_code=0)

    job = attempts.api.wait_for_phase(name, "Completed")
    assert [] == job["status"]["warnings"]
    assert f"{batch_job.metadata.name}-1" == job["status"]["jobRef"]["name"]


def test_an_address_is_told_to_the_worker_alone(delivering: Delivering, name: str) -> None:
    """It stands in the worker's pod, and in no status, no Event and no line of the operator's log."""
    attempts = delivering.attempts
    api = attempts.api
    attempts.submit(name, source={"url": URL}, outputs=OUTPUTS)
    pod = attempts.start(name)
    running = api.wait_for_phase(name, "Processing")
    attempts.claim(name, pod)
    attempts.deliver(name, pod)
    kubelet.end(api, pod, exit_code=0)
    ended = api.wait_for_phase(name, "Completed")

    env = {variable.name: variable.value for variable in pod.spec.containers[0].env}
    assert URL == Assignment.model_validate_json(env[ASSIGNMENT_VARIABLE]).source_url
    assert URL == ended["spec"]["source"]["url"]
    events = [event.to_dict() for event in api.core.list_namespaced_event(api.namespace).items]
    seen = [repr(running["status"]), repr(ended["status"]), repr(events), delivering.log.read_text()]
    assert [] == [text for text in seen if "hunter2" in text or "media.example.org" in text]
    assert name in seen[-1]


def test_a_later_attempt_makes_the_copy(delivering: Delivering, first_attempt: Any) -> None:
    """The job goes on after an attempt that could not copy, and is Complete without a warning once one could."""
    attempts, name = delivering.attempts, "second-try"
    second = attempts.next_pod(name, than=first_attempt)
    kubelet.start(attempts.api, second)
    meanwhile = attempts.api.wait_for_phase(name, "Processing")
    attempts.deliver(name, second)
    kubelet.end(attempts.api, second, exit_code=0)

    ended = attempts.api.wait_for_phase(name, "Completed")

    assert "Complete" not in conditions(meanwhile)
    assert "outputs" not in meanwhile["status"] or [] == meanwhile["status"]["outputs"]
    assert "True" == condition(ended, "Complete")["status"]
    assert [] == ended["status"]["warnings"]
    assert 2 == len(attempts.api.pods(name))
