"""A task is ended, held back, let go on and adjusted, each by one call of its own."""

from typing import Any

import httpx
import pytest

from steno_kube import KubeUnavailableError
from steno_types import ConditionType, FailureStatus, Reason, TranscriptionJob, TranscriptionJobSpec
from support.gateway import NAMESPACE, Gateway, kind_of
from support.transcription_jobs import InMemoryTranscriptionJobs

CANCELLED = FailureStatus.of(Reason.CANCELLED, "Cancelled on request.")
VERBS = ["cancel", "suspend", "resume"]


async def call(gateway: Gateway, what: str, *, task_id: str = "tsj-1", body: Any = None) -> httpx.Response:
    """Make one of the calls; PATCH with a body."""
    if what == "patch":
        return await gateway.client.patch(f"/jobs/{task_id}", json=body or {"ttl_seconds_after_finished": 60})
    return await gateway.client.post(f"/{what}/{task_id}")


async def spec_of(gateway: Gateway) -> TranscriptionJobSpec:
    """Give the spec of the one job."""
    return (await gateway.jobs.get(NAMESPACE, "tsj-1")).spec


async def test_a_cancelled_task_is_asked_to_end(gateway: Gateway) -> None:
    """The operator does the rest, and may be asked again."""
    await gateway.a_job()

    answers = [await call(gateway, "cancel") for _ in range(2)]

    assert [200, 200] == [answer.status_code for answer in answers]
    assert answers[0].json() == answers[1].json()
    assert {
        "task_id": "tsj-1",
        "status": "pending",
        "phase": "Pending",
        "cancel": True,
        "suspend": False,
        "queue_priority": None,
        "ttl_seconds_after_finished": None,
        "status_url": "/status/tsj-1",
    } == answers[0].json()
    assert (await spec_of(gateway)).cancel


async def test_a_task_that_was_cancelled_may_be_cancelled_again(gateway: Gateway) -> None:
    """Whoever did not hear the first answer gets the same one after the end."""
    await gateway.a_job()
    await call(gateway, "cancel")
    job = await gateway.jobs.get(NAMESPACE, "tsj-1")
    await gateway.become(job, ConditionType.FAILED, failure=CANCELLED)

    response = await call(gateway, "cancel")

    assert (200, "failed") == (response.status_code, response.json()["status"])


@pytest.mark.parametrize("what", VERBS)
@pytest.mark.parametrize(
    ("end", "word"),
    [(ConditionType.COMPLETE, "completed"), (ConditionType.FAILED, "failed")],
    ids=["completed", "failed"],
)
async def test_what_has_ended_is_not_changed(gateway: Gateway, what: str, end: ConditionType, word: str) -> None:
    """The refusal says how it ended."""
    await gateway.become(await gateway.a_job(), end)

    response = await call(gateway, what)

    assert (409, "task-finished", None) == kind_of(response)
    assert f"The task tsj-1 is {word}" in response.json()["detail"]
    assert not (await spec_of(gateway)).cancel


async def test_a_task_is_suspended_and_resumed(gateway: Gateway) -> None:
    """Each may be repeated."""
    await gateway.a_job()

    answers = [await call(gateway, what) for what in ("suspend", "suspend", "resume", "resume")]

    assert [True, True, False, False] == [answer.json()["suspend"] for answer in answers]
    assert not (await spec_of(gateway)).suspend


