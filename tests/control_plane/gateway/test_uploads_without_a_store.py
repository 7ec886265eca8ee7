"""A store that goes away in the middle of an upload costs that upload, and nothing else."""

from pathlib import Path

import httpx
import pytest

from control_plane.gateway.upload_yard import PART, upload_yard
from local_cluster.object_stores import MinioServer
from support.kubernetes_api import Api


@pytest.mark.parametrize("by_form", [True, False], ids=["form", "raw"])
def test_a_store_that_goes_away_in_mid_upload_is_told(api: Api, tmp_path: Path, *, by_form: bool) -> None:
    """The client reads a 503 that says when to come back, no task is made, and the next upload works."""
    with MinioServer() as server, upload_yard(api, server, tmp_path / "gateway") as yard:

        def recording() -> object:
            yield from [b"\0" * (1 << 20)] * (PART >> 19)
            yard.wait_for_parts()
            server.stop()
            yield from [b"\0" * (1 << 20)] * (PART >> 19)

        http = yard.door.http
        if by_form:
            boundary = "b" * 20
            head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"\r\n\r\n'.encode()

            def form() -> object:
                yield head
                yield from recording()  # type: ignore[misc]
                yield f"\r\n--{boundary}--\r\n".encode()

            headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
            response = http.post("/transcribe", content=form(), headers=headers, timeout=120)  # type: ignore[arg-type]
        else:
            response = http.put("/uploads/talk.mp3", content=recording(), timeout=120)  # type: ignore[arg-type]
        server.start()
        again: httpx.Response = http.put("/uploads/talk.mp3", content=b"sound")

    assert (503, "store-unavailable") == (response.status_code, response.json()["type"].rpartition(":")[2])
    assert response.headers["Retry-After"].isdecimal()
    assert 201 == again.status_code
    assert [] == api.jobs()
