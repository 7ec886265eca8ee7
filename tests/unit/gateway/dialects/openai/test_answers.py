"""Every format of both calls, read by OpenAI's own client."""

import asyncio
import json
from typing import Any, Literal

import openai
import pytest
from openai.types.audio import Transcription, TranscriptionVerbose, Translation, TranslationVerbose
from openai.types.audio.transcription import UsageDuration

from steno_types import Engine, EngineName, Task
from support.installation import Installation, installed
from support.transcriber import RECORDING, SECONDS, SENTENCES, TRANSLATED

FILE = ("talk.wav", RECORDING)
WHOLE = " ".join(SENTENCES)


async def test_json_is_the_default(client: openai.OpenAI) -> None:
    """The blocking client gets the text, and for how many seconds of audio."""
    answer = await asyncio.to_thread(client.audio.transcriptions.create, file=FILE, model="whisper-1")

    assert isinstance(answer, Transcription)
    assert UsageDuration(type="duration", seconds=SECONDS) == answer.usage
    assert WHOLE == answer.text


async def test_the_client_that_awaits_gets_the_same(async_client: openai.AsyncOpenAI) -> None:
    """The asynchronous client gets the text."""
    answer = await async_client.audio.transcriptions.create(file=FILE, model="whisper-1", response_format="json")

    assert WHOLE == answer.text


@pytest.mark.parametrize(
    ("response_format", "expected"),
    [
        pytest.param("text", WHOLE + "\n", id="text"),
        pytest.param(
            "srt",
            "1\n00:00:00,000 --> 00:00:01,500\nGood morning everyone.\n\n"
            "2\n00:00:02,000 --> 00:00:03,500\nShall we begin?\n",
            id="srt",
        ),
        pytest.param(
            "vtt",
            "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nGood morning everyone.\n\n"
            "00:00:02.000 --> 00:00:03.500\nShall we begin?\n",
            id="vtt",
        ),
    ],
)
async def test_formats_of_text_come_as_strings(
    async_client: openai.AsyncOpenAI, response_format: Literal["text", "srt", "vtt"], expected: str
) -> None:
    """The client hands them out as they are."""
    answer = await async_client.audio.transcriptions.create(
        file=FILE, model="whisper-1", response_format=response_format
    )

    assert expected == answer


async def test_verbose_json_has_what_the_client_declares(async_client: openai.AsyncOpenAI) -> None:
    """Each required field of the client's own types is there, in its type."""
    answer = await async_client.audio.transcriptions.create(
        file=FILE, model="whisper-1", response_format="verbose_json"
    )

    assert isinstance(answer, TranscriptionVerbose)
    assert answer.segments is not None
    # The client builds its types without looking; validation does look.
    TranscriptionVerbose.model_validate_json(answer.model_dump_json())
    assert ("english", SECONDS, WHOLE) == (answer.language, answer.duration, answer.text)
    assert [" " + sentence for sentence in SENTENCES] == [segment.text for segment in answer.segments]
    assert (0.0, 1.5, 0, [1, 2, 3]) == (
        answer.segments[0].start,
        answer.segments[0].end,
        answer.segments[0].seek,
        answer.segments[0].tokens,
    )
    assert answer.words is None


@pytest.mark.parametrize(
    ("granularities", "segments", "words"),
    [
        pytest.param(["segment"], 2, None, id="segments"),
        pytest.param(["word"], None, 6, id="words"),
        pytest.param(["word", "segment"], 2, 6, id="both"),
    ],
)
async def test_times_come_of_what_is_asked(
    installation: Installation,
    async_client: openai.AsyncOpenAI,
    granularities: list[Literal["word", "segment"]],
    segments: int | None,
    words: int | None,
) -> None:
    """Word times are measured only when they are asked for."""
    answer = await async_client.audio.transcriptions.create(
        file=FILE, model="whisper-1", response_format="verbose_json", timestamp_granularities=granularities
    )

    def count(items: list[Any] | None) -> int | None:
        return None if items is None else len(items)

    (job,) = installation.jobs
    assert (segments, words) == (count(answer.segments), count(answer.words))
    assert ("word" in granularities) == job.spec.word_timestamps
    if answer.words:
        assert ("Good", 0.0, 0.5) == (answer.words[0].word, answer.words[0].start, answer.words[0].end)


async def test_words_are_an_empty_list_where_nothing_is_said(
    installation: Installation, async_client: openai.AsyncOpenAI
) -> None:
    """A recording of silence has words, none of them."""
    installation.transcriber.sentences = ()

    answer = await async_client.audio.transcriptions.create(
        file=FILE, model="whisper-1", response_format="verbose_json", timestamp_granularities=["word"]
    )

    assert ("", []) == (answer.text, answer.words)