@pytest.mark.parametrize(
    ("change", "spec"),
    [
        pytest.param({"queue_priority": "high"}, {"queue_priority": "high"}, id="a priority"),
        pytest.param({"queue_priority": None}, {"queue_priority": None}, id="no priority"),
        pytest.param({"ttl_seconds_after_finished": -1}, {"ttl_seconds_after_finished": -1}, id="kept for ever"),
        pytest.param(
            {"queue_priority": "high", "ttl_seconds_after_finished": None},
            {"queue_priority": "high", "ttl_seconds_after_finished": None},
            id="both",
        ),
    ],
)
async def test_what_is_set_on_a_task_is_patched(
    gateway: Gateway, change: dict[str, Any], spec: dict[str, Any]
) -> None:
    """A field that is left out stays, and null takes one away."""
    await gateway.a_job(queue_priority="low", ttl_seconds_after_finished=60)

    response = await call(gateway, "patch", body=change)

    expected = {"queue_priority": "low", "ttl_seconds_after_finished": 60} | spec
    assert (200, expected) == (response.status_code, {name: response.json()[name] for name in expected})
    assert expected == (await spec_of(gateway)).model_dump(include=set(expected))


async def test_the_expiration_of_a_finished_task_is_changed(gateway: Gateway) -> None:
    """A transcript can be kept longer; a priority has nothing to say any more."""
    await gateway.become(await gateway.a_job(), ConditionType.COMPLETE)

    kept = await call(gateway, "patch", body={"ttl_seconds_after_finished": -1})
    sooner = await call(gateway, "patch", body={"queue_priority": "high"})

    assert (200, -1) == (kept.status_code, kept.json()["ttl_seconds_after_finished"])
    assert (409, "task-finished", None) == kind_of(sooner)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        pytest.param({}, (422, "field-invalid", None), id="nothing"),
        pytest.param({"suspend": True}, (422, "field-unknown", "suspend"), id="what another call does"),
        pytest.param({"language": "de"}, (422, "field-unknown", "language"), id="what stays"),
        pytest.param({"queue_priority": "High!"}, (422, "field-invalid", "queue_priority"), id="no name"),
        pytest.param(
            {"ttl_seconds_after_finished": -2},
            (422, "field-invalid", "ttl_seconds_after_finished"),
            id="before the end",
        ),
        pytest.param([], (422, "field-invalid", None), id="a list"),
    ],
)
async def test_a_bad_change_is_named(gateway: Gateway, body: Any, problem: tuple[int, str, str | None]) -> None:
    """Nothing of it is done."""
    await gateway.a_job()

    assert problem == kind_of(await gateway.client.patch("/jobs/tsj-1", json=body))
    assert "patch_spec" not in gateway.jobs.calls


@pytest.mark.parametrize(
    ("content", "content_type", "problem"),
    [
        pytest.param(b"", "application/json", (400, "body-empty", None), id="no body"),
        pytest.param(b"{", "application/json", (400, "body-malformed", None), id="cut"),
        pytest.param(b"{}", "text/plain", (415, "content-type-unsupported", "Content-Type"), id="text"),
        pytest.param(b" " * 70_000, "application/json", (413, "body-too-large", None), id="70 kB"),
    ],
)
async def test_a_patch_takes_json(
    gateway: Gateway, content: bytes, content_type: str, problem: tuple[int, str, str | None]
) -> None:
    """And not much of it."""
    await gateway.a_job()

    response = await gateway.client.patch("/jobs/tsj-1", content=content, headers={"Content-Type": content_type})

    assert problem == kind_of(response)


@pytest.mark.parametrize("what", VERBS)
async def test_the_verbs_take_neither_body_nor_parameters(gateway: Gateway, what: str) -> None:
    """What would be ignored is refused."""
    await gateway.a_job()

    answers = [
        await gateway.client.post(f"/{what}/tsj-1", json={"a": 1}),
        await gateway.client.post(f"/{what}/tsj-1?force=true"),
    ]

    assert [(413, "body-too-large", None), (422, "field-unknown", "force")] == [kind_of(answer) for answer in answers]
    assert ["create"] == gateway.jobs.calls


@pytest.mark.parametrize("task_id", ["none", "%00", "Tsj-1", "a" * 64, "%C3%BC"])
@pytest.mark.parametrize("what", [*VERBS, "patch", "retry"])
async def test_an_unknown_task_is_not_there(gateway: Gateway, what: str, task_id: str) -> None:
    """Whatever the id looks like."""
    assert (404, "task-unknown", "task_id") == kind_of(await call(gateway, what, task_id=task_id))


