"""Manifests as a worker would have left them, for tests of those who read them."""

from datetime import UTC, datetime
from typing import Any

from steno_store import keys
from steno_types import (
    Delivery,
    Effective,
    FailureStatus,
    JobIdentity,
    Manifest,
    ManifestOutput,
    Media,
    Outcome,
    Reason,
    failure_for,
)

CONTENT_TYPES = {"json": "application/json", "md": "text/markdown; charset=utf-8", "txt": "text/plain; charset=utf-8"}


def a_complete_manifest(job: dict[str, Any], *, attempt: str, prefix: str) -> Manifest:
    """Give the manifest of an attempt that transcribed 28.66 s of English at 0.05 times real time."""
    metadata = job["metadata"]
    return Manifest(
        job=JobIdentity(namespace=metadata["namespace"], name=metadata["name"], uid=metadata["uid"]),
        attempt=attempt,
        outcome=Outcome.COMPLETE,
        time=datetime.now(UTC),
        outputs=tuple(
            ManifestOutput(
                format=name,
                key=keys.transcript(prefix, attempt, name),
                bytes=3,
                sha256="a" * 64,
                content_type=content_type,
            )
            for name, content_type in CONTENT_TYPES.items()
        ),
        media=Media(duration_seconds=28.66, language="en"),
        processing_seconds=1.433,
        real_time_factor=0.05,
        effective=Effective(profile="cpu", image="steno.local/worker:test", engine="faster-whisper", model="tiny"),
    )


def a_delivery(*, attempt: str) -> Delivery:
    """Give the record of an attempt that copied a rendering."""
    return Delivery(attempt=attempt, time=datetime.now(UTC), uris=("s3://talks/talk.json",))


def a_failed_manifest(job: dict[str, Any], reason: Reason, *, attempt: str) -> Manifest:
    """Give the manifest of an attempt that gave up for good."""
    metadata = job["metadata"]
    return Manifest(
        job=JobIdentity(namespace=metadata["namespace"], name=metadata["name"], uid=metadata["uid"]),
        attempt=attempt,
        outcome=Outcome.FAILED,
        time=datetime.now(UTC),
        failure=FailureStatus.of(reason, "", exit_code=failure_for(reason).exit_code),
    )
