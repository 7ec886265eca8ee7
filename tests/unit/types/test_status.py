"""Conditions are the contract; the phase follows from them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from steno_types import (
    Attempt,
    Condition,
    ConditionType,
    EarlierAttempts,
    Effective,
    FailureStatus,
    JobReference,
    Media,
    Output,
    Phase,
    Progress,
    Reason,
    Release,
    Stage,
    Stopping,
    TranscriptionJobStatus,
    derive_phase,
    shorten,
)

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=5)


def a_condition(kind: ConditionType, status: str = "True", *, at: datetime = NOON, reason: str = "Told") -> Condition:
    """A condition that holds since noon unless told otherwise."""
    return Condition(type=kind, status=status, reason=reason, last_transition_time=at)


@pytest.mark.parametrize(
    ("true", "phase"),
    [
        pytest.param([], Phase.PENDING, id="nothing yet"),
        pytest.param(["Queued"], Phase.QUEUED, id="queued"),
        pytest.param(["Running"], Phase.PROCESSING, id="running"),
        pytest.param(["Suspended"], Phase.PENDING, id="suspended"),
        pytest.param(["Releasing"], Phase.PENDING, id="releasing"),
        pytest.param(["Queued", "Running"], Phase.PROCESSING, id="running outranks queued"),
        pytest.param(["Running", "Complete"], Phase.COMPLETED, id="complete outranks running"),
        pytest.param(["Queued", "Failed"], Phase.FAILED, id="failed outranks queued"),
    ],
)
def test_the_phase_is_the_most_final_condition(true: list[str], phase: Phase) -> None:
    """The most final condition that holds decides, whatever the order; those that do not hold count for nothing."""
    conditions = [a_condition(kind, "True" if kind in true else "False") for kind in ConditionType]

    assert phase == derive_phase(conditions)
    assert phase == derive_phase(reversed(conditions))
    assert phase == derive_phase([c for c in conditions if c.is_true])


def test_an_unknown_condition_does_not_hold() -> None:
    """Unknown is not True."""
    assert Phase.PENDING == derive_phase([a_condition(ConditionType.RUNNING, "Unknown")])


def test_an_update_without_change_keeps_its_transition_time() -> None:
    """A condition whose status stays keeps the time of its last change, and takes the rest of the update."""
    before = TranscriptionJobStatus().with_conditions([a_condition(ConditionType.QUEUED)])

    after = before.with_conditions([a_condition(ConditionType.QUEUED, at=LATER, reason="Unschedulable")])

    assert (a_condition(ConditionType.QUEUED, at=NOON, reason="Unschedulable"),) == after.conditions


def test_an_update_with_a_change_brings_its_transition_time() -> None:
    """A condition whose status turns takes the update's time; the others stay, and the phase follows."""
    before = TranscriptionJobStatus().with_conditions([a_condition(ConditionType.QUEUED)])

    after = before.with_conditions(
        [a_condition(ConditionType.QUEUED, "False", at=LATER), a_condition(ConditionType.RUNNING, at=LATER)]
    )

    assert (LATER, LATER) == tuple(condition.last_transition_time for condition in after.conditions)
    assert (Phase.QUEUED, Phase.PROCESSING) == (before.phase, after.phase)
    assert before.conditions == (a_condition(ConditionType.QUEUED),)


def test_an_update_of_one_condition_leaves_the_others() -> None:
    """Conditions that no update names stay as they are and where they are."""
    before = TranscriptionJobStatus().with_conditions(
        [a_condition(ConditionType.QUEUED, "False"), a_condition(ConditionType.RUNNING)]
    )

    after = before.with_conditions([a_condition(ConditionType.COMPLETE, at=LATER)])

    assert before.conditions == after.conditions[:2]
    assert [ConditionType.QUEUED, ConditionType.RUNNING, ConditionType.COMPLETE] == [c.type for c in after.conditions]


@pytest.mark.parametrize(
    ("conditions", "terminal"),
    [
        pytest.param([], None, id="none"),
        pytest.param([a_condition(ConditionType.RUNNING)], None, id="running"),
        pytest.param([a_condition(ConditionType.FAILED, "False")], None, id="not failed"),
        pytest.param([a_condition(ConditionType.FAILED)], ConditionType.FAILED, id="failed"),
        pytest.param([a_condition(ConditionType.COMPLETE)], ConditionType.COMPLETE, id="complete"),
    ],
)
def test_the_terminal_condition_is_the_one_that_holds(
    conditions: list[Condition], terminal: ConditionType | None
) -> None:
    """Complete and Failed end a job, but only when True."""
    found = TranscriptionJobStatus(conditions=tuple(conditions)).terminal

    assert terminal == (found.type if found else None)


