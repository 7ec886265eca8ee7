"""Jobs in a queue of the real Kueue, on a real cluster: one GPU, whose turn it is, and who makes way for whom."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from local_installation.images import ROOT
from local_installation.installation import BUCKET, NAMESPACE, Installation, InstallationError
from local_installation.kueue import install_kueue
from support.checkpoints import checkpoints
from support.kubernetes_api import Api, Raw, wait_for

QUEUES = ROOT / "manifests" / "kueue"
QUEUE = "recordings"
PRIORITY_LABEL = "kueue.x-k8s.io/priority-class"
RECORDING = "recordings/queued.wav"

LONG = 1.0
"""Seconds of work per second of the meeting: half a minute, for a job that is deleted before its end."""

MIDDLING = 0.5
"""The same: long enough to be caught in the middle."""

SHORT = 0.3
"""The same: long enough to be seen running."""


class Submit(Protocol):
    """Creates a job of the fake engine in the queue."""

    def __call__(self, name: str, *, pace: float = 0, **spec: Any) -> Raw:
        """`pace` is how many seconds the worker takes for one of the recording's; `spec` overrides."""


@pytest.fixture(scope="module")
def queue(installation: Installation, api: Api) -> str:
    """Give a LocalQueue with room for one GPU, on a node that has it; Kueue stays for the tests that follow."""
    install_kueue(installation)

    def applied() -> str | None:
        try:
            return installation.kubectl("apply", "--filename", str(QUEUES))
        except InstallationError:
            return None  # the way to a webhook that is ready is a moment in the making

    wait_for(applied, "the queues to be made")
    (node,) = api.core.list_node().items
    one = [
        {"op": "add", "path": f"/status/{where}/nvidia.com~1gpu", "value": "1"}
        for where in ("capacity", "allocatable")
    ]
    installation.kubectl(
        *("patch", "node", node.metadata.name, "--subresource=status", "--type=json", "--patch", json.dumps(one))
    )
    return QUEUE


@pytest.fixture
def submit(installation: Installation, api: Api, queue: str, meeting: Path) -> Iterator[Submit]:
    """Create jobs, and delete those that are left at the end, so that the next test finds the queue empty."""
    installation.store().fput_object(BUCKET, RECORDING, str(meeting))
    names = []

    def submit(name: str, *, pace: float = 0, **spec: Any) -> Raw:
        names.append(name)
        # A chunk a batch, so that there is a checkpoint every two seconds of the recording.
        options = {"chunkSeconds": "2", "secondsPerAudioSecond": str(pace)}
        given = {"source": {"s3": {"key": RECORDING}}, "profile": "fake-gpu", "queueName": queue}
        return api.submit(name, given | {"engine": {"batchSize": 1, "options": options}} | spec)

    yield submit
    for name in names:
        if api.job(name) is not None:
            api.delete(name)
    for name in names:
        api.wait_until_gone(name, timeout_seconds=60)
    installation.store().remove_object(BUCKET, RECORDING)


def condition(api: Api, name: str, kind: str) -> Raw:
    """Give a job's condition; empty where it has none."""
    status = (api.job(name) or {}).get("status", {})
    return next((said for said in status.get("conditions", []) if said["type"] == kind), {})


def wait_for_condition(api: Api, name: str, kind: str, reason: str | None = None) -> Raw:
    """Wait until a condition holds, for a reason if one is given."""

    def look() -> Raw | None:
        said = condition(api, name, kind)
        return said if said.get("status") == "True" and reason in {None, said["reason"]} else None

    return wait_for(look, f"{name} to be {kind} ({reason})", timeout_seconds=60)


def wait_until_it_waits(api: Api, name: str) -> Raw:
    """Wait until a job says that its queue has no room; gives what it says."""
    return wait_for_condition(api, name, "Queued", "QuotaExhausted")


def workloads(api: Api, name: str) -> list[Raw]:
    """Read Kueue's records of a job's Jobs."""
    listing = api.custom.list_namespaced_custom_object("kueue.x-k8s.io", "v1beta1", NAMESPACE, "workloads")
    return [
        found
        for found in listing["items"]
        if any(owner["name"].startswith(f"{name}-") for owner in found["metadata"]["ownerReferences"])
    ]


def status_of(api: Api, name: str) -> Raw:
    """Wait until a job is Complete; gives its status."""
    status: Raw = api.wait_for_phase(name, "Completed", timeout_seconds=120)["status"]
    return status


def test_jobs_take_turns_where_a_queue_has_room_for_one(api: Api, submit: Submit) -> None:
    """The second of two jobs waits, without a pod, and says for what; it runs when the first has ended."""
    submit("first", pace=SHORT)
    wait_for_condition(api, "first", "Running")
    submit("second")

    said = wait_until_it_waits(api, "second")

    assert "'recordings'" in said["message"]
    assert [True] == [batch_job.spec.suspend for batch_job in api.batch_jobs("second")]
    assert [] == api.pods("second")
    first, second = status_of(api, "first"), status_of(api, "second")
    assert first["completionTime"] <= second["startTime"]
    assert [1, 1] == [len(first["attempts"]), len(second["attempts"])]


