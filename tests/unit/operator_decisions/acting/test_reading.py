"""Jobs and pods as the API server gives them, read into the plain values that decisions are made of."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from steno_kube import ApiServer, ResourceNotFoundError
from steno_operator.client import BatchJobs, UploadReaders
from steno_operator.observed import BatchJob, WorkerPod
from steno_types import Reason, TerminationMessage
from support.builders import UPLOAD_ID, a_job

Raw = dict[str, Any]

OWN = "talk-6f3d1c6e"
STARTED, ENDED = "2026-01-31T12:00:00Z", "2026-01-31T12:05:00Z"
SAID = TerminationMessage(reason=Reason.NO_AUDIO_STREAM, message="There is a picture, and no sound.")


class Answering:
    """A server that answers what a test lays out."""

    def __init__(self, *answers: Any) -> None:
        self._answers = answers
        self.asked: list[tuple[str, str]] = []

    async def get(self, _path: str) -> Any:
        """Give the first answer."""
        if isinstance(self._answers[0], Exception):
            raise self._answers[0]
        return self._answers[0]

    async def list(self, path: str, *, labels: str = "") -> AsyncIterator[Any]:
        """Give all answers."""
        self.asked.append((path, labels))
        for answer in self._answers:
            yield answer


def server(*answers: Any) -> ApiServer:
    """Pretend to be the API server."""
    return cast("ApiServer", Answering(*answers))


def a_pod(status: Raw, *, name: str = "p", created: str = STARTED, of: str = OWN) -> Any:
    """Give a pod as the API server does."""
    labels = {"batch.kubernetes.io/job-name": of}
    metadata = {"name": name, "creationTimestamp": created, "labels": labels}
    return {"metadata": metadata, "status": status}


def container(state: Raw, *, name: str = "worker") -> Raw:
    """Give a container's status."""
    common = {"image": "i", "imageID": "i", "ready": False, "restartCount": 0}
    return {**common, "name": name, "state": state}


def ended(**terminated: Any) -> Raw:
    """Give the status of a container that ended."""
    return container({"terminated": {"startedAt": STARTED, "finishedAt": ENDED, **terminated}})


SIDECAR = container({"running": {"startedAt": STARTED}}, name="a-proxy")
UNSCHEDULABLE = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes"}
SCHEDULED = {"type": "PodScheduled", "status": "True", "lastTransitionTime": STARTED}
DISRUPTED = {"type": "DisruptionTarget", "status": "True", "reason": "PreemptionByScheduler"}
LIVED = {"started": datetime(2026, 1, 31, 12, tzinfo=UTC), "finished": datetime(2026, 1, 31, 12, 5, tzinfo=UTC)}


@pytest.mark.parametrize(
    ("status", "read"),
    [
        pytest.param({}, {}, id="new"),
        pytest.param(
            {"conditions": [UNSCHEDULABLE]},
            {"waiting_reason": "Unschedulable", "waiting_message": "0/1 nodes"},
            id="unschedulable",
        ),
        pytest.param({"conditions": [SCHEDULED]}, {"scheduled": LIVED["started"]}, id="scheduled"),
        pytest.param({"conditions": [DISRUPTED]}, {"disruption": "PreemptionByScheduler"}, id="to be preempted"),
        pytest.param({"conditions": [{**DISRUPTED, "status": "False"}]}, {}, id="not disrupted after all"),
        pytest.param(
            {"conditions": [{"type": "DisruptionTarget", "status": "True"}]},
            {"disruption": "Unknown"},
            id="disrupted without a word",
        ),
        pytest.param(
            {"phase": "Failed", "reason": "Evicted", "message": "The node was low on memory."},
            {"failed": True, "failure_reason": "Evicted", "failure_message": "The node was low on memory."},
            id="evicted before it started",
        ),
        pytest.param(
            {"phase": "Failed", "conditions": [SCHEDULED], "containerStatuses": [ended(exitCode=75)]},
            {**LIVED, "scheduled": LIVED["started"], "exit_code": 75, "failed": True},
            id="failed",
        ),
        pytest.param(
            {"phase": "Failed", "containerStatuses": [container({"terminated": {"exitCode": 137}})]},
            {"exit_code": 137, "failed": True},
            id="a container whose end nobody saw",
        ),
        pytest.param(
            {
                "conditions": [SCHEDULED],
                "containerStatuses": [container({"waiting": {"reason": "ContainerCreating"}})],
            },
            {"scheduled": LIVED["started"], "waiting_reason": "ContainerCreating"},
            id="starting",
        ),
        pytest.param(
            {"containerStatuses": [container({"waiting": {"reason": "ImagePullBackOff", "message": "Back-off"}})]},
            {"waiting_reason": "ImagePullBackOff", "waiting_message": "Back-off"},
            id="image pull",
        ),
        pytest.param({"containerStatuses": [container({})]}, {}, id="a container without a state"),
        pytest.param(
            {"containerStatuses": [container({"running": {"startedAt": STARTED}})]},
            {"started": LIVED["started"]},
            id="running",
        ),
        pytest.param({"containerStatuses": [ended(exitCode=0)]}, {**LIVED, "exit_code": 0}, id="ended well"),
        pytest.param(
            {"containerStatuses": [ended(exitCode=65, message=SAID.to_json())]},
            {**LIVED, "exit_code": 65, "termination": SAID},
            id="its own word",
        ),
        pytest.param(
            {"containerStatuses": [ended(exitCode=137, reason="OOMKilled")]},
            {**LIVED, "exit_code": 137, "out_of_memory": True},
            id="OOMKilled",
        ),
        pytest.param(
            {"containerStatuses": [ended(exitCode=128, message="failed to create containerd task")]},
            {**LIVED, "exit_code": 128},
            id="the runtime's words",
        ),
        pytest.param(
            {"containerStatuses": [ended(exitCode=70, message='{"reason": "OfALaterVersion", "message": "m"}')]},
            {**LIVED, "exit_code": 70},
            id="a reason of a later version",
        ),
        pytest.param(
            {"containerStatuses": [SIDECAR, ended(exitCode=0)]}, {**LIVED, "exit_code": 0}, id="beside a sidecar"
        ),
        pytest.param({"containerStatuses": [SIDECAR]}, {}, id="a sidecar alone"),
    ],
)
async def test_how_a_pod_is_read(status: Raw, read: Raw) -> None:
    """What counts is the worker's container; before there is one, whether the pod has a node."""
    pod = await BatchJobs(server(a_pod(status))).pod("speech", "p")

    assert WorkerPod(**{"name": "p", "batch_job": OWN, "created": LIVED["started"], **read}) == pod


