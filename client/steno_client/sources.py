"""What can be submitted, and how: paths, URLs, addresses in S3; and the options of a task. Pure."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypedDict

from steno_client.errors import SourceError


@dataclass(frozen=True, slots=True)
class S3Address:
    """A recording in S3 that the installation can read, and that stays there."""

    bucket: str
    key: str


@dataclass(frozen=True, slots=True)
class Url:
    """A recording at an http or https address, which a worker fetches."""

    url: str


class Options(TypedDict, total=False):
    """Options of a task; docs/api.md says what each does, and what holds where it is left out."""

    task: Literal["transcribe", "translate"]
    language: str
    prompt: str
    hotwords: list[str]
    channel: int
    profile: str
    engine: str
    model: str
    compute_type: str
    beam_size: int
    batch_size: int
    vad: bool
    engine_options: dict[str, Any]
    word_timestamps: bool
    s3_path: str
    s3_formats: list[str]
    backoff_limit: int
    queue_name: str
    queue_priority: str
    suspend: bool
    active_deadline_seconds: int
    pending_deadline_seconds: int
    stall_seconds: int
    ttl_seconds_after_finished: int


Recording = str | Path | S3Address
"""A path; or text: an http or https URL, an ``s3://bucket/key``, or else a path."""


def understood(recording: Recording) -> Path | S3Address | Url:
    """Say what a recording is by its spelling.

    Raises
    ------
    SourceError
        It begins as an address does, and is none.
    """
    if not isinstance(recording, str):
        return recording
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*)://", recording)
    match scheme and scheme[1].lower():
        case None:
            return Path(recording)
        case "http" | "https":
            return Url(recording)
        case "s3":
            bucket, _, key = recording[len("s3://") :].partition("/")
            if not bucket or not key:
                raise SourceError("An address in S3 has a bucket and a key: s3://bucket/key.")
            return S3Address(bucket, key)
        case other:
            raise SourceError(
                f"Recordings are not read from {other}://. Give a file, an http URL, or s3://bucket/key."
            )
