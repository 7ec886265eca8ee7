"""What is told of a job, as the Event that kubectl describe shows; and the few writes of the adapter beside it."""

import json
from typing import Any, cast

import pytest
from lightkube import ApiError, AsyncClient
from lightkube.models.meta_v1 import Status
from lightkube.resources.batch_v1 import Job
from lightkube.resources.core_v1 import Event
from lightkube.types import CascadeType

from steno_kube import AlreadyExistsError, KubeForbiddenError
from steno_operator.assignment import assignment
from steno_operator.batch_job import batch_job_manifest
from steno_operator.client import BatchJobs, Events
from steno_operator.plan import Announcement
from support.builders import UID, a_job, an_installation

HERE = an_installation()
JOB = a_job().build()


def refusal(code: int, reason: str) -> ApiError:
    """Give the API server's refusal."""
    return ApiError(status=Status(code=code, reason=reason, message=reason))


class Taking:
    """A client that takes what it is given, unless it is to refuse."""

    def __init__(self, refused: ApiError | None = None) -> None:
        self.refused = refused
        self.calls: list[tuple[Any, ...]] = []

    async def create(self, given: Any, **more: Any) -> Any:
        """Take a new object in, and give it as the server would."""
        self._meet("create", given, more)
        if isinstance(given, Job) and given.metadata is not None:
            given.metadata.uid = "made"
        return given

    async def delete(self, kind: Any, name: str, **more: Any) -> None:
        """Delete an object."""
        self._meet("delete", kind, name, more)

    async def patch(self, kind: Any, name: str, body: Any, **more: Any) -> None:
        """Change an object."""
        self._meet("patch", kind, name, body, more)

    def _meet(self, *call: Any) -> None:
        self.calls.append(call)
        if self.refused is not None:
            raise self.refused


def client(taking: Taking) -> AsyncClient:
    """Pretend to be lightkube's client."""
    return cast("AsyncClient", taking)


async def test_an_announcement_becomes_an_event() -> None:
    """It is about the job, in its namespace, under a name of its own, once, and from the operator."""
    taking = Taking()
    told = Announcement(kind="Warning", reason="AttemptFailed", message="x" * 3000)

    for _ in range(2):
        await Events(client(taking)).announce(JOB, told)

    first, second = (cast("Event", call[1]) for call in taking.calls)
    assert first.metadata is not None
    assert second.metadata is not None
    assert first.metadata.name != second.metadata.name
    assert (first.metadata.name or "").startswith("talk.")
    about = first.involvedObject
    assert ("steno.dev/v1alpha1", "TranscriptionJob", "talk", "speech", UID) == (
        about.apiVersion,
        about.kind,
        about.name,
        about.namespace,
        about.uid,
    )
    assert ("Warning", "AttemptFailed", 1024, 1) == (
        first.type,
        first.reason,
        len(first.message or ""),
        first.count,
    )
    assert first.firstTimestamp == first.lastTimestamp
    assert first.source is not None
    assert ("steno-operator", "steno-operator") == (first.source.component, first.reportingComponent)


async def test_an_event_that_is_refused_is_an_error_of_ours() -> None:
    """The client's own exceptions stay in its room."""
    events = Events(client(Taking(refusal(403, "Forbidden"))))

    with pytest.raises(KubeForbiddenError):
        await events.announce(JOB, Announcement(kind="Normal", reason="Told", message="m"))


async def test_a_manifest_is_created_to_the_letter() -> None:
    """What was decided is what is sent, and what the server made of it comes back."""
    name, profile = HERE.profiles.find(JOB.spec)
    assert profile is not None
    manifest = batch_job_manifest(JOB, profile, assignment(JOB, name, profile, HERE), HERE)
    before = json.dumps(manifest, sort_keys=True)
    taking = Taking()

    made = await BatchJobs(client(taking)).create(manifest)

    assert ("talk-6f3d1c6e", "made", UID) == (made.name, made.uid, made.owner_uid)
    assert before == json.dumps(manifest, sort_keys=True)
    ((_, sent, _),) = taking.calls
    assert manifest["spec"]["podFailurePolicy"] == sent.to_dict()["spec"]["podFailurePolicy"]


async def test_a_name_that_is_taken_is_said_to_be() -> None:
    """The one refusal that may mean success has an exception of its own."""
    name, profile = HERE.profiles.find(JOB.spec)
    assert profile is not None
    manifest = batch_job_manifest(JOB, profile, assignment(JOB, name, profile, HERE), HERE)

    with pytest.raises(AlreadyExistsError):
        await BatchJobs(client(Taking(refusal(409, "AlreadyExists")))).create(manifest)


@pytest.mark.parametrize(
    ("waits_for_pods", "cascade"),
    [
        pytest.param(True, CascadeType.FOREGROUND, id="stays to be seen until its pods are gone"),
        pytest.param(False, CascadeType.BACKGROUND, id="goes at once"),
    ],
)
async def test_a_job_goes_with_its_pods(waits_for_pods: object, cascade: CascadeType) -> None:
    """No pod is ever left behind."""
    taking = Taking()

    await BatchJobs(client(taking)).delete("speech", "j", waits_for_pods=bool(waits_for_pods))

    assert [("delete", Job, "j", {"namespace": "speech", "cascade": cascade})] == taking.calls


@pytest.mark.parametrize("call", ["delete", "delete_pod"])
async def test_what_is_gone_needs_no_deletion(call: str) -> None:
    """Nothing there is what was wanted; any other refusal is none of that."""
    await getattr(BatchJobs(client(Taking(refusal(404, "NotFound")))), call)("speech", "j")

    with pytest.raises(KubeForbiddenError):
        await getattr(BatchJobs(client(Taking(refusal(403, "Forbidden")))), call)("speech", "j")


@pytest.mark.parametrize("priority", ["high", None])
async def test_a_priority_is_a_label(priority: str | None) -> None:
    """None takes it away; nothing else of the Job is touched."""
    taking = Taking()

    await BatchJobs(client(taking)).set_queue_priority("speech", "j", priority)

    ((call, kind, name, body, _),) = taking.calls
    assert ("patch", Job, "j") == (call, kind, name)
    assert {"metadata": {"labels": {"kueue.x-k8s.io/priority-class": priority}}} == body
