"""The intake takes its source from wherever the assignment says."""

import hashlib
from pathlib import Path

import pytest

from steno_types import SourceObject
from steno_worker.errors import SourceForbiddenError
from steno_worker.intake import Fetched, IntakeLimits, fetch
from support.object_store import InMemoryObjectStore
from unit.worker.intake.sites import Site, whole

LIMITS = IntakeLimits(max_bytes=1 << 20, max_seconds=60.0, allowed_hosts=("127.0.0.0/8", "::1"))
RIFF = Fetched(size_bytes=4, sha256=hashlib.sha256(b"RIFF").hexdigest())


@pytest.fixture
def store() -> InMemoryObjectStore:
    """Hold the recording ``talk``."""
    store = InMemoryObjectStore()
    store.put("talk", b"RIFF")
    return store


def test_an_object_is_fetched(store: InMemoryObjectStore, tmp_path: Path) -> None:
    """An assignment with an object reads it from the store, whatever the limits for addresses are."""
    source = SourceObject(bucket="steno", key="talk")
    none = IntakeLimits(max_bytes=0, max_seconds=0.0)

    assert RIFF == fetch(store, source, None, into=tmp_path / "recording", limits=none)
    assert b"RIFF" == (tmp_path / "recording").read_bytes()


def test_an_address_is_fetched(store: InMemoryObjectStore, site: Site, tmp_path: Path) -> None:
    """An assignment with an address asks the system's own resolver and the server that it names."""
    site.pages["/talk.wav"] = whole(b"RIFF")
    sizes: list[int] = []

    fetched = fetch(
        store,
        None,
        site.url("/talk.wav", host="localhost"),
        into=tmp_path / "recording",
        limits=LIMITS,
        on_bytes=sizes.append,
    )

    assert RIFF == fetched
    assert [4] == sizes
    assert b"RIFF" == (tmp_path / "recording").read_bytes()


def test_nothing_is_open_by_default(store: InMemoryObjectStore, site: Site, tmp_path: Path) -> None:
    """Without a list of hosts the worker asks public addresses alone."""
    limits = IntakeLimits(max_bytes=1, max_seconds=60.0)

    with pytest.raises(SourceForbiddenError, match="leads to a loopback address"):
        fetch(store, None, site.url("/talk.wav", host="localhost"), into=tmp_path / "recording", limits=limits)

    assert [] == site.asked
    assert [] == list(tmp_path.iterdir())


def test_some_source_is_needed(store: InMemoryObjectStore, tmp_path: Path) -> None:
    """An assignment always has one; a call without is a mistake in the code."""
    with pytest.raises(ValueError, match="neither source nor source_url"):
        fetch(store, None, None, into=tmp_path / "recording", limits=LIMITS)
