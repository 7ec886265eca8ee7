"""A transcript that is asked for twice is one, where that harms nobody."""

import asyncio
from typing import Any

import httpx

from steno_types import Reason
from support.installation import Installation
from support.transcriber import RECORDING

URL = "https://example.com/talk.mp3"


async def uploaded(installation: Installation) -> str:
    """Have an upload."""
    response = await installation.http.post("/v2/upload", content=RECORDING)
    url: str = response.raise_for_status().json()["upload_url"]
    return url


async def submit(installation: Installation, headers: dict[str, str] | None = None, **asked: Any) -> httpx.Response:
    """Ask for a transcript."""
    return await installation.http.post("/v2/transcript", json=asked, headers=headers)


async def ended(installation: Installation, transcript_id: str) -> dict[str, Any]:
    """Wait for a transcript's end."""
    while True:
        document: dict[str, Any] = (await installation.http.get(f"/v2/transcript/{transcript_id}")).json()
        if document["status"] in {"completed", "error"}:
            return document
        await asyncio.sleep(0.005)


async def test_a_retry_gets_the_transcript_that_it_began(installation: Installation) -> None:
    """The same upload with the same options, while it waits and once it is completed: an answer may get lost."""
    url = await uploaded(installation)
    installation.transcriber.works.clear()
    first = (await submit(installation, audio_url=url)).json()
    waiting = (await submit(installation, audio_url=url)).json()
    installation.transcriber.works.set()
    await ended(installation, first["id"])
    completed = (await submit(installation, audio_url=url, punctuate=True)).json()

    assert {first["id"]} == {waiting["id"], completed["id"]}
    assert ["queued", "queued", "completed"] == [each["status"] for each in (first, waiting, completed)]
    assert 1 == len(installation.jobs)


async def test_at_once_is_a_retry_too(installation: Installation) -> None:
    """Two requests that race make one job, and the upload stays."""
    url = await uploaded(installation)
    answers = await asyncio.gather(*[submit(installation, audio_url=url) for _ in range(4)])

    assert 1 == len({answer.json()["id"] for answer in answers})
    assert (1, 1) == (len(installation.jobs), len(installation.gateway.uploads()))


async def test_other_options_are_another_transcript(installation: Installation) -> None:
    """One upload feeds several."""
    url = await uploaded(installation)
    first = (await submit(installation, audio_url=url, language_code="de")).json()
    second = (await submit(installation, audio_url=url, language_code="en")).json()

    assert first["id"] != second["id"]
    assert ("de", "en") == (first["language_code"], second["language_code"])


async def test_what_failed_is_tried_anew(installation: Installation) -> None:
    """AssemblyAI tells its clients to submit again what failed; they get another transcript."""
    url = await uploaded(installation)
    installation.transcriber.failing = Reason.ENGINE_FAILED
    failed = await ended(installation, (await submit(installation, audio_url=url)).json()["id"])
    installation.transcriber.failing = None
    again = await ended(installation, (await submit(installation, audio_url=url)).json()["id"])

    assert ("error", "completed") == (failed["status"], again["status"])
    assert 2 == len(installation.jobs)


async def test_a_url_is_another_recording_each_time(installation: Installation) -> None:
    """What it leads to may have changed."""
    first = (await submit(installation, audio_url=URL)).json()
    second = (await submit(installation, audio_url=URL)).json()

    assert first["id"] != second["id"]


async def test_a_key_makes_any_request_safe_to_repeat(installation: Installation) -> None:
    """Steno's own header works here as everywhere; with another request it is refused."""
    key = {"Idempotency-Key": "a-key"}
    first = await submit(installation, key, audio_url=URL)
    second = await submit(installation, key, audio_url=URL)
    other = await submit(installation, key, audio_url=URL + "?other")

    assert first.json()["id"] == second.json()["id"]
    assert 400 == other.status_code
    assert "Idempotency-Key" in other.json()["error"]


async def test_an_answer_that_got_lost_is_found_again(installation: Installation) -> None:
    """Whatever host the upload's address was given under."""
    url = await uploaded(installation)
    elsewhere = url.replace(installation.url, "https://steno.example.com")
    first = (await submit(installation, audio_url=url)).json()
    second = (await submit(installation, audio_url=elsewhere)).json()

    assert (first["id"], url) == (second["id"], second["audio_url"])


async def test_a_transcript_as_the_other_sdks_read_it(installation: Installation) -> None:
    """Those that check every field find those that AssemblyAI's own document requires."""
    made = (await submit(installation, audio_url=URL)).json()
    document = await ended(installation, made["id"])

    required = {
        "id", "audio_url", "status", "webhook_auth", "auto_highlights", "redact_pii", "summarization",
        "language_model", "acoustic_model", "language_confidence_threshold", "language_confidence", "speech_model",
        "text", "words", "utterances", "confidence", "audio_duration", "punctuate", "format_text", "language_code",
        "webhook_url", "webhook_status_code", "error",
    }  # fmt: skip
    assert set() == required - set(document)
    assert set(made) == set(document)
    assert (None, None, None) == (made["text"], made["words"], made["confidence"])
