"""The file of samples: written by one, read by many while it grows, gone in the end."""

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from steno_worker.decoding.spool import Spool, SpoolClosedError
from steno_worker.errors import ScratchFullError

ENOUGH_TO_FLUSH = np.arange(40_000).astype(np.int16)


def test_samples_come_back_as_they_went_in(tmp_path: Path) -> None:
    """Sixteen bits become floats in [-1, 1), by any interval."""
    spool = Spool(tmp_path / "spool")
    spool.append(np.array([-32_768, -1, 0, 1, 32_767], np.int16))
    spool.finish(("a warning",))

    assert [-1.0, -1 / 32_768, 0.0, 1 / 32_768, 32_767 / 32_768] == spool.read(0, 5).tolist()
    assert [0.0, 1 / 32_768] == spool.read(2, 4).tolist()
    assert np.dtype(np.float32) == spool.read(0, 1).dtype
    assert (5, ("a warning",)) == spool.wait()


@pytest.mark.parametrize(
    ("interval", "length"), [((3, 9), 2), ((5, 9), 0), ((7, 9), 0), ((2, 2), 0)], ids=["over", "at", "past", "none"]
)
def test_reads_are_short_only_at_the_end(tmp_path: Path, interval: tuple[int, int], length: int) -> None:
    """Of five samples, what lies beyond is not there, and no error."""
    spool = Spool(tmp_path / "spool")
    spool.append(np.zeros(5, np.int16))
    spool.finish(())

    assert length == len(spool.read(*interval))


@pytest.mark.parametrize("interval", [(-1, 2), (3, 2)], ids=["negative", "backwards"])
def test_an_interval_must_be_one(tmp_path: Path, interval: tuple[int, int]) -> None:
    """A caller's slip is told at once, instead of waiting for samples that never come."""
    with pytest.raises(ValueError, match="no interval"):
        Spool(tmp_path / "spool").read(*interval)


def test_silence_takes_no_disk(tmp_path: Path) -> None:
    """An hour of it between two blocks is a hole in the file that reads as zeros."""
    spool = Spool(tmp_path / "spool")
    spool.append(np.ones(10, np.int16))
    spool.append_silence(3600 * 16_000)
    spool.append(np.ones(10, np.int16))
    spool.finish(())

    assert 3600 * 16_000 + 20 == spool.wait()[0]
    assert 0.0 == float(np.abs(spool.read(10, 16_000)).max())
    assert [1 / 32_768] * 10 == spool.read(3600 * 16_000 + 10, 3600 * 16_000 + 20).tolist()
    assert (tmp_path / "spool").stat().st_blocks * 512 < 1_000_000


def test_a_reader_waits_for_what_is_not_written_yet(tmp_path: Path) -> None:
    """Samples are handed over while the writer is still at work."""
    spool = Spool(tmp_path / "spool")
    read: list[int] = []
    reader = threading.Thread(target=lambda: read.append(len(spool.read(0, 40_000))))
    reader.start()
    assert 0 == spool.num_readable

    spool.append(ENOUGH_TO_FLUSH)
    reader.join()

    assert [40_000] == read


def test_an_error_reaches_every_reader(tmp_path: Path) -> None:
    """Whoever reads or waits gets it, and nobody works on with what came before."""
    spool = Spool(tmp_path / "spool")
    spool.append(ENOUGH_TO_FLUSH)
    spool.fail(RuntimeError("broken"))

    for call in (spool.wait, lambda: spool.read(0, 1), lambda: spool.read(0, 1)):
        with pytest.raises(RuntimeError, match="broken"):
            call()


def test_a_closed_spool_is_gone(tmp_path: Path) -> None:
    """Its file is removed, its writer told to stop, its readers that they came too late."""
    spool = Spool(tmp_path / "spool")
    spool.close()
    spool.close()

    assert [] == list(tmp_path.iterdir())
    with pytest.raises(SpoolClosedError):
        spool.append(ENOUGH_TO_FLUSH)
    with pytest.raises(ValueError, match="closed"):
        spool.read(0, 1)


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    """Linux's own full device stands for it."""
    (tmp_path / "spool").symlink_to("/dev/full")
    spool = Spool(tmp_path / "spool")

    with pytest.raises(ScratchFullError, match="No space is left in the worker's scratch folder"):
        spool.append(ENOUGH_TO_FLUSH)

    spool.close()
    assert Path("/dev/full").exists()


def test_a_limit_on_files_is_a_full_disk(tmp_path: Path) -> None:
    """A process that may write no larger file says so too, of the samples and of a silence."""
    script = (
        "import resource, sys, numpy as np\n"
        "from pathlib import Path\n"
        "from steno_worker.decoding.spool import Spool\n"
        "from steno_worker.errors import ScratchFullError\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "for name, call in (('a', lambda s: s.append(np.ones(100_000, np.int16))),\n"
        "                   ('b', lambda s: s.append_silence(100_000))):\n"
        "    try:\n"
        "        call(Spool(Path(sys.argv[1], name)))\n"
        "    except ScratchFullError:\n"
        "        print(name)\n"
    )

    ran = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )

    assert "a\nb\n" == ran.stdout


def test_another_error_of_the_disk_stays_what_it_is(tmp_path: Path) -> None:
    """A folder that is not there is nobody's full disk."""
    with pytest.raises(OSError, match="No such file") as raised:
        Spool(tmp_path / "nowhere" / "spool")

    assert errno.ENOENT == raised.value.errno
