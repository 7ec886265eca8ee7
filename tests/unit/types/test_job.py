"""The whole custom resource, as the API server sends it."""

from typing import Any

import pytest
from pydantic import ValidationError

from steno_types import (
    Assignment,
    EngineName,
    EngineSettings,
    JobIdentity,
    SourceObject,
    TranscriptionJob,
    TranscriptionJobStatus,
)

WIRE: dict[str, Any] = {
    "apiVersion": "steno.dev/v1alpha1",
    "kind": "TranscriptionJob",
    "metadata": {
        "name": "talk",
        "namespace": "ns",
        "uid": "6f3d1c6e-0000-4000-8000-000000000000",
        "resourceVersion": "17",
        "generation": 1,
        "creationTimestamp": "2026-01-31T12:00:00Z",
        "finalizers": ["steno.dev/release"],
        "labels": {"team": "radio"},
        "annotations": {"steno.dev/results-prefix": "steno/ns/jobs/talk-6f3d1c6e/"},
        "ownerReferences": [{"kind": "CronJob", "name": "nightly", "uid": "u", "controller": True}],
        "managedFields": [{"manager": "kubectl"}],
    },
    "spec": {"source": {"s3": {"key": "talks/one.wav"}}},
}


def test_a_job_is_read_as_the_api_server_sends_it() -> None:
    """Metadata that Steno does not read are passed over, and an absent status is an empty one."""
    job = TranscriptionJob.model_validate(WIRE)

    assert ("ns/talk", "6f3d1c6e") == (job.key, job.uid8)
    assert TranscriptionJobStatus() == job.status
    assert "talks/one.wav" == (job.spec.source.s3.key if job.spec.source.s3 else None)


def test_a_job_survives_the_wire() -> None:
    """What is read is written, but for what Steno does not read."""
    job = TranscriptionJob.model_validate(WIRE)

    assert job == TranscriptionJob.model_validate(job.to_wire())
    assert job.metadata.to_wire() == {key: value for key, value in WIRE["metadata"].items() if key != "managedFields"}


@pytest.mark.parametrize("missing", ["name", "namespace", "uid"])
def test_a_job_without_an_identity_is_refused(missing: str) -> None:
    """Name, namespace and uid are always there once the API server has a job."""
    metadata = {key: value for key, value in WIRE["metadata"].items() if key != missing}

    with pytest.raises(ValidationError, match=f"metadata.{missing}"):
        TranscriptionJob.model_validate({**WIRE, "metadata": metadata})


def test_an_assignment_survives_the_pods_environment() -> None:
    """What the operator puts into the pod, the worker reads."""
    assignment = Assignment(
        job=JobIdentity(namespace="ns", name="talk", uid="u"),
        source=SourceObject(bucket="b", key="talks/ä.wav"),
        results_prefix="steno/ns/jobs/talk-6f3d1c6e/",
        profile="cpu",
        image="steno/worker:1",
        engine=EngineSettings(name=EngineName.FASTER_WHISPER, model="tiny"),
        word_timestamps=True,
    )

    assert assignment == Assignment.model_validate_json(assignment.model_dump_json(by_alias=True))
    assert assignment == Assignment.model_validate(assignment.to_wire())
