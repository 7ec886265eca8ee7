"""A recording through the REST API on a real cluster: upload, transcript, release, and what goes wrong on the way."""

import json
from pathlib import Path

import pytest

from local_installation.installation import BUCKET, Installation
from steno_types import TranscriptFormat
from support.kubernetes_api import Api
from support.rest import Rest

MISHEARD = {4, 5, 8}
"""Sentences of the meeting that the test model gets wrong; tests/unit/worker says what was tried."""


def objects(installation: Installation) -> set[str]:
    """Give the keys of all that Steno has in its bucket."""
    listing = installation.store().list_objects(BUCKET, prefix="steno/", recursive=True)
    return {entry.object_name or "" for entry in listing}


def test_recording_is_transcribed_served_and_released(installation: Installation, rest: Rest, meeting: Path) -> None:
    """Nine sentences come back with their times in many formats, and a release leaves nothing in the bucket."""
    expected = json.loads(meeting.with_suffix(".json").read_text())
    before = objects(installation)

    task = rest.submit(meeting, name="meeting.wav", language="en", word_timestamps=True)
    status = rest.wait_for(task["task_id"], "completed")
    transcript = rest.http.get(task["download_url"], params={"fmt": "json"}).raise_for_status().json()
    text = rest.http.get(task["download_url"], params={"fmt": "txt"}).raise_for_status()
    markdown = rest.http.get(task["download_url"], params={"fmt": "md"}).raise_for_status()
    presigned = rest.http.get(task["download_url"], params={"fmt": "txt", "redirect": "true"}, follow_redirects=True)

    for number, (sentence, segment) in enumerate(zip(expected, transcript["segments"], strict=True)):
        assert pytest.approx(sentence["start"], abs=0.5) == segment["start"]
        assert segment["words"]
        if number not in MISHEARD:
            assert sentence["text"] == segment["text"]
            assert pytest.approx(sentence["end"], abs=0.5) == segment["end"]
    assert [segment["text"] for segment in transcript["segments"]] == text.text.splitlines()
    assert "text/plain; charset=utf-8" == text.headers["content-type"]
    assert "Good morning everyone." in markdown.text
    assert text.text == presigned.text
    assert pytest.approx(28.7, abs=0.1) == status["media"]["duration_seconds"]
    assert 0 < status["real_time_factor"] < 1

    own = objects(installation) - before
    released = rest.http.delete(task["release_url"])

    assert 200 == released.status_code, released.text
    receipt = released.json()["receipt"]
    assert receipt["verified_empty"]
    assert len(own) == receipt["objects"]
    assert len(TranscriptFormat) == sum("/transcript." in key for key in own)
    assert before == objects(installation)
    assert 404 == rest.http.get(task["status_url"]).status_code


def test_recording_that_is_none_fails_with_its_reason(installation: Installation, rest: Rest) -> None:
    """Text named .wav is taken in, fails in the worker, says why and what to do, and is released like any other."""
    before = objects(installation)
    task = rest.submit(b"This is no audio.\n" * 100, name="talk.wav")

    status = rest.wait_for(task["task_id"], "failed")
    download = rest.http.get(task["download_url"])

    assert "AudioUndecodable" == status["error"]["reason"]
    assert not status["error"]["retryable"]
    assert 409 == download.status_code
    assert "application/problem+json" == download.headers["content-type"]
    assert 200 == rest.http.post(task["release_url"]).status_code
    assert before == objects(installation)


def test_job_past_its_ttl_is_gone_with_its_objects(
    installation: Installation, api: Api, rest: Rest, meeting: Path
) -> None:
    """A finished job whose TTL has passed leaves neither a task nor an object."""
    before = objects(installation)
    task = rest.submit(meeting, ttl_seconds_after_finished=3)
    rest.wait_for(task["task_id"], "completed")

    rest.wait_until_gone(task["task_id"])
    # The gateway knows a task no more from the start of its release; the job goes at the end of it.
    api.wait_until_gone(task["task_id"])

    assert before == objects(installation)


def test_download_before_the_end_is_refused(rest: Rest, meeting: Path) -> None:
    """A transcript that is not there yet is a conflict, not a 404, and the task goes on."""
    task = rest.submit(meeting)

    early = rest.http.get(task["download_url"])

    assert 409 == early.status_code
    rest.wait_for(task["task_id"], "completed")
    assert 200 == rest.http.post(task["release_url"]).status_code


def test_docs_are_served_without_the_internet(rest: Rest) -> None:
    """The API's own page loads nothing from elsewhere."""
    page = rest.http.get("/docs").raise_for_status()

    assert "https://" not in page.text
    assert "/transcribe" in rest.http.get("/openapi.json").raise_for_status().json()["paths"]
