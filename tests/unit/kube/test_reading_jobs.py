"""Lists and watches are read straight from the server's JSON, and what cannot be read hurts nobody."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

from steno_kube import ApiServer, JobEventKind, KubeUnavailableError, TranscriptionJobs, VersionExpiredError
from support.builders import JobBuilder

Raw = dict[str, Any]


def a_raw_job(name: str, version: str = "7", **status: Any) -> Raw:
    """Have a job as the server spells it."""
    metadata = {"name": name, "namespace": "speech", "uid": f"uid-of-{name}", "resourceVersion": version}
    return {"metadata": {**metadata, "managedFields": [{}]}, "spec": JobBuilder().spec, "status": status}


UNREADABLE = a_raw_job("newer", phase="Daydreaming")


class Server:
    """Answers with what a test prepared; the part of `ApiServer` that lists and watches need."""

    def __init__(self, *, page: bytes = b"", lines: tuple[bytes, ...] = ()) -> None:
        self._page = page
        self._lines = lines
        self.asked: Raw = {}

    async def page(self, path: str, *, limit: int, following: str = "") -> bytes:
        """Give the page."""
        self.asked = {"path": path, "limit": limit, "following": following}
        return self._page

    @asynccontextmanager
    async def events(self, path: str, **asked: Any) -> AsyncIterator[AsyncIterator[bytes]]:
        """Give the lines."""
        self.asked = {"path": path, **asked}
        yield self._told()

    async def _told(self) -> AsyncIterator[bytes]:
        for line in self._lines:
            yield line


def jobs_of(server: Server) -> TranscriptionJobs:
    """Have what reads from a server."""
    return TranscriptionJobs(cast("ApiServer", server))


def an_event(kind: str, raw: Raw) -> bytes:
    """Spell an event."""
    return json.dumps({"type": kind, "object": raw}).encode()


async def watched(*lines: bytes) -> list[tuple[JobEventKind, str, str, bool]]:
    """Read a watch to its end: kinds, versions, names, and whether there is a job."""
    events = jobs_of(Server(lines=lines)).watch_all(
        "speech", resource_version="5", timeout_seconds=20, patience_seconds=25
    )
    return [(event.kind, event.resource_version, event.name, event.job is not None) async for event in events]


async def test_a_page_is_read(caplog: pytest.LogCaptureFixture) -> None:
    """Its jobs, its version, and what the next page is asked for by; one of a newer version is left out and named."""
    page = {
        "metadata": {"resourceVersion": "9", "continue": "more"},
        "items": [a_raw_job("talk"), UNREADABLE],
    }
    server = Server(page=json.dumps(page).encode())

    read = await jobs_of(server).list_page("speech", following="before", limit=2)

    assert (["talk"], "9", "more") == (
        [job.metadata.name for job in read.jobs],
        read.resource_version,
        read.following,
    )
    assert {
        "path": "/apis/steno.dev/v1alpha1/namespaces/speech/transcriptionjobs",
        "limit": 2,
        "following": "before",
    } == server.asked
    assert "speech/newer is no TranscriptionJob this version can read" in caplog.text


@pytest.mark.parametrize("items", [None, []], ids=["null", "none"])
async def test_an_empty_list_is_one(items: list[Raw] | None) -> None:
    """Go spells an empty list in two ways."""
    page = {"metadata": {"resourceVersion": "9"}, "items": items}

    read = await jobs_of(Server(page=json.dumps(page).encode())).list_page(None)

    assert ((), "9", "") == (read.jobs, read.resource_version, read.following)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"items": []}'], ids=["empty", "html", "list", "no version"]
)
async def test_what_is_no_list_is_an_absence(body: bytes) -> None:
    """Whatever stands between the API server and us may answer in its place."""
    with pytest.raises(KubeUnavailableError):
        await jobs_of(Server(page=body)).list_page("speech")


async def test_a_watch_is_read() -> None:
    """It begins with the server's consent; a bookmark moves on the version; a job of a newer version is named."""
    told = await watched(
        an_event("ADDED", a_raw_job("talk", "6")),
        an_event("MODIFIED", UNREADABLE),
        an_event("BOOKMARK", {"metadata": {"resourceVersion": "8"}}),
        an_event("DELETED", a_raw_job("talk", "9")),
    )

    assert [
        (JobEventKind.BEGUN, "5", "", False),
        (JobEventKind.ADDED, "6", "talk", True),
        (JobEventKind.MODIFIED, "7", "newer", False),
        (JobEventKind.BOOKMARK, "8", "", False),
        (JobEventKind.DELETED, "9", "talk", True),
    ] == told


@pytest.mark.parametrize("code", [410, 500], ids=["too old", "failed"])
async def test_an_error_ends_a_watch_for_good(code: int) -> None:
    """Nothing says from where another could go on, but a new list."""
    status = {"kind": "Status", "code": code, "reason": "Expired", "message": "too old resource version"}

    with pytest.raises(VersionExpiredError, match="too old resource version"):
        await watched(an_event("ERROR", status))
