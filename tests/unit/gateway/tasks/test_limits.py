"""A full queue answers 429 before a recording is read, and says when to come back."""

import asyncio
import dataclasses
from datetime import timedelta
from typing import Any

import httpx
import pytest

from steno_gateway.access.caller import Caller, Scope
from steno_gateway.problems import ProblemError
from steno_gateway.tasks.limits import API_KEY_LABEL, Limits
from steno_kube import KubeUnavailableError
from steno_types import Attempt, ConditionType, Progress, S3Source, Source, TranscriptionJobSpec
from support.gateway import FORM_TYPE, NAMESPACE, NOON, Gateway, a_file, a_form, gateway, kind_of

BODY = {"s3": {"key": "a.wav"}}
SPEC = TranscriptionJobSpec(source=Source(s3=S3Source(key="a.wav")))
CALLER = Caller(name="radio", namespace=NAMESPACE, scopes=frozenset(Scope))


async def post(made: Gateway, **headers: str) -> httpx.Response:
    """Ask for one more task."""
    return await made.client.post("/transcribe", json=BODY, headers=headers)


def limits_of(made: Gateway, *, max_unfinished: int | None = None) -> Limits:
    """Have limits of the test's own over the gateway's cache."""
    return Limits(made.context.reads, [NAMESPACE], max_unfinished=max_unfinished, now=lambda: NOON)


async def test_the_installation_takes_so_many_tasks_and_no_more() -> None:
    """The next one is refused, and leaves nothing."""
    async with gateway(max_unfinished=2) as made:
        answers = [await post(made) for _ in range(3)]

        assert [202, 202] == [answer.status_code for answer in answers[:2]]
        assert (429, "queue-full", None) == kind_of(answers[2])
        assert "30" == answers[2].headers["Retry-After"]
        assert 2 == len(made.jobs.jobs)


@pytest.mark.parametrize("end", ["finished", "released"])
async def test_a_task_that_ends_makes_room(end: str) -> None:
    """What is over, or about to be deleted, does not count."""
    async with gateway(max_unfinished=1, release_wait_seconds=0.1) as made:
        task_id = (await post(made)).json()["task_id"]
        if end == "finished":
            await made.become(await made.jobs.get(NAMESPACE, task_id), ConditionType.FAILED)
        else:
            await made.client.delete(f"/release/{task_id}")

        assert 202 == (await post(made)).status_code


async def test_many_at_once_are_counted_one_by_one() -> None:
    """No two requests get the same last slot."""
    async with gateway(max_unfinished=3) as made:
        answers = await asyncio.gather(*(post(made) for _ in range(10)))

        assert [202] * 3 + [429] * 7 == sorted(answer.status_code for answer in answers)
        assert 3 == len(made.jobs.jobs)


async def test_a_full_queue_refuses_a_recording_unread() -> None:
    """Nobody uploads gigabytes to be told to come back."""
    read = 0

    async def body() -> Any:
        nonlocal read
        for chunk in (a_form(a_file(b"sound")),):
            read += len(chunk)
            yield chunk

    async with gateway(max_unfinished=1) as made:
        await post(made)

        response = await made.client.post("/transcribe", content=body(), headers={"Content-Type": FORM_TYPE})

        assert (429, "queue-full", None) == kind_of(response)
        assert (0, {}) == (read, made.uploads())


async def test_an_upload_under_way_has_its_slot() -> None:
    """While one recording is read, there is no slot for another, and one that breaks off gives it back."""
    begun, goes_on = asyncio.Event(), asyncio.Event()
    form = a_form(a_file(b"sound"))

    async def body() -> Any:
        yield form[:-10]
        begun.set()
        await goes_on.wait()

    async with gateway(max_unfinished=1) as made:
        uploading = asyncio.create_task(
            made.client.post("/transcribe", content=body(), headers={"Content-Type": FORM_TYPE})
        )
        await begun.wait()
        meanwhile = await post(made)
        goes_on.set()
        broken = await uploading

        assert [429, 400] == [meanwhile.status_code, broken.status_code]
        assert 202 == (await post(made)).status_code


