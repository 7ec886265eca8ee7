"""One request waits for its job: until the end, the limit, or its client's going; a second one joins it."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import openai
import pytest

from steno_types import ConditionType, Phase, Reason, derive_phase
from support.gateway import NAMESPACE
from support.installation import Installation, installed
from support.transcriber import RECORDING, SENTENCES, TEXT

PATH = "/v1/audio/transcriptions"
WHOLE = " ".join(SENTENCES)


def ask(installation: Installation, *, recording: bytes = RECORDING, **data: str) -> asyncio.Task[httpx.Response]:
    """Have a request under way."""
    form: dict[str, Any] = {"files": {"file": ("talk.wav", recording)}, "data": {"model": "whisper-1"} | data}
    return asyncio.create_task(installation.http.post(PATH, **form))


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something holds; the test's own timeout is the limit."""
    holds = condition()
    while not holds:
        await asyncio.sleep(0.005)
        holds = condition()


def waiting(installation: Installation) -> int:
    """Count the requests that wait for a job."""
    return sum(installation.gateway.context.waiters.waiting.values())


async def test_no_byte_comes_before_the_outcome(installation: Installation) -> None:
    """The status itself depends on it."""
    installation.transcriber.works.clear()
    asked = ask(installation)
    await until(lambda: waiting(installation) == 1)

    assert not asked.done()
    installation.transcriber.works.set()
    assert 200 == (await asked).status_code


async def test_a_second_request_joins_the_running_job(installation: Installation) -> None:
    """The same recording with the same options is one job and one upload, and both requests are answered."""
    installation.transcriber.works.clear()
    first, second = ask(installation), ask(installation)
    await until(lambda: waiting(installation) == 2 and installation.gateway.jobs.calls.count("create") == 2)
    await until(lambda: len(installation.gateway.uploads()) == 1)

    assert 1 == len(installation.jobs)
    installation.transcriber.works.set()
    assert [WHOLE, WHOLE] == [answer.json()["text"] for answer in await asyncio.gather(first, second)]


async def test_a_completed_job_answers_at_once(installation: Installation) -> None:
    """What was transcribed lately is not transcribed again, whatever format is asked for."""
    await ask(installation)
    installation.transcriber.works.clear()

    again = await ask(installation, response_format="text")

    assert (WHOLE + "\n", 1) == (again.text, len(installation.jobs))


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"recording": RECORDING + b"!"}, id="recording"),
        pytest.param({"language": "de"}, id="language"),
        pytest.param({"prompt": "Ann"}, id="prompt"),
    ],
)
async def test_another_recording_or_option_is_another_job(installation: Installation, other: dict[str, Any]) -> None:
    """Nobody gets the answer to another question."""
    await ask(installation)
    await ask(installation, **other)

    assert 2 == len(installation.jobs)


async def test_the_time_of_a_request_is_limited_and_the_jobs_is_not() -> None:
    """504 tells the client to try again; its next try is answered by the job that went on."""
    async with installed(sync_limit_seconds=0.05) as made:
        made.transcriber.works.clear()
        late = await ask(made)
        made.transcriber.works.set()
        await until(lambda: made.jobs[0].status.terminal is not None)
        again = await ask(made)

    assert (504, "outcome_late", "1") == (
        late.status_code,
        late.json()["error"]["code"],
        late.headers["Retry-After"],
    )
    assert (200, 1) == (again.status_code, len(made.jobs))


async def test_the_vendors_client_joins_by_its_own_retries() -> None:
    """A client that was told 504 tries again unasked, and makes no second job."""
    async with installed(sync_limit_seconds=0.05) as made:
        made.transcriber.works.clear()
        url = f"{made.url}/v1"
        async with openai.AsyncOpenAI(base_url=url, api_key="sk-test", max_retries=5) as client:
            asked = asyncio.create_task(
                client.audio.transcriptions.create(file=("talk.wav", RECORDING), model="whisper-1")
            )
            await until(lambda: made.gateway.jobs.calls.count("create") >= 2)
            made.transcriber.works.set()
            answer = await asked

    assert (WHOLE, 1) == (answer.text, len(made.jobs))


async def test_a_failed_job_stands_in_nobodys_way(installation: Installation) -> None:
    """The next request makes another try, which may succeed."""
    installation.transcriber.failing = Reason.ENGINE_FAILED
    first = await ask(installation)
    installation.transcriber.failing = None
    second = await ask(installation)

    phases = sorted(derive_phase(job.status.conditions) for job in installation.jobs)
    assert (500, 200, [Phase.COMPLETED, Phase.FAILED]) == (first.status_code, second.status_code, phases)


