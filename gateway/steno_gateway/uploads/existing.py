"""What is known of an upload that is whole: asked of the store each time, since nothing else remembers it.

Called by the routes of uploads and by `tasks.creation`. File name and sha256 are the store's metadata of the object;
what was sent by a form has neither.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote

from starlette.concurrency import run_in_threadpool

from steno_gateway import problems
from steno_gateway.context import Context
from steno_gateway.problems import ProblemError
from steno_store import BucketNotFoundError, ObjectNotFoundError, StoredObject

FILE_NAME: Final = "file-name"
"""Metadata: the file's name, percent-encoded, as S3 keeps ASCII alone."""

SHA256: Final = "sha256"
"""Metadata: the digest that was announced, in hexadecimal."""

FILE_NAME_MAX_LENGTH: Final = 1500
"""Of the encoded name: S3 keeps 2,048 bytes of metadata in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredUpload:
    """An upload that is whole."""

    upload_id: str
    size_bytes: int
    sha256: str | None = None
    """Of all bytes, in hexadecimal, as it was announced; None: it was not."""
    file_name: str | None = None
    """Cleaned."""


def metadata_of(file_name: str | None, sha256: str | None) -> dict[str, str]:
    """Say what the store is to keep with an upload; `file_name` is cleaned."""
    metadata = {} if sha256 is None else {SHA256: sha256}
    if file_name is not None:
        kept = file_name
        while len(encoded := quote(kept, safe=" ()+,@")) > FILE_NAME_MAX_LENGTH:
            kept = kept[1:]  # the end of a name says what kind of file it is
        metadata[FILE_NAME] = encoded
    return metadata


async def find(context: Context, namespace: str, upload_id: str) -> StoredUpload | None:
    """Look at an upload; None while it is not whole, and once it is gone."""
    try:
        found = await run_in_threadpool(context.store.head, context.layout.upload(namespace, upload_id))
    except BucketNotFoundError:
        raise
    except ObjectNotFoundError:
        return None
    return _described(upload_id, found)


async def whole(context: Context, namespace: str, upload_id: str) -> bool:
    """Whether an upload is whole, and nobody is about to delete it.

    Ask it after the job that names the upload is made: whoever deletes the upload puts a marker first and lists the
    jobs then (DESIGN, 4). All markers begin with the upload's own key, so that one list shows them all.
    """
    key = context.layout.upload(namespace, upload_id)
    listed = await run_in_threadpool(lambda: [found.key for found in context.store.list(key)])
    return listed == [key]


def unknown_upload(upload_id: str) -> ProblemError:
    """Say that no upload of that id is to be seen: it never was, is another's, or is deleted."""
    shown = upload_id if len(upload_id) <= _SHOWN_ID_LENGTH else upload_id[:_SHOWN_ID_LENGTH] + "…"
    return ProblemError(
        problems.UPLOAD_UNKNOWN,
        f"There is no upload {shown!r}; it never existed, is not whole, or was deleted.",
        field="upload",
        remedy="Use the id that POST /uploads, or PUT /uploads, answered with, or upload the recording again.",
    )


_SHOWN_ID_LENGTH: Final = 64


def _described(upload_id: str, found: StoredObject) -> StoredUpload:
    metadata: Mapping[str, str] = found.metadata
    name = metadata.get(FILE_NAME)
    return StoredUpload(
        upload_id=upload_id,
        size_bytes=found.size_bytes,
        sha256=metadata.get(SHA256),
        file_name=None if name is None else unquote(name),
    )
