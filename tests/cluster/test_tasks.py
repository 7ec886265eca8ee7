"""Tasks that are ended, done again and made many at once, on a real cluster."""

import json
from pathlib import Path
from typing import Any

import pytest

from cluster.test_rest import objects
from local_installation.installation import BUCKET, Installation
from support.kubernetes_api import Api, wait_for
from support.rest import Rest

ENDLESS = {"profile": "fake", "engine_options": json.dumps({"secondsPerAudioSecond": "60"})}
"""Half an hour of work for the meeting."""


def ended(rest: Rest, task_id: str) -> dict[str, Any]:
    """Wait for the end of a task."""
    status: dict[str, Any] = rest.http.get(f"/status/{task_id}", params={"wait": 60}, timeout=90).json()
    return status


def test_a_cancelled_task_is_done_again_without_another_upload(
    installation: Installation, api: Api, by_ingress: Rest, meeting: Path
) -> None:
    """Its worker ends, its recording stays; the new task has the same options, and a release of the old leaves it."""
    before = objects(installation)
    task = by_ingress.submit(meeting, name="talk.wav", **ENDLESS)
    by_ingress.wait_for(task["task_id"], "processing")

    cancelled = by_ingress.http.post(f"/cancel/{task['task_id']}")
    status = ended(by_ingress, task["task_id"])
    wait_for(lambda: True if not api.pods(task["task_id"]) else None, "the worker to end", timeout_seconds=60)
    again = by_ingress.http.post(f"/retry/{task['task_id']}")

    assert (200, True) == (cancelled.status_code, cancelled.json()["cancel"])
    assert ("failed", "Cancelled") == (status["status"], status["error"]["reason"])
    assert 202 == again.status_code, again.text
    assert 200 == by_ingress.http.delete(task["release_url"]).status_code
    by_ingress.wait_for(again.json()["task_id"], "processing")
    assert "talk.wav" == by_ingress.status(again.json()["task_id"])["file_name"]
    assert 200 == by_ingress.http.delete(again.json()["release_url"]).status_code
    assert before == objects(installation)


def test_a_task_is_held_back_and_goes_on(by_ingress: Rest, meeting: Path) -> None:
    """Suspended it says so, with no worker; resumed it runs to its end."""
    task = by_ingress.submit(meeting, profile="fake", suspend=True)
    wait_for(
        lambda: True if (by_ingress.status(task["task_id"])["waiting"] or {}).get("reason") == "Suspended" else None,
        "the task to say what it waits for",
    )

    resumed = by_ingress.http.post(f"/resume/{task['task_id']}")

    assert (200, False) == (resumed.status_code, resumed.json()["suspend"])
    assert "completed" == ended(by_ingress, task["task_id"])["status"]
    assert 200 == by_ingress.http.delete(task["release_url"]).status_code


def test_a_batch_takes_what_is_right_and_names_what_is_wrong(
    installation: Installation, by_ingress: Rest, meeting: Path
) -> None:
    """A list with two recordings, one that no worker may fetch, and one with a field that there is not."""
    store = installation.store()
    for name in ("a.wav", "b.wav"):
        store.fput_object(BUCKET, f"recordings/batch/{name}", str(meeting))
    items = [
        {"s3": {"key": "recordings/batch/a.wav"}, "profile": "fake"},
        {"url": "http://169.254.169.254/latest/meta-data"},
        {"s3": {"key": "recordings/batch/b.wav"}, "profile": "fake"},
        {"s3": {"key": "recordings/batch/b.wav"}, "profil": "fake"},
    ]

    answer = by_ingress.http.post("/batches", json={"items": items}).raise_for_status().json()

    assert (2, 2) == (answer["accepted"], answer["refused"])
    assert ["items.1.url", "items.3.profil"] == [
        item["problem"]["field"] for item in answer["items"] if item["problem"] is not None
    ]
    tasks = [item["task"] for item in answer["items"] if item["task"] is not None]
    assert ["completed"] * 2 == [ended(by_ingress, task["task_id"])["status"] for task in tasks]
    for task in tasks:
        assert 200 == by_ingress.http.delete(task["release_url"]).status_code
    for name in ("a.wav", "b.wav"):
        store.remove_object(BUCKET, f"recordings/batch/{name}")


def test_all_recordings_under_a_prefix_are_taken_once(
    installation: Installation, by_ingress: Rest, meeting: Path
) -> None:
    """The same call with the same key, to the other replica, comes to the same tasks; the recordings stay."""
    store = installation.store()
    keys = [f"recordings/prefix/{name}.wav" for name in ("one", "two", "three")]
    for key in keys:
        store.fput_object(BUCKET, key, str(meeting))
    asked = {"s3_prefix": {"prefix": "recordings/prefix/"}, "profile": "fake"}
    headers = {"Idempotency-Key": "a whole prefix"}

    first, second = (
        by_ingress.http.post("/batches", json=asked, headers=headers).raise_for_status().json()["items"]
        for _ in range(2)
    )

    assert sorted(keys) == [item["key"] for item in first]
    assert [item["task"]["task_id"] for item in first] == [item["task"]["task_id"] for item in second]
    assert [[False] * 3, [True] * 3] == [[item["replayed"] for item in each] for each in (first, second)]
    assert ["completed"] * 3 == [ended(by_ingress, item["task"]["task_id"])["status"] for item in first]
    for item in first:
        assert 200 == by_ingress.http.delete(item["task"]["release_url"]).status_code
    listed = store.list_objects(BUCKET, prefix="recordings/prefix/", recursive=True)
    assert sorted(keys) == [entry.object_name for entry in listed]
    for key in keys:
        store.remove_object(BUCKET, key)


@pytest.mark.parametrize("limit", [1, 2, 500])
def test_the_list_has_every_task_once_in_pages_of_any_size(by_ingress: Rest, limit: int) -> None:
    """Page by page, from whichever replica."""
    request = {"url": "https://example.com/a.mp3", "suspend": True}
    made = [by_ingress.http.post("/transcribe", json=request).json() for _ in range(3)]
    listed: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        asked = {"limit": limit, "created_after": made[0]["created"], **cursor}
        page = by_ingress.http.get("/jobs", params=asked).json()
        listed += [task["task_id"] for task in page["tasks"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}

    # The API server tells times in whole seconds; within one of them names decide.
    newest_first = sorted(made, key=lambda task: (task["created"], task["task_id"]), reverse=True)
    assert [task["task_id"] for task in newest_first] == listed
    for task in made:
        assert 200 == by_ingress.http.delete(task["release_url"]).status_code
