"""An upload that clients send in parts, straight to the store or through the gateway, and may resume.

Called by the gateway. All its state lies in the store, so that any replica goes on where another began: the parts in
S3's own multipart upload, and what was announced of the whole in a small plan beside it.

The plan lies where an upload lies, under an id that is made of the upload's own: so the sweep finds a plan that was
left behind, and deletes it when it deletes the unfinished upload. As a recording it would be one that nobody decodes.

Pure, but for `read_plan`.
"""

import hashlib
from collections.abc import Mapping
from typing import Annotated, Final, Protocol

from pydantic import Field, ValidationError

from steno_store.errors import BucketNotFoundError, ObjectNotFoundError
from steno_store.keys import UPLOAD_ID_BYTES, Layout
from steno_store.upload import MAX_PARTS, MIN_PART_BYTES, PART_BYTES
from steno_types import Time
from steno_types.base import WireModel

MAX_DIRECT_PART_BYTES: Final = 64 << 20
"""Largest part: one that comes through the gateway is held in its memory."""


class PlanStore(Protocol):
    """The call of `ObjectStore` that this module needs."""

    def get(self, key: str) -> bytes:
        """Read a small object whole."""
        ...


class DirectUpload(WireModel):
    """What was announced of an upload, and S3's own name for it."""

    store_upload_id: str
    """The multipart upload's id, as the store gave it."""
    size_bytes: Annotated[int, Field(ge=1)]
    part_bytes: Annotated[int, Field(ge=MIN_PART_BYTES, le=MAX_DIRECT_PART_BYTES)]
    """Of every part but the last."""
    sha256: str | None = None
    """Of all bytes, in hexadecimal, as the client says."""
    file_name: str | None = None
    begun: Time

    @property
    def part_count(self) -> int:
        """How many parts there are."""
        return -(-self.size_bytes // self.part_bytes)

    def bytes_of(self, number: int) -> int:
        """Say how large part `number` (1 to `part_count`) is."""
        if not 1 <= number <= self.part_count:
            raise ValueError(f"part {number} is outside 1 to {self.part_count}")
        return min(self.part_bytes, self.size_bytes - (number - 1) * self.part_bytes)

    def missing(self, received: Mapping[int, int]) -> list[int]:
        """Give the parts that have not come, or not in their size; `received` has sizes in bytes by number."""
        return [n for n in range(1, self.part_count + 1) if received.get(n) != self.bytes_of(n)]


def default_part_bytes(size_bytes: int) -> int:
    """Choose the size of the parts of an upload."""
    mebibyte = 1 << 20
    return max(PART_BYTES, -(-size_bytes // (MAX_PARTS * mebibyte)) * mebibyte)


def plan_key(layout: Layout, namespace: str, upload_id: str) -> str:
    """Key of an upload's plan."""
    digest = hashlib.sha256(f"plan of {upload_id}".encode()).hexdigest()
    return layout.upload(namespace, digest[: 2 * UPLOAD_ID_BYTES])


def read_plan(store: PlanStore, key: str) -> DirectUpload | None:
    """Read a plan; None where there is none, or something else lies there."""
    try:
        return DirectUpload.model_validate_json(store.get(key))
    except BucketNotFoundError:
        raise
    except (ObjectNotFoundError, ValidationError):
        return None
