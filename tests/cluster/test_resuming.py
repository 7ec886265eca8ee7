"""A worker killed in the middle, on a real cluster: the next one goes on, and nobody can tell from the result."""

import io
import json
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local_installation.installation import BUCKET, NAMESPACE, Installation
from support.checkpoints import checkpoints
from support.kubernetes_api import Api, wait_for

REPETITIONS = 20
"""Of the meeting: ten minutes, for which the pod needs long enough to be caught in the middle."""

SAME_FOR_ANY_JOB = ("txt", "srt", "vtt", "tsv")
"""Formats that do not name the job they were made for."""


@pytest.fixture
def long_recording(installation: Installation, meeting: Path) -> Iterator[str]:
    """Lay the meeting, over and over, into the bucket."""
    with wave.open(str(meeting), "rb") as once, io.BytesIO() as body:
        with wave.open(body, "wb") as often:
            often.setparams(once.getparams())
            often.writeframes(once.readframes(once.getnframes()) * REPETITIONS)
        size_bytes = body.tell()
        body.seek(0)
        installation.store().put_object(BUCKET, "recordings/long.wav", body, size_bytes)
    yield "recordings/long.wav"
    installation.store().remove_object(BUCKET, "recordings/long.wav")


def outputs(installation: Installation, job: dict[str, Any]) -> dict[str, bytes]:
    """Read every rendering of a job."""
    bodies = {}
    for output in job["status"]["outputs"]:
        key = output["uri"].removeprefix(f"s3://{BUCKET}/")
        answer = installation.store().get_object(BUCKET, key)
        bodies[output["format"]] = answer.read()
        answer.close()
        answer.release_conn()
    return bodies


@pytest.mark.parametrize(
    ("grace_seconds", "retries"),
    [
        pytest.param(None, 0, id="asked to go, which costs no retry"),
        pytest.param(0, 1, id="gone at once, which costs one"),
    ],
)
def test_a_killed_worker_is_gone_on_from(
    installation: Installation, api: Api, long_recording: str, grace_seconds: int | None, retries: int
) -> None:
    """Killed at half of the work, the job hears only the rest, and ends with the very same bytes."""
    # One chunk a batch: slow enough to be caught, and a hundred chances to go wrong.
    spec = {"source": {"s3": {"key": long_recording}}, "language": "en", "wordTimestamps": True}
    spec |= {"engine": {"batchSize": 1, "options": {"temperatures": "0"}}, "backoffLimit": retries}
    api.submit("whole", spec)
    whole = api.wait_for_phase("whole", "Completed", timeout_seconds=240)
    batches = len(checkpoints(installation, whole))

    job = api.submit("killed", spec)
    wait_for(
        lambda: True if len(checkpoints(installation, job)) >= batches // 2 else None,
        "half of the work to be done",
        timeout_seconds=120,
    )
    (pod,) = api.pods("killed")
    api.core.delete_namespaced_pod(pod.metadata.name, NAMESPACE, grace_period_seconds=grace_seconds)
    killed = api.wait_for_phase("killed", "Completed", timeout_seconds=240)

    # The outcome is the manifest's: it may be known a moment before the pod has ended.
    survivor = wait_for(
        lambda: next((pod for pod in api.pods("killed") if pod.status.phase == "Succeeded"), None),
        "the pod that took over to end",
        timeout_seconds=30,
    )
    log = installation.kubectl("logs", "--namespace", NAMESPACE, survivor.metadata.name)
    resumed = [line for line in map(json.loads, log.splitlines()) if line["message"] == "resuming"]
    assert [True] == [line["checkpoints"] >= batches // 2 for line in resumed]
    assert batches == len(checkpoints(installation, killed)), "no chunk was heard twice"
    before, after = outputs(installation, whole), outputs(installation, killed)
    assert {name: before[name] for name in SAME_FOR_ANY_JOB} == {name: after[name] for name in SAME_FOR_ANY_JOB}
    assert json.loads(before["json"])["segments"] == json.loads(after["json"])["segments"]
    assert json.loads(before["report"])["coverage"] == json.loads(after["report"])["coverage"]
    for name in ("whole", "killed"):
        api.delete(name)
        api.wait_until_gone(name, timeout_seconds=60)
