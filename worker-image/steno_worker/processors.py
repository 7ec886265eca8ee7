"""How many CPUs this container may use.

Called by `engines.faster_whisper`: CTranslate2 would start four threads whatever the pod's limit is, and threads
beyond the limit are throttled by the kernel, all at once. Must not know who computes.
"""

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

CGROUPS: Final = Path("/sys/fs/cgroup")
"""Where a container sees its own control group."""


def thread_count(environ: Mapping[str, str] = os.environ, *, cgroups: Path = CGROUPS) -> int:
    """Give the threads to compute with: ``OMP_NUM_THREADS``, else the CPUs of affinity and limit; at least 1."""
    wanted = environ.get("OMP_NUM_THREADS", "")
    if wanted.isdecimal() and int(wanted) > 0:
        return int(wanted)
    usable = len(os.sched_getaffinity(0))
    limit = cpu_limit(cgroups)
    return usable if limit is None else max(1, min(usable, math.ceil(limit)))


def cpu_limit(cgroups: Path) -> float | None:
    """Read the CPU limit of the control group at `cgroups`, in CPUs; None: there is none."""
    try:
        quota, period = (cgroups / "cpu.max").read_text().split()  # version 2: "150000 100000" or "max 100000"
    except FileNotFoundError:
        try:  # version 1
            quota = (cgroups / "cpu/cpu.cfs_quota_us").read_text().strip()
            period = (cgroups / "cpu/cpu.cfs_period_us").read_text()
        except FileNotFoundError:
            return None
    return None if quota in {"max", "-1"} else int(quota) / int(period)