async def test_a_client_in_a_loop_makes_no_end_of_jobs(installation: Installation) -> None:
    """After twenty failures of the very same request the last one is the answer, without another job."""
    answers = [await ask(installation, recording=TEXT) for _ in range(22)]

    assert {400} == {answer.status_code for answer in answers}
    assert answers[0].json() == answers[-1].json()
    assert (20, 20) == (len(installation.jobs), len(installation.gateway.uploads()))


async def test_a_client_that_goes_takes_its_job_along(installation: Installation) -> None:
    """After the grace the job is cancelled, and told to be released as soon as it has ended."""
    installation.transcriber.works.clear()
    asked = ask(installation)
    await until(lambda: waiting(installation) == 1)
    asked.cancel()
    await until(lambda: installation.jobs[0].status.terminal is not None)

    (job,) = installation.jobs
    assert (True, 0) == (job.spec.cancel, job.spec.ttl_seconds_after_finished)
    assert job.status.failure is not None
    assert Reason.CANCELLED == job.status.failure.reason


async def test_a_client_that_goes_from_a_stream_takes_its_job_along(installation: Installation) -> None:
    """A stream has begun to answer, and its client is missed all the same."""
    installation.transcriber.works.clear()
    form: dict[str, Any] = {"files": {"file": RECORDING}, "data": {"model": "whisper-1", "stream": "true"}}

    async with installation.http.stream("POST", PATH, **form) as response:
        assert 200 == response.status_code
    await until(lambda: installation.jobs[0].spec.cancel)


async def test_a_job_that_another_waits_for_goes_on(installation: Installation) -> None:
    """One of two clients goes; the other gets its transcript."""
    installation.transcriber.works.clear()
    first, second = ask(installation), ask(installation)
    await until(lambda: waiting(installation) == 2)
    first.cancel()
    await until(lambda: waiting(installation) == 1)
    installation.transcriber.works.set()

    assert 200 == (await second).status_code
    assert [False] == [job.spec.cancel for job in installation.jobs]


async def test_a_retry_within_the_grace_finds_the_job_running() -> None:
    """A client that lost its connection comes back to the same job."""
    async with installed(sync_grace_seconds=3600) as made:
        made.transcriber.works.clear()
        lost = ask(made)
        await until(lambda: waiting(made) == 1)
        lost.cancel()
        await until(lambda: waiting(made) == 0)
        again = ask(made)
        await until(lambda: waiting(made) == 1)
        made.transcriber.works.set()
        answer = await again

    assert (200, [False]) == (answer.status_code, [job.spec.cancel for job in made.jobs])


async def test_a_retry_after_the_grace_makes_another_job(installation: Installation) -> None:
    """A job that is being cancelled is not waited for."""
    installation.transcriber.works.clear()
    lost = ask(installation)
    await until(lambda: waiting(installation) == 1)
    lost.cancel()
    await until(lambda: installation.jobs[0].spec.cancel)
    installation.transcriber.works.set()

    assert 200 == (await ask(installation)).status_code
    assert 2 == len(installation.jobs)


async def test_a_client_that_goes_in_the_middle_of_its_upload_leaves_nothing(installation: Installation) -> None:
    """Neither a job nor bytes of the recording."""

    async def cut_off() -> Any:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="t"\r\n\r\n' + RECORDING
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await installation.http.post(
            PATH, content=cut_off(), headers={"Content-Type": "multipart/form-data; boundary=b"}
        )

    await until(lambda: not installation.gateway.uploads())
    assert () == installation.jobs


@pytest.mark.parametrize("how", ["cancel", "delete"])
async def test_a_job_that_somebody_else_ends_is_a_conflict(installation: Installation, how: str) -> None:
    """Whoever cancels or releases it means to: the waiting client is told so, and not to try again."""
    installation.transcriber.works.clear()
    asked = ask(installation)
    await until(lambda: waiting(installation) == 1)
    (job,) = installation.jobs
    if how == "cancel":
        await installation.gateway.jobs.patch_spec(job, {"cancel": True})
    else:
        await installation.gateway.jobs.delete(NAMESPACE, job.metadata.name)

    answer = await asked
    assert (409, "transcription_ended", "false") == (
        answer.status_code,
        answer.json()["error"]["code"],
        answer.headers["x-should-retry"],
    )


async def test_a_job_that_is_being_released_stands_in_nobodys_way(installation: Installation) -> None:
    """Its name is taken until its objects are gone; the next request goes by another."""
    await ask(installation)
    await installation.gateway.jobs.delete(NAMESPACE, installation.jobs[0].metadata.name)

    assert 200 == (await ask(installation)).status_code
    assert 2 == len(installation.jobs)


async def test_a_completed_job_is_kept_for_as_long_as_the_setting_says() -> None:
    """It is there for clients that ask again, not for a week."""
    async with installed(sync_ttl_seconds=7) as made:
        await ask(made)

    (job,) = made.jobs
    assert 7 == job.spec.ttl_seconds_after_finished
    assert job.status.condition(ConditionType.COMPLETE) is not None
