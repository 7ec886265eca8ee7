"""How jobs end, on a real control plane: the Job controller retries and gives up, the operator says why."""

from dataclasses import dataclass
from typing import Any

import pytest

from control_plane.operator_loop.attempts import Attempts, condition, conditions
from steno_store import read_manifest
from steno_types import OPERATOR_ATTEMPT, Reason, failure_for
from support import kubelet

Raw = dict[str, Any]


@dataclass(frozen=True)
class FirstAttempts:
    """The first attempts of three jobs, each ended in its own way."""

    retryable: tuple[str, Any]
    terminated: tuple[str, Any]
    disrupted: tuple[str, Any]


@pytest.fixture(scope="module", autouse=True)
def first_attempts(attempts: Attempts) -> FirstAttempts:
    """Ended before the module's other tests: the Job controller lets 10 s pass before the next attempt of each."""
    names = ("first-retryable", "first-terminated", "first-disrupted")
    for name, limit in zip(names, (1, 0, 0), strict=True):
        attempts.submit(name, backoffLimit=limit)
    retryable, terminated, disrupted = (attempts.start(name) for name in names)
    attempts.end(names[0], retryable, 75, said=Reason.DEVICE_OUT_OF_MEMORY)
    attempts.end(names[1], terminated, 143, said=Reason.TERMINATED)
    kubelet.disrupt(attempts.api, disrupted)
    attempts.end(names[2], disrupted, 137)
    return FirstAttempts((names[0], retryable), (names[1], terminated), (names[2], disrupted))


def claimant(attempts: Attempts, name: str) -> str:
    """Say who claimed the job's outcome."""
    manifest = read_manifest(attempts.store, attempts.prefix(name))
    assert manifest is not None
    return manifest.attempt


def failure(job: Raw) -> tuple[Reason, int | None, bool]:
    """Give what programs read of a failure."""
    told = job["status"]["failure"]
    return Reason(told["reason"]), told.get("exitCode"), told["retryable"]


def test_a_job_goes_from_queued_to_completed(attempts: Attempts, name: str) -> None:
    """The status follows the pod, and at the end tells what the manifest says."""
    queued = attempts.submit(name)
    pod = attempts.start(name)
    running = attempts.api.wait_for_phase(name, "Processing")
    attempts.claim(name, pod)
    kubelet.end(attempts.api, pod, exit_code=0)
    ended = attempts.api.wait_for_phase(name, "Completed")

    assert {"Queued": "True"} == conditions(queued)
    assert {"Queued": "False", "Running": "True"} == conditions(running)
    assert {"Queued": "False", "Running": "False", "Complete": "True"} == conditions(ended)
    assert queued["status"]["jobRef"]["uid"] == attempts.api.batch_jobs(name)[0].metadata.uid
    assert "tiny" == queued["status"]["effective"]["model"]
    status = ended["status"]
    assert ["json", "md", "txt"] == [output["format"] for output in status["outputs"]]
    assert (28.66, "en", 0.05, 100) == (
        status["media"]["durationSeconds"],
        status["media"]["language"],
        status["realTimeFactor"],
        status["progress"]["percent"],
    )
    assert running["status"]["startTime"] == status["startTime"]


@pytest.mark.parametrize("claimed", [True, False], ids=["claimed by the worker", "claimed by nobody"])
def test_a_terminal_failure_ends_the_job_at_once(attempts: Attempts, name: str, *, claimed: bool) -> None:
    """Exit code 65 spends no retry, whether or not the worker could still write its manifest."""
    attempts.submit(name, backoffLimit=3)
    pod = attempts.start(name)
    if claimed:
        attempts.claim(name, pod, failed=Reason.NO_AUDIO_STREAM)
    attempts.end(name, pod, 65, said=Reason.NO_AUDIO_STREAM)

    job = attempts.api.wait_for_phase(name, "Failed")

    assert (Reason.NO_AUDIO_STREAM, 65, False) == failure(job)
    assert "NoAudioStream" == condition(job, "Failed")["reason"]
    assert failure_for(Reason.NO_AUDIO_STREAM).remedy == job["status"]["failure"]["remedy"]
    assert (pod.metadata.name if claimed else OPERATOR_ATTEMPT) == claimant(attempts, name)
    assert [pod.metadata.name] == [pod.metadata.name for pod in attempts.api.pods(name)]


