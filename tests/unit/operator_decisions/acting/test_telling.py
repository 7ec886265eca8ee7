"""What is told of a job, as the Event that kubectl describe shows; and the few writes of the adapter beside it."""

import json
from typing import Any, cast

import pytest

from steno_kube import AlreadyExistsError, ApiServer, KubeError, KubeForbiddenError, ResourceNotFoundError
from steno_operator.assignment import assignment
from steno_operator.batch_job import batch_job_manifest
from steno_operator.client import BatchJobs, Events
from steno_operator.plan import Announcement
from support.builders import UID, a_job, an_installation

HERE = an_installation()
JOB = a_job().build()
JOB_PATH = "/apis/batch/v1/namespaces/speech/jobs/j"


class Taking:
    """A server that takes what it is given, unless it is to refuse."""

    def __init__(self, refused: KubeError | None = None) -> None:
        self.refused = refused
        self.calls: list[tuple[Any, ...]] = []

    async def create(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Take a new object in, and give it as the server would."""
        self._meet("create", path, body)
        return {**body, "metadata": {**body["metadata"], "uid": "made"}}

    async def delete(self, path: str, *, propagation: str | None = None) -> None:
        """Delete an object."""
        self._meet("delete", path, propagation)

    async def patch(self, path: str, change: dict[str, Any]) -> None:
        """Change an object."""
        self._meet("patch", path, change)

    def _meet(self, *call: Any) -> None:
        self.calls.append(call)
        if self.refused is not None:
            raise self.refused


def server(taking: Taking) -> ApiServer:
    """Pretend to be the API server."""
    return cast("ApiServer", taking)


async def test_an_announcement_becomes_an_event() -> None:
    """It is about the job, in its namespace, under a name of its own, once, and from the operator."""
    taking = Taking()
    told = Announcement(kind="Warning", reason="AttemptFailed", message="x" * 3000)

    for _ in range(2):
        await Events(server(taking)).announce(JOB, told)

    assert {"/api/v1/namespaces/speech/events"} == {path for _, path, _ in taking.calls}
    first, second = (event for _, _, event in taking.calls)
    assert first["metadata"]["name"] != second["metadata"]["name"]
    assert first["metadata"]["name"].startswith("talk.")
    about = {"apiVersion": "steno.dev/v1alpha1", "kind": "TranscriptionJob", "name": "talk", "namespace": "speech"}
    assert {**about, "uid": UID} == first["involvedObject"]
    assert ("Warning", "AttemptFailed", 1024, 1) == (
        first["type"],
        first["reason"],
        len(first["message"]),
        first["count"],
    )
    assert first["firstTimestamp"] == first["lastTimestamp"]
    assert ({"component": "steno-operator"}, "steno-operator") == (first["source"], first["reportingComponent"])


async def test_an_event_that_is_refused_is_an_error() -> None:
    """Whether it matters is for whoever tells to say."""
    events = Events(server(Taking(KubeForbiddenError())))

    with pytest.raises(KubeForbiddenError):
        await events.announce(JOB, Announcement(kind="Normal", reason="Told", message="m"))


async def test_a_manifest_is_created_to_the_letter() -> None:
    """What was decided is what is sent, and what the server made of it comes back."""
    name, profile = HERE.profiles.find(JOB.spec)
    assert profile is not None
    manifest = batch_job_manifest(JOB, profile, assignment(JOB, name, profile, HERE), HERE)
    before = json.dumps(manifest, sort_keys=True)
    taking = Taking()

    made = await BatchJobs(server(taking)).create(manifest)

    assert ("talk-6f3d1c6e", "made", UID) == (made.name, made.uid, made.owner_uid)
    assert before == json.dumps(manifest, sort_keys=True)
    assert [("create", "/apis/batch/v1/namespaces/speech/jobs", manifest)] == taking.calls


async def test_a_name_that_is_taken_is_said_to_be() -> None:
    """The one refusal that may mean success has an exception of its own."""
    name, profile = HERE.profiles.find(JOB.spec)
    assert profile is not None
    manifest = batch_job_manifest(JOB, profile, assignment(JOB, name, profile, HERE), HERE)

    with pytest.raises(AlreadyExistsError):
        await BatchJobs(server(Taking(AlreadyExistsError()))).create(manifest)


@pytest.mark.parametrize(
    ("waits_for_pods", "propagation"),
    [
        pytest.param(True, "Foreground", id="stays to be seen until its pods are gone"),
        pytest.param(False, "Background", id="goes at once"),
    ],
)
async def test_a_job_goes_with_its_pods(waits_for_pods: object, propagation: str) -> None:
    """No pod is ever left behind."""
    taking = Taking()

    await BatchJobs(server(taking)).delete("speech", "j", waits_for_pods=bool(waits_for_pods))

    assert [("delete", JOB_PATH, propagation)] == taking.calls


@pytest.mark.parametrize("call", ["delete", "delete_pod"])
async def test_what_is_gone_needs_no_deletion(call: str) -> None:
    """Nothing there is what was wanted; any other refusal is none of that."""
    await getattr(BatchJobs(server(Taking(ResourceNotFoundError()))), call)("speech", "j")

    with pytest.raises(KubeForbiddenError):
        await getattr(BatchJobs(server(Taking(KubeForbiddenError()))), call)("speech", "j")


@pytest.mark.parametrize("priority", ["high", None])
async def test_a_priority_is_a_label(priority: str | None) -> None:
    """None takes it away; nothing else of the Job is touched."""
    taking = Taking()

    await BatchJobs(server(taking)).set_queue_priority("speech", "j", priority)

    change = {"metadata": {"labels": {"kueue.x-k8s.io/priority-class": priority}}}
    assert [("patch", JOB_PATH, change)] == taking.calls
