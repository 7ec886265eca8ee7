"""Parts go straight to each kind of store, or through any gateway, and an upload goes on where it broke off."""

import hashlib
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from control_plane.gateway.front_door import front_door
from control_plane.gateway.upload_yard import PART, UploadYard, upload_yard
from local_cluster.object_stores import MinioServer, VersityServer
from steno_types import UPLOAD_ID_PATTERN
from support.kubernetes_api import Api

RECORDING = random.Random(2).randbytes(2 * PART + 4321)  # noqa: S311 -- test data
SHA256 = hashlib.sha256(RECORDING).hexdigest()


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
    """A gateway."""
    with upload_yard(api, server, tmp_path / "gateway") as made:
        yield made


def bytes_of(part: dict[str, Any]) -> bytes:
    """What a part holds."""
    start = (part["number"] - 1) * PART
    return RECORDING[start : start + part["bytes"]]


def send(part: dict[str, Any], body: bytes | None = None) -> httpx.Response:
    """Send a part to the store, as a client without credentials."""
    return httpx.put(part["url"], content=bytes_of(part) if body is None else body, trust_env=False)


def test_parts_go_straight_to_the_store(yard: UploadYard) -> None:
    """With nothing but their URLs, in any order and again; a part of another size is refused by the store itself."""
    http = yard.door.http
    begun = yard.begin(len(RECORDING), sha256=SHA256, file_name="講演.mp3")
    first, second, third = begun["parts"]

    refused = [send(first, body).status_code for body in (bytes_of(first)[:-1], bytes_of(first) + b"x", b"")]
    sent = [send(part).status_code for part in (third, first, first)]
    broken_off = http.get(begun["url"]).json()
    early = http.post(begun["complete_url"])
    sent.append(send(broken_off["parts"][1]).status_code)
    done = http.post(begun["complete_url"]).json()

    assert all(400 <= status < 500 for status in refused), refused
    assert [200] * 4 == sent
    assert [True, False, True] == [part["received"] for part in broken_off["parts"]]
    assert second["bytes"] == broken_off["parts"][1]["bytes"]
    assert 409 == early.status_code
    assert (True, SHA256, "講演.mp3") == (done["whole"], done["sha256"], done["file_name"])
    assert RECORDING == yard.read(begun["upload"])
    assert ([yard.folder + begun["upload"]], []) == yard.left()


def test_another_gateway_goes_on(
    yard: UploadYard, api: Api, server: MinioServer, minio: MinioServer, tmp_path: Path
) -> None:
    """Nothing of an upload is known to the gateway that began it alone; parts may come through either."""
    del minio
    begun = yard.begin(len(RECORDING))
    with front_door(api, yard.door.store, server, tmp_path / "second", STENO_STORE_BUCKET=yard.bucket) as second:
        for part, http in zip(begun["parts"], (yard.door.http, second.http, yard.door.http), strict=True):
            url = begun["parts_url"].replace("{number}", str(part["number"]))
            assert 200 == http.put(url, content=bytes_of(part)).status_code
        yard.door.gateway.stop()

        done = second.http.post(begun["complete_url"])

    assert (200, RECORDING) == (done.status_code, yard.read(begun["upload"]))


def test_an_upload_that_is_given_up_leaves_nothing(yard: UploadYard) -> None:
    """Its parts and its plan go."""
    begun = yard.begin(len(RECORDING))
    send(begun["parts"][0])

    response = yard.door.http.delete(begun["abort_url"])

    assert (200, ([], [])) == (response.status_code, yard.left())
    assert 404 == yard.door.http.get(begun["url"]).status_code


def test_what_is_never_finished_is_found_by_the_sweep(yard: UploadYard) -> None:
    """The unfinished upload and its plan lie where the operator looks, under names that it takes for uploads."""
    begun = yard.begin(len(RECORDING))
    send(begun["parts"][0])

    whole, unfinished = yard.left()
    listed = yard.door.store.unfinished_keys("steno/")

    assert [yard.folder + begun["upload"]] == unfinished
    assert frozenset(unfinished) == listed
    assert 1 == len(whole)
    assert all(re.fullmatch(UPLOAD_ID_PATTERN, key.removeprefix(yard.folder)) for key in (*whole, *unfinished))


def test_a_connection_that_is_cut_in_a_part_loses_that_part_alone(yard: UploadYard) -> None:
    """What came before is there still, and the part may come again."""
    begun = yard.begin(len(RECORDING))
    first, second, third = begun["parts"]
    url = begun["parts_url"].replace("{number}", "2")
    send(first)
    with yard.connection(f"PUT {url} HTTP/1.1\nHost: x\nContent-Length: {PART}\n\n") as cut:
        cut.sendall(bytes_of(second)[: PART // 2])

    again = yard.door.http.put(url, content=bytes_of(second))
    send(third)
    done = yard.door.http.post(begun["complete_url"])

    assert (200, 200, RECORDING) == (again.status_code, done.status_code, yard.read(begun["upload"]))


def test_urls_are_signed_for_the_public_endpoint(
    api: Api, server: MinioServer | VersityServer, tmp_path: Path
) -> None:
    """Clients outside the cluster reach the store by another name than the gateway does."""
    with upload_yard(
        api, server, tmp_path / "gateway", STENO_STORE_PUBLIC_ENDPOINT="https://store.example.com"
    ) as yard:
        begun = yard.begin(len(RECORDING))

    assert all(part["url"].startswith("https://store.example.com/") for part in begun["parts"])


def test_browsers_are_let_in_where_an_installation_asks_for_it(
    api: Api, server: MinioServer | VersityServer, tmp_path: Path
) -> None:
    """By a rule of the bucket; a store that has none says so once, and lets them in by a setting of its own."""
    origin = "https://steno.example"
    with upload_yard(api, server, tmp_path / "gateway", STENO_STORE_BROWSER_ORIGINS=origin) as yard:
        part = yard.begin(len(RECORDING))["parts"][0]
        asked = {"Origin": origin, "Access-Control-Request-Method": "PUT"}

        allowed = httpx.options(part["url"], headers=asked, trust_env=False)

        assert origin == allowed.headers["Access-Control-Allow-Origin"]
        assert "PUT" in allowed.headers["Access-Control-Allow-Methods"]
        said = yard.door.gateway.log.read_text()
        assert (isinstance(server, MinioServer)) == ("MINIO_API_CORS_ALLOW_ORIGIN" in said)
