"""What the worker's tests share: the meeting, a store that holds it, a pod to transcribe it in."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from steno_store import StoreError
from steno_types import Assignment, EngineSettings, JobIdentity, SourceObject
from support.object_store import InMemoryObjectStore
from unit.worker.attempts import FIXTURES, RESULTS_PREFIX, SMALL_WHISPER, UPLOAD_KEY, Pod, ScriptedEngine
from unit.worker.recordings import write_recording


@pytest.fixture
def meeting() -> Path:
    """28.7 seconds of three espeak-ng voices."""
    return FIXTURES / "recordings" / "meeting.wav"


@pytest.fixture
def meeting_sentences() -> list[dict[str, float | str]]:
    """What they say, and when."""
    sentences: list[dict[str, float | str]] = json.loads((FIXTURES / "recordings" / "meeting.json").read_text())
    return sentences


@pytest.fixture
def assignment() -> Assignment:
    """Give work as the operator would: the meeting, by the small model."""
    return Assignment(
        job=JobIdentity(namespace="team", name="talk", uid="89abcdef-0000-4000-8000-000000000000"),
        source=SourceObject(bucket="steno", key=UPLOAD_KEY),
        results_prefix=RESULTS_PREFIX,
        profile="tiny",
        image="steno-worker:test",
        engine=EngineSettings.model_validate(SMALL_WHISPER),
    )


@pytest.fixture
def store(meeting: Path) -> InMemoryObjectStore:
    """Offer a store that holds the meeting as an upload."""
    store = InMemoryObjectStore()
    store.put(UPLOAD_KEY, meeting.read_bytes())
    return store


@pytest.fixture
def pod(store: InMemoryObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pod:
    """Offer a pod of the job."""
    return Pod(store=store, folder=tmp_path, environment=monkeypatch)


@pytest.fixture
def engine() -> ScriptedEngine:
    """Offer an engine that needs no model."""
    return ScriptedEngine()


@pytest.fixture
def failing_store(store: InMemoryObjectStore) -> Callable[..., InMemoryObjectStore]:
    """Make the store fail from now on, in all calls or the named ones."""

    def fail(error: StoreError, *calls: str) -> InMemoryObjectStore:
        store.failing, store.failing_calls = error, frozenset(calls)
        return store

    return fail


@pytest.fixture
def make_recording(tmp_path: Path) -> Callable[..., Path]:
    """Write a recording by name; its options are those of `write_recording`."""

    def make(name: str, **options: Any) -> Path:
        return write_recording(tmp_path / name, **options)

    return make