def test_job_without_a_queue_is_left_alone(api: Api, submit: Submit) -> None:
    """Beside a queue that is full an ordinary job runs as if there were no Kueue."""
    submit("holder", pace=LONG)
    wait_for_condition(api, "holder", "Running")

    submit("ordinary", profile="fake", queueName=None)

    status_of(api, "ordinary")
    (batch_job,) = api.batch_jobs("ordinary")
    assert not batch_job.spec.suspend
    assert [] == workloads(api, "ordinary")
    assert "True" == condition(api, "holder", "Running")["status"]


def test_urgent_job_takes_the_place_of_one_that_runs(installation: Installation, api: Api, submit: Submit) -> None:
    """A job without retries makes way, returns to its queue, loses neither work nor its chance, and ends well."""
    patient = submit("patient", pace=MIDDLING, queuePriority="low", backoffLimit=0)

    def got_on() -> int | None:
        kept = len(checkpoints(installation, patient))
        return kept if kept >= 3 else None

    kept = wait_for(got_on, "some of the work to be done", timeout_seconds=60)

    submit("urgent", queuePriority="high")

    wait_until_it_waits(api, "patient")
    assert "False" == condition(api, "patient", "Running")["status"]
    urgent, resumed = status_of(api, "urgent"), status_of(api, "patient")
    interrupted, last = resumed["attempts"]
    assert ("Suspended", False) == (interrupted["reason"], interrupted.get("counted", False))
    assert urgent["startTime"] < urgent["completionTime"] <= last["start"]
    (survivor,) = [pod for pod in api.pods("patient") if pod.metadata.name == last["name"]]
    log = installation.kubectl("logs", "--namespace", NAMESPACE, survivor.metadata.name)
    told = [line for line in map(json.loads, log.splitlines()) if line["message"] == "resuming"]
    assert [True] == [line["checkpoints"] >= kept for line in told]


@pytest.mark.parametrize(
    "before",
    [
        pytest.param("low", id="from another class, which changes its Job"),
        pytest.param(None, id="from no class, which takes another Job"),
    ],
)
def test_waiting_job_that_is_made_urgent_goes_first(api: Api, submit: Submit, before: str | None) -> None:
    """A priority that changes while a job waits reaches its Job, and puts it before those that were there earlier."""
    submit("holder", pace=LONG, queuePriority="high")
    wait_for_condition(api, "holder", "Running")
    for name in ("earlier", "later"):
        submit(name, queuePriority=before)
        wait_until_it_waits(api, name)

    api.patch("later", {"spec": {"queuePriority": "high"}})

    def reached() -> bool | None:
        labels = [job.metadata.labels.get(PRIORITY_LABEL) for job in api.batch_jobs("later") if job.spec.suspend]
        return True if "high" in labels else None

    wait_for(reached, "the Job to have the new priority")
    assert [] == api.pods("later"), "equals do not make way for each other"
    api.delete("holder")
    earlier, later = status_of(api, "earlier"), status_of(api, "later")
    assert later["completionTime"] <= earlier["startTime"]


def test_suspended_job_holds_no_place(api: Api, submit: Submit) -> None:
    """A job that is suspended, from the start or while it runs, is none of Kueue's until it is resumed."""
    submit("paused", pace=LONG, suspend=True)
    wait_for_condition(api, "paused", "Suspended")
    assert [] == api.batch_jobs("paused")
    assert [] == workloads(api, "paused")

    api.patch("paused", {"spec": {"suspend": False}})
    wait_for_condition(api, "paused", "Running")
    api.patch("paused", {"spec": {"suspend": True}})
    submit("next")

    status_of(api, "next")
    assert [] == workloads(api, "paused")
    assert "True" == condition(api, "paused", "Suspended")["status"]


def test_deleted_job_frees_its_place(api: Api, submit: Submit) -> None:
    """A job that waits, and one that runs, take their Workloads along, and whoever waits is next."""
    submit("running", pace=LONG)
    wait_for_condition(api, "running", "Running")
    for name in ("waiting", "next"):
        submit(name)
        wait_until_it_waits(api, name)

    api.delete("waiting")
    api.wait_until_gone("waiting", timeout_seconds=60)

    assert [] == workloads(api, "waiting")
    assert [1, 1] == [len(workloads(api, name)) for name in ("running", "next")]
    api.delete("running")
    status_of(api, "next")
    api.wait_until_gone("running", timeout_seconds=60)
    assert [] == workloads(api, "running")