@pytest.mark.parametrize("what", [*VERBS, "patch", "retry"])
async def test_another_tenants_task_is_not_there(gateway: Gateway, what: str) -> None:
    """404, not 403: what it is called is nobody's business."""
    spec = (await gateway.a_job()).spec
    await gateway.jobs.create("films", "tsj-2", spec)

    assert (404, "task-unknown", "task_id") == kind_of(await call(gateway, what, task_id="tsj-2"))


@pytest.mark.parametrize("what", [*VERBS, "patch", "retry"])
async def test_a_task_that_is_being_released_is_not_there(gateway: Gateway, what: str) -> None:
    """From its release on nothing can be done with it."""
    await gateway.a_job()
    await gateway.jobs.delete(NAMESPACE, "tsj-1")

    assert (404, "task-unknown", "task_id") == kind_of(await call(gateway, what))


@pytest.mark.parametrize("what", ["cancel", "suspend", "patch"])
async def test_an_absent_api_server_is_said_so(gateway: Gateway, what: str) -> None:
    """Try again: nothing was changed."""
    await gateway.a_job()
    gateway.jobs.failing, gateway.jobs.failing_calls = KubeUnavailableError("away"), frozenset({"patch_spec"})

    response = await call(gateway, what)

    assert (503, "cluster-unavailable", None) == kind_of(response)
    assert "5" == response.headers["Retry-After"]


class Busy(InMemoryTranscriptionJobs):
    """Has each job changed by somebody else just before it is patched, a few times."""

    async def patch_spec(self, job: TranscriptionJob, changes: Any) -> TranscriptionJob:
        """Be overtaken while there is something to overtake with."""
        if self.calls.count("patch_metadata") < 3:
            current = await self.get(job.metadata.namespace, job.metadata.name)
            annotations = {"annotations": {"progress": str(len(self.calls))}}
            await self.patch_metadata(current, annotations)
        return await super().patch_spec(job, changes)


async def test_a_task_that_changes_meanwhile_is_read_again(gateway: Gateway) -> None:
    """Progress that is written in between does not make the call fail."""
    await gateway.a_job()
    gateway.jobs.__class__ = Busy

    response = await call(gateway, "suspend")

    assert (200, True) == (response.status_code, (await spec_of(gateway)).suspend)
    assert 4 == gateway.jobs.calls.count("patch_spec")


class EndsFirst(InMemoryTranscriptionJobs):
    """Has each job end just before it is patched."""

    async def patch_spec(self, job: TranscriptionJob, changes: Any) -> TranscriptionJob:
        """Be too late."""
        if job.status.terminal is None:
            done = {"type": "Complete", "status": "True", "reason": "Done", "lastTransitionTime": self.now()}
            status = job.status.model_validate({"conditions": [done]})
            await self.patch_status(job, status)
        return await super().patch_spec(job, changes)


async def test_a_task_that_ends_in_the_same_moment_is_not_cancelled(gateway: Gateway) -> None:
    """The call says so, instead of marking a finished task."""
    await gateway.a_job()
    gateway.jobs.__class__ = EndsFirst

    assert (409, "task-finished", None) == kind_of(await call(gateway, "cancel"))
    assert not (await spec_of(gateway)).cancel


async def test_what_another_replica_did_is_seen(gateway: Gateway) -> None:
    """A call that seems to change nothing looks again before it says so."""
    job = await gateway.a_job()
    await gateway.jobs.until_told()
    gateway.jobs.failing, gateway.jobs.failing_calls = KubeUnavailableError("away"), frozenset({"watch_all"})
    gateway.jobs.break_watches()
    await gateway.jobs.patch_spec(job, {"suspend": True})

    response = await call(gateway, "resume")

    assert (200, False) == (response.status_code, (await spec_of(gateway)).suspend)
