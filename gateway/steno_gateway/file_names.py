"""File names that clients give: never a path, never a control character, never long.

`submit` cleans what comes in before it is kept on the job; `routes.download` names what goes out. Pure.
"""

import unicodedata
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import quote

MAX_LENGTH: Final = 200
"""Characters kept; below the 255 bytes of a usual file system for most scripts."""


def cleaned(name: str | None) -> str | None:
    """Keep the last component of `name` without control characters; None when nothing is left."""
    if name is None:
        return None
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    # Category C: control, format (bidirectional overrides), surrogate, private use, unassigned.
    visible = "".join(character for character in last if not unicodedata.category(character).startswith("C"))
    short = visible.strip()[-MAX_LENGTH:].strip()
    return None if short in {"", ".", ".."} else short


def download_name(file_name: str | None, task_id: str, extension: str) -> str:
    """Name a transcript after the recording, else after the task."""
    return f"{PurePosixPath(file_name).stem if file_name else task_id}.{extension}"


def ascii_name(name: str) -> str:
    """Spell `name`, a `download_name`, so that it fits a quoted string of a header."""
    stem, dot, extension = name.rpartition(".")
    folded = unicodedata.normalize("NFKD", stem).encode("ascii", errors="ignore").decode()
    safe = "".join(character if character.isalnum() or character in _SAFE else "_" for character in folded)
    return (safe if safe.strip(" _.") else "transcript") + dot + extension


_SAFE: Final = " ()+,-.@_"


def content_disposition(name: str) -> str:
    """Tell a browser to save the body as `name` (RFC 6266, section 4.3)."""
    return f"attachment; filename=\"{ascii_name(name)}\"; filename*=UTF-8''{quote(name, safe='')}"
