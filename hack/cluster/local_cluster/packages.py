"""Install Debian packages where a program is missing.

Called before a program of a package is used. Must not know what the programs are for.
"""

import os
import shutil
from collections.abc import Mapping

from local_cluster import commands, needs, steps, system_path


def install(programs: Mapping[str, str]) -> None:
    """Install the packages of those programs that are not there; `programs` maps a program to its package."""
    missing = sorted({package for program, package in programs.items() if not _is_there(program)})
    if not missing:
        return
    what = ", ".join(missing)
    needs.require_apt(what)
    needs.require_root(f"installing {what}")
    # RUNLEVEL keeps invoke-rc.d from starting a daemon of the package's own making, on a machine without systemd.
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    # Not killed with us: dpkg stopped halfway has to be mended by hand. Another apt, ours perhaps, is waited for.
    apt = ("apt-get", "--quiet", "--yes", "-o", "DPkg::Lock::Timeout=300")
    with steps.step(f"Debian packages {what}"):
        commands.run([*apt, "update"], environment=environment, survives=True)
        commands.run([*apt, "install", "--no-install-recommends", *missing], environment=environment, survives=True)


def _is_there(program: str) -> bool:
    return shutil.which(program, path=system_path.search_path()) is not None
