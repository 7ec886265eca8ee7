"""Models out of a bucket: fetched whole and checked, kept for the next pod, refused with the file's name."""

import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from steno_store import ObjectStore, StoredObject, StoreError, StoreForbiddenError, StoreUnavailableError
from steno_types import EngineSettings
from steno_worker.engines import load_engine
from steno_worker.errors import ModelDownloadFailedError, ModelUnknownError, SettingsInvalidError, WorkerError
from steno_worker.models import LocatedModel, locate
from steno_worker.models.bucket import PARTIAL_SECONDS, fetched
from support.object_store import InMemoryObjectStore
from unit.worker.attempts import MODEL, SMALL_WHISPER

ADDRESS = "s3://models/whisper/espeak"
PREFIX = "whisper/espeak"


def sums_of(files: dict[str, bytes]) -> bytes:
    """List files as sha256sum does."""
    return "".join(f"{hashlib.sha256(body).hexdigest()}  {name}\n" for name, body in files.items()).encode()


def filled(store: InMemoryObjectStore, files: dict[str, bytes]) -> InMemoryObjectStore:
    """Lay a model into the store."""
    for name, body in {**files, "SHA256SUMS": sums_of(files)}.items():
        store.put_in("models", f"{PREFIX}/{name}", body)
    return store


class MeetingStore(InMemoryObjectStore):
    """Gives the model's weights away only when two ask for them at once."""

    def __init__(self) -> None:
        super().__init__()
        self._meeting = threading.Barrier(2)

    def head(self, key: str, *, bucket: str | None = None) -> StoredObject:
        """Wait for the other one."""
        if key.endswith("model.bin"):
            self._meeting.wait(timeout=30)
        return super().head(key, bucket=bucket)


@pytest.fixture
def files() -> dict[str, bytes]:
    """The small model's files."""
    return {file.name: file.read_bytes() for file in sorted(MODEL.iterdir())}


@pytest.fixture
def bucket(files: dict[str, bytes]) -> InMemoryObjectStore:
    """A store with the model in a bucket beside Steno's own."""
    return filled(InMemoryObjectStore(), files)


@pytest.fixture
def find(bucket: InMemoryObjectStore, tmp_path: Path) -> Callable[..., LocatedModel]:
    """Look for a model, with a cache that is not made yet."""

    def find(address: str = ADDRESS, store: ObjectStore = bucket) -> LocatedModel:
        return locate(address, cache=tmp_path / "cache" / "models", open_store=lambda: store)

    return find


def test_a_model_is_fetched_and_loaded(
    find: Callable[..., LocatedModel], files: dict[str, bytes], tmp_path: Path
) -> None:
    """It lies in the cache under the digest of its list, and an engine takes it."""
    located = find()

    name = f"sha256-{hashlib.sha256(sums_of(files)).hexdigest()}"
    assert tmp_path / "cache" / "models" / name == located.path
    assert [name] == [path.name for path in (tmp_path / "cache" / "models").iterdir()]
    assert files == {file.name: file.read_bytes() for file in located.path.iterdir()}
    assert locate(str(MODEL)).digest == located.digest
    settings = EngineSettings.model_validate({**SMALL_WHISPER, "model": ADDRESS})
    info = load_engine(settings, locate=lambda _: located).info
    assert (ADDRESS, located.digest) == (info.model, info.model_digest)


def test_a_cached_model_costs_one_small_read(find: Callable[..., LocatedModel], bucket: InMemoryObjectStore) -> None:
    """Only the list is read again, so that another model under the same prefix is noticed."""
    first = find()
    bucket.failing, bucket.failing_calls = StoreUnavailableError("away"), frozenset({"head"})

    again = find()

    assert (first.path, first.digest) == (again.path, again.digest)


def test_another_model_under_the_prefix_is_fetched(
    find: Callable[..., LocatedModel], bucket: InMemoryObjectStore, files: dict[str, bytes]
) -> None:
    """The cache's name follows the bytes, not the address."""
    first = find()
    changed = {**files, "config.json": files["config.json"] + b"\n"}
    bucket.put_in("models", f"{PREFIX}/config.json", changed["config.json"])
    bucket.put_in("models", f"{PREFIX}/SHA256SUMS", sums_of(changed))

    second = find()

    assert first.path != second.path
    assert first.digest != second.digest
    assert changed["config.json"] == (second.path / "config.json").read_bytes()


