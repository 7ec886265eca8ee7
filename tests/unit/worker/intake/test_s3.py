"""A recording comes from the store whole, whatever happens on the way, or not at all."""

import hashlib
from pathlib import Path

import pytest

from steno_store import (
    BucketNotFoundError,
    ObjectNotFoundError,
    StoreError,
    StoreForbiddenError,
    StoreUnavailableError,
)
from steno_types import SourceObject
from steno_worker.errors import (
    ScratchFullError,
    SourceCorruptError,
    SourceForbiddenError,
    SourceNotFoundError,
    StorageUnavailableError,
    WorkerError,
)
from steno_worker.intake import Fetched, s3
from steno_worker.intake.patience import PROGRESS_BYTES, RESTARTS, TRIES
from unit.worker.intake.flaky_store import Fault, FlakyStore, Read, broken

BODY = bytes(range(256)) * 1000
ETAG = hashlib.md5(BODY, usedforsecurity=False).hexdigest()


class Reader:
    """Fetches one recording and remembers what it waited for."""

    def __init__(self, store: FlakyStore, path: Path) -> None:
        self.store = store
        self.path = path
        self.pauses: list[float] = []
        self.sizes: list[int] = []

    def fetch(self, *, bucket: str = "steno", key: str = "talk") -> Fetched:
        """Fetch it."""
        source = SourceObject(bucket=bucket, key=key)
        return s3.fetch(self.store, source, into=self.path, on_bytes=self.sizes.append, pause=self.pauses.append)

    def fails(self, expected: type[WorkerError], match: str) -> None:
        """Fail to fetch it, and leave nothing behind."""
        with pytest.raises(expected, match=match) as caught:
            self.fetch()
        assert expected is caught.type
        assert not self.path.exists()


@pytest.fixture
def store() -> FlakyStore:
    """Hold the recording ``talk``."""
    store = FlakyStore()
    store.put("talk", BODY)
    return store


@pytest.fixture
def reader(store: FlakyStore, tmp_path: Path) -> Reader:
    """Read from the store."""
    return Reader(store, tmp_path / "recording")


def test_a_recording_is_streamed(reader: Reader) -> None:
    """File, size and digest are the object's, progress is told chunk by chunk, and nothing is waited for."""
    fetched = reader.fetch()

    assert BODY == reader.path.read_bytes()
    assert Fetched(size_bytes=len(BODY), sha256=hashlib.sha256(BODY).hexdigest()) == fetched
    assert sorted(set(reader.sizes)) == reader.sizes
    assert len(BODY) == reader.sizes[-1]
    assert [] == reader.pauses


def test_a_recording_that_is_the_announced_one_is_taken(reader: Reader) -> None:
    """The digest that the assignment names is the file's own."""
    announced = hashlib.sha256(BODY).hexdigest()
    source = SourceObject(bucket="steno", key="talk", sha256=announced)

    assert announced == s3.fetch(reader.store, source, into=reader.path, on_bytes=reader.sizes.append).sha256


def test_a_recording_that_is_another_is_refused(reader: Reader) -> None:
    """Bytes with another digest than was announced end the job for good, and no file stays."""
    source = SourceObject(bucket="steno", key="talk", sha256="ab" * 32)

    with pytest.raises(SourceCorruptError, match=f"SHA-256 {hashlib.sha256(BODY).hexdigest()}; {'ab' * 32} was"):
        s3.fetch(reader.store, source, into=reader.path, on_bytes=reader.sizes.append)

    assert not reader.path.exists()
    assert 65 == SourceCorruptError("").failure.exit_code


def test_another_bucket_is_read(reader: Reader) -> None:
    """A user's own bucket serves as well as the store's."""
    reader.store.put_in("recordings", "talk", b"RIFF")

    assert 4 == reader.fetch(bucket="recordings").size_bytes


def test_an_empty_object_is_fetched(reader: Reader) -> None:
    """No bytes are a recording too; what to make of them is not the intake's business."""
    reader.store.put("talk", b"")

    assert 0 == reader.fetch().size_bytes
    assert b"" == reader.path.read_bytes()


def test_a_broken_read_goes_on_where_it_ended(reader: Reader) -> None:
    """Each next read asks for the rest of the very same object, after growing pauses."""
    reader.store.faults = [broken(1000), Fault(after_bytes=500), broken(0)]

    reader.fetch()

    assert BODY == reader.path.read_bytes()
    assert [Read(0, ETAG), Read(1000, ETAG), Read(1500, ETAG), Read(1500, ETAG)] == reader.store.reads
    assert [1.0, 2.0, 4.0] == reader.pauses