async def test_a_translation_is_asked_for_as_such(installation: Installation, client: openai.OpenAI) -> None:
    """The other call gives English, in its own type."""
    answer = await asyncio.to_thread(
        client.audio.translations.create, file=FILE, model="whisper-1", prompt="Ann, Bob"
    )

    (job,) = installation.jobs
    assert isinstance(answer, Translation)
    assert (" ".join(TRANSLATED), Task.TRANSLATE, "Ann, Bob") == (answer.text, job.spec.task, job.spec.prompt)


async def test_a_verbose_translation_is_english(async_client: openai.AsyncOpenAI) -> None:
    """The language of a translation is that of its text."""
    answer = await async_client.audio.translations.create(
        file=FILE, model="whisper-1", response_format="verbose_json"
    )

    assert isinstance(answer, TranslationVerbose)
    TranslationVerbose.model_validate_json(answer.model_dump_json())
    assert "english" == answer.language


async def test_options_reach_the_job(installation: Installation, async_client: openai.AsyncOpenAI) -> None:
    """What is honoured is in the spec, with the time for which such a job is kept."""
    await async_client.audio.transcriptions.create(
        file=FILE,
        model="whisper-1",
        language="de",
        prompt="Ann, Bob",
        temperature=0,
        chunking_strategy="auto",
        keywords=["Steno", "kopf"],
    )

    (job,) = installation.jobs
    assert ("de", "Ann, Bob", ("Steno", "kopf"), 3600) == (
        job.spec.language,
        job.spec.prompt,
        job.spec.hotwords,
        job.spec.ttl_seconds_after_finished,
    )
    assert "talk.wav" == job.metadata.annotations["steno.dev/file-name"]


async def test_a_model_is_what_the_installation_says() -> None:
    """A name stands for a profile, an engine and a model; the list has every name, and no other is known."""
    models = {"whisper-1": {}, "org/large": {"profile": "gpu", "engine": "faster-whisper", "model": "large-v3"}}
    async with installed(models=models) as made:
        url = f"{made.url}/v1"
        async with openai.AsyncOpenAI(base_url=url, api_key="sk-test", max_retries=0) as client:
            names = [model.id async for model in client.models.list()]
            one = await client.models.retrieve("org/large")
            await client.audio.transcriptions.create(file=FILE, model="org/large")
            with pytest.raises(openai.NotFoundError) as unknown:
                await client.models.retrieve("gpt-4o-transcribe")

    (job,) = made.jobs
    assert (["whisper-1", "org/large"], "org/large", "model") == (names, one.id, one.object)
    assert ("gpu", Engine(name=EngineName.FASTER_WHISPER, model="large-v3")) == (job.spec.profile, job.spec.engine)
    assert "model_not_found" == unknown.value.code


async def test_the_clients_stream_has_the_text_and_then_the_whole(async_client: openai.AsyncOpenAI) -> None:
    """Deltas come sentence by sentence, and joined are the text of the last event."""
    stream = await async_client.audio.transcriptions.create(file=FILE, model="whisper-1", stream=True)
    events = [event async for event in stream]

    assert ["transcript.text.delta", "transcript.text.delta", "transcript.text.done"] == [e.type for e in events]
    assert [SENTENCES[0], " " + SENTENCES[1]] == [e.delta for e in events if e.type == "transcript.text.delta"]
    assert [WHOLE] == [e.text for e in events if e.type == "transcript.text.done"]


async def test_the_stream_of_the_blocking_client_is_the_same(client: openai.OpenAI) -> None:
    """The client that blocks reads the same events."""

    def read() -> str:
        stream = client.audio.transcriptions.create(file=FILE, model="whisper-1", stream=True, response_format="text")
        return "".join(event.delta for event in stream if event.type == "transcript.text.delta")

    assert WHOLE == await asyncio.to_thread(read)


async def test_a_stream_begins_before_the_outcome(installation: Installation) -> None:
    """The head and a comment come while the job runs; the rest once it is complete."""
    installation.transcriber.works.clear()
    form: dict[str, Any] = {"files": {"file": FILE}, "data": {"model": "whisper-1", "stream": "true"}}

    async with installation.http.stream("POST", "/v1/audio/transcriptions", **form) as response:
        lines = response.aiter_lines()
        first = await anext(lines)
        installation.transcriber.works.set()
        rest = [line async for line in lines if line]

    assert (200, "text/event-stream; charset=utf-8") == (response.status_code, response.headers["content-type"])
    assert first.startswith(": ")
    assert {"type": "transcript.text.done", "text": WHOLE} == json.loads(rest[-2].removeprefix("data: "))
    assert "data: [DONE]" == rest[-1]
