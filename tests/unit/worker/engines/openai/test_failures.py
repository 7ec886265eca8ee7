"""An OpenAI server that fails is asked again as long as that may help, and then blamed in the right words."""

import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from steno_worker.engines import SpeechRequest
from steno_worker.errors import (
    EngineFailedError,
    LanguageUnsupportedError,
    ModelUnknownError,
    OptionUnsupportedError,
    SettingsInvalidError,
    WorkerError,
)
from unit.worker.engines.openai.audio_api import KEY, AudioAPI, Reply, Upload, connect, in_seconds, serving, tone

SOON = {"retry-after-ms": "10"}
"""Spares the tests the client's own half second."""


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[AudioAPI]:
    """Run a server."""
    with serving(monkeypatch) as api:
        yield api


def decode(api: AudioAPI, **options: str) -> list[str]:
    """Hear a second, and give the text."""
    heard = api.connect(**options).decode([tone(1)], SpeechRequest())
    return [segment.text for chunk in heard for segment in chunk.segments]


@pytest.mark.parametrize(
    "replies",
    [
        pytest.param([Reply(status=429, headers=SOON)], id="rate limit"),
        pytest.param([Reply(status=500, headers=SOON), Reply(status=503, headers=SOON)], id="errors of the server"),
        pytest.param([Reply(drop=True)], id="connection dropped"),
    ],
)
def test_what_passes_is_waited_out(api: AudioAPI, replies: list[Reply]) -> None:
    """The request is repeated, whole, until the server takes it."""
    api.will(*replies)

    assert ["1.0 seconds."] == decode(api)
    assert [1.0] * (len(replies) + 1) == [upload.seconds for upload in api.uploads]


def test_retry_after_is_waited_for(api: AudioAPI) -> None:
    """A server that refuses until its time has come is not asked before: the one retry there is succeeds."""
    wait_seconds = 0.7  # longer than the half second that the client would wait by itself
    due = []

    def refuse(upload: Upload) -> Reply:
        del upload
        due.append(time.monotonic() + wait_seconds)
        return Reply(status=429, headers={"Retry-After": str(wait_seconds)})

    def take_if_due(upload: Upload) -> Reply:
        return Reply(body=api.answer(upload)) if time.monotonic() >= due[0] else Reply(status=429)

    api.will(refuse, take_if_due)

    assert ["1.0 seconds."] == decode(api, maxRetries="1")


@pytest.mark.parametrize(
    "retry_after",
    [pytest.param(str, id="seconds"), pytest.param(in_seconds, id="date")],
)
def test_a_server_that_wants_minutes_is_not_waited_for(api: AudioAPI, retry_after: Callable[[int], str]) -> None:
    """Either form of the header is understood: ten minutes are the next attempt's business."""
    api.will(Reply(status=429, headers={"Retry-After": retry_after(600)}, body={"error": {"message": "Slow down."}}))

    with pytest.raises(EngineFailedError, match=r"answered 429.*rate limits.*It says: Slow down\."):
        decode(api)

    assert 1 == len(api.uploads)


def test_a_date_that_has_passed_is_no_reason_to_wait(api: AudioAPI) -> None:
    """The client then waits as it would by itself."""
    api.will(Reply(status=429, headers={"Retry-After": in_seconds(-60)}))

    assert ["1.0 seconds."] == decode(api, maxRetries="1")


@pytest.mark.parametrize(
    ("status", "said"),
    [
        pytest.param(429, "answered 429, after 2 retries at most; check quota", id="rate limit"),
        pytest.param(500, r"answered 500\. It says: Try later\.", id="error of the server"),
    ],
)
def test_what_does_not_pass_is_given_up(api: AudioAPI, status: int, said: str) -> None:
    """Retries are counted; the next attempt goes on from the last checkpoint."""
    reply = Reply(status=status, headers=SOON, body={"error": {"message": "Try later."}})
    api.will(reply, reply, reply)

    with pytest.raises(EngineFailedError, match=said):
        decode(api, maxRetries="2")

    assert 3 == len(api.uploads)


def test_a_server_that_keeps_silent_is_given_up(api: AudioAPI) -> None:
    """No answer within the time is an error that names the option."""
    api.will(Reply(late=True))

    with pytest.raises(EngineFailedError, match=r"did not answer within 0\.2 s, asked 1 times; .*timeoutSeconds"):
        decode(api, timeoutSeconds="0.2", maxRetries="0")


def test_a_server_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused connection is worth another attempt, and the address is named without what may be secret in it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody else can have it
        port = taken.getsockname()[1]
        monkeypatch.setenv("OPENAI_BASE_URL", f"http://user:hunter2@127.0.0.1:{port}/v1")
        monkeypatch.setenv("OPENAI_API_KEY", KEY)

        with pytest.raises(
            EngineFailedError, match=rf"The server at 127\.0\.0\.1:{port} cannot be reached"
        ) as raised:
            connect(maxRetries="0").decode([tone(1)], SpeechRequest())

    assert "hunter2" not in str(raised.value)


