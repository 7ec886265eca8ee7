"""The status of a task is that of its TranscriptionJob, in the REST API's words."""

from typing import Any

import pytest

from steno_kube import KubeUnavailableError
from steno_types import Attempt, ConditionType, FailureStatus, Media, Output, Progress, Reason, Stage
from support.gateway import NAMESPACE, NOON, Gateway, gateway, kind_of

LATER = NOON.replace(hour=13)


@pytest.mark.parametrize(
    ("true", "shown"),
    [
        pytest.param([], ("pending", "Pending"), id="not seen by the operator"),
        pytest.param([ConditionType.QUEUED], ("pending", "Queued"), id="waits for a node"),
        pytest.param([ConditionType.QUEUED, ConditionType.RUNNING], ("processing", "Processing"), id="runs"),
        pytest.param([ConditionType.RUNNING, ConditionType.COMPLETE], ("completed", "Completed"), id="done"),
        pytest.param([ConditionType.FAILED], ("failed", "Failed"), id="failed"),
    ],
)
async def test_conditions_decide_the_status(
    gateway: Gateway, true: list[ConditionType], shown: tuple[str, str]
) -> None:
    """Every phase is one of the four words."""
    await gateway.become(await gateway.a_job(), *true)

    status = (await gateway.client.get("/status/tsj-1")).json()

    assert shown == (status["status"], status["phase"])


async def test_a_fresh_task_knows_little(gateway: Gateway) -> None:
    """What is not known yet is null, never left out."""
    await gateway.a_job()

    response = await gateway.client.get("/status/tsj-1")

    assert {
        "task_id": "tsj-1",
        "status": "pending",
        "phase": "Pending",
        "file_name": None,
        "profile": "default",
        "suspended": False,
        "waiting": {
            "position": 1,
            "reason": "BehindOthers",
            "message": "It is the next job of the profile 'default'.",
            "estimated_start": None,
        },
        "progress": None,
        "media": None,
        "language": None,
        "real_time_factor": None,
        "created": "2026-01-31T12:00:00Z",
        "started": None,
        "estimated_completion": None,
        "completed": None,
        "expires": None,
        "attempts": [],
        "warnings": [],
        "error": None,
        "outputs": [],
    } == response.json()


async def test_a_completed_task_knows_all(gateway: Gateway) -> None:
    """Each field of the job's status has its place."""
    job = await gateway.a_job()
    job = await gateway.jobs.patch_metadata(job, {"annotations": {"steno.dev/file-name": "talk.wav"}})
    await gateway.become(
        job,
        ConditionType.COMPLETE,
        progress=Progress(stage=Stage.PUBLISH, percent=100, processed_seconds=60, total_seconds=60, time=NOON),
        attempts=(
            Attempt(name="pod-1", start=NOON, end=NOON, reason=Reason.PREEMPTED),
            Attempt(name="pod-2", start=NOON, end=LATER),
        ),
        media=Media(duration_seconds=60, language="de"),
        real_time_factor=0.25,
        start_time=NOON,
        completion_time=LATER,
        expiration_time=LATER,
        warnings=("The last 2 s are silent.",),
        outputs=(Output(format="md", uri="s3://steno/x", bytes=7, sha256="0" * 64),),
    )

    response = await gateway.client.get("/status/tsj-1")

    assert {
        "task_id": "tsj-1",
        "status": "completed",
        "phase": "Completed",
        "file_name": "talk.wav",
        "profile": "default",
        "suspended": False,
        "waiting": None,
        "progress": {
            "stage": "publish",
            "percent": 100,
            "processed_seconds": 60.0,
            "total_seconds": 60.0,
            "time": "2026-01-31T12:00:00Z",
        },
        "media": {"duration_seconds": 60.0},
        "language": "de",
        "real_time_factor": 0.25,
        "created": "2026-01-31T12:00:00Z",
        "started": "2026-01-31T12:00:00Z",
        "estimated_completion": None,
        "completed": "2026-01-31T13:00:00Z",
        "expires": "2026-01-31T13:00:00Z",
        "attempts": [
            {
                "started": "2026-01-31T12:00:00Z",
                "ended": "2026-01-31T12:00:00Z",
                "reason": "Preempted",
                "counted": False,
            },
            {
                "started": "2026-01-31T12:00:00Z",
                "ended": "2026-01-31T13:00:00Z",
                "reason": None,
                "counted": False,
            },
        ],
        "warnings": ["The last 2 s are silent."],
        "error": None,
        "outputs": [
            {"format": "md", "bytes": 7, "sha256": "0" * 64, "download_url": "/download/tsj-1?fmt=md"},
        ],
    } == response.json()


async def test_a_body_that_is_no_audio_is_reported_as_a_failed_task(gateway: Gateway) -> None:
    """What the worker found is the task's error, with the failure table's remedy."""
    failure = FailureStatus(
        reason=Reason.AUDIO_UNDECODABLE, message="No decoder reads talk.wav.", exit_code=65, retryable=False
    )
    await gateway.become(await gateway.a_job(), ConditionType.FAILED, failure=failure)

    status = (await gateway.client.get("/status/tsj-1")).json()

    assert {
        "reason": "AudioUndecodable",
        "message": "No decoder reads talk.wav.",
        "remedy": "Check that the file plays, convert it to WAV, FLAC, MP3 or MP4, and submit it again.",
        "retryable": False,
    } == status["error"]


