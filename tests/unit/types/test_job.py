"""The whole custom resource, as the API server sends it."""

from typing import Any

import pytest
from pydantic import ValidationError

from steno_types import (
    Assignment,
    DestinationPrefix,
    EngineName,
    EngineSettings,
    JobIdentity,
    SourceObject,
    Task,
    TranscriptFormat,
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


ASSIGNMENT = Assignment(
    job=JobIdentity(namespace="ns", name="talk", uid="u"),
    source=SourceObject(bucket="b", key="talks/ä.wav"),
    results_prefix="steno/ns/jobs/talk-6f3d1c6e/",
    profile="cpu",
    image="steno/worker:1",
    engine=EngineSettings(name=EngineName.FASTER_WHISPER, model="tiny"),
    word_timestamps=True,
)
FULL_ASSIGNMENT = ASSIGNMENT.model_copy(
    update={
        "source": None,
        "source_url": "https://media.example.org/a.mp3?signature=hunter2",
        "engine": EngineSettings(
            name=EngineName.OPENAI, model="whisper-1", batch_size=4, vad=False, options={"maxSeconds": "12"}
        ),
        "task": Task.TRANSLATE,
        "prompt": "A talk.",
        "hotwords": ("Nyquist",),
        "channel": 1,
        "destination": DestinationPrefix(bucket="talks", prefix="ä/", formats=(TranscriptFormat.VERBOSE_JSON,)),
    }
)


@pytest.mark.parametrize("assignment", [ASSIGNMENT, FULL_ASSIGNMENT], ids=["a little", "everything"])
def test_an_assignment_survives_the_pods_environment(assignment: Assignment) -> None:
    """What the operator puts into the pod, the worker reads."""
    assert assignment == Assignment.model_validate_json(assignment.model_dump_json(by_alias=True))
    assert assignment == Assignment.model_validate(assignment.to_wire())


@pytest.mark.parametrize(
    "sources",
    [
        pytest.param({}, id="none"),
        pytest.param({"source": {"bucket": "b", "key": "k"}, "sourceUrl": "https://a/b"}, id="two"),
    ],
)
def test_an_assignment_has_one_source(sources: dict[str, Any]) -> None:
    """A worker is never left to choose where the recording is."""
    wire = {name: value for name, value in ASSIGNMENT.to_wire().items() if name != "source"}

    with pytest.raises(ValidationError, match="exactly one of source and sourceUrl"):
        Assignment.model_validate({**wire, **sources})


def test_an_assignment_does_not_show_the_address_by_accident() -> None:
    """The source's query may be a secret, and what is printed for debugging leaves it out."""
    assert "hunter2" not in repr(FULL_ASSIGNMENT) + str(FULL_ASSIGNMENT)
