"""Recordings that lie elsewhere, and results that go elsewhere, on a real cluster."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from minio import Minio

from cluster.test_rest import objects
from cluster.test_tasks import ended
from local_installation.installation import ACCESS_KEY, BUCKET, SECRET_KEY, Installation
from support.rest import Rest

RESULTS = "steno-results"
"""The default destination's bucket, as the values have it."""

RECORDING = "recordings/elsewhere.wav"


@pytest.fixture
def results(installation: Installation) -> Iterator[Minio]:
    """The store, with an empty bucket for results."""
    store = installation.store()
    if not store.bucket_exists(RESULTS):
        store.make_bucket(RESULTS)
    yield store
    for entry in store.list_objects(RESULTS, recursive=True):
        store.remove_object(RESULTS, entry.object_name or "")
    store.remove_bucket(RESULTS)


@pytest.fixture
def address(installation: Installation, meeting: Path) -> Iterator[str]:
    """Where pods can fetch the meeting by http, with a secret in its query."""
    installation.store().fput_object(BUCKET, RECORDING, str(meeting))
    inside = Minio("minio.minio:9000", access_key=ACCESS_KEY, secret_key=SECRET_KEY, secure=False, region="us-east-1")
    yield inside.presigned_get_object(BUCKET, RECORDING, expires=timedelta(hours=1))
    installation.store().remove_object(BUCKET, RECORDING)


def test_a_recording_is_fetched_by_its_address(installation: Installation, by_ingress: Rest, address: str) -> None:
    """The worker fetches it from a host that is allowed; the secret of the address is shown to nobody."""
    before = objects(installation)
    task = by_ingress.http.post("/transcribe", json={"url": address, "profile": "fake"}).json()

    status = ended(by_ingress, task["task_id"])

    assert "completed" == status["status"], status["error"]
    assert pytest.approx(28.7, abs=0.1) == status["media"]["duration_seconds"]
    assert "X-Amz-Signature" not in by_ingress.http.get(task["status_url"]).text
    assert 200 == by_ingress.http.delete(task["release_url"]).status_code
    assert before == objects(installation)


def test_results_are_delivered_and_stay(
    installation: Installation, results: Minio, by_ingress: Rest, meeting: Path
) -> None:
    """The copy lies in the default destination; a download says where, and a release leaves it."""
    before = objects(installation)
    task = by_ingress.submit(meeting, name="talk.wav", profile="fake", s3_path="talks/", s3_formats="txt")
    status = ended(by_ingress, task["task_id"])
    download = by_ingress.http.get(task["download_url"])
    delivered = {f"s3://{RESULTS}/{entry.object_name}" for entry in results.list_objects(RESULTS, recursive=True)}

    assert "completed" == status["status"], status["error"]
    assert (409, "urn:steno:problem:delivered") == (download.status_code, download.json()["type"])
    assert {*download.json()["locations"]} <= delivered
    assert any(location.endswith(".txt") for location in download.json()["locations"])
    assert 200 == by_ingress.http.delete(task["release_url"]).status_code
    assert before == objects(installation)
    assert delivered == {
        f"s3://{RESULTS}/{entry.object_name}" for entry in results.list_objects(RESULTS, recursive=True)
    }
