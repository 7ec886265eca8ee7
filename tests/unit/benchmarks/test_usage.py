"""The kernel's account of a process is read field by field."""

from pathlib import Path

import pytest

from benchmarks.usage import TICKS_PER_SECOND, cpu_seconds, peak_rss_mebibytes, rss_mebibytes

STATUS = "Name:\tpython\nVmPeak:\t  999999 kB\nVmHWM:\t  102400 kB\nVmRSS:\t   51200 kB\n"


def a_process(folder: Path, *, status: str = STATUS, name: str = "python") -> Path:
    """Lay out the files of process 7; its user time is 300 ticks, its system time 200."""
    own = folder / "7"
    own.mkdir()
    (own / "status").write_text(status)
    (own / "stat").write_text(f"7 ({name}) S 1 7 7 0 -1 4194560 9 0 0 0 300 200 11 12 20 0 4 0 100 1 1\n")
    return folder


def test_resident_memory_is_told_in_mebibytes(tmp_path: Path) -> None:
    """Now, and at its most."""
    proc = a_process(tmp_path)

    assert (50.0, 100.0) == (rss_mebibytes(7, proc), peak_rss_mebibytes(7, proc))


@pytest.mark.parametrize("name", [pytest.param("python", id="plain"), pytest.param("a) S (b", id="brackets")])
def test_cpu_time_is_the_users_and_the_systems(tmp_path: Path, name: str) -> None:
    """Whatever the command is called."""
    assert 500 / TICKS_PER_SECOND == cpu_seconds(7, a_process(tmp_path, name=name))


def test_a_process_that_has_ended_is_an_error(tmp_path: Path) -> None:
    """A zombie holds no memory, and none is made up."""
    with pytest.raises(ValueError, match="has ended"):
        rss_mebibytes(7, a_process(tmp_path, status="Name:\tpython\nState:\tZ (zombie)\n"))