async def test_when_a_pod_is_to_be_gone() -> None:
    """Its deletion timestamp is the end of its grace, as the API server counts it."""
    raw = {"metadata": {"name": "p", "deletionTimestamp": ENDED}, "status": {}}

    pod = await BatchJobs(server(raw)).pod("speech", "p")

    assert WorkerPod(name="p", deletion=LIVED["finished"]) == pod


@pytest.mark.parametrize("call", ["get", "pod"])
async def test_what_is_not_there_is_none(call: str) -> None:
    """Neither a Job nor a pod that is gone is a failure."""
    assert await getattr(BatchJobs(server(ResourceNotFoundError())), call)("speech", "p") is None


async def test_a_jobs_pods_are_listed() -> None:
    """Oldest first, whatever the server's order is; those of an earlier job of the name are not its own."""
    other = a_pod({}, name="c", of="talk-0a0b0c0d")
    answering = Answering(
        a_pod({}, name="b", of=f"{OWN}-2", created=ENDED), a_pod({}, name="a", created=STARTED), other
    )

    pods = await BatchJobs(cast("ApiServer", answering)).pods_of(a_job().build())

    assert ["a", "b"] == [pod.name for pod in pods]
    assert [("/api/v1/namespaces/speech/pods", "steno.dev/job=talk")] == answering.asked


OWNER = {
    "apiVersion": "steno.dev/v1alpha1",
    "kind": "TranscriptionJob",
    "name": "talk",
    "uid": "u",
    "controller": True,
}


@pytest.mark.parametrize(
    ("metadata", "conditions", "read"),
    [
        pytest.param({"ownerReferences": [OWNER]}, [], {"owner_uid": "u"}, id="ours"),
        pytest.param({}, [], {"owner_uid": None}, id="nobody's"),
        pytest.param(
            {"ownerReferences": [{**OWNER, "controller": False}]}, [], {"owner_uid": None}, id="owned, not controlled"
        ),
        pytest.param(
            {"deletionTimestamp": ENDED, "finalizers": ["foregroundDeletion"]},
            [],
            {"owner_uid": None, "deleting": True},
            id="deleting",
        ),
        pytest.param({}, [("Complete", "True", "m")], {"owner_uid": None, "complete": True}, id="complete"),
        pytest.param({}, [("SuccessCriteriaMet", "True", "m")], {"owner_uid": None}, id="about to be complete"),
        pytest.param(
            {},
            [("Failed", "True", "It did.")],
            {"owner_uid": None, "failed": True, "failure_message": "It did."},
            id="failed",
        ),
        pytest.param({}, [("FailureTarget", "True", "m")], {"owner_uid": None}, id="about to fail"),
        pytest.param({}, [("Failed", "False", "m")], {"owner_uid": None}, id="not failed"),
        pytest.param(
            {"labels": {"kueue.x-k8s.io/priority-class": "high"}, "creationTimestamp": STARTED},
            [],
            {"owner_uid": None, "queue_priority": "high", "created": LIVED["started"]},
            id="of a queue's priority",
        ),
    ],
)
async def test_how_a_job_is_read(metadata: Raw, conditions: list[tuple[str, str, str]], read: Raw) -> None:
    """Only conditions that hold and are final count, and only the controlling owner is one."""
    told = [{"type": kind, "status": status, "message": message} for kind, status, message in conditions]
    raw = {"metadata": {"name": "j", "uid": "ju", **metadata}, "status": {"conditions": told}}

    batch_job = await BatchJobs(server(raw)).get("speech", "j")

    assert BatchJob(**{"name": "j", "uid": "ju", **read}) == batch_job


@pytest.mark.parametrize("suspend", [True, False])
async def test_a_job_that_is_held_back(*, suspend: bool) -> None:
    """Whether a queue lets it start pods stands in its spec."""
    raw = {"metadata": {"name": "j", "uid": "ju"}, "spec": {"suspend": suspend, "template": {}}}

    batch_job = await BatchJobs(server(raw)).get("speech", "j")

    assert batch_job is not None
    assert suspend == batch_job.suspended


async def test_who_reads_an_upload() -> None:
    """Jobs that are to stay and name it, even with fields that this version cannot read."""

    def raw(uid: str, source: Raw, **metadata: Any) -> Raw:
        return {"metadata": {"uid": uid, **metadata}, "spec": {"source": source, "engine": {"name": "abacus"}}}

    named = {"upload": {"id": UPLOAD_ID}}
    readers = UploadReaders(
        server(
            raw("stays", named),
            raw("goes", named, deletionTimestamp=ENDED),
            raw("other", {"upload": {"id": "f" * 32}}),
            raw("s3", {"s3": {"key": "k"}}),
            raw("later", {"url": "http://a/b"}),
        )
    )

    assert ("stays",) == await readers.of("speech", UPLOAD_ID)
