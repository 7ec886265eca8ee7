"""Checkpoints in the store: written once, under what the work depends on; a store that is away costs no work."""

from collections.abc import Iterator

import pytest

from steno_store import StoreForbiddenError, StoreUnavailableError, keys
from steno_worker.checkpoints import StoredCheckpoints, fingerprint
from steno_worker.errors import StorageUnavailableError
from support.object_store import InMemoryObjectStore
from unit.worker.attempts import RESULTS_PREFIX

WORK = "0123456789abcdef"


@pytest.fixture
def checkpoints(store: InMemoryObjectStore) -> Iterator[StoredCheckpoints]:
    """Open those of one piece of work."""
    with StoredCheckpoints(store, RESULTS_PREFIX, WORK) as opened:
        yield opened


def test_what_is_written_is_read(checkpoints: StoredCheckpoints) -> None:
    """Pieces come back by their names."""
    checkpoints.put("plan/0", b"plan")
    checkpoints.put("heard/0-1", b"heard")

    assert {"plan/0": b"plan", "heard/0-1": b"heard"} == checkpoints.load()


def test_the_first_to_write_a_piece_wins(checkpoints: StoredCheckpoints) -> None:
    """The second gets the first one's."""
    assert b"mine" == checkpoints.put("plan/0", b"mine")
    assert b"mine" == checkpoints.put("plan/0", b"theirs")
    assert {"plan/0": b"mine"} == checkpoints.load()


def test_pieces_written_later_are_there_in_the_end(store: InMemoryObjectStore) -> None:
    """Leaving the checkpoints waits for what was begun, in its order."""
    with StoredCheckpoints(store, RESULTS_PREFIX, WORK) as checkpoints:
        for number in range(20):
            checkpoints.put_later(f"heard/{number}", b"heard")

    written = [key for key in store.objects if key.startswith(keys.checkpoints(RESULTS_PREFIX, WORK))]
    assert [f"{keys.checkpoints(RESULTS_PREFIX, WORK)}heard/{number}" for number in range(20)] == written


def test_other_work_finds_nothing(store: InMemoryObjectStore, checkpoints: StoredCheckpoints) -> None:
    """Another model or setting has another fingerprint, and so another place."""
    checkpoints.put("plan/0", b"plan")

    with StoredCheckpoints(store, RESULTS_PREFIX, "fedcba9876543210") as others:
        assert {} == others.load()


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(StoreUnavailableError("away"), id="away"),
        pytest.param(StoreForbiddenError("denied"), id="forbidden"),
    ],
)
def test_a_store_that_takes_nothing_stops_no_work(
    store: InMemoryObjectStore, checkpoints: StoredCheckpoints, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """The attempt goes on with what it made, and says in its log that it could not be kept."""
    store.failing, store.failing_calls = error, frozenset({"put_if_absent"})  # type: ignore[assignment]

    assert b"mine" == checkpoints.put("plan/0", b"mine")
    assert ["a checkpoint could not be written: " + str(error)] == [record.getMessage() for record in caplog.records]


def test_a_store_that_shows_nothing_is_asked_again_by_the_next_attempt(
    store: InMemoryObjectStore, checkpoints: StoredCheckpoints
) -> None:
    """Hours of work may lie there: rather retry than compute them anew."""
    store.failing = StoreUnavailableError("away")

    with pytest.raises(StorageUnavailableError, match="work of earlier attempts"):
        checkpoints.load()


def test_a_fingerprint_depends_on_every_value_and_on_no_order() -> None:
    """Equal work, equal place; anything else, another."""
    about = {"source": "abc", "engine": {"model": "small", "beam": 5}}

    assert fingerprint(about) == fingerprint({"engine": {"beam": 5, "model": "small"}, "source": "abc"})
    assert fingerprint(about) != fingerprint({**about, "source": "abd"})
    assert fingerprint(about) != fingerprint({**about, "language": None})
    assert 32 == len(fingerprint(about))
