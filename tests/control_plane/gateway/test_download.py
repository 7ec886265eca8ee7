"""A transcript is fetched whole, in parts, or from the store itself, and never as a part that looks whole."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from control_plane.conftest import new_namespace
from control_plane.gateway.front_door import FrontDoor, front_door
from control_plane.store.cutting_proxy import CuttingProxy, Fault
from local_cluster.control_plane import ControlPlane
from local_cluster.object_stores import MinioServer
from steno_store import ObjectStore
from support.kubernetes_api import Api

BODY = bytes(range(256)) * (16 << 10)
"""4 MiB: several chunks of the store's."""


@pytest.fixture(scope="module")
def door(
    control_plane: ControlPlane, store: ObjectStore, minio: MinioServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FrontDoor]:
    """A gateway with completed tasks."""
    with front_door(new_namespace(control_plane), store, minio, tmp_path_factory.mktemp("gateway")) as running:
        yield running


def completed(door: FrontDoor) -> str:
    """Have a completed task with a transcript of 4 MiB; gives its id."""
    task_id: str = door.transcribe().json()["task_id"]
    door.finish(task_id, outputs={"json": BODY})
    door.http.get(f"/status/{task_id}", params={"wait": 10})
    return task_id


@pytest.fixture(name="task_id")
def _task_id(door: FrontDoor) -> str:
    """Such a task."""
    return completed(door)


def test_the_transcript_comes_whole_and_in_parts(door: FrontDoor, task_id: str) -> None:
    """GET, HEAD, a range out of the middle, and nothing where the client has it already."""
    path = f"/download/{task_id}"
    whole, head = door.http.get(path), door.http.head(path)
    part = door.http.get(path, headers={"Range": "bytes=1048570-1048580", "If-Range": whole.headers["ETag"]})
    last = door.http.get(path, headers={"Range": "bytes=-5"})
    known = door.http.get(path, headers={"If-None-Match": whole.headers["ETag"]})

    assert [200, 200, 206, 206, 304] == [answer.status_code for answer in (whole, head, part, last, known)]
    assert (BODY, b"", BODY[1048570:1048581], BODY[-5:], b"") == (
        whole.content,
        head.content,
        part.content,
        last.content,
        known.content,
    )
    assert (str(len(BODY)), "bytes 1048570-1048580/4194304") == (
        head.headers["Content-Length"],
        part.headers["Content-Range"],
    )


def test_a_redirect_leads_to_the_bytes(door: FrontDoor, task_id: str) -> None:
    """The signed address needs no key, and says how the file is called."""
    redirect = door.http.get(f"/download/{task_id}", params={"redirect": "true"})

    answer = httpx.get(redirect.headers["Location"], trust_env=False)

    assert (307, 200, BODY) == (redirect.status_code, answer.status_code, answer.content)
    assert f'attachment; filename="{task_id}.json"' == answer.headers["Content-Disposition"]


def read(door: FrontDoor, task_id: str, headers: dict[str, str], into: bytearray) -> None:
    """Read a transcript as it comes."""
    with door.http.stream("GET", f"/download/{task_id}", headers=headers) as answer:
        for chunk in answer.iter_raw():
            into += chunk


@pytest.mark.parametrize("start", [0, 100], ids=["the whole", "a part"])
def test_a_store_that_breaks_off_cuts_the_answer(
    api: Api, store: ObjectStore, minio: MinioServer, tmp_path: Path, start: int
) -> None:
    """The client knows that it has not got everything, and may ask for the rest."""
    got = bytearray()
    address = urlsplit(minio.endpoint)
    with (
        CuttingProxy(address.hostname or "", address.port or 0) as proxy,
        front_door(api, store, minio, tmp_path, endpoint=proxy.url) as door,
    ):
        task_id = completed(door)
        proxy.faults = [Fault(after_bytes=2 << 20)]
        with pytest.raises(httpx.RemoteProtocolError):
            read(door, task_id, {"Range": f"bytes={start}-"} if start else {}, got)
        rest = door.http.get(f"/download/{task_id}", headers={"Range": f"bytes={start + len(got)}-"})

    assert len(got) < len(BODY) - start
    assert BODY[start:] == got + rest.content


def test_a_released_task_has_no_transcript(door: FrontDoor, task_id: str) -> None:
    """From the acceptance of its release on; and a release may be repeated until it is gone."""
    answers = [door.http.delete(f"/release/{task_id}") for _ in range(2)]
    download = door.http.get(f"/download/{task_id}")
    door.let_go(task_id)
    last = [door.http.post(f"/release/{task_id}") for _ in range(2)]

    assert ([202, 202], 404) == ([answer.status_code for answer in answers], download.status_code)
    assert 404 == last[1].status_code


def test_a_transcript_that_was_deleted_is_gone(door: FrontDoor, task_id: str) -> None:
    """Whoever empties the bucket is not hidden."""
    job = door.api.job(task_id)
    assert job is not None
    door.store.delete(job["status"]["outputs"][0]["uri"].removeprefix(f"s3://{door.store.bucket}/"))

    answers = [door.http.request(method, f"/download/{task_id}") for method in ("GET", "HEAD")]

    assert [410, 410] == [answer.status_code for answer in answers]
