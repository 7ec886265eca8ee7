"""The engine computes with as many threads as the pod may use."""

import os
from pathlib import Path

import pytest

from steno_worker.processors import cpu_limit, thread_count


def write_limit(cgroups: Path, files: dict[str, str]) -> Path:
    """Lay the control group's files out."""
    for name, text in files.items():
        file = cgroups / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    return cgroups


@pytest.mark.parametrize(
    ("files", "limit"),
    [
        pytest.param({"cpu.max": "150000 100000\n"}, 1.5, id="version 2"),
        pytest.param({"cpu.max": "max 100000\n"}, None, id="version 2, no limit"),
        pytest.param({"cpu/cpu.cfs_quota_us": "400000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 4.0, id="version 1"),
        pytest.param(
            {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, None, id="version 1, no limit"
        ),
        pytest.param({}, None, id="no control group"),
    ],
)
def test_the_limit_of_the_control_group(tmp_path: Path, files: dict[str, str], limit: float | None) -> None:
    """A pod's CPU limit is read from either version of control groups."""
    assert limit == cpu_limit(write_limit(tmp_path, files))


@pytest.mark.parametrize(
    ("environ", "cpu_max", "threads"),
    [
        pytest.param({"OMP_NUM_THREADS": "7"}, "100000 100000", 7, id="told by the environment"),
        pytest.param({}, "50000 100000", 1, id="half a CPU is one thread"),
        pytest.param({"OMP_NUM_THREADS": "many"}, "100000 100000", 1, id="nonsense in the environment"),
        pytest.param({}, "max 100000", len(os.sched_getaffinity(0)), id="all that are there"),
    ],
)
def test_threads(tmp_path: Path, environ: dict[str, str], cpu_max: str, threads: int) -> None:
    """The environment decides, else the limit, else the affinity."""
    assert threads == thread_count(environ, cgroups=write_limit(tmp_path, {"cpu.max": cpu_max}))