def test_a_break_after_the_last_byte_asks_for_nothing_more(reader: Reader) -> None:
    """A range that begins at the end would be refused, so it is not asked for."""
    reader.store.faults = [broken(len(BODY))]

    assert len(BODY) == reader.fetch().size_bytes
    assert [Read(0, ETAG)] == reader.store.reads


def test_a_store_that_stays_broken_is_given_up(reader: Reader) -> None:
    """Tries are bounded, and the message names object and cause."""
    reader.store.faults = [broken(100) for _ in range(TRIES)]

    reader.fails(StorageUnavailableError, r"s3://steno/talk could not be read .*reset")

    assert TRIES - 1 == len(reader.pauses)


def test_a_large_recording_may_break_off_more_often(reader: Reader) -> None:
    """As long as each read brings much, the number of breaks is not bounded."""
    body = bytes((TRIES + 3) * PROGRESS_BYTES)
    reader.store.put("talk", body)
    reader.store.faults = [broken(PROGRESS_BYTES) for _ in range(TRIES + 2)]

    assert len(body) == reader.fetch().size_bytes
    assert [1.0] * (TRIES + 2) == reader.pauses


def test_an_object_that_is_replaced_is_read_anew(reader: Reader) -> None:
    """The file holds the new object alone, never the beginning of the old one."""
    reader.store.faults = [
        Fault(
            after_bytes=1000, error=StoreUnavailableError("reset"), meanwhile=lambda: reader.store.put("talk", b"new")
        )
    ]

    fetched = reader.fetch()

    assert b"new" == reader.path.read_bytes()
    assert hashlib.sha256(b"new").hexdigest() == fetched.sha256
    assert [1000, 0, 3] == reader.sizes


def test_an_object_that_is_replaced_again_and_again_is_given_up(reader: Reader) -> None:
    """Restarts are bounded."""
    bodies = iter([b"%d" % number * 100 for number in range(RESTARTS + 1)])

    def replace() -> None:
        reader.store.put("talk", next(bodies))

    reader.store.faults = [
        Fault(after_bytes=10, error=StoreUnavailableError("reset"), meanwhile=replace) for _ in range(RESTARTS + 1)
    ]

    reader.fails(StorageUnavailableError, "replaced again and again")


def test_an_object_that_goes_while_it_is_read_is_not_found(reader: Reader) -> None:
    """What was there at first and is deleted by the next read is the user's affair."""
    reader.store.faults = [
        Fault(after_bytes=10, error=StoreUnavailableError("reset"), meanwhile=lambda: reader.store.delete("talk"))
    ]

    reader.fails(SourceNotFoundError, "There is no recording at s3://steno/talk")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        pytest.param(ObjectNotFoundError("NoSuchKey"), SourceNotFoundError, id="no object"),
        pytest.param(BucketNotFoundError("NoSuchBucket"), SourceNotFoundError, id="no bucket"),
        pytest.param(StoreForbiddenError("AccessDenied"), SourceForbiddenError, id="denied"),
        pytest.param(StoreError("InvalidArgument"), SourceForbiddenError, id="refused for good"),
        pytest.param(StoreUnavailableError("InternalError"), StorageUnavailableError, id="away"),
    ],
)
@pytest.mark.parametrize("call", ["head", "stream"])
def test_what_the_store_says_is_told(
    reader: Reader, error: StoreError, expected: type[WorkerError], call: str
) -> None:
    """Each of the store's errors ends the attempt as the failure table has it, with its own words."""
    reader.store.failing, reader.store.failing_calls = error, frozenset({call})

    reader.fails(expected, str(error))


def test_a_store_that_is_away_at_first_is_not_waited_for(reader: Reader) -> None:
    """The store's client has tried several times by then."""
    reader.store.failing = StoreUnavailableError("InternalError")

    reader.fails(StorageUnavailableError, "InternalError")

    assert [] == reader.pauses


def test_a_full_disk_is_no_fault_of_the_store(reader: Reader) -> None:
    """A disk without room ends the fetch at once, as another read would meet it too."""
    reader.path.symlink_to("/dev/full")

    with pytest.raises(ScratchFullError, match="STENO_SCRATCH"):
        reader.fetch()

    assert [] == reader.pauses
    assert not reader.path.is_symlink()


def test_whoever_is_told_of_progress_may_end_the_fetch(reader: Reader) -> None:
    """An error of the listener passes through, and the file goes."""

    def refuse(_: int) -> None:
        raise KeyError("enough")

    with pytest.raises(KeyError, match="enough"):
        s3.fetch(reader.store, SourceObject(bucket="steno", key="talk"), into=reader.path, on_bytes=refuse)

    assert not reader.path.exists()
