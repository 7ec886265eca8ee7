"""What cannot be answered is said in OpenAI's shape, with the field at fault, and leaves nothing."""

import asyncio
from typing import Any

import httpx
import openai
import pytest

from steno_kube import KubeUnavailableError
from steno_store import StoreUnavailableError
from steno_types import Reason
from support.gateway import FORM_TYPE, Part, a_file, a_form
from support.installation import Installation, installed
from support.transcriber import RECORDING, TEXT

FILE = ("talk.wav", RECORDING)
TRANSCRIPTIONS = "/v1/audio/transcriptions"
HEADERS = {"Content-Type": FORM_TYPE}
MODEL = Part("model", b"whisper-1")


def error_of(response: httpx.Response) -> tuple[int, str, str | None]:
    """Check that a response has OpenAI's shape; gives its status, code and param."""
    assert "application/json" == response.headers["Content-Type"]
    assert {"error"} == set(response.json())
    error = response.json()["error"]
    assert {"message", "type", "param", "code"} == set(error)
    assert error["message"]
    kind = "server_error" if response.status_code >= 500 else "invalid_request_error"
    assert kind == error["type"]
    return response.status_code, error["code"], error["param"]


@pytest.mark.parametrize(
    ("options", "param", "said"),
    [
        pytest.param({"temperature": 0.4}, "temperature", "only 0", id="temperature"),
        pytest.param({"temperature": 3}, "temperature", "less than", id="no temperature at all"),
        pytest.param({"include": ["logprobs"]}, "include", "not kept", id="log-probabilities"),
        pytest.param({"languages": ["en", "de"]}, "languages", "one language", id="languages"),
        pytest.param({"known_speaker_names": ["Ann"]}, "known_speaker_names", "speakers", id="speakers' names"),
        pytest.param(
            {"known_speaker_references": ["data:audio/wav;base64,AAAA"]},
            "known_speaker_references",
            "speakers",
            id="speakers' voices",
        ),
        pytest.param(
            {"chunking_strategy": {"type": "server_vad"}}, "chunking_strategy", "plain", id="a chunking of one's own"
        ),
        pytest.param({"response_format": "diarized_json"}, "response_format", "json", id="diarized"),
        pytest.param(
            {"timestamp_granularities": ["word"]}, "timestamp_granularities", "verbose_json", id="times nowhere to go"
        ),
        pytest.param({"stream": True, "response_format": "srt"}, "response_format", "stream", id="subtitles"),
        pytest.param({"language": "not a tag"}, "language", "pattern", id="language"),
        pytest.param({"prompt": "x" * 1001}, "prompt", "1000", id="a long prompt"),
        pytest.param({"keywords": ["x" * 64]}, "keywords", "63", id="a long keyword"),
    ],
)
async def test_an_option_that_cannot_be_honoured_is_named(
    installation: Installation, async_client: openai.AsyncOpenAI, options: dict[str, Any], param: str, said: str
) -> None:
    """400 with the field and why, and neither job nor recording is left."""
    with pytest.raises(openai.BadRequestError) as refused:
        await async_client.audio.transcriptions.create(file=FILE, model="whisper-1", **options)

    error = refused.value
    assert (param, "invalid_value", "invalid_request_error") == (error.param, error.code, error.type)
    assert said in error.message
    assert ((), {}) == (installation.jobs, installation.gateway.uploads())


@pytest.mark.parametrize("place", ["extra_body", "extra_query"])
async def test_an_unknown_option_is_named(
    installation: Installation, async_client: openai.AsyncOpenAI, place: str
) -> None:
    """In the form and in the query alike."""
    options: dict[str, Any] = {place: {"speed": 2}}
    with pytest.raises(openai.BadRequestError) as refused:
        await async_client.audio.transcriptions.create(file=FILE, model="whisper-1", **options)

    assert ("speed", "unknown_parameter") == (refused.value.param, refused.value.code)
    assert ((), {}) == (installation.jobs, installation.gateway.uploads())


@pytest.mark.parametrize("option", ["language", "stream", "include[]", "timestamp_granularities[]"])
async def test_a_translation_does_not_take_what_only_the_other_call_does(
    installation: Installation, option: str
) -> None:
    """OpenAI's translations know fewer fields."""
    response = await installation.http.post(
        "/v1/audio/translations", files={"file": FILE}, data={"model": "whisper-1", option: "en"}
    )

    assert (400, "unknown_parameter", option) == error_of(response)


