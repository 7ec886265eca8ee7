"""A key may ask for so much at a time, and is told when to come back."""

import asyncio
from typing import Any

import pytest

from steno_gateway.access.caller import Caller, Scope
from steno_gateway.access.limits import Limits, TokenBucket
from steno_gateway.problems import ProblemError
from support.api_keys import Key
from support.gateway import FORM_TYPE, a_file, a_form, kind_of
from unit.gateway.access.conftest import Guarded


def test_a_full_bucket_holds_a_minutes_worth() -> None:
    """Then tokens come one by one, at the rate."""
    bucket = TokenBucket(6, 0.0)

    at_once = [bucket.take(0.0) for _ in range(7)]
    later = [bucket.take(seconds) for seconds in (9.0, 10.0, 10.0)]

    assert [0.0] * 6 + [10.0] == at_once
    assert [1.0, 0.0, 10.0] == pytest.approx(later)


def test_a_bucket_never_holds_more_than_a_minutes_worth() -> None:
    """However long nobody asked."""
    bucket = TokenBucket(2, 0.0)

    assert [0.0, 0.0, 30.0] == [bucket.take(86_400.0) for _ in range(3)]


def a_caller(**limits: Any) -> Caller:
    """Have a caller with limits."""
    return Caller(name="newsroom", namespace="speech", scopes=frozenset(Scope), **limits)


def test_a_changed_rate_counts_at_once() -> None:
    """Without giving back what was used up."""
    limits = Limits(clock=lambda: 0.0)
    for _ in range(2):
        limits.count(a_caller(requests_per_minute=2))

    with pytest.raises(ProblemError) as refused:
        limits.count(a_caller(requests_per_minute=60))

    assert {"Retry-After": "1"} == refused.value.headers


def test_keys_count_for_themselves() -> None:
    """One that is used up takes nothing from another."""
    limits = Limits(clock=lambda: 0.0)
    limits.count(a_caller(requests_per_minute=1))

    limits.count(Caller(name="archive", namespace="speech", scopes=frozenset(), requests_per_minute=1))
    with pytest.raises(ProblemError):
        limits.count(a_caller(requests_per_minute=1))


def test_a_place_that_is_given_back_is_free() -> None:
    """Requests and uploads have places of their own; an upload takes one of each."""
    limits = Limits()
    caller = a_caller(max_concurrent_requests=2, max_concurrent_uploads=1)

    end_upload = limits.begin(caller, upload=True)
    with pytest.raises(ProblemError, match="1 uploads"):
        limits.begin(caller, upload=True)
    end_request = limits.begin(caller, upload=False)
    with pytest.raises(ProblemError, match="2 requests"):
        limits.begin(caller, upload=False)
    end_upload()
    end_request()

    limits.begin(caller, upload=True)


async def test_too_many_requests_are_refused_with_when_to_come_back(guarded: Guarded) -> None:
    """429 with Retry-After; other keys and probes are answered on."""
    key, other = Key(requests_per_minute=2), Key("archive")
    async with guarded(key, other) as gateway:
        answers = [await gateway.client.get("/queue", headers=key.bearer) for _ in range(3)]
        elsewhere = [await gateway.client.get(path, headers=other.bearer) for path in ("/queue", "/healthz")]

    assert [200, 200] == [answer.status_code for answer in answers[:2]]
    assert (429, "rate-exceeded", None) == kind_of(answers[2])
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 30
    assert [200, 200] == [answer.status_code for answer in elsewhere]


async def test_one_upload_at_a_time_leaves_room_for_questions(guarded: Guarded) -> None:
    """The second upload is refused while the first comes in, a question is answered, and then there is room again."""
    key = Key(max_concurrent_uploads=1)
    headers = {**key.bearer, "Content-Type": FORM_TYPE}
    form = a_form(a_file())
    reading, more = asyncio.Event(), asyncio.Event()
    async with guarded(key) as gateway:

        async def slowly() -> Any:
            yield form[:20]
            reading.set()
            await more.wait()
            yield form[20:]

        first = asyncio.create_task(gateway.client.post("/transcribe", content=slowly(), headers=headers))
        await reading.wait()
        second = await gateway.client.post("/transcribe", content=form, headers=headers)
        question = await gateway.client.get("/queue", headers=key.bearer)
        more.set()
        third = [(await first).status_code]
        third += [(await gateway.client.post("/transcribe", content=form, headers=headers)).status_code]

    assert (429, "concurrency-exceeded", None) == kind_of(second)
    assert "1" == second.headers["Retry-After"]
    assert 200 == question.status_code
    assert [202, 202] == third


async def test_a_request_that_fails_gives_its_place_back(guarded: Guarded) -> None:
    """Whatever became of it."""
    key = Key(max_concurrent_requests=1, scopes=["read"])
    async with guarded(key) as gateway:
        for method, path in (("GET", "/status/none"), ("POST", "/transcribe"), ("GET", "/queue")):
            answer = await gateway.client.request(method, path, headers=key.bearer)
            assert 429 != answer.status_code, path
