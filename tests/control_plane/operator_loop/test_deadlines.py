"""Deadlines on a real control plane: for how long a job may run, wait and stand still, and pods that never start.

Nothing is waited for: the kubelet's part is played as of a while ago.
"""

from datetime import UTC, datetime

import pytest

from control_plane.operator_loop.attempts import Attempts, ended_attempts
from steno_types import Reason, to_rfc3339
from support import kubelet
from support.kubernetes_api import Raw


def failure(job: Raw) -> tuple[str, str]:
    """Give reason and message of a failure."""
    told = job["status"]["failure"]
    return told["reason"], told["message"]


def test_running_time_is_summed_over_attempts(attempts: Attempts, name: str) -> None:
    """A worker that ran for 40 s and the next, which runs for 30, are more than the minute that they have."""
    attempts.submit(name, activeDeadlineSeconds=60)
    attempts.run(name, ago_seconds=40)
    attempts.wants(name, suspend=True)
    attempts.wait_for_condition(name, "Suspended")
    attempts.wants(name, suspend=False)
    attempts.wait_for_batch_job(name, 1)

    attempts.start(name, ago_seconds=30)

    job = attempts.api.wait_for_phase(name, "Failed")
    reason, message = failure(job)
    assert "DeadlineExceeded" == reason
    assert message.startswith("Workers ran for 7")
    assert message.endswith(" s; spec.activeDeadlineSeconds is 60.")
    assert [("Suspended", False), ("DeadlineExceeded", True)] == ended_attempts(job)
    attempts.wait_for_no_batch_job(name)


def test_a_deadline_ahead_is_kept_without_an_event(attempts: Attempts, name: str) -> None:
    """A worker that says nothing any more is ended when its time is over."""
    attempts.submit(name, activeDeadlineSeconds=60)
    attempts.run(name, ago_seconds=58)

    assert "DeadlineExceeded" == failure(attempts.api.wait_for_phase(name, "Failed"))[0]


def test_waiting_does_not_burn_running_time(attempts: Attempts, name: str) -> None:
    """A job whose waiting takes longer than it may run is not ended for it."""
    attempts.submit(name, activeDeadlineSeconds=1)
    attempts.submit(f"{name}-other", pendingDeadlineSeconds=2)
    attempts.api.wait_for_phase(f"{name}-other", "Failed")

    assert "stopping" not in attempts.api.wait_for_phase(name, "Queued")["status"]
    attempts.complete(name)


def test_a_job_that_no_node_takes_fails_in_time(attempts: Attempts, name: str) -> None:
    """It says how long it waited, and for what."""
    attempts.submit(name, pendingDeadlineSeconds=2)

    reason, message = failure(attempts.api.wait_for_phase(name, "Failed"))

    assert "PendingDeadlineExceeded" == reason
    assert "spec.pendingDeadlineSeconds is 2. It waited for this: " in message
    assert "nodes" in message
    attempts.wait_for_no_batch_job(name)


def test_a_worker_that_stands_still_loses_its_job(attempts: Attempts, name: str) -> None:
    """Its attempt counts, the next Job comes at once, and a second one that stalls spends the last retry."""
    attempts.submit(name, stallSeconds=30, backoffLimit=1)
    first = attempts.start(name, ago_seconds=60)

    second = attempts.wait_for_batch_job(name, 1)
    next_pod = attempts.next_pod(name, than=first)
    kubelet.start(attempts.api, next_pod, ago_seconds=60)
    job = attempts.api.wait_for_phase(name, "Failed")

    assert 0 == second.spec.backoff_limit
    assert [("WorkerStalled", True)] * 2 == ended_attempts(job)
    assert "WorkerStalled" == failure(job)[0]
    told = {event.message for event in attempts.events(name) if event.reason == "WorkerStalled"}
    assert any(message.startswith(f"The worker {first.metadata.name} got no further for 6") for message in told)


@pytest.mark.parametrize("progressing", [True, False], ids=["that gets on", "that got on once"])
def test_progress_is_what_keeps_a_worker(attempts: Attempts, name: str, *, progressing: bool) -> None:
    """A worker that began long ago keeps its Job as long as it gets on."""
    attempts.submit(name, stallSeconds=30)
    when = datetime.now(UTC) if progressing else datetime(2026, 1, 1, tzinfo=UTC)
    progress = {"percent": 40, "processedSeconds": 40, "totalSeconds": 100, "time": to_rfc3339(when)}
    attempts.api.patch_status(name, {"progress": progress})

    pod = attempts.start(name, ago_seconds=600)

    if progressing:
        attempts.api.wait_for_phase(name, "Processing")
        attempts.claim(name, pod)
        kubelet.end(attempts.api, pod, exit_code=0)
        job = attempts.api.wait_for_phase(name, "Completed")
        assert [(None, False)] == ended_attempts(job)
    else:
        attempts.wait_for_batch_job(name, 1)
        assert [("WorkerStalled", True)] == ended_attempts(attempts.wait_for_ended(name))


@pytest.mark.parametrize(
    ("waits", "ago_seconds", "failed"),
    [
        pytest.param("ImagePullBackOff", 1200, Reason.IMAGE_PULL_FAILED, id="an image that is not there"),
        pytest.param("InvalidImageName", 0, Reason.IMAGE_PULL_FAILED, id="an image that cannot be"),
        pytest.param("CreateContainerConfigError", 1200, Reason.POD_CONFIG_INVALID, id="a Secret that is not there"),
    ],
)
def test_a_pod_that_never_starts_fails_its_job(
    attempts: Attempts, name: str, node: str, *, waits: str, ago_seconds: float, failed: Reason
) -> None:
    """After 15 minutes on its node, or at once where time heals nothing, with the kubelet's own words."""
    attempts.submit(name, profile="gpu")
    pod = attempts.placed(name)
    said = f"the {waits} of it"

    kubelet.keep_waiting(attempts.api, pod, waits, said, ago_seconds=ago_seconds)

    reason, message = failure(attempts.api.wait_for_phase(name, "Failed"))
    assert node == pod.spec.node_name
    assert failed == reason
    assert message.endswith(f"({waits}: {said})")
    kubelet.let_go(attempts.api, pod)
    attempts.wait_for_no_batch_job(name)


def test_a_pod_that_may_start_yet_is_told_of(attempts: Attempts, name: str, node: str) -> None:
    """While the image cannot be pulled the job says so; once it is, it goes on."""
    attempts.submit(name, profile="gpu")
    pod = attempts.placed(name)
    kubelet.keep_waiting(attempts.api, pod, "ImagePullBackOff", "back-off pulling image", ago_seconds=600)

    attempts.wait_for_condition(name, "Queued", reason="ImagePulling")

    assert node == pod.spec.node_name
    kubelet.start(attempts.api, pod)
    attempts.api.wait_for_phase(name, "Processing")
    attempts.claim(name, pod)
    kubelet.end(attempts.api, pod, exit_code=0)
    attempts.api.wait_for_phase(name, "Completed")
