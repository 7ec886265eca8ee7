"""Recordings through other services' APIs on a real cluster: their clients' own calls, real workers' transcripts."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from openai.types.audio import TranscriptionVerbose

from cluster.tenancy import Keys
from cluster.test_rest import MISHEARD
from local_installation.installation import Installation
from support.kubernetes_api import Api, wait_for
from support.rest import Rest


@pytest.fixture
def new_jobs(api: Api) -> Iterator["NewJobs"]:
    """The jobs that the test makes; what is left of them goes with it."""
    jobs = NewJobs(api)
    yield jobs
    for job in jobs():
        api.delete(job["metadata"]["name"])
        api.wait_until_gone(job["metadata"]["name"], timeout_seconds=60)


class NewJobs:
    """Tells the jobs of one test from those before it."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._before = {job["metadata"]["uid"] for job in api.jobs()}

    def __call__(self) -> list[dict[str, Any]]:
        """Read them."""
        return [job for job in self._api.jobs() if job["metadata"]["uid"] not in self._before]


@pytest.fixture
def client(installation: Installation, keys: Keys) -> Iterator[openai.OpenAI]:
    """OpenAI's client, unmodified but for the address and the key."""
    with openai.OpenAI(base_url=f"{installation.gateway_url}/v1", api_key=keys.newsroom.key, timeout=120) as made:
        yield made


@pytest.fixture
def sentences(meeting: Path) -> list[dict[str, Any]]:
    """What is said in the meeting, and when."""
    said: list[dict[str, Any]] = json.loads(meeting.with_suffix(".json").read_text())
    return said


def test_a_recording_is_heard_once_and_answered_in_every_format(
    client: openai.OpenAI, new_jobs: NewJobs, meeting: Path, sentences: list[dict[str, Any]]
) -> None:
    """The first call waits for the worker; the others are answered from its transcript."""
    heard = client.audio.transcriptions.create(file=meeting, model="whisper-1", language="en")
    text = client.audio.transcriptions.create(file=meeting, model="whisper-1", language="en", response_format="text")
    srt = client.audio.transcriptions.create(file=meeting, model="whisper-1", language="en", response_format="srt")
    vtt = client.audio.transcriptions.create(file=meeting, model="whisper-1", language="en", response_format="vtt")
    stream = client.audio.transcriptions.create(file=meeting, model="whisper-1", language="en", stream=True)
    deltas = [event.delta for event in stream if event.type == "transcript.text.delta"]

    known = [sentence["text"] for number, sentence in enumerate(sentences) if number not in MISHEARD]
    assert [] == [sentence for sentence in known if sentence not in heard.text]
    assert heard.text + "\n" == text
    assert heard.text == "".join(deltas)
    assert str(srt).startswith("1\n00:00:0")
    assert str(vtt).startswith("WEBVTT\n")
    assert 1 == len(new_jobs())


def test_words_have_times(
    client: openai.OpenAI, new_jobs: NewJobs, meeting: Path, sentences: list[dict[str, Any]]
) -> None:
    """verbose_json has segments and words at the times at which they are said."""
    heard = client.audio.transcriptions.create(
        file=meeting,
        model="whisper-1",
        language="en",
        response_format="verbose_json",
        timestamp_granularities=["word", "segment"],
    )

    TranscriptionVerbose.model_validate_json(heard.model_dump_json())
    assert heard.segments is not None
    assert heard.words is not None
    assert "english" == heard.language
    assert pytest.approx(28.7, abs=0.1) == heard.duration
    assert [pytest.approx(sentence["start"], abs=0.5) for sentence in sentences] == [
        segment.start for segment in heard.segments
    ]
    assert " ".join(word.word for word in heard.words) == heard.text
    assert 1 == len(new_jobs())


def test_what_is_no_recording_is_the_callers_fault(client: openai.OpenAI, new_jobs: NewJobs) -> None:
    """The worker's reason comes back as a 400."""
    with pytest.raises(openai.BadRequestError) as refused:
        client.audio.transcriptions.create(file=("talk.wav", b"This is no audio.\n" * 100), model="whisper-1")

    assert ("recording_unusable", "file") == (refused.value.code, refused.value.param)
    assert "AudioUndecodable" in refused.value.message
    assert 1 == len(new_jobs())


def test_a_client_that_loses_patience_joins_its_own_job(
    client: openai.OpenAI, new_jobs: NewJobs, meeting: Path
) -> None:
    """Its own retries, every two seconds, come to the job that the first of them made."""
    impatient = client.with_options(timeout=httpx.Timeout(60, read=2), max_retries=60)

    heard = impatient.audio.transcriptions.create(file=meeting, model="whisper-1", language="en", prompt="Joined.")

    (job,) = new_jobs()
    assert heard.text
    assert "Completed" == job["status"]["phase"]


def test_a_client_that_goes_leaves_nothing_behind(
    installation: Installation, keys: Keys, api: Api, new_jobs: NewJobs, meeting: Path
) -> None:
    """The job is cancelled after the grace of 30 s, its pod ends, and it is released at once."""
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(
            f"{installation.gateway_url}/v1/audio/transcriptions",
            files={"file": meeting.read_bytes()},
            data={"model": "slow"},
            headers=keys.newsroom.bearer,
            timeout=httpx.Timeout(60, read=3),
        )

    (job,) = new_jobs()
    name = job["metadata"]["name"]
    api.wait_until_gone(name, timeout_seconds=150)
    wait_for(lambda: True if not api.pods(name) else None, "its pods to go", timeout_seconds=60)
    listing = installation.store().list_objects("steno", prefix="steno/", recursive=True)
    assert [] == [entry.object_name for entry in listing if name in (entry.object_name or "")]


def test_the_other_service_is_answered_too(rest: Rest, new_jobs: NewJobs, meeting: Path) -> None:
    """whisper-asr-webservice's calls: one job tells the language and the transcript."""
    http = rest.http
    language = http.post("/detect-language", files={"audio_file": meeting.read_bytes()}, timeout=120)
    srt = http.post("/asr", params={"output": "srt"}, files={"audio_file": meeting.read_bytes()}, timeout=120)
    whole = http.post("/asr", params={"output": "json"}, files={"audio_file": meeting.read_bytes()}, timeout=120)

    assert {"detected_language": "english", "language_code": "en", "confidence": None} == language.json()
    assert srt.text.startswith("1\n00:00:0")
    assert 9 == len(whole.json()["segments"])
    assert "faster-whisper" == whole.headers["Asr-Engine"]
    assert 1 == len(new_jobs())
