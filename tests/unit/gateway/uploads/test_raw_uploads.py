"""A request whose body is a recording leaves an upload that a task can be made of, or nothing."""

import hashlib
from typing import Any

import httpx
import pytest

from steno_gateway.tasks.views import FILE_NAME_ANNOTATION
from steno_gateway.uploads.memory import PART_BYTES
from steno_store import StoreUnavailableError
from support.gateway import NAMESPACE, Gateway, gateway, in_chunks, kind_of, streamed

SOUND = b"RIFF....WAVE"
SHA256 = hashlib.sha256(SOUND).hexdigest()
OTHERS = "5f" * 16


def key_of(answer: dict[str, Any]) -> str:
    """Where the upload lies."""
    return f"steno/{NAMESPACE}/uploads/{answer['upload']}"


@pytest.mark.parametrize(
    ("method", "path", "file_name"),
    [
        pytest.param("PUT", "/uploads/talk.mp3", "talk.mp3", id="curl -T into a folder"),
        pytest.param("PUT", "/uploads/", None, id="curl -T of a pipe"),
        pytest.param("PUT", "/uploads", None, id="without the slash"),
        pytest.param("PUT", "/uploads/-?file_name=talk.mp3", "talk.mp3", id="the parameter first"),
        pytest.param("POST", "/uploads", None, id="post"),
        pytest.param("POST", "/uploads?file_name=talk.mp3", "talk.mp3", id="post with a name"),
        pytest.param("PUT", "/uploads/%E8%AC%9B%E6%BC%94%20%F0%9F%8E%99.m4a", "講演 🎙.m4a", id="Unicode"),
        pytest.param("PUT", "/uploads/..%5C..%5Cetc%5Cpasswd", "passwd", id="Windows' steps"),
        pytest.param("POST", "/uploads?file_name=../../etc/passwd", "passwd", id="steps"),
        pytest.param("POST", "/uploads?file_name=a%00b%0d%0aSet-Cookie:x", "abSet-Cookie:x", id="control characters"),
        pytest.param("POST", "/uploads?file_name=..", None, id="no name at all"),
        pytest.param("PUT", "/uploads/" + "%F0%9F%8E%99" * 150, "🎙" * 125, id="long for S3's metadata"),
    ],
)
@pytest.mark.parametrize("sized", [True, False], ids=["with a length", "chunked"])
async def test_a_raw_body_becomes_an_upload(
    gateway: Gateway, method: str, path: str, file_name: str | None, *, sized: bool
) -> None:
    """The answer names the upload, its digest and what to do next; the name is cleaned and kept by the store."""
    body: Any = SOUND if sized else streamed(in_chunks(SOUND, 5))

    response = await gateway.client.request(method, path, content=body)

    answer = response.json()
    assert (201, f"/uploads/{answer['upload']}") == (response.status_code, response.headers["Location"])
    assert (True, len(SOUND), SHA256) == (answer["whole"], answer["bytes"], answer["sha256"])
    assert {key_of(answer): SOUND} == gateway.store.objects
    again = (await gateway.client.get(answer["url"])).json()
    assert (file_name, True) == (again["file_name"], again["whole"])


async def test_a_task_is_made_of_an_upload(gateway: Gateway) -> None:
    """The job names the upload, and remembers the file's name and the announced digest."""
    answer = (await gateway.client.put(f"/uploads/talk.mp3?sha256={SHA256}", content=SOUND)).json()

    response = await gateway.client.post(answer["transcribe_url"], json={"upload": answer["upload"]})

    (job,) = gateway.jobs.jobs
    assert 202 == response.status_code
    assert {"upload": {"id": answer["upload"], "sha256": SHA256}} == job.spec.source.to_wire()
    assert "talk.mp3" == job.metadata.annotations[FILE_NAME_ANNOTATION]


@pytest.mark.parametrize("size", [0, 1, PART_BYTES, PART_BYTES + 1], ids=lambda size: f"{size} bytes more")
async def test_bytes_that_are_not_the_announced_ones_are_refused(gateway: Gateway, size: int) -> None:
    """However large the body is, nothing of it stays."""
    response = await gateway.client.put(f"/uploads/talk.mp3?sha256={'ab' * 32}", content=SOUND + b"\0" * size)

    assert (422, "digest-mismatch", "sha256") == kind_of(response)
    assert {} == gateway.uploads()