async def test_a_repeated_request_needs_no_slot() -> None:
    """Its task is there already."""
    key = {"Idempotency-Key": "once"}
    form = {"content": a_form(a_file(b"sound")), "headers": {"Content-Type": FORM_TYPE, **key}}
    async with gateway(max_unfinished=1) as made:
        first = await made.client.post("/transcribe", **form)  # type: ignore[arg-type]
        again = await made.client.post("/transcribe", **form)  # type: ignore[arg-type]
        other = await post(made, **{"Idempotency-Key": "other"})

        assert [202, 202, 429] == [first.status_code, again.status_code, other.status_code]
        assert first.json() == again.json()


async def test_every_job_names_the_key_that_asked(gateway: Gateway) -> None:
    """By its label it is counted."""
    await post(gateway)

    assert [{API_KEY_LABEL: "anonymous"}] == [job.metadata.labels for job in gateway.jobs.jobs]


@pytest.mark.parametrize(
    ("label", "is_full"),
    [pytest.param("radio", True, id="the key's own"), pytest.param("film", False, id="another key's")],
)
async def test_a_key_has_a_limit_of_its_own(gateway: Gateway, label: str, *, is_full: bool) -> None:
    """Other keys of the same tenant do not count."""
    await gateway.jobs.create(NAMESPACE, "tsj-1", SPEC, labels={API_KEY_LABEL: label})
    await gateway.jobs.until_told()
    limits, caller = limits_of(gateway), dataclasses.replace(CALLER, max_unfinished=1)

    if is_full:
        with pytest.raises(ProblemError, match="The key 'radio' has 1 unfinished tasks; the limit is 1"):
            await limits.take(caller)
    else:
        (await limits.take(caller)).leave()


async def test_a_slot_that_is_given_back_twice_is_one(gateway: Gateway) -> None:
    """No slot comes of it."""
    limits = limits_of(gateway, max_unfinished=1)
    slot = await limits.take(CALLER)
    slot.leave()
    slot.leave()
    await limits.take(CALLER)

    with pytest.raises(ProblemError):
        await limits.take(CALLER)


@pytest.mark.parametrize(
    ("seconds_ago", "done_seconds", "retry_after"),
    [
        pytest.param(100, 50.0, "100", id="half in 100 s"),
        pytest.param(1000, 50.0, "300", id="half in 1000 s: the longest"),
        pytest.param(100, 99.9, "1", id="nearly done"),
        pytest.param(100, 1.0, "30", id="too little to tell"),
    ],
)
async def test_retry_after_is_when_the_next_task_may_end(
    seconds_ago: float, done_seconds: float, retry_after: str
) -> None:
    """Estimated from what the running one has done so far."""
    async with gateway(max_unfinished=1) as made:
        begun = NOON - timedelta(seconds=seconds_ago)
        progress = Progress(percent=int(done_seconds), processed_seconds=done_seconds, total_seconds=100.0, time=NOON)
        await made.become(
            await made.a_job(),
            ConditionType.RUNNING,
            start_time=begun,
            progress=progress,
            attempts=(Attempt(name="pod", start=begun),),
        )

        assert retry_after == (await post(made)).headers["Retry-After"]


async def test_without_a_sure_count_nobody_is_admitted() -> None:
    """A limit that cannot be kept is no limit: the recording is not read."""
    async with gateway(max_unfinished=5, watch_max_age_seconds=0.000_001) as made:
        made.jobs.failing = KubeUnavailableError("away")

        response = await made.client.post(
            "/transcribe", content=a_form(a_file(b"sound")), headers={"Content-Type": FORM_TYPE}
        )

        assert (503, "cluster-unavailable", None) == kind_of(response)
        assert {} == made.uploads()


async def test_without_limits_nobody_is_counted(gateway: Gateway) -> None:
    """One request to the API server makes a job."""
    await post(gateway)

    assert ["create"] == gateway.jobs.calls
