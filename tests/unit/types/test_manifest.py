"""A manifest says one thing, and says it whole."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from steno_types import Manifest

COMPLETE: dict[str, Any] = {
    "version": 1,
    "job": {"namespace": "ns", "name": "talk", "uid": "6f3d1c6e-0000-4000-8000-000000000000"},
    "attempt": "talk-6f3d1c6e-x7k2p",
    "outcome": "Complete",
    "time": "2026-01-31T12:00:00Z",
    "outputs": [
        {
            "format": "json",
            "key": "steno/ns/jobs/talk-6f3d1c6e/attempts/x7k2p/transcript.json",
            "bytes": 2,
            "sha256": "0" * 64,
            "contentType": "application/json",
        }
    ],
    "media": {"durationSeconds": 61.0, "language": "de"},
    "processingSeconds": 6.1,
    "realTimeFactor": 0.1,
    "effective": {"profile": "cpu", "image": "steno/worker:1", "engine": "faster-whisper 1.2", "model": "tiny"},
    "warnings": ["quiet"],
}
FAILURE = {
    "reason": "NoAudioStream",
    "message": "no audio",
    "remedy": "Send another.",
    "exitCode": 65,
    "retryable": False,
}
FAILED = {**COMPLETE, "outcome": "Failed", "outputs": [], "failure": FAILURE}


@pytest.mark.parametrize("wire", [COMPLETE, FAILED], ids=["Complete", "Failed"])
def test_a_manifest_survives_the_store(wire: dict[str, Any]) -> None:
    """What is written is read, field by field."""
    manifest = Manifest.model_validate(wire)

    assert wire == manifest.to_wire()
    assert manifest == Manifest.model_validate_json(manifest.model_dump_json(by_alias=True, exclude_none=True))


def test_a_claim_reads_back_equal_though_the_clock_has_fractions() -> None:
    """A claimant that repeats its claim recognises its own manifest."""
    manifest = Manifest.model_validate({**COMPLETE, "time": datetime(2026, 1, 31, 12, 0, 0, 123_456, tzinfo=UTC)})

    assert manifest == Manifest.model_validate_json(manifest.model_dump_json(by_alias=True))


@pytest.mark.parametrize(
    ("wire", "complaint"),
    [
        pytest.param({**COMPLETE, "failure": FAILURE}, "failure exactly when", id="complete with a failure"),
        pytest.param({**COMPLETE, "outputs": []}, "outputs exactly when", id="complete without outputs"),
        pytest.param({**FAILED, "failure": None}, "failure exactly when", id="failed without a failure"),
        pytest.param({**FAILED, "outputs": COMPLETE["outputs"]}, "outputs exactly when", id="failed with outputs"),
        pytest.param({**COMPLETE, "outcome": "Cancelled"}, "outcome", id="unknown outcome"),
        pytest.param({**COMPLETE, "version": 2}, "version", id="a newer manifest"),
        pytest.param({**COMPLETE, "time": "2026-01-31T12:00:00"}, "offset from UTC", id="time without an offset"),
        pytest.param({**COMPLETE, "realTimeFactor": -1}, "realTimeFactor", id="negative factor"),
        pytest.param(
            {**COMPLETE, "outputs": [{**COMPLETE["outputs"][0], "sha256": "0" * 63}]}, "sha256", id="short digest"
        ),
    ],
)
def test_a_manifest_that_contradicts_itself_is_refused(wire: dict[str, Any], complaint: str) -> None:
    """Failed means a failure and no outputs, Complete the reverse; a newer form is not guessed at."""
    with pytest.raises(ValidationError, match=complaint):
        Manifest.model_validate(wire)
