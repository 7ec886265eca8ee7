"""Models as a pod meets them: found through its own store and settings, told of in its results."""

import hashlib
from pathlib import Path

import pytest

from steno_store import ObjectStore, read_manifest
from steno_types import Assignment, Reason, TerminationMessage
from steno_worker.models import locate
from steno_worker.sigterm import SigtermWatch
from steno_worker.worker import run
from support.object_store import InMemoryObjectStore
from unit.worker.attempts import MODEL, RESULTS_PREFIX

ADDRESS = "s3://models/espeak"


@pytest.fixture
def environment(
    monkeypatch: pytest.MonkeyPatch, assignment: Assignment, store: InMemoryObjectStore, tmp_path: Path
) -> None:
    """Set what operator and chart would set, for a model out of a bucket."""
    engine = assignment.engine.model_copy(update={"model": ADDRESS})
    monkeypatch.setenv("STENO_ASSIGNMENT", assignment.model_copy(update={"engine": engine}).model_dump_json())
    monkeypatch.setenv("STENO_ATTEMPT", "talk-89abcdef-x7k2p")
    monkeypatch.setenv("STENO_STORE_BUCKET", store.bucket)
    monkeypatch.setenv("STENO_SCRATCH", str(tmp_path))
    monkeypatch.setenv("STENO_MODEL_CACHE", str(tmp_path / "models"))
    monkeypatch.setenv("STENO_TERMINATION_MESSAGE", str(tmp_path / "termination-log"))


def attempt_with(store: ObjectStore) -> int:
    """Run one attempt with nothing replaced but the store."""
    return run({}, SigtermWatch(), connect=lambda _: store)


@pytest.mark.usefixtures("environment")
def test_a_pods_model_may_lie_in_a_bucket(store: InMemoryObjectStore, tmp_path: Path) -> None:
    """It is kept where the setting says; the manifest has its address, its digest and what the self-test took."""
    sums = ""
    for file in MODEL.iterdir():
        store.put_in("models", f"espeak/{file.name}", file.read_bytes())
        sums += f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n"
    store.put_in("models", "espeak/SHA256SUMS", sums.encode())

    assert 0 == attempt_with(store)

    manifest = read_manifest(store, RESULTS_PREFIX)
    assert manifest is not None
    assert manifest.effective is not None
    assert (ADDRESS, locate(str(MODEL)).digest) == (manifest.effective.model, manifest.effective.model_digest)
    assert manifest.telemetry is not None
    assert {"load-model", "self-test"} <= set(manifest.telemetry.stage_seconds)
    assert [hashlib.sha256(sums.encode()).hexdigest()] == [
        path.name.removeprefix("sha256-") for path in (tmp_path / "models").iterdir()
    ]


@pytest.mark.usefixtures("environment")
def test_a_pods_model_that_is_not_there_fails_the_job(store: InMemoryObjectStore, tmp_path: Path) -> None:
    """The outcome is claimed, as no other attempt will find it; nothing is left of it."""
    assert 78 == attempt_with(store)

    message = TerminationMessage.model_validate_json((tmp_path / "termination-log").read_bytes())
    assert Reason.MODEL_UNKNOWN == message.reason
    assert ADDRESS in message.message
    assert read_manifest(store, RESULTS_PREFIX) is not None
    assert ["termination-log"] == [path.name for path in tmp_path.iterdir()]
