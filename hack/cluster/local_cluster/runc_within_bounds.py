"""runc, asked for no capability that this machine's own bounding set lacks.

kind asks for ``--privileged``, that is every capability; where one is missing (CAP_SYS_RESOURCE in many small
virtual machines) runc refuses. `daemon` copies this file into its state folder and names it to dockerd as the
default runtime, so it stands alone: no import of ours. dockerd runs it several times for each container, so it
imports little.
"""

import json
import os
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

CAPABILITIES: Final = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
]
"""In the kernel's order: the index is the bit."""

RUNC_PATHS: Final = ("/usr/sbin/runc", "/usr/bin/runc", "/usr/local/sbin/runc", "/usr/local/bin/runc")


def bounding_set(status: str) -> set[str]:
    """Return the capabilities that ``/proc/self/status`` names as the bounding set."""
    mask = int(next(line.split()[1] for line in status.splitlines() if line.startswith("CapBnd")), 16)
    return {f"CAP_{name}" for bit, name in enumerate(CAPABILITIES) if mask >> bit & 1}


def bound_process(process: dict[str, Any], allowed: set[str]) -> None:
    """Take from an OCI process the capabilities, and the limits, that cannot be granted."""
    capabilities = process.get("capabilities") or {}
    for kind, names in capabilities.items():
        capabilities[kind] = [name for name in names if name in allowed]
    process.pop("rlimits", None)


def main(arguments: list[str]) -> None:
    """Rewrite the files that runc is about to read, then become runc."""
    allowed = bounding_set(Path("/proc/self/status").read_text())
    for flag, value in pairwise(arguments):
        if flag in {"--bundle", "-b"}:
            path = Path(value, "config.json")
            specification = json.loads(path.read_text())
            bound_process(specification.get("process") or {}, allowed)
            path.write_text(json.dumps(specification))
        if flag in {"--process", "-p"}:
            process = json.loads(Path(value).read_text())
            bound_process(process, allowed)
            Path(value).write_text(json.dumps(process))
    runc = next(path for path in RUNC_PATHS if os.access(path, os.X_OK))
    os.execv(runc, ["runc", *arguments])  # noqa: S606 - no shell is the point


if __name__ == "__main__":
    main(sys.argv[1:])
