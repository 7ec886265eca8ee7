"""What a worker says fits where it is said."""

import json

import pytest
from pydantic import ValidationError

from steno_types import ProgressReport, Reason, Stage, TerminationMessage
from steno_types.messages import TERMINATION_MESSAGE_MAX_BYTES

WORDS = "decoder gave up at 00:01:02; "


@pytest.mark.parametrize(
    "message",
    [
        pytest.param("", id="empty"),
        pytest.param("no audio stream in talk.mp4", id="plain"),
        pytest.param('"quoted"\n\tand\\escaped\x00', id="escaped"),
        pytest.param("größer als 30 € 🎙", id="not ASCII"),
        pytest.param("x" * 4000, id="nearly too long"),
    ],
)
def test_a_short_message_arrives_whole(message: str) -> None:
    """What fits is not touched."""
    told = TerminationMessage(reason=Reason.AUDIO_UNDECODABLE, message=message)

    assert told == TerminationMessage.model_validate_json(told.to_json())


@pytest.mark.parametrize(
    ("unit", "unit_bytes"),
    [
        pytest.param("x", 1, id="ASCII"),
        pytest.param("ü", 2, id="two bytes"),
        pytest.param("€", 3, id="three bytes"),
        pytest.param("🎙", 4, id="four bytes"),
        pytest.param('"', 2, id="quotes"),
        pytest.param("\n", 2, id="newlines"),
        pytest.param("\\", 2, id="backslashes"),
        pytest.param("\x00", 6, id="control characters"),
    ],
)
@pytest.mark.parametrize("count", [4096, 5_000, 3_000_000], ids=["4096", "5000", "monstrous"])
def test_a_long_message_is_cut_to_the_kubelets_limit(unit: str, unit_bytes: int, count: int) -> None:
    """However its characters are escaped, the message fits, keeps as much as fits, and ends in an ellipsis."""
    told = TerminationMessage(reason=Reason.INTERNAL_ERROR, message=unit * count)

    spelled = told.to_json()

    kept = TerminationMessage.model_validate_json(spelled)
    assert TERMINATION_MESSAGE_MAX_BYTES - unit_bytes < len(spelled.encode()) <= TERMINATION_MESSAGE_MAX_BYTES
    assert (Reason.INTERNAL_ERROR, "…") == (kept.reason, kept.message.strip(unit))
    assert told.message.startswith(kept.message.removesuffix("…"))


@pytest.mark.parametrize("length", range(4030, 4070))
def test_the_limit_is_met_to_the_byte(length: int) -> None:
    """Around the limit a message is whole exactly when it fits."""
    told = TerminationMessage(reason=Reason.INTERNAL_ERROR, message=(WORDS * 200)[:length])
    whole = told.model_dump_json(by_alias=True)

    assert (len(whole) <= TERMINATION_MESSAGE_MAX_BYTES) == (whole == told.to_json())
    assert len(told.to_json().encode()) <= TERMINATION_MESSAGE_MAX_BYTES


def test_half_a_surrogate_pair_does_not_silence_the_worker() -> None:
    """A file name that is no UTF-8 reaches messages as half a surrogate pair, and is spelled with a question mark."""
    told = TerminationMessage(reason=Reason.SOURCE_NOT_FOUND, message="no \udcff.wav")

    assert {"reason": "SourceNotFound", "message": "no ?.wav"} == json.loads(told.to_json())


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        pytest.param({"percent": 101}, "percent", id="more than all"),
        pytest.param({"percent": -1}, "percent", id="less than nothing"),
        pytest.param({"processedSeconds": -1}, "processedSeconds", id="negative seconds"),
        pytest.param({"totalSeconds": -1}, "totalSeconds", id="negative total"),
        pytest.param({"estimatedSecondsLeft": -1}, "estimatedSecondsLeft", id="negative estimate"),
        pytest.param({"stage": "think"}, "stage", id="unknown stage"),
    ],
)
def test_a_bad_progress_report_is_refused(fields: dict[str, object], field: str) -> None:
    """A report outside its bounds never reaches a status."""
    good = {"stage": "fetch", "percent": 0, "processedSeconds": 0, "totalSeconds": 0}

    with pytest.raises(ValidationError, match=field):
        ProgressReport.model_validate({**good, **fields})


def test_a_progress_report_survives_the_wire() -> None:
    """What the worker reports, the operator reads."""
    report = ProgressReport(
        stage=Stage.LOAD_MODEL, percent=7, processed_seconds=4.2, total_seconds=60, estimated_seconds_left=12.5
    )

    assert report == ProgressReport.model_validate(report.to_wire())
    assert "load-model" == report.to_wire()["stage"]
