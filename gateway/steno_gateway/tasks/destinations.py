"""``s3_path``: where a copy of the results goes, as a request spells it.

Called by `requests`. Pure. Whether a copy may go there is said by `permissible`.
"""

import re
from typing import Any, Final

from pydantic import ValidationInfo
from pydantic_core import PydanticCustomError

from steno_types import Destination, S3Destination
from steno_types.spec import BUCKET_PATTERN

SCHEME: Final = "s3://"

PREFIX_MAX_LENGTH: Final = 900
"""Of the path behind the bucket; leaves room for the files' names in S3's 1024 bytes of a key."""

_BUCKET: Final = re.compile(BUCKET_PATTERN)
_BUCKET_LENGTHS: Final = range(3, 64)


def checked_path(path: str | None) -> str | None:
    """Give the path back unless it leads nowhere in S3; for a field of a request."""
    if path is None:
        return None
    if "://" in path and not path.startswith(SCHEME):
        raise _refused("must be s3://bucket/prefix/ or prefix/")
    bucket, prefix = _split(path)
    if bucket is not None and (len(bucket) not in _BUCKET_LENGTHS or _BUCKET.fullmatch(bucket) is None):
        raise _refused("names no bucket as S3 spells them: 3 to 63 lower-case letters, digits, dots and hyphens")
    if len(prefix) > PREFIX_MAX_LENGTH:
        raise _refused(f"has a prefix of more than {PREFIX_MAX_LENGTH} characters")
    if any(character < " " or character == "\x7f" for character in prefix):
        raise _refused("must not hold control characters")
    if {".", ".."}.intersection(prefix.split("/")) or prefix.startswith("/") or "//" in prefix:
        raise _refused("must not have a prefix that begins with a slash, or empty steps, . or .. in it")
    return path


def only_with_path(formats: Any, info: ValidationInfo) -> Any:
    """Give the formats back unless there is nowhere for them to go."""
    if formats is not None and "s3_path" in info.data and info.data["s3_path"] is None:
        raise PydanticCustomError("s3_formats", "There is no s3_path that they could be copied to")
    return formats


def destination_of(path: str) -> Destination:
    """Give what a checked path means to a job."""
    bucket, prefix = _split(path)
    return Destination(s3=S3Destination(bucket=bucket, prefix=prefix))


def _split(path: str) -> tuple[str | None, str]:
    """Split into bucket, None for the default one, and prefix."""
    if not path.startswith(SCHEME):
        return None, path
    bucket, _, prefix = path.removeprefix(SCHEME).partition("/")
    return bucket, prefix


def _refused(wrong: str) -> PydanticCustomError:
    return PydanticCustomError("s3_path", "The path {wrong}", {"wrong": wrong})