async def test_an_unknown_model_is_not_found(installation: Installation, client: openai.OpenAI) -> None:
    """404 with OpenAI's own code, before the recording is taken."""
    with pytest.raises(openai.NotFoundError) as refused:
        await asyncio.to_thread(client.audio.transcriptions.create, file=FILE, model="whisper-9")

    assert ("model", "model_not_found") == (refused.value.param, refused.value.code)
    assert {} == installation.gateway.uploads()


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        pytest.param([MODEL], (400, "missing_required_parameter", "file"), id="no file"),
        pytest.param([MODEL, a_file(), a_file()], (400, "file_repeated", "file"), id="two files"),
        pytest.param([MODEL, a_file(b"")], (400, "file_empty", "file"), id="an empty file"),
        pytest.param([a_file()], (400, "invalid_value", "model"), id="no model"),
        pytest.param([a_file(), MODEL, MODEL], (400, "invalid_value", "model"), id="two models"),
        pytest.param([Part("model", b"\xff"), a_file()], (400, "invalid_value", "model"), id="no UTF-8"),
        pytest.param(
            [Part("model", b"m" * 20_000), a_file()], (400, "invalid_value", "model"), id="an endless value"
        ),
        pytest.param([MODEL, Part("stream", b"maybe"), a_file()], (400, "invalid_value", "stream"), id="no boolean"),
        pytest.param([Part("m" * 200, b"x"), a_file()], (400, "unknown_parameter", "m" * 64), id="an endless name"),
    ],
)
async def test_a_bad_form_is_refused(
    installation: Installation, parts: list[Part], expected: tuple[int, str, str]
) -> None:
    """400 with what is wrong, and nothing is left."""
    response = await installation.http.post(TRANSCRIPTIONS, headers=HEADERS, content=a_form(*parts))

    assert expected == error_of(response)
    assert ((), {}) == (installation.jobs, installation.gateway.uploads())


@pytest.mark.parametrize(
    ("headers", "body", "code"),
    [
        pytest.param(HEADERS, b"", "body_empty", id="nothing"),
        pytest.param(HEADERS, a_form(MODEL, a_file())[:-30], "body_malformed", id="cut off"),
        pytest.param({"Content-Type": "multipart/form-data"}, b"x", "body_malformed", id="no boundary"),
        pytest.param({"Content-Type": "application/json"}, b"{}", "content_type_unsupported", id="JSON"),
        pytest.param({}, b"RIFF", "content_type_unsupported", id="a bare recording"),
    ],
)
async def test_what_is_no_form_is_refused(
    installation: Installation, headers: dict[str, str], body: bytes, code: str
) -> None:
    """400, as OpenAI says it, and nothing is left."""
    response = await installation.http.post(TRANSCRIPTIONS, headers=headers, content=body)

    assert (400, code) == error_of(response)[:2]
    assert ((), {}) == (installation.jobs, installation.gateway.uploads())


@pytest.mark.parametrize("says_so", [True, False], ids=["said before", "found while reading"])
async def test_a_recording_over_the_limit_is_too_large(*, says_so: bool) -> None:
    """413, whether the size is declared or not; nothing is left."""
    form = a_form(MODEL, a_file(b"x" * 5000))

    async def chunks() -> Any:
        for at in range(0, len(form), 1000):
            yield form[at : at + 1000]

    async with installed(max_upload_bytes=4000) as made:
        content = form if says_so else chunks()
        response = await made.http.post(TRANSCRIPTIONS, headers=HEADERS, content=content)

    assert (413, "body_too_large", None) == error_of(response)
    assert ((), {}) == (made.jobs, made.gateway.uploads())


async def test_text_is_no_recording(installation: Installation, async_client: openai.AsyncOpenAI) -> None:
    """The worker's refusal is the client's fault, with what happened and what helps."""
    with pytest.raises(openai.BadRequestError) as refused:
        await async_client.audio.transcriptions.create(file=("talk.wav", TEXT), model="whisper-1")

    assert ("file", "recording_unusable") == (refused.value.param, refused.value.code)
    assert "AudioUndecodable: No decoder can read the recording." in refused.value.message
    assert 1 == len(installation.jobs)


