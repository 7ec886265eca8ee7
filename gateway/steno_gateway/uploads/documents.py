"""The REST models of uploads, and how they are filled. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from steno_gateway.requests import RequestModel
from steno_gateway.uploads.direct import Unfinished
from steno_gateway.uploads.existing import StoredUpload
from steno_store import MAX_DIRECT_PART_BYTES, MIN_PART_BYTES
from steno_types import Time

UPLOAD_ID: Final = "0f6b3c1d9a7e4f5286d0c4b1a2938475"
"""The upload of the examples."""

SHA256_PATTERN: Final = r"^[0-9a-f]{64}$"

_Sha256 = Annotated[
    str, Field(pattern=SHA256_PATTERN, examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])
]
_FileName = Annotated[str, Field(max_length=1024, examples=["interview.flac"])]


class UploadQuery(RequestModel):
    """Parameters of a raw upload."""

    sha256: _Sha256 | None = None
    """Digest of the bytes, in lower-case hexadecimal; they are refused if it is not theirs."""
    file_name: _FileName | None = None
    """Name of the file, of which the transcript's is made; default: the path's last step."""


class UploadRequest(RequestModel):
    """A recording that is going to be sent in parts."""

    bytes: Annotated[int, Field(ge=1, examples=[104857600])]
    """Size of the recording."""
    sha256: _Sha256 | None = None
    """Digest of the recording, in lower-case hexadecimal; the worker refuses bytes that are others."""
    file_name: _FileName | None = None
    """Name of the file, of which the transcript's is made."""
    part_bytes: Annotated[int | None, Field(ge=MIN_PART_BYTES, le=MAX_DIRECT_PART_BYTES)] = None
    """Size of every part but the last; default: 16 MiB."""


class _ResponseModel(BaseModel):
    model_config = ConfigDict(
        frozen=True, use_attribute_docstrings=True, json_schema_serialization_defaults_required=True
    )


class UploadPart(_ResponseModel):
    """One part of an upload."""

    number: Annotated[int, Field(examples=[1])]
    """From 1 on, in the order of the recording."""
    bytes: Annotated[int, Field(examples=[16777216])]
    """Its size."""
    received: bool
    """Whether the store has it."""
    url: str | None
    """Where to PUT its bytes, without credentials and with no other headers than Content-Length; null for parts that
    have come, and beyond the thousandth missing one: ask again once those have come."""


class UploadState(_ResponseModel):
    """An upload, and what to do next."""

    upload: Annotated[str, Field(examples=[UPLOAD_ID])]
    """Names the upload: in POST /transcribe, and in all calls about it."""
    whole: bool
    """Whether all of it is there, so that tasks can be made of it."""
    bytes: Annotated[int, Field(examples=[104857600])]
    """Size of the recording."""
    received_bytes: Annotated[int, Field(examples=[33554432])]
    """Bytes of the parts that have come."""
    sha256: _Sha256 | None
    """Digest of the recording: what was announced; of a raw upload what came."""
    file_name: Annotated[str | None, Field(examples=["interview.flac"])]
    """Name of the file."""
    next: str
    """What to do next, for people."""
    url: Annotated[str, Field(examples=[f"/uploads/{UPLOAD_ID}"])]
    """Where to ask for this again, with fresh URLs."""
    transcribe_url: Annotated[str, Field(examples=["/transcribe"])]
    """Where to make a task of it once it is whole: POST {"upload": …}."""
    part_bytes: Annotated[int | None, Field(examples=[16777216])]
    """Size of every part but the last; null once it is whole."""
    parts: tuple[UploadPart, ...]
    """All parts; empty once it is whole."""
    parts_url: Annotated[str | None, Field(examples=[f"/uploads/{UPLOAD_ID}/parts/{{number}}"])]
    """Where to PUT a part if the store's own URLs cannot be reached; null once it is whole."""
    complete_url: Annotated[str | None, Field(examples=[f"/uploads/{UPLOAD_ID}/complete"])]
    """Where to POST, without a body, when all parts are sent; null once it is whole."""
    abort_url: Annotated[str, Field(examples=[f"/uploads/{UPLOAD_ID}"])]
    """Where to DELETE it."""
    expires: Time | None
    """Until when the parts' URLs are good; null once it is whole."""


class PartReceived(_ResponseModel):
    """One part that came through the gateway."""

    upload: Annotated[str, Field(examples=[UPLOAD_ID])]
    """The upload."""
    number: Annotated[int, Field(examples=[1])]
    """The part."""
    bytes: Annotated[int, Field(examples=[16777216])]
    """Its size."""


class UploadDeleted(_ResponseModel):
    """What a deletion took away."""

    upload: Annotated[str, Field(examples=[UPLOAD_ID])]
    """The upload that was."""
    objects: int
    """Objects deleted from the store, versions and unfinished parts included."""
    bytes: int
    """Bytes of what was whole."""


def state_of_stored(stored: StoredUpload, root_path: str) -> UploadState:
    """Show an upload that is whole."""
    url = f"{root_path}/uploads/{stored.upload_id}"
    return UploadState(
        upload=stored.upload_id,
        whole=True,
        bytes=stored.size_bytes,
        received_bytes=stored.size_bytes,
        sha256=stored.sha256,
        file_name=stored.file_name,
        next=f'POST {{"upload": "{stored.upload_id}"}} to {root_path}/transcribe; '
        "an upload that no task names is deleted after a day.",
        url=url,
        transcribe_url=f"{root_path}/transcribe",
        part_bytes=None,
        parts=(),
        parts_url=None,
        complete_url=None,
        abort_url=url,
        expires=None,
    )


def state_of_unfinished(unfinished: Unfinished, root_path: str, *, now: datetime, url_seconds: int) -> UploadState:
    """Show an upload whose parts are to come."""
    plan, parts = unfinished.plan, unfinished.parts
    url = f"{root_path}/uploads/{unfinished.upload_id}"
    return UploadState(
        upload=unfinished.upload_id,
        whole=False,
        bytes=plan.size_bytes,
        received_bytes=sum(part.size_bytes for part in parts if part.received),
        sha256=plan.sha256,
        file_name=plan.file_name,
        next=_what_next(sum(not part.received for part in parts), url),
        url=url,
        transcribe_url=f"{root_path}/transcribe",
        part_bytes=plan.part_bytes,
        parts=_shown(unfinished),
        parts_url=f"{url}/parts/{{number}}",
        complete_url=f"{url}/complete",
        abort_url=url,
        expires=now + timedelta(seconds=url_seconds),
    )


def _what_next(missing: int, url: str) -> str:
    if not missing:
        return f"All parts have come: POST {url}/complete, without a body."
    return (
        f"PUT the bytes of each missing part ({missing} of them) to its url, or to {url}/parts/{{number}}, "
        f"then POST {url}/complete, without a body. After a broken connection GET {url} says what is missing."
    )


def _shown(unfinished: Unfinished) -> Sequence[UploadPart]:
    return tuple(
        UploadPart(number=part.number, bytes=part.size_bytes, received=part.received, url=part.url)
        for part in unfinished.parts
    )