@pytest.mark.parametrize(
    ("spec", "media", "language"),
    [
        pytest.param({}, None, None, id="to be detected"),
        pytest.param({"language": "fr"}, None, "fr", id="given"),
        pytest.param({}, Media(duration_seconds=1, language="en"), "en", id="detected"),
        pytest.param({"language": "fr"}, Media(duration_seconds=1), "fr", id="given, not reported"),
    ],
)
async def test_the_language_is_the_one_found_or_given(
    gateway: Gateway, spec: dict[str, Any], media: Media | None, language: str | None
) -> None:
    """What was found outranks what was asked for."""
    await gateway.become(await gateway.a_job(**spec), media=media)

    assert language == (await gateway.client.get("/status/tsj-1")).json()["language"]


IMPOSSIBLE_IDS = [
    pytest.param("Tsj-1", id="upper case"),
    pytest.param("-tsj", id="leading hyphen"),
    pytest.param("tsj_1", id="underscore"),
    pytest.param("a" * 53, id="too long"),
    pytest.param("a" * 5000, id="far too long"),
    pytest.param("%C3%BCbung", id="unicode"),
    pytest.param("tsj-1%0A", id="trailing line end"),
    pytest.param("%20", id="blank"),
    pytest.param("..%5Ctsj-1", id="path traversal"),
    pytest.param("%00", id="null"),
]


@pytest.mark.parametrize("task_id", IMPOSSIBLE_IDS)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param("GET", "/status/", id="status"),
        pytest.param("GET", "/events/", id="events"),
        pytest.param("GET", "/download/", id="download"),
        pytest.param("POST", "/release/", id="release"),
        pytest.param("DELETE", "/release/", id="delete"),
    ],
)
async def test_what_can_be_no_id_is_not_asked_for(gateway: Gateway, method: str, path: str, task_id: str) -> None:
    """An id that no job can have is unknown without a call to the API server."""
    response = await gateway.client.request(method, path + task_id)

    assert (404, "task-unknown", "task_id") == kind_of(response)
    assert [] == gateway.jobs.calls


@pytest.mark.parametrize(
    "method_and_path", ["GET /status/", "GET /events/", "GET /download/", "POST /release/", "DELETE /release/"]
)
async def test_an_unknown_id_is_not_found(gateway: Gateway, method_and_path: str) -> None:
    """Every call about a task says the same of one that is not there."""
    method, path = method_and_path.split()

    response = await gateway.client.request(method, path + "tsj-none")

    assert (404, "task-unknown", "task_id") == kind_of(response)


@pytest.mark.parametrize("path", ["/status/tsj-1", "/download/tsj-1"])
async def test_a_task_that_is_being_released_is_gone_to_everyone(gateway: Gateway, path: str) -> None:
    """From the acceptance of the release on there is no such task."""
    await gateway.a_completed_job(bodies={"json": b"{}"})
    await gateway.jobs.delete(NAMESPACE, "tsj-1")

    assert (404, "task-unknown", "task_id") == kind_of(await gateway.client.get(path))


async def test_jobs_of_other_namespaces_are_not_seen(gateway: Gateway) -> None:
    """The gateway looks in its own namespace alone."""
    job = await gateway.a_job()
    await gateway.jobs.create("other", "tsj-2", job.spec)

    assert 404 == (await gateway.client.get("/status/tsj-2")).status_code


async def test_links_of_outputs_honour_the_root_path() -> None:
    """Behind a path prefix, too, the download's link can be followed."""
    async with gateway(root_path="/steno") as behind:
        await behind.a_completed_job(bodies={"json": b"{}"})

        status = (await behind.client.get("/steno/status/tsj-1")).json()

        assert "/steno/download/tsj-1?fmt=json" == status["outputs"][0]["download_url"]
        assert 200 == (await behind.client.get(status["outputs"][0]["download_url"])).status_code


@pytest.mark.parametrize(
    "call",
    [
        "GET /status/tsj-1",
        "GET /status/tsj-1?wait=60",
        "GET /events/tsj-1",
        "GET /jobs",
        "GET /queue",
        "GET /download/tsj-1",
        "POST /release/tsj-1",
        "DELETE /release/tsj-1",
    ],
)
async def test_an_absent_api_server_is_said_so(call: str) -> None:
    """Where the watch is too old to be believed nothing can be answered, but later it can."""
    async with gateway(watch_max_age_seconds=1e-9) as without:
        await without.a_job()
        without.jobs.failing = KubeUnavailableError("10.0.0.1 did not answer")

        response = await without.client.request(*call.split())

    assert (503, "cluster-unavailable", None) == kind_of(response)
    assert "10.0.0.1" not in response.text
    assert "5" == response.headers["Retry-After"]
