"""A claim is told from a lost one, and a manifest that cannot be read from one that is not there."""

from datetime import UTC, datetime

import pytest

from steno_store import (
    BucketNotFoundError,
    StoreUnavailableError,
    claim_outcome,
    read_manifest,
)
from steno_types import FailureStatus, JobIdentity, Manifest, Outcome, Reason
from support.object_store import InMemoryObjectStore

PREFIX = "steno/ns/jobs/talk-6f3d1c6e/"


def a_failure(attempt: str = "pod-a") -> Manifest:
    """A manifest that needs no outputs."""
    return Manifest(
        job=JobIdentity(namespace="ns", name="talk", uid="6f3d1c6e-0000-4000-8000-000000000000"),
        attempt=attempt,
        outcome=Outcome.FAILED,
        time=datetime(2026, 1, 31, 12, tzinfo=UTC),
        failure=FailureStatus(reason=Reason.NO_AUDIO_STREAM, message="no audio", exit_code=65, retryable=False),
    )


def test_an_unclaimed_outcome_is_none() -> None:
    """No manifest means that nobody claimed anything yet."""
    assert read_manifest(InMemoryObjectStore(), PREFIX) is None


def test_a_manifest_is_json_without_empty_fields() -> None:
    """People read it too: media type, names as on the wire, nothing that is null."""
    store = InMemoryObjectStore()
    claim_outcome(store, PREFIX, a_failure())

    body = store.get(PREFIX + "manifest.json")

    assert "application/json" == store.content_types[PREFIX + "manifest.json"]
    assert b'"exitCode": 65' in body
    assert b"null" not in body


@pytest.mark.parametrize("body", [b"", b"{", b"{}", b'{"version": 2}'])
def test_an_unreadable_manifest_is_not_an_absent_one(body: bytes) -> None:
    """What this version cannot read is never taken for an unclaimed outcome."""
    store = InMemoryObjectStore()
    store.put(PREFIX + "manifest.json", body)

    with pytest.raises(StoreUnavailableError, match=r"manifest\.json is no manifest"):
        read_manifest(store, PREFIX)


def test_a_missing_bucket_is_not_an_absent_manifest() -> None:
    """That the whole bucket is gone says nothing about the job."""
    store = InMemoryObjectStore()
    store.failing = BucketNotFoundError("cannot read s3://steno/k: NoSuchBucket")

    with pytest.raises(BucketNotFoundError):
        read_manifest(store, PREFIX)


def test_a_claim_refused_by_a_manifest_that_then_goes_is_tried_later() -> None:
    """A release may take the winner's manifest between the two calls; nobody then has won."""

    class Released(InMemoryObjectStore):
        def get(self, key: str) -> bytes:
            self.delete(key)
            return super().get(key)

    store = Released()
    claim_outcome(store, PREFIX, a_failure("pod-b"))

    with pytest.raises(StoreUnavailableError, match="absent"):
        claim_outcome(store, PREFIX, a_failure())
