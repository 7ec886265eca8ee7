"""Kubernetes Events about a job, on a real control plane: few, each worth reading, and none where all goes well."""

import pytest

from control_plane.operator_loop.attempts import Attempts
from steno_types import Reason
from support import kubelet


def test_a_job_that_goes_well_is_no_news(attempts: Attempts, name: str) -> None:
    """From its creation to Complete nothing is announced; what its status says, nobody needs to hear twice."""
    attempts.submit(name)
    attempts.run(name)
    attempts.complete(name)
    attempts.wants(name, ttlSecondsAfterFinished=-1)
    attempts.api.wait_for(name, lambda job: "expirationTime" not in job["status"], "have come to rest")

    assert [] == attempts.told(name)


def test_an_attempt_that_failed_is_told_with_its_name(attempts: Attempts, name: str) -> None:
    """A warning for each one that counts, and the job's own failure at the end."""
    attempts.submit(name, backoffLimit=1)
    first = attempts.start(name)
    attempts.end(name, first, 75, said=Reason.DEVICE_OUT_OF_MEMORY)

    event = attempts.wait_for_event(name, "AttemptFailed")

    assert "Warning" == event.type
    assert f"{first.metadata.name}: DeviceOutOfMemory: The GPU ran out of memory." == event.message
    assert ("steno-operator", 1) == (event.source.component, event.count)
    job = attempts.api.job(name)
    assert job is not None
    assert job["metadata"]["uid"] == event.involved_object.uid


def test_an_interruption_is_no_warning(attempts: Attempts, name: str) -> None:
    """Nobody has to do anything about a drained node."""
    attempts.submit(name)
    pod = attempts.run(name)
    kubelet.disrupt(attempts.api, pod)
    attempts.end(name, pod, 143, said=Reason.TERMINATED)

    event = attempts.wait_for_event(name, "AttemptInterrupted")

    assert ("Normal", f"{pod.metadata.name}: Drained: The worker was evicted, as when a node is drained.") == (
        event.type,
        event.message,
    )


def test_suspending_and_resuming_are_told_once_each(attempts: Attempts, name: str) -> None:
    """In the order in which they happened, and the ended worker is not told of besides."""
    attempts.submit(name)
    attempts.run(name)
    attempts.wants(name, suspend=True)
    attempts.wait_for_event(name, "Suspended")
    attempts.wait_for_no_batch_job(name)
    attempts.wants(name, suspend=False)
    attempts.wait_for_event(name, "Resumed")
    attempts.complete(name)

    assert [("Normal", "Suspended"), ("Normal", "Resumed")] == attempts.told(name)


@pytest.mark.parametrize("reason", [Reason.CANCELLED, Reason.NO_AUDIO_STREAM, Reason.PROFILE_UNKNOWN])
def test_a_failure_is_told_once(attempts: Attempts, name: str, reason: Reason) -> None:
    """By its reason, with what the status says, whoever claimed it."""
    if reason is Reason.PROFILE_UNKNOWN:
        attempts.api.submit(name, {"source": {"s3": {"key": "talk.wav"}}, "profile": "tpu"})
    else:
        attempts.submit(name)
    if reason is Reason.CANCELLED:
        attempts.wants(name, cancel=True)
    elif reason is Reason.NO_AUDIO_STREAM:
        pod = attempts.start(name)
        attempts.claim(name, pod, failed=reason)
        attempts.end(name, pod, 65, said=reason)

    event = attempts.wait_for_event(name, reason)

    job = attempts.api.wait_for_phase(name, "Failed")
    assert ("Warning", job["status"]["failure"]["message"]) == (event.type, event.message)
    assert 1 == len([told for _, told in attempts.told(name) if told == reason])
