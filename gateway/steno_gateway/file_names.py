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


def download_stem(file_name: str | None, task_id: str) -> str:
    """Name a transcript after the recording, else after the task; what it is spelled as comes behind."""
    return PurePosixPath(file_name).stem if file_name else task_id


def ascii_name(stem: str, suffix: str) -> str:
    """Spell ``<stem>.<suffix>`` so that it fits a quoted string of a header."""
    folded = unicodedata.normalize("NFKD", stem).encode("ascii", errors="ignore").decode()
    safe = "".join(character if character.isalnum() or character in _SAFE else "_" for character in folded)
    return f"{safe if safe.strip(' _.') else 'transcript'}.{suffix}"


_SAFE: Final = " ()+,-.@_"


def content_disposition(stem: str, suffix: str) -> str:
    """Tell a browser to save the body as ``<stem>.<suffix>`` (RFC 6266, section 4.3)."""
    whole = quote(f"{stem}.{suffix}", safe="")
    return f"attachment; filename=\"{ascii_name(stem, suffix)}\"; filename*=UTF-8''{whole}"