@pytest.mark.parametrize(
    ("ending", "reason", "retryable"),
    [
        pytest.param({"exit_code": 137, "reason": "OOMKilled"}, Reason.OUT_OF_MEMORY, True, id="OOMKilled"),
        pytest.param({"exit_code": 137}, Reason.INTERNAL_ERROR, True, id="killed"),
        pytest.param({"exit_code": 69}, Reason.STORAGE_UNAVAILABLE, True, id="a code without a word"),
        pytest.param({"exit_code": 1, "said": Reason.INTERNAL_ERROR}, Reason.INTERNAL_ERROR, True, id="a bug"),
        pytest.param(
            {"exit_code": 78, "said": Reason.MODEL_UNKNOWN}, Reason.MODEL_UNKNOWN, False, id="the platform's"
        ),
    ],
)
def test_the_last_word_of_an_attempt_is_told(
    attempts: Attempts, name: str, ending: Raw, reason: Reason, *, retryable: bool
) -> None:
    """Without a retry left the job fails with what can be known of its one attempt, claimed by the operator."""
    attempts.submit(name, backoffLimit=0)

    attempts.end(name, attempts.start(name), **ending)

    assert (reason, ending["exit_code"], retryable) == failure(attempts.api.wait_for_phase(name, "Failed"))
    assert OPERATOR_ATTEMPT == claimant(attempts, name)


def test_a_worker_that_ends_well_and_leaves_nothing(attempts: Attempts, name: str) -> None:
    """A complete Job without a manifest is a bug of ours: tried again as long as retries are left, then said."""
    attempts.submit(name, backoffLimit=1)

    first = attempts.start(name)
    attempts.end(name, first, 0)
    second = attempts.next_pod(name, than=first)
    kubelet.start(attempts.api, second)
    attempts.end(name, second, 0)

    job = attempts.api.wait_for_phase(name, "Failed")
    assert (Reason.INTERNAL_ERROR, None, True) == failure(job)
    assert "left no manifest" in job["status"]["failure"]["message"]


def test_a_worker_that_has_won_may_end_badly(attempts: Attempts, name: str) -> None:
    """The manifest decides: a worker that is killed after its commit has done its work."""
    attempts.submit(name, backoffLimit=0)
    pod = attempts.start(name)
    attempts.claim(name, pod)

    attempts.end(name, pod, 137, reason="OOMKilled")

    assert "failure" not in attempts.api.wait_for_phase(name, "Completed")["status"]


def test_a_retryable_failure_is_retried_up_to_the_limit(attempts: Attempts, first_attempts: FirstAttempts) -> None:
    """Exit code 75 is tried again, once as the job allows; then the job fails with the last attempt's reason."""
    name, first = first_attempts.retryable
    second = attempts.next_pod(name, than=first)
    kubelet.start(attempts.api, second)
    assert "failure" not in attempts.api.wait_for_phase(name, "Processing")["status"]

    attempts.end(name, second, 69, said=Reason.STORAGE_UNAVAILABLE)

    assert (Reason.STORAGE_UNAVAILABLE, 69, True) == failure(attempts.api.wait_for_phase(name, "Failed"))
    assert OPERATOR_ATTEMPT == claimant(attempts, name)
    assert 2 == len(attempts.api.pods(name))


@pytest.mark.parametrize("how", ["terminated", "disrupted"])
def test_an_interruption_is_free(attempts: Attempts, first_attempts: FirstAttempts, how: str) -> None:
    """Exit code 143, and any code under DisruptionTarget, costs no retry though none is allowed."""
    name, first = getattr(first_attempts, how)
    second = attempts.next_pod(name, than=first)

    job = attempts.complete(name)

    assert second.metadata.name == claimant(attempts, name)
    assert "failure" not in job["status"]
