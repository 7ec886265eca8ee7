"""Requests made up from the OpenAPI document, right and wrong ones: each is answered as documented."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from control_plane.gateway.front_door import FrontDoor, front_door
from local_cluster.object_stores import MinioServer
from steno_store import ObjectStore
from support.kubernetes_api import Api

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"

EXAMPLES = 15
"""Of each operation while it is fuzzed; by hand more are worth their time."""

SETTINGS = Path(__file__).with_name("schemathesis.toml")


@pytest.fixture
def door(api: Api, store: ObjectStore, minio: MinioServer, tmp_path: Path) -> Iterator[FrontDoor]:
    """A gateway with a task that waits, one that is completed, and no wait for receipts that nobody writes."""
    with front_door(api, store, minio, tmp_path / "gateway", STENO_RELEASE_WAIT_SECONDS="0.2") as opened:
        opened.transcribe()
        finished = opened.transcribe().json()["task_id"]
        opened.finish(finished, outputs={"json": b"{}"})
        yield opened


@pytest.mark.timeout(600)
def test_every_answer_is_a_documented_one(door: FrontDoor, tmp_path: Path) -> None:
    """No request is answered 5xx, and none with a status, a media type or a schema that the document lacks."""
    schemathesis = Path(sys.executable).with_name("schemathesis")
    document = f"{door.gateway.url}/openapi.json"
    command = [str(schemathesis), "--config-file", str(SETTINGS), "run", document, "--no-color"]
    options = ["--checks", CHECKS, "--max-examples", str(EXAMPLES), "--seed", "1", "--request-timeout", "30"]
    phases = ["--phases", "examples,coverage,fuzzing", "--workers", "2"]
    run = subprocess.run(
        [*command, *options, *phases], cwd=tmp_path, capture_output=True, text=True, timeout=570, check=False
    )
    assert 0 == run.returncode, run.stdout[-8000:] + run.stderr[-2000:] + door.gateway.log.read_text()[-3000:]
