"""What the machine must bring, each checked before the work that needs it; one line names the remedy.

Called at the head of whatever may take minutes, so that it fails in its first second. Every fact about the machine
can be given as an argument; left out, it is looked up.
"""

import os
import re
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Final

from local_cluster import system_path
from local_cluster.errors import MissingNeedError

DISK_BYTES: Final = 20 * 10**9
"""Free space that a first cluster wants: tools 2 GB, base and node images 3 GB, the node and Steno's own images the
rest."""

GO_VERSION: Final = (1, 21)
"""From this release on, Go fetches the toolchain that a module asks for."""


def require_root(purpose: str, effective_user_id: int | None = None) -> None:
    """Raise `MissingNeedError` unless this process is root."""
    if (os.geteuid() if effective_user_id is None else effective_user_id) != 0:
        raise MissingNeedError(f"{purpose} needs root: run the same command with sudo")


def require_program(program: str, remedy: str, search_path: str | None = None) -> Path:
    """Find `program` on the search path, or raise `MissingNeedError`."""
    found = shutil.which(program, path=system_path.search_path() if search_path is None else search_path)
    if found is None:
        raise MissingNeedError(f"{program} is not on PATH: {remedy}")
    return Path(found)


def require_apt(purpose: str, search_path: str | None = None) -> None:
    """Raise `MissingNeedError` on a machine without Debian's package tool."""
    require_program("apt-get", f"install {purpose} yourself, or use a Debian or Ubuntu machine", search_path)


def require_go(purpose: str, search_path: str | None = None) -> Path:
    """Find a Go that is new enough for `purpose`, or raise `MissingNeedError`."""
    remedy = f"install Go {GO_VERSION[0]}.{GO_VERSION[1]} or newer for {purpose}"
    go = require_program("go", f"{remedy}, or let STENO_TOOL_CACHE name a folder of prebuilt tools", search_path)
    said = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, check=False).stdout.strip()
    if (version := re.match(r"go(\d+)\.(\d+)", said)) and (int(version[1]), int(version[2])) < GO_VERSION:
        raise MissingNeedError(f"{said} is too old: {remedy}")
    return go


def require_disk(folder: Path, free_bytes: int | None = None) -> None:
    """Raise `MissingNeedError` when the file system of `folder` is too full for a cluster."""
    free_bytes = shutil.disk_usage(folder).free if free_bytes is None else free_bytes
    if free_bytes < DISK_BYTES:
        raise MissingNeedError(
            f"{free_bytes / 10**9:.1f} GB free at {folder}, a cluster wants {DISK_BYTES / 10**9:.0f} GB: "
            "free some, or let STENO_STATE_DIR name a folder on a larger disk"
        )


def require_port(port: int, option: str) -> None:
    """Raise `MissingNeedError` when something already listens on `port` of 127.0.0.1."""
    with socket.socket() as listener:
        # A closed listener's lingering connections do not count as taken.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError as error:
            raise MissingNeedError(
                f"port {port} of 127.0.0.1 is taken: stop what listens there, or pass {option} 0 for a free one"
            ) from error
