"""Addresses of recordings: the gateway's own for uploads, and how any source is shown. Pure.

Called by `options` and `views`. An upload's address names the upload and nothing else; it is recognised by its path,
whatever host the client reached the gateway by, and is never fetched.
"""

import re
from typing import Final
from urllib.parse import urlsplit

from steno_types import UPLOAD_ID_PATTERN, Source

UPLOAD_PATH: Final = "/v2/upload"

DELETED: Final = "http://deleted_by_user"
"""Address of a recording that is gone, as AssemblyAI shows it."""

_UPLOAD: Final = re.compile(rf"{UPLOAD_PATH}/(?P<id>[^/]*)/?$")
_SECRET: Final = re.compile(r"(?<=://)[^/?#]*@|[?#].*")
"""What of a URL may be a secret: user and password, and the query."""
_ID: Final = re.compile(UPLOAD_ID_PATTERN)


def upload_url(base_url: str, upload_id: str) -> str:
    """Give the address of an upload; `base_url` is the gateway's as the client knows it, without a slash."""
    return f"{base_url}{UPLOAD_PATH}/{upload_id}"


def named_upload(url: str) -> str | None:
    """Give what stands where an upload's address has its id; None: it is no such address."""
    found = _UPLOAD.search(urlsplit(url).path)
    return None if found is None else found["id"]


def is_upload_id(name: str) -> bool:
    """Whether `name` can be an upload's id at all."""
    return _ID.fullmatch(name) is not None


def shown(source: Source, *, base_url: str, bucket: str) -> str:
    """Spell where a recording is; without what of a URL may be a secret."""
    if source.upload is not None:
        return upload_url(base_url, source.upload.id)
    if source.s3 is not None:
        return f"s3://{source.s3.bucket or bucket}/{source.s3.key}"
    return _SECRET.sub("", source.url or "")
