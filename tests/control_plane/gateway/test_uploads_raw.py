"""A recording that is a request's body lands in each kind of store, whole and under its name, or not at all."""

import hashlib
import random
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from control_plane.gateway.upload_yard import PART, UploadYard, upload_yard
from local_cluster.object_stores import MinioServer, VersityServer
from support.kubernetes_api import Api

RECORDING = random.Random(1).randbytes(2 * PART + 4321)  # noqa: S311 -- test data
SHA256 = hashlib.sha256(RECORDING).hexdigest()
GREETING = "PUT /uploads/talk.mp3 HTTP/1.1\nHost: x\n"


@pytest.fixture(name="server", scope="module", params=["minio", "versity"])
def _server(request: pytest.FixtureRequest, minio: MinioServer) -> Iterator[MinioServer | VersityServer]:
    """Each kind of store in turn."""
    if request.param == "minio":
        yield minio
        return
    with VersityServer() as running:
        yield running


@pytest.fixture(name="yard")
def _yard(api: Api, server: MinioServer | VersityServer, tmp_path: Path) -> Iterator[UploadYard]:
    """A gateway that takes little more than the recording."""
    with upload_yard(api, server, tmp_path / "gateway", STENO_MAX_UPLOAD_BYTES=str(3 * PART)) as made:
        yield made


def chunks(body: bytes) -> Iterator[bytes]:
    """Cut `body` as no part is cut."""
    return (body[start : start + 70_001] for start in range(0, len(body), 70_001))


@pytest.mark.parametrize("sized", [True, False], ids=["with a length", "chunked"])
def test_a_recording_is_stored_as_it_was_sent(yard: UploadYard, *, sized: bool) -> None:
    """In parts, with its name; and the job that is made of it carries the announced digest to the worker."""
    http = yard.door.http
    body = RECORDING if sized else chunks(RECORDING)

    answer = http.put(f"/uploads/%E8%AC%9B%E6%BC%94.mp3?sha256={SHA256}", content=body)
    upload_id = answer.json()["upload"]
    found = http.get(f"/uploads/{upload_id}").json()
    task = http.post("/transcribe", json={"upload": upload_id})
    named = http.delete(f"/uploads/{upload_id}")

    assert (201, len(RECORDING), SHA256) == (answer.status_code, answer.json()["bytes"], answer.json()["sha256"])
    assert RECORDING == yard.read(upload_id)
    assert ("講演.mp3", SHA256) == (found["file_name"], found["sha256"])
    job = yard.door.api.job(task.json()["task_id"])
    assert job is not None
    assert {"upload": {"id": upload_id, "sha256": SHA256}} == job["spec"]["source"]
    assert "講演.mp3" == job["metadata"]["annotations"]["steno.dev/file-name"]
    assert 409 == named.status_code


def test_a_short_recording_is_one_object(yard: UploadYard) -> None:
    """It needs no multipart upload, keeps its name, and goes without a trace."""
    http = yard.door.http

    upload_id = http.put("/uploads/talk.mp3", content=b"sound").json()["upload"]
    found = http.get(f"/uploads/{upload_id}").json()
    whole = yard.left()
    deleted = http.delete(f"/uploads/{upload_id}")

    assert ("talk.mp3", 5) == (found["file_name"], found["bytes"])
    assert ([yard.folder + upload_id], []) == whole
    assert (200, ([], [])) == (deleted.status_code, yard.left())


@pytest.mark.parametrize("size", [9, 2 * PART + 9], ids=["in one piece", "in parts"])
def test_bytes_that_are_not_the_announced_ones_are_not_kept(yard: UploadYard, size: int) -> None:
    """Whatever the store has taken of them by then."""
    response = yard.door.http.put(f"/uploads/talk.mp3?sha256={'ab' * 32}", content=b"\0" * size)

    assert (422, "digest-mismatch") == (response.status_code, response.json()["type"].rpartition(":")[2])
    assert ([], []) == yard.left()


def test_too_large_a_recording_is_refused_before_and_while_it_is_read(yard: UploadYard) -> None:
    """Whoever asks first is told first; whoever does not is stopped, and reads why."""
    large = b"\0" * (3 * PART + 1)
    with yard.connection(f"{GREETING}Content-Length: {len(large)}\nExpect: 100-continue\n\n") as asked:
        first = asked.recv(1 << 16)

    told = yard.door.http.put("/uploads/talk.mp3", content=chunks(large))

    assert first.startswith(b"HTTP/1.1 413")
    assert 413 == told.status_code
    assert ([], []) == yard.left()


@pytest.mark.parametrize("third", [0, 1, 2], ids=["at its beginning", "at a third", "at two thirds"])
@pytest.mark.parametrize("sized", [True, False], ids=["with a length", "chunked"])
def test_a_connection_that_is_cut_leaves_nothing(yard: UploadYard, third: int, *, sized: bool) -> None:
    """However far the recording came, its parts go."""
    sent = RECORDING[: len(RECORDING) * third // 3 + 1000]
    head = f"Content-Length: {len(RECORDING)}\n\n" if sized else "Transfer-Encoding: chunked\n\n"
    with yard.connection(GREETING + head) as cut:
        cut.sendall(sent if sized else b"%x\r\n" % len(RECORDING) + sent)
        if len(sent) > PART:
            yard.wait_for_parts()

    yard.wait_until_nothing_is_left()


def test_a_form_dense_with_line_ends_is_stored_as_it_was_sent(yard: UploadYard) -> None:
    """What looks like the beginning of a boundary, in any place, is the recording's own."""
    dense = (b"\r\n--" * 99_999 + b"\r\n" * 99_999 + b"\r\r\n-" * 99_999)[: 2 * PART]

    task = yard.door.http.post("/transcribe", files={"file": ("talk.wav", dense)})

    job = yard.door.api.job(task.json()["task_id"])
    assert job is not None
    assert dense == yard.read(job["spec"]["source"]["upload"]["id"])


def test_two_gateways_share_what_one_has_taken_in(
    yard: UploadYard, api: Api, server: MinioServer | VersityServer, tmp_path: Path
) -> None:
    """Another tenant's gateway over the same server sees nothing of it."""
    upload_id = yard.door.http.put("/uploads/talk.mp3", content=b"sound").json()["upload"]

    with upload_yard(api, server, tmp_path / "other") as elsewhere:
        response: httpx.Response = elsewhere.door.http.get(f"/uploads/{upload_id}")

    assert 404 == response.status_code