@pytest.mark.parametrize(
    ("path", "headers", "problem"),
    [
        pytest.param("/uploads/a?sha256=AB", {}, (422, "field-invalid", "sha256"), id="no digest"),
        pytest.param("/uploads/a?voice=x", {}, (422, "field-unknown", "voice"), id="unknown parameter"),
        pytest.param("/uploads/a%2Fb", {}, (404, "path-unknown", None), id="a slash in the name"),
        pytest.param("/uploads/%2e%2e%2f%2e%2e%2fetc", {}, (404, "path-unknown", None), id="steps"),
        pytest.param(
            "/uploads/a",
            {"Content-Type": "multipart/form-data; boundary=x"},
            (415, "content-type-unsupported", "Content-Type"),
            id="a form",
        ),
        pytest.param(
            "/uploads/a",
            {"Content-Encoding": "gzip"},
            (415, "content-type-unsupported", "Content-Encoding"),
            id="compressed",
        ),
        pytest.param(
            "/uploads/a",
            {"Content-Range": "bytes 5-9/10"},
            (422, "field-invalid", "Content-Range"),
            id="a part (curl -C)",
        ),
    ],
)
async def test_what_is_no_plain_recording_is_refused(
    gateway: Gateway, path: str, headers: dict[str, str], problem: tuple[int, str, str | None]
) -> None:
    """Bytes that would be stored as what they are not are refused by name."""
    response = await gateway.client.put(path, headers=headers, content=SOUND)

    assert problem == kind_of(response)
    assert {} == gateway.uploads()


@pytest.mark.parametrize("chunks", [None, [], [b""]], ids=["no body", "no chunk", "an empty chunk"])
@pytest.mark.parametrize("method", ["PUT", "POST"])
async def test_nothing_is_no_recording(gateway: Gateway, method: str, chunks: list[bytes] | None) -> None:
    """An empty upload could only fail later."""
    body = None if chunks is None else streamed(chunks)

    response = await gateway.client.request(method, "/uploads", content=body)

    assert (400, "body-empty", None) == kind_of(response)
    assert {} == gateway.uploads()


@pytest.mark.parametrize("sized", [True, False], ids=["before it is read", "while it is read"])
async def test_too_large_a_recording_is_refused(*, sized: bool) -> None:
    """Its size is told before the body travels, or stops it."""
    async with gateway(max_upload_bytes=1000) as small:
        body: Any = b"\0" * 1001 if sized else streamed([b"\0" * 900] * 2)

        response = await small.client.put("/uploads/talk.mp3", content=body)

        assert (413, "body-too-large", None) == kind_of(response)
        assert {} == small.uploads()


@pytest.mark.parametrize("name", ["x" * 10_000, "%41" * 10_000], ids=["plain", "encoded"])
async def test_a_name_of_10_kb_is_cut(gateway: Gateway, name: str) -> None:
    """A path may be as long as the server reads; what is kept of the name is short."""
    response = await gateway.client.put(f"/uploads/{name}", content=SOUND)

    assert (201, 200) == (response.status_code, len(response.json()["file_name"]))


async def test_the_uploads_of_another_tenant_do_not_exist(gateway: Gateway) -> None:
    """Whoever guesses an id of another namespace hears what they hear of any id."""
    gateway.store.put(gateway.context.layout.upload("others", OTHERS), SOUND)
    before = gateway.store.objects

    async def asked(call: Any) -> tuple[int, str, str | None]:
        response: httpx.Response = await call
        return kind_of(response)

    unknown = (404, "upload-unknown", "upload")
    assert unknown == await asked(gateway.client.get(f"/uploads/{OTHERS}"))
    assert unknown == await asked(gateway.client.put(f"/uploads/{OTHERS}/parts/1", content=b"x"))
    assert unknown == await asked(gateway.client.post(f"/uploads/{OTHERS}/complete"))
    assert unknown == await asked(gateway.client.delete(f"/uploads/{OTHERS}"))
    assert (410, "upload-gone", "upload") == await asked(gateway.client.post("/transcribe", json={"upload": OTHERS}))
    assert (before, ()) == (gateway.store.objects, gateway.jobs.jobs)


@pytest.mark.parametrize("name", ["ä", "X" * 32, "0" * 31, "0" * 33, "0" * 10_000, "0" * 32 + ".condemned"])
async def test_what_can_be_no_id_is_none(gateway: Gateway, name: str) -> None:
    """No request reaches the store with a key that a client made up."""
    gateway.store.failing = StoreUnavailableError("the store was asked")

    response = await gateway.client.get(f"/uploads/{name}")

    assert (404, "upload-unknown", "upload") == kind_of(response)
    assert len(response.json()["detail"]) < 200
