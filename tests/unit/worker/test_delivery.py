"""The copy at the user's own place: after the commit, whole, once, and never at the transcript's expense."""

import json

import pytest

from steno_store import StoreForbiddenError, StoreUnavailableError, keys
from steno_types import Assignment, Delivery, DestinationPrefix, Outcome, Reason, TranscriptFormat
from unit.worker.attempts import POD_NAME, RESULTS_PREFIX, Pod, ScriptedEngine

RECORD = keys.delivery(RESULTS_PREFIX)
OTHER = "talk-89abcdef-other"


@pytest.fixture
def assignment(assignment: Assignment, pod: Pod) -> Assignment:
    """Ask for a copy in the user's bucket."""
    pod.store.put_in("theirs", "notes/other.txt", b"untouched")
    destination = DestinationPrefix(
        bucket="theirs", prefix="notes/", formats=(TranscriptFormat.MARKDOWN, TranscriptFormat.VERBOSE_JSON)
    )
    return assignment.model_copy(update={"destination": destination})


def delivered(pod: Pod, key: str) -> bytes:
    """Read from the user's bucket."""
    return b"".join(pod.store.stream(key, bucket="theirs"))


def test_what_was_asked_for_is_copied(pod: Pod, assignment: Assignment, engine: ScriptedEngine) -> None:
    """The copies equal Steno's own, under the job's name, and the record says where they are."""
    ended = pod.run(assignment=assignment, load=engine.load)

    assert 0 == ended.exit_code
    assert ended.manifest is not None
    own = {output.format: pod.store.get(output.key) for output in ended.manifest.outputs}
    assert own["md"] == delivered(pod, "notes/talk.md")
    assert own["verbose_json"] == delivered(pod, "notes/talk.verbose.json")
    record = Delivery.model_validate_json(pod.store.get(RECORD))
    assert POD_NAME == record.attempt
    assert ("s3://theirs/notes/talk.verbose.json", "s3://theirs/notes/talk.md") == record.uris


def test_without_a_destination_there_is_no_record(pod: Pod, assignment: Assignment, engine: ScriptedEngine) -> None:
    """Nothing is owed to anybody."""
    pod.run(assignment=assignment.model_copy(update={"destination": None}), load=engine.load)

    assert not pod.store.exists(RECORD)


@pytest.mark.parametrize(
    ("error", "exit_code", "reason"),
    [
        pytest.param(StoreForbiddenError("denied"), 78, Reason.OUTPUT_FORBIDDEN, id="refused"),
        pytest.param(StoreUnavailableError("away"), 69, Reason.STORAGE_UNAVAILABLE, id="away"),
    ],
)
def test_a_destination_that_fails_at_last_costs_no_transcript(
    pod: Pod, assignment: Assignment, engine: ScriptedEngine, *, error: Exception, exit_code: int, reason: Reason
) -> None:
    """The outcome is claimed as Complete before; the exit code says that the copy is still owed."""
    pod.store.failing, pod.store.failing_calls = error, frozenset({"copy"})  # type: ignore[assignment]

    ended = pod.run(assignment=assignment, load=engine.load)

    assert (exit_code, reason) == (ended.exit_code, ended.reason)
    assert ended.manifest is not None
    assert Outcome.COMPLETE == ended.manifest.outcome
    assert not pod.store.exists(RECORD)


def test_the_next_attempt_only_delivers(pod: Pod, assignment: Assignment, engine: ScriptedEngine) -> None:
    """It finds the outcome claimed, loads nothing, and copies what is owed."""
    pod.store.failing, pod.store.failing_calls = StoreUnavailableError("away"), frozenset({"copy"})
    pod.run(assignment=assignment, load=engine.load)
    pod.store.failing = None

    ended = pod.run(assignment=assignment, load=engine.load, attempt=OTHER)

    assert 0 == ended.exit_code
    assert 1 == engine.loads
    assert delivered(pod, "notes/talk.md")
    assert OTHER == json.loads(pod.store.get(RECORD))["attempt"]


def test_what_is_delivered_is_not_delivered_again(pod: Pod, assignment: Assignment, engine: ScriptedEngine) -> None:
    """What the user has changed since stays changed."""
    pod.run(assignment=assignment, load=engine.load)
    pod.store.put_in("theirs", "notes/talk.md", b"corrected by hand")

    pod.run(assignment=assignment, load=engine.load, attempt=OTHER)

    assert b"corrected by hand" == delivered(pod, "notes/talk.md")
    assert POD_NAME == json.loads(pod.store.get(RECORD))["attempt"]


@pytest.mark.parametrize(
    ("bucket", "forbidden"),
    [
        pytest.param("theirs", ("notes/",), id="forbidden"),
        pytest.param("nowhere", (), id="no such bucket"),
    ],
)
def test_a_destination_that_cannot_be_written_fails_the_job_at_once(
    pod: Pod, assignment: Assignment, engine: ScriptedEngine, bucket: str, forbidden: tuple[str, ...]
) -> None:
    """It is tried before any work: no model is loaded for a transcript that nobody could have."""
    pod.store.forbidden_prefixes = forbidden
    assert assignment.destination is not None
    destination = assignment.destination.model_copy(update={"bucket": bucket})

    ended = pod.run(assignment=assignment.model_copy(update={"destination": destination}), load=engine.load)

    assert (78, Reason.OUTPUT_FORBIDDEN) == (ended.exit_code, ended.reason)
    assert ended.manifest is not None
    assert Outcome.FAILED == ended.manifest.outcome
    assert f"s3://{bucket}/notes/ (outputs.destination)" in ended.manifest.failure.message  # type: ignore[union-attr]
    assert 0 == engine.loads


def test_a_failed_job_delivers_nothing(pod: Pod, assignment: Assignment) -> None:
    """There is nothing to deliver."""
    pod.store.put("steno/team/uploads/0123456789abcdef0123456789abcdef", b"")

    ended = pod.run(assignment=assignment)

    assert (65, Reason.AUDIO_UNDECODABLE) == (ended.exit_code, ended.reason)
    assert not pod.store.exists(RECORD)
