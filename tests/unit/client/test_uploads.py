"""A large file goes up in parts, by the store or by the gateway, and goes on where it broke off."""

import itertools
from pathlib import Path
from typing import Any

import httpx
import pytest

from steno_client import BusyError, Retries, SourceError, Steno, UnreachableError, UploadInterruptedError
from support.installation import Installation
from unit.client.conftest import QUICK, Both
from unit.client.cutting import Cut, cutting

MIB = 1 << 20
PART = 5 * MIB


@pytest.fixture
def meeting(tmp_path: Path) -> Path:
    """A recording of three parts."""
    path = tmp_path / "meeting.wav"
    path.write_bytes(b"RIFF" + bytes(range(256)) * (11 * MIB // 256))
    return path


def is_whole(recording: Path, installation: Installation) -> bool:
    """Whether the store has this recording, byte for byte, and no other upload."""
    return [recording.read_bytes()] == list(installation.gateway.uploads().values())


async def test_a_store_out_of_reach_is_gone_around(steno: Both, meeting: Path, installation: Installation) -> None:
    """The signed URLs lead nowhere here, so every part goes through the gateway."""
    seen: list[Any] = []

    accepted = await steno("submit", meeting, part_bytes=PART, progress=seen.append)
    ended = await steno("wait", accepted.task_id)

    assert ("completed", "meeting.wav") == (ended.status, ended.file_name)
    assert is_whole(meeting, installation)
    assert (0, seen[0].bytes) == (seen[0].received_bytes, seen[-1].received_bytes)


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_a_cut_in_the_middle_of_a_part_costs_that_part(
    installation: Installation, meeting: Path, kind: str
) -> None:
    """Connections break twice while parts travel; the same call goes on, and the store has each byte once."""
    cuts = [Cut(sent=2 * MIB), Cut(sent=PART + 3 * MIB)]
    async with cutting(installation.url, cuts) as way:
        steno = Both(kind, way.url)
        accepted = await steno("submit", meeting, part_bytes=PART)
        ended = await steno("wait", accepted.task_id)
        await steno.close()

    assert (2, "completed") == (way.broken, ended.status)
    assert is_whole(meeting, installation)


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_an_upload_that_broke_off_is_gone_on_with_by_its_name(
    installation: Installation, meeting: Path, kind: str
) -> None:
    """A client that gives up says which upload it was; another sends what is missing and nothing twice."""
    cuts = [Cut(sent=PART + 2 * MIB), *[Cut(sent=0)] * 3]
    async with cutting(installation.url, cuts) as way:
        first = Both(kind, way.url, retries=Retries(most=2, first_pause_seconds=0))
        with pytest.raises(UploadInterruptedError) as raised:
            await first("submit", meeting, part_bytes=PART)
        await first.close()
    seen: list[Any] = []
    second = Both(kind, installation.url)
    await second("submit", meeting, resume=raised.value.upload, progress=seen.append)
    await second.close()

    assert [PART, 2 * PART, seen[0].bytes, seen[0].bytes] == [upload.received_bytes for upload in seen]
    assert is_whole(meeting, installation)


async def test_another_recording_does_not_go_on(steno: Both, meeting: Path, installation: Installation) -> None:
    """Parts of two recordings would make a third."""
    begun = await installation.http.post("/uploads", json={"bytes": 7, "sha256": "ab" * 32})

    with pytest.raises(SourceError, match="is not the recording"):
        await steno("submit", meeting, resume=begun.json()["upload"])


@pytest.mark.parametrize("signed", [True, False], ids=["with URLs", "without"])
def test_parts_go_straight_to_the_store_and_carry_no_key(meeting: Path, *, signed: bool) -> None:
    """Where the gateway signs URLs and the store is in reach, the gateway sees no part, and the store no key."""
    size = meeting.stat().st_size
    seen: list[tuple[str, str, bool, int]] = []
    upload: dict[str, Any] = {"upload": "ab" * 16, "whole": False, "bytes": size, "received_bytes": 0, "sha256": None}
    parts = [
        {
            "number": n,
            "bytes": min(PART, size - (n - 1) * PART),
            "received": False,
            "url": f"http://store/{n}" if signed else None,
        }
        for n in (1, 2, 3)
    ]

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append((request.method, str(request.url), "Authorization" in request.headers, len(request.content)))
        match request.url.host, request.url.path:
            case "store", _:
                return httpx.Response(200)
            case _, "/uploads":
                return httpx.Response(201, json=upload | {"part_bytes": PART, "parts": parts})
            case _, "/transcribe":
                accepted = {"task_id": "tsj-1", "status": "pending", "phase": "Pending", "created": None}
                return httpx.Response(202, json=accepted)
            case _:
                return httpx.Response(200, json=upload | {"whole": True, "part_bytes": None, "parts": []})

    with Steno("http://gateway", key="secret", transport=httpx.MockTransport(answer)) as steno:
        steno.submit(meeting)

    parts_sent = [
        (url.startswith("http://store/"), keyed, sent) for method, url, keyed, sent in seen if method == "PUT"
    ]
    assert [(signed, not signed, sent) for sent in (PART, PART, size - 2 * PART)] == parts_sent
    assert [True] * (3 if signed else 6) == [keyed for _, url, keyed, _ in seen if url.startswith("http://gateway/")]


@pytest.mark.parametrize("status", [429, 502, 503])
def test_who_is_told_to_come_back_does(status: int) -> None:
    """Retry-After is waited for, and the request is the same again, key and all."""
    keys: list[str] = []
    pauses: list[float] = []
    accepted = {"task_id": "tsj-1", "status": "pending", "phase": "Pending", "created": None}

    def answer(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["Idempotency-Key"])
        return (
            httpx.Response(202, json=accepted)
            if len(keys) > 2
            else httpx.Response(status, headers={"Retry-After": "7"})
        )

    with Steno("http://gateway", transport=httpx.MockTransport(answer), pause=pauses.append) as steno:
        made = steno.submit("https://example.com/talk.mp3")

    assert ("tsj-1", [7.0, 7.0], 1, 3) == (made.task_id, pauses, len(set(keys)), len(keys))


def test_who_is_told_to_come_back_much_later_says_so_at_once() -> None:
    """A caller is not kept for an hour by one header."""
    problem = {"type": "urn:steno:problem:queue-full", "title": "t", "status": 429, "detail": "d", "remedy": "r"}
    full = httpx.MockTransport(lambda _: httpx.Response(429, json=problem, headers={"Retry-After": "3600"}))

    with Steno("http://gateway", transport=full, retries=QUICK) as steno, pytest.raises(BusyError) as raised:
        steno.queue()

    assert "queue-full" == raised.value.problem.slug


async def test_a_server_away_is_said_without_the_address(installation: Installation) -> None:
    """The message has no URL, whose query may be a secret, and comes after all retries."""
    pauses: list[float] = []
    steno = Steno("http://127.0.0.1:1", pause=pauses.append)

    with steno, pytest.raises(UnreachableError, match="no connection came about"):
        steno.status("tsj-1")

    assert 6 == len(pauses)
    assert all(later <= 2.0 * earlier * 2 for earlier, later in itertools.pairwise(pauses))
    assert () == installation.jobs
