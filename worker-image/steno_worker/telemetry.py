"""What an attempt took, measured where the system tells it.

Called by `pipeline` when the transcript is whole. Must not know what the attempt did.
"""

import resource
import shutil
import subprocess
from typing import Final

QUERY: Final = ("--query-gpu=memory.used", "--format=csv,noheader,nounits")
"""Asks nvidia-smi, which the container runtime brings along with the GPU, for MiB in use, a line for each GPU."""

ANSWER_SECONDS: Final = 10
"""For which it may think; a driver that is slower is in trouble, and no transcript waits for it."""


def peak_rss_bytes() -> int:
    """Give the most memory that this process has held at once."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # Linux counts in KiB


def gpu_memory_bytes() -> int | None:
    """Give the memory in use on the container's GPUs; None where nobody can tell."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    try:
        said = subprocess.run([program, *QUERY], capture_output=True, text=True, timeout=ANSWER_SECONDS, check=True)
        return sum(int(line) for line in said.stdout.splitlines()) * 2**20
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