def test_a_file_that_is_not_the_listed_one_is_named(
    find: Callable[..., LocatedModel], bucket: InMemoryObjectStore, tmp_path: Path
) -> None:
    """A mismatch leaves nothing in the cache that could be taken for a model."""
    bucket.put_in("models", f"{PREFIX}/tokenizer.json", b"{}")

    with pytest.raises(ModelUnknownError, match=r"tokenizer\.json is not the file that its SHA256SUMS lists"):
        find()

    assert [] == [path.name for path in (tmp_path / "cache" / "models").iterdir()]


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(f"{'0' * 64}  ../../etc/passwd", id="upwards"),
        pytest.param(f"{'0' * 64}  a/../../b", id="upwards within"),
        pytest.param(f"{'0' * 64}  ./../b", id="upwards behind a dot"),
        pytest.param(f"{'0' * 64}  /etc/passwd", id="absolute"),
        pytest.param(f"\\{'0' * 64}  a\\nb", id="escaped"),
        pytest.param(f"{'0' * 64}  .", id="the folder itself"),
        pytest.param("model.bin", id="no digest"),
        pytest.param(f"{'0' * 63}  model.bin", id="short digest"),
    ],
)
def test_a_list_that_leaves_its_folder_or_is_none_is_refused(
    find: Callable[..., LocatedModel],
    bucket: InMemoryObjectStore,
    files: dict[str, bytes],
    tmp_path: Path,
    line: str,
) -> None:
    """Nothing is fetched for it, let alone written outside of the cache."""
    bucket.put_in("models", f"{PREFIX}/SHA256SUMS", sums_of(files) + line.encode() + b"\n")

    with pytest.raises(ModelUnknownError, match=f"whose line {len(files) + 1} is none of sha256sum's"):
        find()

    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    "sums",
    [
        pytest.param(lambda files: sums_of({f"./{name}": body for name, body in files.items()}), id="by find"),
        pytest.param(lambda files: sums_of(files).replace(b"  ", b" *"), id="binary mode"),
        pytest.param(lambda files: sums_of({**files, "SHA256SUMS": b""}), id="lists itself, empty"),
        pytest.param(lambda files: sums_of(files).rstrip(b"\n"), id="no last line end"),
    ],
)
def test_usual_lists_are_understood(
    find: Callable[..., LocatedModel],
    bucket: InMemoryObjectStore,
    files: dict[str, bytes],
    sums: Callable[[dict[str, bytes]], bytes],
) -> None:
    """People make the list in several ways."""
    bucket.put_in("models", f"{PREFIX}/SHA256SUMS", sums(files))

    assert locate(str(MODEL)).digest == find().digest


@pytest.mark.parametrize(
    ("address", "said"),
    [
        pytest.param("s3://models/absent", "its SHA256SUMS is not to be had", id="no list"),
        pytest.param("s3://nowhere/whisper", "its SHA256SUMS is not to be had", id="no bucket"),
        pytest.param("s3://", "names no bucket", id="no address"),
    ],
)
def test_a_prefix_without_a_model_is_named(find: Callable[..., LocatedModel], address: str, said: str) -> None:
    """The message has the address as the profile spells it."""
    with pytest.raises(ModelUnknownError, match=said) as raised:
        find(address)

    assert address in str(raised.value)


@pytest.mark.parametrize(
    ("error", "calls", "expected"),
    [
        pytest.param(StoreForbiddenError("denied"), {"stream"}, ModelUnknownError, id="list refused"),
        pytest.param(StoreUnavailableError("away"), {"stream"}, ModelDownloadFailedError, id="store away"),
        pytest.param(StoreForbiddenError("denied"), {"head"}, ModelUnknownError, id="file refused"),
        pytest.param(StoreUnavailableError("away"), {"head"}, ModelDownloadFailedError, id="store goes away"),
    ],
)
def test_a_store_that_does_not_give_it_away_is_told(
    find: Callable[..., LocatedModel],
    bucket: InMemoryObjectStore,
    error: StoreError,
    calls: set[str],
    expected: type[WorkerError],
) -> None:
    """A store that is away may be back for the next attempt; one that refuses will refuse again."""
    bucket.failing, bucket.failing_calls = error, frozenset(calls)

    with pytest.raises(expected, match=str(error)):
        find()


def test_two_pods_fetch_at_once(files: dict[str, bytes], tmp_path: Path) -> None:
    """Both find a whole model; the later one drops its own copy."""
    store = filled(MeetingStore(), files)

    with ThreadPoolExecutor(2) as pods:
        found = list(pods.map(lambda _: locate(ADDRESS, cache=tmp_path, open_store=lambda: store), range(2)))

    assert [found[0].path.name] == [path.name for path in tmp_path.iterdir()]
    assert [found[0].path] * 2 == [model.path for model in found]
    assert files == {file.name: file.read_bytes() for file in found[0].path.iterdir()}


def test_a_damaged_cache_is_removed(find: Callable[..., LocatedModel], files: dict[str, bytes]) -> None:
    """A disk that lost bits costs one attempt: the next one fetches the model anew."""
    home = find().path
    (home / "model.bin").write_bytes(b"x")

    with pytest.raises(ModelDownloadFailedError, match=r"model\.bin .* was damaged"):
        _ = find().digest

    assert files["model.bin"] == (find().path / "model.bin").read_bytes()


@pytest.mark.parametrize(
    ("age_seconds", "left"),
    [pytest.param(PARTIAL_SECONDS - 60, True, id="young"), pytest.param(PARTIAL_SECONDS + 60, False, id="old")],
)
def test_what_a_killed_pod_left_is_removed_in_time(
    bucket: InMemoryObjectStore, tmp_path: Path, age_seconds: float, *, left: bool
) -> None:
    """A folder that may still be filled stays; one that nobody fills any more goes."""
    partial = tmp_path / ".partial-abc"
    partial.mkdir()
    (partial / "model.bin").write_bytes(b"x")
    written = (partial / "model.bin").stat().st_mtime

    fetched(ADDRESS, cache=tmp_path, store=bucket, now=lambda: written + age_seconds)

    assert left == partial.exists()


def test_a_cache_that_is_no_folder_is_named(bucket: InMemoryObjectStore, tmp_path: Path) -> None:
    """The message has the setting that the chart has to mend."""
    (tmp_path / "file").write_text("")

    with pytest.raises(SettingsInvalidError, match=r"\(Not a directory\); point STENO_MODEL_CACHE"):
        locate(ADDRESS, cache=tmp_path / "file" / "models", open_store=lambda: bucket)


def test_without_a_store_a_bucket_cannot_be_read() -> None:
    """On a laptop there is none: the message says so."""
    with pytest.raises(ModelUnknownError, match="there is no object store here"):
        locate(ADDRESS)
