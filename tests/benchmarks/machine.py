"""What a benchmark ran on: the machine and the versions, for the record.

Called by every benchmark when it ends. Must not know what was measured.
"""

import importlib.metadata
import os
import platform
import shutil
import subprocess
from pathlib import Path
from typing import Final

from steno_worker.processors import thread_count

PACKAGES: Final = ("steno", "faster-whisper", "ctranslate2", "onnxruntime", "av", "numpy")
"""Whose versions a figure of the worker depends on."""


def describe() -> dict[str, str]:
    """Name CPU, cores, memory, GPU and driver where there is one, and how busy the machine was."""
    load = os.getloadavg()
    found = {
        "CPU": _field(Path("/proc/cpuinfo"), "model name") or platform.processor() or platform.machine(),
        "cores in use": str(thread_count()),
        "memory": _gib(_field(Path("/proc/meminfo"), "MemTotal")),
        "load average over 15 minutes": f"{load[2]:.1f}",
    }
    return found | _gpu()


def versions() -> dict[str, str]:
    """Give the versions of Python, the kernel and `PACKAGES`."""
    installed = {package: importlib.metadata.version(package) for package in PACKAGES}
    return {"Python": platform.python_version(), "Linux": platform.release(), **installed}


def _gpu() -> dict[str, str]:
    program = shutil.which("nvidia-smi")
    if program is None:
        return {"GPU": "none"}
    command = [program, "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    if said.returncode != 0 or not said.stdout.strip():
        return {"GPU": "none that nvidia-smi can name"}
    name, memory, driver = (part.strip() for part in said.stdout.splitlines()[0].split(","))
    return {"GPU": f"{name}, {memory}", "driver": driver}


def _field(path: Path, name: str) -> str | None:
    """Read a line ``name : value`` of one of the kernel's files."""
    for line in path.read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return None


def _gib(kibibytes: str | None) -> str:
    return "unknown" if kibibytes is None else f"{int(kibibytes.split()[0]) / 2**20:.1f} GiB"