@pytest.mark.parametrize(
    ("reason", "models", "expected"),
    [
        pytest.param(Reason.LANGUAGE_UNSUPPORTED, {}, (400, "recording_unusable", "language"), id="language"),
        pytest.param(Reason.OPTION_UNSUPPORTED, {}, (400, "recording_unusable", None), id="option"),
        pytest.param(Reason.MODEL_UNKNOWN, {}, (500, "transcription_failed", None), id="the installation's model"),
        pytest.param(Reason.MODEL_UNKNOWN, {"model": "x"}, (404, "model_not_found", "model"), id="a chosen model"),
        pytest.param(Reason.PROFILE_UNKNOWN, {"profile": "x"}, (404, "model_not_found", "model"), id="a profile"),
        pytest.param(Reason.ENGINE_FAILED, {}, (500, "transcription_failed", None), id="the engine"),
        pytest.param(Reason.INTERNAL_ERROR, {}, (500, "transcription_failed", None), id="a bug"),
    ],
)
async def test_a_failure_is_whose_it_is(
    reason: Reason, models: dict[str, str], expected: tuple[int, str, str | None]
) -> None:
    """The caller's faults are 400s, a model that is not there 404, all others 500 and not to be tried again."""
    async with installed(models={"whisper-1": models}) as made:
        made.transcriber.failing = reason
        response = await made.http.post(TRANSCRIPTIONS, headers=HEADERS, content=a_form(MODEL, a_file(RECORDING)))

    assert expected == error_of(response)
    assert (expected[0] == 500) == (response.headers.get("x-should-retry") == "false")


async def test_a_failed_transcription_is_not_tried_again_by_the_client(installation: Installation) -> None:
    """The job was tried often enough: the client, which repeats after a 500, does as it is told."""
    installation.transcriber.failing = Reason.ENGINE_FAILED
    url = f"{installation.url}/v1"

    async with openai.AsyncOpenAI(base_url=url, api_key="sk-test", max_retries=5) as client:
        with pytest.raises(openai.InternalServerError):
            await client.audio.transcriptions.create(file=FILE, model="whisper-1")

    assert 1 == len(installation.jobs)


async def test_a_stream_that_fails_raises_in_the_client(
    installation: Installation, async_client: openai.AsyncOpenAI
) -> None:
    """Once the answer has begun its status is sent; the error is an event."""
    installation.transcriber.works.clear()
    installation.transcriber.failing = Reason.AUDIO_UNDECODABLE

    stream = await async_client.audio.transcriptions.create(file=FILE, model="whisper-1", stream=True)
    installation.transcriber.works.set()
    with pytest.raises(openai.APIError) as failed:
        await anext(aiter(stream))

    assert ("recording_unusable", "file") == (failed.value.code, failed.value.param)


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        pytest.param("GET", "/v1/audio/speech", (404, "unknown_url", None), id="unknown path"),
        pytest.param("GET", TRANSCRIPTIONS, (405, "method_not_supported", None), id="unknown method"),
        pytest.param("GET", "/v1/models/gpt-4o", (404, "model_not_found", "model"), id="unknown model"),
    ],
)
async def test_the_frameworks_own_refusals_have_the_shape_too(
    installation: Installation, method: str, path: str, expected: tuple[int, str, str | None]
) -> None:
    """Whatever is under /v1 is said OpenAI's way."""
    assert expected == error_of(await installation.http.request(method, path))


async def test_an_api_server_that_is_away_is_a_503_and_the_recording_stays(installation: Installation) -> None:
    """The client may try again after a while; a job that was made unheard of finds its recording, until the sweep."""
    installation.gateway.jobs.failing = KubeUnavailableError("away")
    installation.gateway.jobs.failing_calls = frozenset({"create", "get"})

    response = await installation.http.post(TRANSCRIPTIONS, headers=HEADERS, content=a_form(MODEL, a_file(RECORDING)))

    assert (503, "cluster_unavailable", None) == error_of(response)
    assert "5" == response.headers["Retry-After"]
    assert [RECORDING] == [*installation.gateway.uploads().values()]


async def test_a_store_that_is_away_is_a_503(installation: Installation) -> None:
    """No job is made for a recording that is nowhere."""
    installation.gateway.store.failing = StoreUnavailableError("away")

    response = await installation.http.post(TRANSCRIPTIONS, headers=HEADERS, content=a_form(MODEL, a_file(RECORDING)))

    assert (503, "store_unavailable", None) == error_of(response)
    assert () == installation.jobs


async def test_a_store_that_goes_before_the_answer_is_a_503_too(installation: Installation) -> None:
    """The job is complete all the same, and the client's next try finds it so."""
    installation.gateway.store.failing = StoreUnavailableError("away")
    installation.gateway.store.failing_calls = frozenset({"get"})
    form = a_form(MODEL, a_file(RECORDING))

    first = await installation.http.post(TRANSCRIPTIONS, headers=HEADERS, content=form)
    installation.gateway.store.failing = None
    second = await installation.http.post(TRANSCRIPTIONS, headers=HEADERS, content=form)

    assert ((503, "store_unavailable", None), 200) == (error_of(first), second.status_code)
    assert 1 == len(installation.jobs)
