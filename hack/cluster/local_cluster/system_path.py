"""Where programs are looked for: PATH, and administrators' folders, which not every login has on it."""

import os
from typing import Final

_ADMINISTRATORS: Final = ("/usr/sbin", "/usr/bin", "/sbin", "/bin")


def search_path(given: str | None = None) -> str:
    """Return the search path; `given` stands in for PATH."""
    folders = (os.environ.get("PATH", "") if given is None else given).split(os.pathsep)
    return os.pathsep.join(dict.fromkeys(folder for folder in (*folders, *_ADMINISTRATORS) if folder))


def environment() -> dict[str, str]:
    """Return this process's environment, with the search path as PATH."""
    return {**os.environ, "PATH": search_path()}