def test_a_condition_is_found_by_its_type() -> None:
    """What is not there is None."""
    status = TranscriptionJobStatus(conditions=(a_condition(ConditionType.QUEUED),))

    assert a_condition(ConditionType.QUEUED) == status.condition(ConditionType.QUEUED)
    assert status.condition(ConditionType.RUNNING) is None


@pytest.mark.parametrize(
    ("text", "short"),
    [
        pytest.param("", "", id="empty"),
        pytest.param("ab", "ab", id="short"),
        pytest.param("abcd", "abcd", id="just fits"),
        pytest.param("abcde", "abc…", id="one too long"),
        pytest.param("äöüß€", "äöü…", id="counted in characters"),
    ],
)
def test_a_text_is_cut_to_its_field(text: str, short: str) -> None:
    """What is cut ends in an ellipsis and fits; what fits is left alone."""
    assert short == shorten(text, max_length=4)


def test_a_cut_text_fits_a_message() -> None:
    """The default length is that of the message fields."""
    assert (
        shorten("x" * 5000)
        == FailureStatus(reason=Reason.INTERNAL_ERROR, message=shorten("x" * 5000), retryable=True).message
    )


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        pytest.param({"status": "true"}, "status", id="status in small letters"),
        pytest.param({"reason": ""}, "reason", id="empty reason"),
        pytest.param({"reason": "two words"}, "reason", id="reason of two words"),
        pytest.param({"message": "m" * 1025}, "message", id="message too long"),
        pytest.param({"type": "Ready"}, "type", id="unknown type"),
        pytest.param({"observedGeneration": -1}, "observedGeneration", id="negative generation"),
    ],
)
def test_a_bad_condition_is_refused_by_the_name_of_its_field(fields: dict[str, Any], field: str) -> None:
    """Conditions are bounded as Kubernetes' own."""
    with pytest.raises(ValidationError) as caught:
        Condition.model_validate({**a_condition(ConditionType.QUEUED).to_wire(), **fields})

    assert [field] == [".".join(map(str, error["loc"])) for error in caught.value.errors()]


def test_a_full_status_survives_the_wire() -> None:
    """Every field of the status is read as it was written."""
    status = TranscriptionJobStatus(
        observed_generation=3,
        start_time=NOON,
        completion_time=LATER,
        expiration_time=LATER,
        job_ref=JobReference(name="talk-6f3d1c6e", uid="u"),
        launches=2,
        attempts=(
            Attempt(name="talk-6f3d1c6e-a", start=NOON, end=LATER, reason=Reason.PREEMPTED),
            Attempt(name="talk-6f3d1c6e-1-b", start=LATER),
        ),
        earlier_attempts=EarlierAttempts(count=3, counted=1, interrupted=2, active_seconds=61.5),
        stopping=Stopping(reason=Reason.CANCELLED, message="m", exit_code=143, time=LATER),
        progress=Progress(stage=Stage.TRANSCRIBE, percent=50, processed_seconds=30.5, total_seconds=61, time=NOON),
        media=Media(duration_seconds=61, language="de"),
        real_time_factor=0.1,
        effective=Effective(
            profile="cpu", image="steno/worker:1", engine="faster-whisper", model="tiny", beam_size=5
        ),
        outputs=(Output(format="json", uri="s3://b/k", bytes=2, sha256="0" * 64),),
        warnings=("quiet",),
        failure=FailureStatus(reason=Reason.OUT_OF_MEMORY, message="m", exit_code=137, retryable=True),
        release=Release(objects=3, bytes=10, verified_empty=False, gave_up=True, time=LATER),
    ).with_conditions([a_condition(ConditionType.FAILED)])
    assert set(TranscriptionJobStatus.model_fields) == status.model_fields_set

    assert status == TranscriptionJobStatus.model_validate(status.to_wire())


def test_an_empty_status_is_nearly_nothing_on_the_wire() -> None:
    """A job that nobody looked at yet has empty lists and nothing else."""
    assert {"attempts": [], "conditions": [], "outputs": [], "warnings": []} == TranscriptionJobStatus().to_wire()
    assert TranscriptionJobStatus() == TranscriptionJobStatus.model_validate({})
