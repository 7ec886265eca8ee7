"""AssemblyAI's own SDK on a real cluster: a recording in, a transcript out, in all its shapes, and gone again."""

import json
from collections.abc import Iterator
from pathlib import Path

import assemblyai
import pytest
import srt  # type: ignore[import-untyped]  # it has no stubs

from cluster.tenancy import Keys
from cluster.test_rest import MISHEARD, objects
from local_installation.installation import Installation

# The SDK's own code, on a pydantic that it is not written for.
pytestmark = pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince20")


@pytest.fixture
def client(installation: Installation, keys: Keys) -> Iterator[assemblyai.Client]:
    """The SDK, unmodified but for the address and the key."""
    settings = assemblyai.Settings(base_url=installation.gateway_url, api_key=keys.newsroom.key, polling_interval=1)
    made = assemblyai.Client(settings=settings)
    yield made
    made.http_client.close()


def test_a_recording_is_transcribed_and_deleted(
    installation: Installation, client: assemblyai.Client, meeting: Path
) -> None:
    """Nine sentences with their words, times and subtitles; a deletion leaves nothing in the bucket."""
    expected = [each["text"] for each in json.loads(meeting.with_suffix(".json").read_text())]
    before = objects(installation)
    transcriber = assemblyai.Transcriber(client=client)

    transcript = transcriber.transcribe(
        str(meeting), assemblyai.TranscriptionConfig(language_code="en"), poll_timeout=180
    )
    assert assemblyai.TranscriptStatus.completed == transcript.status, transcript.error

    sentences = [each.text for each in transcript.get_sentences()]
    assert {text for number, text in enumerate(expected) if number not in MISHEARD} <= set(sentences)
    words = transcript.words or []
    assert (transcript.text or "").split() == [word.text for word in words]
    assert all(0 <= word.start <= word.end <= 29_000 and 0 <= word.confidence <= 1 for word in words)
    assert (29, "en") == (transcript.audio_duration, transcript.language_code)
    (found,) = transcript.word_search(["good morning"])
    assert [0] == found.indexes
    assert all(len(each.content) <= 32 for each in srt.parse(transcript.export_subtitles_srt(32)))
    assert transcript.id in {each.id for each in transcriber.list_transcripts().transcripts}

    deleted = client.http_client.delete(f"/v2/transcript/{transcript.id}", timeout=60)

    assert ("Deleted by user.", None) == (deleted.json()["text"], deleted.json()["words"])
    assert 404 == client.http_client.get(f"/v2/transcript/{transcript.id}").status_code
    assert before == objects(installation)


def test_what_is_no_recording_ends_in_error(client: assemblyai.Client) -> None:
    """The worker's own reason comes back as the transcript's error."""
    transcript = assemblyai.Transcriber(client=client).transcribe(b"This is no audio.\n" * 100, poll_timeout=180)

    assert assemblyai.TranscriptStatus.error == transcript.status
    assert (transcript.error or "").startswith("AudioUndecodable: ")
    assert 200 == client.http_client.delete(f"/v2/transcript/{transcript.id}", timeout=60).status_code
