"""What a process holds and burns, from the kernel's own files.

Called by the benchmarks of operator and gateway. Must not know which process it is.
"""

import os
from pathlib import Path
from typing import Final

KIBIBYTES_PER_MEBIBYTE: Final = 1024

TICKS_PER_SECOND: Final = os.sysconf("SC_CLK_TCK")
"""Unit of the CPU times in ``/proc/PID/stat``."""


def rss_mebibytes(pid: int, proc: Path = Path("/proc")) -> float:
    """Give the resident memory of a process now, in MiB."""
    return _status_mebibytes(pid, "VmRSS", proc)


def peak_rss_mebibytes(pid: int, proc: Path = Path("/proc")) -> float:
    """Give the most resident memory that a process ever had, in MiB."""
    return _status_mebibytes(pid, "VmHWM", proc)


def cpu_seconds(pid: int, proc: Path = Path("/proc")) -> float:
    """Give the CPU time of all threads of a process, user and system, in seconds."""
    # The command's name may hold anything, spaces and brackets too; what follows it does not.
    fields = (proc / str(pid) / "stat").read_text().rpartition(")")[2].split()
    user, system = int(fields[11]), int(fields[12])  # fields 14 and 15 of proc(5), counted from its third
    return (user + system) / TICKS_PER_SECOND


def _status_mebibytes(pid: int, field: str, proc: Path) -> float:
    for line in (proc / str(pid) / "status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return int(value.split()[0]) / KIBIBYTES_PER_MEBIBYTE
    raise ValueError(f"the kernel tells no {field} of process {pid}: it has ended")