FASTAPI = {"detail": [{"loc": ["body", "timestamp_granularities[]", 1], "msg": "Input should be 'segment'"}]}


@pytest.mark.parametrize(
    ("status", "body", "kind", "said"),
    [
        pytest.param(401, {"error": {"message": "No."}}, SettingsInvalidError, "OPENAI_API_KEY", id="no such key"),
        pytest.param(
            403, {"error": {"message": "No."}}, SettingsInvalidError, "OPENAI_API_KEY", id="key without right"
        ),
        pytest.param(
            404,
            {"error": {"message": "The model `whisper-1` does not exist.", "code": "model_not_found"}},
            ModelUnknownError,
            r"for the model whisper-1; check engine\.model and that OPENAI_BASE_URL .* does not exist\.",
            id="no such model",
        ),
        pytest.param(
            413,
            "<h1>Too Large</h1>",
            OptionUnsupportedError,
            r"\d+ bytes are too many; .*maxBytes",
            id="too many bytes",
        ),
        pytest.param(
            400,
            {"error": {"message": "Not for this model.", "param": "timestamp_granularities[]"}},
            OptionUnsupportedError,
            r"about wordTimestamps\. It says: Not for this model\.",
            id="words",
        ),
        pytest.param(422, FASTAPI, OptionUnsupportedError, "about wordTimestamps", id="words, FastAPI"),
        pytest.param(
            400,
            {"error": {"message": "Invalid language 'tlh'.", "param": "language"}},
            LanguageUnsupportedError,
            r"about language\. It says: Invalid language 'tlh'\.",
            id="language",
        ),
        pytest.param(
            400,
            {"error": {"message": "No verbose_json.", "param": "response_format"}},
            OptionUnsupportedError,
            r"about engine\.options\.responseFormat",
            id="format",
        ),
        pytest.param(400, {"error": "failed to read audio"}, EngineFailedError, "failed to read audio", id="else"),
        pytest.param(400, {"detail": "no audio"}, EngineFailedError, "It says: no audio", id="else, FastAPI"),
        pytest.param(418, None, EngineFailedError, "answered 418", id="unheard of"),
    ],
)
def test_a_refusal_names_who_can_mend_it(
    api: AudioAPI, status: int, body: Any, kind: type[WorkerError], said: str
) -> None:
    """Each answer becomes the reason that tells the right person what to do, and is not asked for twice."""
    api.will(Reply(status=status, body=body))

    with pytest.raises(WorkerError, match=said) as raised:
        decode(api)

    assert kind is type(raised.value)
    assert 1 == len(api.uploads)


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(f"Key {KEY} is wrong.", id="our key"),
        pytest.param("Key sk-proj-hunter2***hunter2 is wrong.", id="a part of one"),
        pytest.param("Sent was: Authorization: Bearer hunter2", id="a header"),
        pytest.param("See http://files/chunk.flac?signature=hunter2&more=hunter2 for it.", id="an address"),
    ],
)
def test_a_servers_words_are_repeated_without_secrets(api: AudioAPI, words: str) -> None:
    """Messages end up in a job's status, for everyone in the namespace to read."""
    api.will(Reply(status=400, body={"error": {"message": words}}))

    with pytest.raises(EngineFailedError, match=r"\*\*\*") as raised:
        decode(api)

    assert "hunter2" not in str(raised.value)
    assert raised.value.__cause__ is None


@pytest.mark.parametrize(
    ("key", "said"),
    [
        pytest.param("hunter2/hunter2", "Key *** is wrong, nonetheless.", id="a key of any form"),
        pytest.param("none", "Key *** is wrong, nonetheless.", id="a placeholder"),
    ],
)
def test_our_own_key_is_never_repeated(api: AudioAPI, monkeypatch: pytest.MonkeyPatch, key: str, said: str) -> None:
    """A key need not look like OpenAI's, and a placeholder does not make the words unreadable."""
    monkeypatch.setenv("OPENAI_API_KEY", key)
    api.will(Reply(status=400, body={"error": {"message": f"Key {key} is wrong, nonetheless."}}))

    with pytest.raises(EngineFailedError) as raised:
        decode(api)

    assert str(raised.value).endswith(f"It says: {said}")


def test_a_servers_words_are_repeated_in_part(api: AudioAPI) -> None:
    """A page of HTML does not fill a job's status."""
    api.will(Reply(status=400, body="<p>Bad\n  request</p>" * 1000))

    with pytest.raises(EngineFailedError, match=r"<p>Bad request</p>.*…$") as raised:
        decode(api)

    assert len(str(raised.value)) < 400


def test_one_failure_fails_the_batch(api: AudioAPI) -> None:
    """A chunk that cannot be heard is never left out in silence."""
    api.will(Reply(status=400, body={"error": {"message": "This one."}}))

    with pytest.raises(EngineFailedError, match="This one"):
        api.connect(batch_size=2).decode([tone(1), tone(2), tone(3)], SpeechRequest())
