"""The file grows, is counted, and is not left behind."""

import errno
import hashlib
import os
from pathlib import Path

import pytest

from steno_worker.errors import ScratchFullError
from steno_worker.intake.partial import Fetched, PartialFile, partial_file, scratch_faults_told


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the recording belongs."""
    return tmp_path / "recording"


@pytest.fixture
def full_path(path: Path) -> Path:
    """A file on a disk without any room."""
    path.symlink_to("/dev/full")
    return path


def fill(path: Path, *chunks: bytes) -> Fetched:
    """Write `chunks` as a recording."""
    with partial_file(path, lambda _: None) as file:
        for chunk in chunks:
            file.append(chunk)
        return file.finish()


def test_what_is_written_is_counted_and_hashed(path: Path) -> None:
    """Size and digest are those of the file."""
    fetched = fill(path, b"one", b"", b"two")

    assert b"onetwo" == path.read_bytes()
    assert Fetched(size_bytes=6, sha256=hashlib.sha256(b"onetwo").hexdigest()) == fetched


def test_starting_over_forgets(path: Path) -> None:
    """After a restart nothing of the first try is left, in the file, in the digest or in the count."""
    told: list[int] = []
    with partial_file(path, told.append) as file:
        file.start_over()
        file.append(b"a longer first try")
        file.start_over()
        file.append(b"second")
        fetched = file.finish()

    assert b"second" == path.read_bytes()
    assert Fetched(size_bytes=6, sha256=hashlib.sha256(b"second").hexdigest()) == fetched
    assert [18, 0, 6] == told


def test_an_older_file_is_overwritten(path: Path) -> None:
    """What lay there before is gone."""
    path.write_bytes(b"a recording of another attempt")

    fill(path, b"new")

    assert b"new" == path.read_bytes()


@pytest.mark.parametrize("error", [ValueError("any"), KeyboardInterrupt()])
def test_no_half_file_is_left(path: Path, error: BaseException) -> None:
    """Whatever ends the fetch removes the file and passes on."""

    def break_off(file: PartialFile) -> None:
        file.append(b"half")
        raise error

    with pytest.raises(type(error)) as caught, partial_file(path, lambda _: None) as file:
        break_off(file)

    assert error is caught.value
    assert not path.exists()


@pytest.mark.parametrize(
    "chunk", [pytest.param(b"x" * 100, id="noticed at the end"), pytest.param(b"x" * (1 << 20), id="noticed at once")]
)
def test_a_full_disk_is_told_with_its_remedy(full_path: Path, chunk: bytes) -> None:
    """The message names the folder's setting and what to raise, and nothing is left."""
    with pytest.raises(ScratchFullError, match=r"STENO_SCRATCH.* ephemeral-storage"):
        fill(full_path, chunk)

    assert not full_path.is_symlink()


def test_a_used_up_quota_is_a_full_disk() -> None:
    """The kernel's other word for no room means the same; the bytes written so far are told."""
    with pytest.raises(ScratchFullError, match="after 7 bytes"), scratch_faults_told(7):
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))


def test_other_faults_of_the_disk_are_not_explained_away() -> None:
    """A fault that more room would not mend stays what it is."""
    with pytest.raises(PermissionError), scratch_faults_told(0):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
