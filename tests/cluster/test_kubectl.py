"""Steno by kubectl alone, as a platform engineer uses it, on a real cluster."""

import json
from pathlib import Path

import pytest

from local_installation.images import ROOT
from local_installation.installation import BUCKET, NAMESPACE, Installation
from steno_types import TranscriptFormat
from support.kubernetes_api import Api, wait_for

SAMPLE = ROOT / "manifests" / "samples" / "transcriptionjob.yaml"
SOURCE_KEY = "recordings/meeting.wav"


@pytest.fixture
def source(installation: Installation, meeting: Path) -> str:
    """The sample's recording, in the bucket, the user's own."""
    installation.store().fput_object(BUCKET, SOURCE_KEY, str(meeting))
    return SOURCE_KEY


def test_sample_is_applied_waited_for_shown_and_deleted(installation: Installation, api: Api, source: str) -> None:
    """Kubectl apply, wait, get and delete are a whole way to use Steno; the user's recording stays."""
    installation.kubectl("apply", "--namespace", NAMESPACE, "--filename", str(SAMPLE))
    installation.kubectl(
        *("wait", "--namespace", NAMESPACE, "--for=condition=Complete", "transcriptionjob/meeting", "--timeout=120s")
    )
    header, row = installation.kubectl("get", "tsj", "--namespace", NAMESPACE, "meeting").splitlines()
    status = json.loads(installation.kubectl("get", "tsj", "--namespace", NAMESPACE, "meeting", "--output=json"))[
        "status"
    ]

    assert ["NAME", "PHASE", "PROGRESS", "DURATION", "LANGUAGE", "RTF", "AGE"] == header.split()
    assert ["meeting", "Completed", "100"] == row.split()[:3]
    assert list(TranscriptFormat) == [output["format"] for output in status["outputs"]]

    installation.kubectl("delete", "--namespace", NAMESPACE, "--filename", str(SAMPLE), "--timeout=60s")

    assert api.job("meeting") is None
    assert [] == api.batch_jobs("meeting")
    assert [] == api.pods("meeting")
    left = {entry.object_name for entry in installation.store().list_objects(BUCKET, recursive=True)}
    assert {source} == left - {"steno/conditional-put.txt", "steno/installation.json"}  # the operator's own


def test_gpu_is_asked_of_the_real_scheduler(installation: Installation, api: Api, source: str) -> None:
    """A job for a GPU waits, and says for what, until a node has one; then it runs there."""
    api.submit("gpu", {"source": {"s3": {"key": source}}, "profile": "tiny-gpu"})

    def waits() -> str | None:
        job = api.job("gpu") or {}
        conditions = {c["type"]: c for c in job.get("status", {}).get("conditions", [])}
        message: str = conditions.get("Queued", {}).get("message", "")
        return message if "nvidia.com/gpu" in message else None

    assert "Insufficient nvidia.com/gpu" in wait_for(waits, "the job to say what it waits for", timeout_seconds=60)
    (node,) = api.core.list_node().items
    installation.kubectl(
        *("patch", "node", node.metadata.name, "--subresource=status", "--type=json", "--patch"),
        json.dumps([{"op": "add", "path": "/status/capacity/nvidia.com~1gpu", "value": "1"}]),
    )
    api.wait_for_phase("gpu", "Completed", timeout_seconds=120)
    (pod,) = api.pods("gpu")

    assert "1" == pod.spec.containers[0].resources.limits["nvidia.com/gpu"]
    api.delete("gpu")
    api.wait_until_gone("gpu", timeout_seconds=60)


def test_missing_recording_fails_at_once(api: Api) -> None:
    """A key that is not there is the user's to mend: no retries, and the status names it."""
    api.submit("missing", {"source": {"s3": {"key": "recordings/not-there.wav"}}})

    status = api.wait_for_phase("missing", "Failed", timeout_seconds=60)["status"]

    assert "SourceNotFound" == status["failure"]["reason"]
    assert "recordings/not-there.wav" in status["failure"]["message"]
    assert 1 == len(api.pods("missing"))
    api.delete("missing")
    api.wait_until_gone("missing", timeout_seconds=60)
