"""Jobs and pods as the API server gives them, read into the plain values that decisions are made of."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from lightkube import AsyncClient
from lightkube.resources.batch_v1 import Job
from lightkube.resources.core_v1 import Pod

from steno_operator.client import BatchJobs, UploadReaders
from steno_operator.observed import BatchJob, WorkerPod
from steno_types import Reason, TerminationMessage
from support.builders import UPLOAD_ID

Raw = dict[str, Any]

STARTED, ENDED = "2026-01-31T12:00:00Z", "2026-01-31T12:05:00Z"
SAID = TerminationMessage(reason=Reason.NO_AUDIO_STREAM, message="There is a picture, and no sound.")


class Answering:
    """A client that answers what a test lays out."""

    def __init__(self, *answers: Any) -> None:
        self._answers = answers
        self.asked: list[Raw] = []

    async def get(self, _resource: object, _name: str, **_: Any) -> Any:
        """Give the first answer."""
        return self._answers[0]

    def list(self, _resource: object, **asked: Any) -> AsyncIterator[Any]:
        """Give all answers."""
        self.asked.append(asked)

        async def walk() -> AsyncIterator[Any]:
            for answer in self._answers:
                yield answer

        return walk()


def client(*answers: Any) -> AsyncClient:
    """Pretend to be lightkube's client."""
    return cast("AsyncClient", Answering(*answers))


def a_pod(status: Raw, *, name: str = "p", created: str = STARTED) -> Any:
    """Give a pod as lightkube does."""
    return Pod.from_dict({"metadata": {"name": name, "creationTimestamp": created}, "status": status})


def container(state: Raw, *, name: str = "worker") -> Raw:
    """Give a container's status."""
    common = {"image": "i", "imageID": "i", "ready": False, "restartCount": 0}
    return {**common, "name": name, "state": state}


def ended(**terminated: Any) -> Raw:
    """Give the status of a container that ended."""
    return container({"terminated": {"startedAt": STARTED, "finishedAt": ENDED, **terminated}})


SIDECAR = container({"running": {"startedAt": STARTED}}, name="a-proxy")
UNSCHEDULABLE = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes"}
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
        pytest.param({"conditions": [{**UNSCHEDULABLE, "status": "True"}]}, {}, id="scheduled"),
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
    pods = await BatchJobs(client(a_pod(status))).pods("speech", "talk", "talk-6f3d1c6e")

    assert (WorkerPod(**{"name": "p", **read}),) == pods


async def test_pods_come_oldest_first() -> None:
    """Attempts come in the order of their age, whatever the server's is; only the job's own are asked for."""
    answering = Answering(a_pod({}, name="b", created=ENDED), a_pod({}, name="a", created=STARTED))

    pods = await BatchJobs(cast("AsyncClient", answering)).pods("speech", "talk", "talk-6f3d1c6e")

    assert ["a", "b"] == [pod.name for pod in pods]
    (asked,) = answering.asked
    assert {"steno.dev/job": "talk", "batch.kubernetes.io/job-name": "talk-6f3d1c6e"} == asked["labels"]


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
    ],
)
async def test_how_a_job_is_read(metadata: Raw, conditions: list[tuple[str, str, str]], read: Raw) -> None:
    """Only conditions that hold and are final count, and only the controlling owner is one."""
    told = [{"type": kind, "status": status, "message": message} for kind, status, message in conditions]
    raw = {"metadata": {"name": "j", "uid": "ju", **metadata}, "status": {"conditions": told}}

    batch_job = await BatchJobs(client(Job.from_dict(raw))).get("speech", "j")

    assert BatchJob(**{"name": "j", "uid": "ju", **read}) == batch_job


async def test_who_reads_an_upload() -> None:
    """Jobs that are to stay and name it, even with fields that this version cannot read."""

    def raw(uid: str, source: Raw, **metadata: Any) -> Raw:
        return {"metadata": {"uid": uid, **metadata}, "spec": {"source": source, "engine": {"name": "abacus"}}}

    named = {"upload": {"id": UPLOAD_ID}}
    readers = UploadReaders(
        client(
            raw("stays", named),
            raw("goes", named, deletionTimestamp=ENDED),
            raw("other", {"upload": {"id": "f" * 32}}),
            raw("s3", {"s3": {"key": "k"}}),
            raw("later", {"url": "http://a/b"}),
        )
    )

    assert ("stays",) == await readers.of("speech", UPLOAD_ID)
