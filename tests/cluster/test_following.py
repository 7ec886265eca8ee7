"""A task that is followed through the ingress of a real cluster: waited for, pushed, fetched in parts."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from websockets.sync.client import connect

from cluster.tenancy import Keys
from local_installation.ingress import HOST
from local_installation.installation import Installation
from support.rest import Rest

SLOW = {"profile": "fake", "engine_options": json.dumps({"secondsPerAudioSecond": "0.2"})}
"""Six seconds of work for the meeting: long enough to be seen running."""

Event = tuple[str, dict[str, Any]]


def events(lines: Iterator[str]) -> Iterator[Event]:
    """Read server-sent events, each as its kind and its document."""
    kind = ""
    for line in lines:
        name, _, value = line.partition(": ")
        if name == "event":
            kind = value
        elif name == "data":
            yield kind, json.loads(value)


def test_events_come_through_the_ingress_as_they_happen(by_ingress: Rest, meeting: Path) -> None:
    """The first event comes while the task waits, the last one ends the stream; who has that one hears no more."""
    task = by_ingress.submit(meeting, **SLOW)
    address = f"/events/{task['task_id']}"
    last_id = ""
    heard: list[dict[str, Any]] = []
    with by_ingress.http.stream("GET", address, timeout=120) as stream:
        assert "text/event-stream" in stream.headers["content-type"]

        def noted() -> Iterator[str]:
            nonlocal last_id
            for line in stream.iter_lines():
                last_id = line.removeprefix("id: ") if line.startswith("id: ") else last_id
                yield line

        heard.extend(document for kind, document in events(noted()) if kind == "status")

    assert "pending" == heard[0]["status"]
    assert "processing" in {document["status"] for document in heard}
    assert "completed" == heard[-1]["status"]
    assert by_ingress.status(task["task_id"]) == heard[-1]
    assert 204 == by_ingress.http.get(address, headers={"Last-Event-ID": last_id}).status_code
    assert 200 == by_ingress.http.delete(task["release_url"]).status_code


def test_all_tasks_are_followed_from_where_a_list_ends(by_ingress: Rest, meeting: Path) -> None:
    """What happens after GET /jobs is told by GET /events, to the task's release."""
    version = by_ingress.http.get("/jobs").json()["version"]
    with by_ingress.http.stream("GET", "/events", params={"last_event_id": version}, timeout=120) as stream:
        followed = events(stream.iter_lines())
        task = by_ingress.submit(meeting, profile="fake")
        told = []
        for kind, document in followed:
            if document["task_id"] != task["task_id"]:
                continue
            told.append((kind, document.get("status")))
            if document.get("status") == "completed":
                assert 200 == by_ingress.http.delete(task["release_url"]).status_code
            if kind == "released":
                break

    assert ("status", "pending") == told[0]
    assert [("status", "completed"), ("released", None)] == told[-2:]


def test_a_websocket_says_the_same(by_ingress: Rest, ingress_url: str, keys: Keys, meeting: Path) -> None:
    """Through the ingress, with the key as a header; it closes in good order when the task has ended."""
    task = by_ingress.submit(meeting, profile="fake")
    place = urlsplit(ingress_url)
    assert place.hostname is not None
    assert place.port is not None
    with (
        socket.create_connection((place.hostname, place.port), timeout=60) as connection,
        connect(
            f"ws://{HOST}/ws/{task['task_id']}", sock=connection, additional_headers=keys.newsroom.bearer
        ) as websocket,
    ):
        messages = [json.loads(message) for message in websocket]
        assert 1000 == websocket.close_code

    assert "completed" == messages[-1]["data"]["status"]
    assert 200 == by_ingress.http.delete(task["release_url"]).status_code


@pytest.fixture(scope="module")
def completed(installation: Installation, ingress_url: str, keys: Keys) -> Iterator[dict[str, Any]]:
    """A task with its transcript, for all that only look at it."""
    recording = Path(__file__).parents[1] / "fixtures" / "recordings" / "meeting.wav"
    with httpx.Client(base_url=ingress_url, headers=keys.newsroom.bearer | {"Host": HOST}, timeout=90) as http:
        rest = Rest(http)
        task = rest.submit(recording, name="meeting.wav", profile="fake")
        assert "completed" == http.get(task["status_url"], params={"wait": 60}).json()["status"]
        yield task
        assert 200 == http.delete(task["release_url"]).status_code
    assert installation.cluster


def test_a_download_goes_on_where_it_was_cut(by_ingress: Rest, completed: dict[str, Any]) -> None:
    """Ranges through the ingress make the whole; an ETag spares it; what is not there is refused."""
    url = completed["download_url"]
    whole = by_ingress.http.get(url, params={"fmt": "json"})
    size_bytes, etag = len(whole.content), whole.headers["etag"]
    first = by_ingress.http.get(url, headers={"Range": "bytes=0-99"})
    rest = by_ingress.http.get(url, headers={"Range": "bytes=100-", "If-Range": etag})
    last = by_ingress.http.get(url, headers={"Range": "bytes=-10"})
    beyond = by_ingress.http.get(url, headers={"Range": f"bytes={size_bytes}-"})
    known = by_ingress.http.get(url, headers={"If-None-Match": etag})
    head = by_ingress.http.head(url)

    assert [206, 206, 206, 416, 304, 200] == [
        answer.status_code for answer in (first, rest, last, beyond, known, head)
    ]
    assert whole.content == first.content + rest.content
    assert whole.content.endswith(last.content)
    assert f"bytes 0-99/{size_bytes}" == first.headers["content-range"]
    assert (str(size_bytes), etag) == (head.headers["content-length"], head.headers["etag"])
    assert 'filename="meeting.json"' in whole.headers["content-disposition"]


def test_a_download_is_redirected_to_the_store(
    installation: Installation, by_ingress: Rest, completed: dict[str, Any]
) -> None:
    """The address needs no key, gives the same bytes, and names the file."""
    url = completed["download_url"]
    through = by_ingress.http.get(url, params={"fmt": "txt"})
    redirect = by_ingress.http.get(url, params={"fmt": "txt", "redirect": "true"})
    straight = httpx.get(redirect.headers["location"])

    assert 307 == redirect.status_code
    assert redirect.headers["location"].startswith(f"{installation.store_url}/")
    assert (200, through.content) == (straight.status_code, straight.content)
    assert "meeting.txt" in straight.headers["content-disposition"]
