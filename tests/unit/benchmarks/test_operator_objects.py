"""Objects that the bench copies from the operator's are as good as the operator's."""

from typing import Any

import pytest

from benchmarks.operator.objects import bare_batch_job, ended, ended_as, renamed

UID = "6f3d1c6e-9a41-4e0b-8d54-0c3f5b1a7d22"
OTHER_UID = "b0b5a9d1-2f6c-4f62-9a37-51f6a1a0c9e4"

BATCH_JOB: dict[str, Any] = {
    "kind": "Job",
    "metadata": {
        "name": f"talk-{UID[:8]}",
        "namespace": "speech",
        "uid": "1",
        "resourceVersion": "2",
        "labels": {"steno.dev/job": "talk"},
        "ownerReferences": [{"name": "talk", "uid": UID}],
    },
    "spec": {
        "backoffLimit": 3,
        "selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": "1"}},
        "template": {
            "metadata": {
                "labels": {
                    "steno.dev/job": "talk",
                    "batch.kubernetes.io/controller-uid": "1",
                    "batch.kubernetes.io/job-name": "talk",
                    "controller-uid": "1",
                    "job-name": "talk",
                }
            },
            "spec": {"restartPolicy": "Never"},
        },
    },
    "status": {"active": 1},
}


def test_a_bare_job_has_nothing_of_the_servers() -> None:
    """It can be sent as it is, owns nothing to anybody, and does the same work."""
    made = bare_batch_job(BATCH_JOB, "bare")

    assert {"name": "bare", "labels": {"steno.dev/job": "talk"}} == made["metadata"]
    assert {"backoffLimit", "template"} == made["spec"].keys()
    assert {"steno.dev/job": "talk"} == made["spec"]["template"]["metadata"]["labels"]
    assert "status" not in made


def test_a_template_survives_its_copies() -> None:
    """The next copy is made of the same."""
    bare_batch_job(BATCH_JOB, "bare")

    assert f"talk-{UID[:8]}" == BATCH_JOB["metadata"]["name"]


def test_what_belongs_to_one_job_is_made_anothers() -> None:
    """Name, uid, and the eight digits of it that names hold."""
    jobs = [{"metadata": {"name": name, "uid": uid}} for name, uid in (("talk", UID), ("other", OTHER_UID))]

    made = renamed(BATCH_JOB, of=jobs[0], to=jobs[1])

    assert f"other-{OTHER_UID[:8]}" == made["metadata"]["name"]
    assert [{"name": "other", "uid": OTHER_UID}] == made["metadata"]["ownerReferences"]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        pytest.param({}, None, id="no conditions"),
        pytest.param({"conditions": [{"type": "Running", "status": "True"}]}, None, id="running"),
        pytest.param({"conditions": [{"type": "Complete", "status": "False"}]}, None, id="not complete"),
        pytest.param({"conditions": [{"type": "Failed", "status": "True"}]}, "Failed", id="failed"),
    ],
)
def test_a_job_has_ended_by_its_conditions(status: dict[str, Any], expected: str | None) -> None:
    """Only a terminal one that is true counts."""
    assert expected == ended_as({"status": status})


def test_a_pod_ends_as_kubelet_has_it() -> None:
    """Its container keeps name and start, and is over."""
    running = {"name": "worker", "ready": True, "started": True, "state": {"running": {"startedAt": "12:00"}}}

    status = ended({"status": {"phase": "Running", "containerStatuses": [running]}}, at="12:05")

    (container,) = status["containerStatuses"]
    assert ("Succeeded", "worker", False) == (status["phase"], container["name"], container["ready"])
    assert {"exitCode": 0, "reason": "Completed", "startedAt": "12:00", "finishedAt": "12:05"} == container["state"][
        "terminated"
    ]
