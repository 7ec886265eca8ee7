"""Recordings that come before their tasks, on a real cluster: through the ingress, and straight to the store."""

import hashlib
import io
import json
import subprocess
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from cluster.tenancy import Keys
from cluster.test_rest import objects
from local_installation.ingress import HOST
from local_installation.installation import Installation
from support.rest import Rest

PART_BYTES = 5 << 20
"""The least that S3 takes for a part that is not the last."""

REPETITIONS = 12
"""Of the meeting: 11 MB, three parts."""

FAKE = {"profile": "fake"}
"""What is heard is no matter here."""


@pytest.fixture(scope="module")
def long_recording() -> bytes:
    """The meeting, over and over: nearly six minutes."""
    recording = Path(__file__).parents[1] / "fixtures" / "recordings" / "meeting.wav"
    with wave.open(str(recording), "rb") as once, io.BytesIO() as body:
        with wave.open(body, "wb") as often:
            often.setparams(once.getparams())
            often.writeframes(once.readframes(once.getnframes()) * REPETITIONS)
        return body.getvalue()


def begin(rest: Rest, recording: bytes, *, sha256: str | None = None) -> dict[str, Any]:
    """Announce a recording that is to come in parts."""
    announced = {"bytes": len(recording), "part_bytes": PART_BYTES, "file_name": "long.wav"}
    digest = sha256 or hashlib.sha256(recording).hexdigest()
    answer = rest.http.post("/uploads", json={**announced, "sha256": digest})
    assert 201 == answer.status_code, answer.text
    state: dict[str, Any] = answer.json()
    return state


def send(part: dict[str, Any], recording: bytes) -> None:
    """Put a part where its URL says: no key of the gateway's, no credentials of the store's."""
    start = (part["number"] - 1) * PART_BYTES
    httpx.put(part["url"], content=recording[start : start + part["bytes"]]).raise_for_status()


def transcribed(rest: Rest, upload_id: str) -> dict[str, Any]:
    """Make a task of an upload, and wait for its end."""
    answer = rest.http.post("/transcribe", json={"upload": upload_id, **FAKE})
    assert 202 == answer.status_code, answer.text
    task_id = answer.json()["task_id"]
    status: dict[str, Any] = rest.http.get(f"/status/{task_id}", params={"wait": 60}, timeout=90).json()
    return status


def release(rest: Rest, task_id: str) -> None:
    """Let a task go, with its recording."""
    assert 200 == rest.http.delete(f"/release/{task_id}").status_code


def test_curl_sends_a_form_through_the_ingress(by_ingress: Rest, ingress_url: str, keys: Keys, meeting: Path) -> None:
    """The command of the documentation, with a key: a task, which is waited for."""
    command = ["curl", "--silent", "--show-error", "--fail-with-body", "--header", f"Host: {HOST}"]
    command += ["--header", f"Authorization: Bearer {keys.newsroom.key}", "--form", f"file=@{meeting}"]
    sent = subprocess.run(
        [*command, "--form", "profile=fake", f"{ingress_url}/transcribe"], capture_output=True, check=False
    )
    assert 0 == sent.returncode, sent.stdout + sent.stderr

    task = json.loads(sent.stdout)
    ended = by_ingress.http.get(task["status_url"], params={"wait": 60}, timeout=90).json()

    assert ("completed", "meeting.wav") == (ended["status"], ended["file_name"])
    release(by_ingress, task["task_id"])


def test_a_body_without_a_length_is_uploaded_and_transcribed(
    installation: Installation, by_ingress: Rest, long_recording: bytes
) -> None:
    """As curl -T sends a pipe, in pieces through the ingress; the upload goes with its task."""
    before = objects(installation)

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(long_recording), 1 << 18):
            yield long_recording[start : start + (1 << 18)]

    answer = by_ingress.http.put("/uploads/long.wav", content=pieces())

    assert 201 == answer.status_code, answer.text
    state = answer.json()
    assert (True, len(long_recording), hashlib.sha256(long_recording).hexdigest()) == (
        state["whole"],
        state["bytes"],
        state["sha256"],
    )
    status = transcribed(by_ingress, state["upload"])
    assert "completed" == status["status"], status["error"]
    assert pytest.approx(28.7 * REPETITIONS, abs=1) == status["media"]["duration_seconds"]
    release(by_ingress, status["task_id"])
    assert before == objects(installation)


def test_parts_go_straight_to_the_store_and_go_on_after_a_break(
    installation: Installation, by_ingress: Rest, rest: Rest, long_recording: bytes
) -> None:
    """A client that kept the upload's id alone learns what is missing; the worker finds the announced bytes."""
    before = objects(installation)
    state = begin(by_ingress, long_recording)
    assert all(part["url"].startswith(f"{installation.store_url}/") for part in state["parts"])
    send(state["parts"][1], long_recording)
    early = rest.http.post(state["complete_url"])

    resumed = rest.http.get(state["url"]).json()
    # One of the parts through the gateway, as where the store's own address cannot be reached.
    by_gateway = by_ingress.http.put(f"{state['url']}/parts/1", content=long_recording[:PART_BYTES])
    send(resumed["parts"][2], long_recording)
    whole = by_ingress.http.post(state["complete_url"])

    assert (409, "urn:steno:problem:upload-incomplete") == (early.status_code, early.json()["type"])
    assert [False, True, False] == [part["received"] for part in resumed["parts"]]
    assert 200 == by_gateway.status_code, by_gateway.text
    assert whole.json()["whole"], whole.text
    status = transcribed(by_ingress, state["upload"])
    assert ("completed", "long.wav") == (status["status"], status["file_name"]), status["error"]
    release(by_ingress, status["task_id"])
    assert before == objects(installation)


def test_other_bytes_than_announced_are_refused_by_the_worker(by_ingress: Rest, long_recording: bytes) -> None:
    """Nobody reads what goes straight to the store but the worker, and it looks at the digest first."""
    state = begin(by_ingress, long_recording, sha256="0" * 64)
    for part in state["parts"]:
        send(part, long_recording)
    assert 200 == by_ingress.http.post(state["complete_url"]).status_code

    status = transcribed(by_ingress, state["upload"])

    assert ("failed", "SourceCorrupt") == (status["status"], status["error"]["reason"])
    release(by_ingress, status["task_id"])


def test_an_upload_that_is_given_up_leaves_nothing(
    installation: Installation, by_ingress: Rest, long_recording: bytes
) -> None:
    """Neither the parts that came, nor the plan; its URLs are good for nothing any more."""
    before = objects(installation)
    state = begin(by_ingress, long_recording)
    send(state["parts"][0], long_recording)

    deleted = by_ingress.http.delete(state["abort_url"])

    assert 200 == deleted.status_code, deleted.text
    assert 404 == by_ingress.http.get(state["url"]).status_code
    assert 404 == httpx.put(state["parts"][1]["url"], content=long_recording[PART_BYTES : 2 * PART_BYTES]).status_code
    assert before == objects(installation)
