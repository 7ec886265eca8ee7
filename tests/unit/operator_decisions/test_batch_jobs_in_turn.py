"""The Jobs of one TranscriptionJob after another: their names and numbers; one in a queue; one that proves itself."""

from typing import Any

import pytest

from steno_operator.assignment import assignment
from steno_operator.batch_job import (
    LABEL_MAX_LENGTH,
    PROOF_PATH,
    QUEUED_BACKOFF_MARGIN,
    batch_job_manifest,
    batch_job_name,
    batch_job_number,
)
from steno_types import JOB_LABEL, NAME_MAX_LENGTH, PROGRESS_AUDIENCE
from support.builders import JobBuilder, a_job, an_installation

LONGEST = a_job("a" * NAME_MAX_LENGTH)


def built(job: JobBuilder, *, progress_url: str | None = None, **more: Any) -> dict[str, Any]:
    """Build a Job as the launch does."""
    here, there = an_installation(progress_url=progress_url), job.build()
    name, profile = here.profiles.find(there.spec)
    assert profile is not None
    return batch_job_manifest(there, profile, assignment(there, name, profile, here), here, **more)


@pytest.mark.parametrize(
    ("job", "number", "name"),
    [
        pytest.param(a_job(), 0, "talk-6f3d1c6e", id="the first"),
        pytest.param(a_job(), 1, "talk-6f3d1c6e-1", id="the second"),
        pytest.param(a_job(), 120, "talk-6f3d1c6e-120", id="a late one"),
        pytest.param(LONGEST, 0, f"{'a' * 52}-6f3d1c6e", id="a long name"),
        pytest.param(LONGEST, 9, f"{'a' * 52}-6f3d1c6e-9", id="a long name with a digit"),
        pytest.param(LONGEST, 10, f"{'a' * 51}-6f3d1c6e-10", id="a long name that loses its end"),
        pytest.param(LONGEST, 100, f"{'a' * 50}-6f3d1c6e-100", id="and more of it"),
    ],
)
def test_a_name_says_which_job_it_is(job: JobBuilder, number: int, name: str) -> None:
    """Every number has a name of its own that fits a label, and the name gives the number back."""
    there = job.build()

    assert name == batch_job_name(there, number)
    assert len(name) <= LABEL_MAX_LENGTH
    assert number == batch_job_number(there, name)
    assert name == built(job, number=number)["metadata"]["name"]


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("talk-6f3d1c6e-0", id="the first has no number"),
        pytest.param("talk-6f3d1c6e-01", id="a leading zero"),
        pytest.param("talk-6f3d1c6e-", id="no number"),
        pytest.param("talk-6f3d1c6e-x", id="a word"),
        pytest.param("talk-6f3d1c6e-٣", id="another script's digit"),
        pytest.param("talk-6f3d1c6e-1-1", id="two numbers"),
        pytest.param("talk-0a0b0c0d", id="another life's"),
        pytest.param("walk-6f3d1c6e", id="another job's"),
        pytest.param("", id="nothing"),
    ],
)
def test_other_names_are_no_jobs_of_this_job(name: str) -> None:
    """What a pod's label says is only believed where the job could have had such a Job."""
    assert batch_job_number(a_job().build(), name) is None


@pytest.mark.parametrize(
    ("spec", "retries", "limit"),
    [
        pytest.param({"backoffLimit": 4}, None, 4, id="the job's own"),
        pytest.param({"backoffLimit": 4}, 1, 1, id="what is left"),
        pytest.param({"backoffLimit": 4, "queueName": "gpus"}, 0, QUEUED_BACKOFF_MARGIN, id="with a queue's margin"),
    ],
)
def test_how_often_its_pods_may_fail(spec: dict[str, Any], retries: int | None, limit: int) -> None:
    """The Job's own limit is what is left, and more where a queue's interruptions count for it."""
    assert limit == built(a_job().with_spec(**spec), retries=retries)["spec"]["backoffLimit"]


@pytest.mark.parametrize(
    ("spec", "labels"),
    [
        pytest.param({}, {}, id="no queue"),
        pytest.param({"queuePriority": "soon"}, {}, id="a priority of the installation's own"),
        pytest.param({"queueName": "gpus"}, {"kueue.x-k8s.io/queue-name": "gpus"}, id="a queue"),
        pytest.param(
            {"queueName": "gpus", "queuePriority": "high"},
            {"kueue.x-k8s.io/queue-name": "gpus", "kueue.x-k8s.io/priority-class": "high"},
            id="a queue and a priority",
        ),
    ],
)
def test_a_queue_is_two_labels(spec: dict[str, str], labels: dict[str, str]) -> None:
    """That is all there is to Kueue; and the Job is born asleep, so that no quota is passed by."""
    manifest = built(a_job().with_spec(**spec))

    of_queue = {key: value for key, value in manifest["metadata"]["labels"].items() if key.startswith("kueue")}
    assert labels == of_queue
    assert ("queueName" in spec) == manifest["spec"].get("suspend", False)
    assert "talk" == manifest["spec"]["template"]["metadata"]["labels"][JOB_LABEL]
    assert not [key for key in manifest["spec"]["template"]["metadata"]["labels"] if key.startswith("kueue")]


def test_a_worker_proves_itself_to_the_operator_alone() -> None:
    """Its token is for the operator's ears, renewed by the kubelet, and of no use at the API server."""
    pod = built(a_job(), progress_url="http://steno-operator.steno:8080/progress")["spec"]["template"]["spec"]
    (worker,) = pod["containers"]

    (token,) = [volume for volume in pod["volumes"] if volume["name"] == "token"]
    (source,) = token["projected"]["sources"]
    assert {"path": "token", "audience": PROGRESS_AUDIENCE, "expirationSeconds": 3600} == source[
        "serviceAccountToken"
    ]
    assert {"name": "token", "mountPath": PROOF_PATH, "readOnly": True} in worker["volumeMounts"]
    assert {"name": "STENO_PROGRESS_URL", "value": "http://steno-operator.steno:8080/progress"} in worker["env"]
    assert pod["automountServiceAccountToken"] is False


def test_where_nobody_listens_nobody_talks() -> None:
    """Without a place for progress the worker has neither token nor address."""
    pod = built(a_job())["spec"]["template"]["spec"]
    (worker,) = pod["containers"]

    assert "token" not in {volume["name"] for volume in (*pod["volumes"], *worker["volumeMounts"])}
    assert "STENO_PROGRESS_URL" not in {variable["name"] for variable in worker["env"]}
