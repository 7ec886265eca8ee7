"""Whoever waits is told what for, in one word and a sentence; nobody else is told anything."""

from typing import Any

import pytest

from steno_types import (
    ConditionType,
    PaceBook,
    Reason,
    Stage,
    Waiting,
    WaitingReason,
    estimated_start_times,
    explain,
    to_rfc3339,
)
from support.builders import NOON, JobBuilder
from unit.waiting.jobs import (
    a_book,
    a_finished_job,
    a_queued_job,
    a_running_job,
    a_waiting_job,
    at,
    order_of,
    with_progress,
)

TALK = a_waiting_job("talk", created=5)


def told(job: JobBuilder, *others: JobBuilder, book: PaceBook | None = None, **priorities: int) -> Waiting | None:
    """Explain the job among others, a minute after noon."""
    order = order_of([job, *others], **priorities)
    return explain(job.build(), order, estimated_start_times(order, book or PaceBook(), at(60)))


@pytest.mark.parametrize(
    ("others", "position", "message"),
    [
        pytest.param([], 1, "It is the next job of the profile 'gpu'.", id="next"),
        pytest.param([a_waiting_job("a")], 2, "One job of the profile 'gpu' goes first.", id="second"),
        pytest.param(
            [a_waiting_job("a"), a_waiting_job("b", created=9, priority="high")],
            3,
            "2 jobs of the profile 'gpu' go first.",
            id="third",
        ),
    ],
)
def test_a_job_that_is_not_launched_is_behind_others(others: list[JobBuilder], position: int, message: str) -> None:
    """It has no condition, so how many are before it is all there is to say."""
    expected = Waiting(position=position, reason=WaitingReason.BEHIND_OTHERS, message=message)

    assert expected == told(TALK, *others, high=1)


def test_a_queue_is_called_a_queue() -> None:
    """A LocalQueue is named by its name."""
    waiting = told(a_waiting_job("talk", queueName="nightly"))

    assert waiting is not None
    assert "It is the next job of the queue 'nightly'." == waiting.message


def test_a_job_that_the_list_lacks_is_told_what_is_known() -> None:
    """A job that was created after the list has no position, and no number of jobs before it."""
    order = order_of([])

    assert Waiting(reason=WaitingReason.BEHIND_OTHERS, message="Other jobs go first.") == explain(
        TALK.build(), order, estimated_start_times(order, a_book(60), NOON)
    )


@pytest.mark.parametrize(
    ("reason", "said", "message"),
    [
        pytest.param("QuotaExhausted", "Waiting for room.", "Waiting for room.", id="quota"),
        pytest.param("QuotaExhausted", "", "A quota has no room for it.", id="quota, unsaid"),
        pytest.param("JobNotCreated", "A webhook fails.", "A webhook fails.", id="no Job"),
        pytest.param(
            "JobNotCreated", "", "The API server fails to make its Job, and is asked again.", id="no Job, unsaid"
        ),
        pytest.param(
            "NoNodeFits",
            "0/3 nodes are available: 1 Insufficient nvidia.com/gpu, 2 node(s) were unschedulable.",
            "No node that is open to it has enough nvidia.com/gpu free.",
            id="no node",
        ),
        pytest.param("NoNodeFits", "Ask the moon.", "Ask the moon.", id="no node, in words unknown"),
        pytest.param("NoNodeFits", "", "No node has what its worker asks for.", id="no node, unsaid"),
        pytest.param("WorkerStarting", "Soon.", "Soon.", id="starting"),
        pytest.param("WorkerEnded", "", "An attempt has ended, and another one follows.", id="between attempts"),
    ],
)
def test_a_job_that_has_its_job_is_told_what_the_operator_says(reason: str, said: str, message: str) -> None:
    """The reason is the condition's, and its place is still one in the queue."""
    job = a_queued_job("talk", reason=WaitingReason(reason), message=said)

    assert Waiting(position=1, reason=WaitingReason(reason), message=message) == told(job)


def test_what_no_longer_holds_is_no_reason() -> None:
    """A job whose Job was taken away has its old reasons still, as conditions that are false."""
    job = a_running_job("talk").condition(ConditionType.RUNNING, holds=False)

    waiting = told(job.condition(ConditionType.QUEUED, reason="NoNodeFits", message="Before.", holds=False))

    assert waiting is not None
    assert (1, WaitingReason.BEHIND_OTHERS) == (waiting.position, waiting.reason)


def test_a_word_of_another_version_is_a_worker_on_its_way() -> None:
    """A reason that is not known here keeps its message, which is for people."""
    job = TALK.condition(ConditionType.QUEUED, reason="Teleporting", message="It is being beamed up.")

    expected = Waiting(position=1, reason=WaitingReason.WORKER_STARTING, message="It is being beamed up.")

    assert expected == told(job)


def test_a_job_whose_image_is_pulled_is_behind_nobody() -> None:
    """It has its node, so that it has no position, and no estimate of what nobody measures."""
    job = a_queued_job("talk", reason=WaitingReason.IMAGE_PULLING, message="The node fetches it.")

    expected = Waiting(reason=WaitingReason.IMAGE_PULLING, message="The node fetches it.")

    assert expected == told(job, a_waiting_job("a"), book=a_book(60))


@pytest.mark.parametrize(
    ("stage", "message"),
    [
        pytest.param(Stage.FETCH, "Its worker runs and fetches the recording.", id="fetch"),
        pytest.param(Stage.LOAD_MODEL, "Its worker runs and loads the model.", id="load"),
        pytest.param(Stage.SELF_TEST, "Its worker runs and tests the model on a short clip.", id="self-test"),
        pytest.param(Stage.TRANSCRIBE, None, id="transcribe"),
        pytest.param(Stage.PUBLISH, None, id="publish"),
        pytest.param(Stage.DELIVER, None, id="deliver"),
        pytest.param(None, None, id="not heard of"),
    ],
)
def test_a_running_job_waits_until_its_model_is_ready(stage: Stage | None, message: str | None) -> None:
    """Until the first word can be transcribed, people wait; a worker that says nothing is not said to."""
    running = a_running_job("talk")
    job = with_progress(running, done=0, total=0, heard=1, stage=stage) if stage else running

    waiting = told(job, a_waiting_job("a"), book=a_book(600))

    assert (Waiting(reason=WaitingReason.MODEL_LOADING, message=message) if message else None) == waiting


@pytest.mark.parametrize("job", [a_waiting_job("talk", suspend=True), a_running_job("talk", suspend=True)])
def test_a_suspended_job_waits_for_its_owner(job: JobBuilder) -> None:
    """It has no position and no start, and says how to go on."""
    message = "The job is suspended; set spec.suspend to false to go on."

    assert Waiting(reason=WaitingReason.SUSPENDED, message=message) == told(job, book=a_book(60))


STOPPING = {"reason": Reason.WORKER_STALLED, "message": "It stood still.", "time": to_rfc3339(NOON)}


@pytest.mark.parametrize(
    "job",
    [
        pytest.param(TALK.deleted(), id="deleted"),
        pytest.param(a_waiting_job("talk", cancel=True), id="cancelled"),
        pytest.param(TALK.with_status(stopping=STOPPING), id="being ended"),
        pytest.param(a_finished_job("talk"), id="complete"),
        pytest.param(TALK.failed(), id="failed"),
    ],
)
def test_a_job_that_is_over_waits_for_nothing(job: JobBuilder) -> None:
    """Nor does one that is about to be."""
    assert told(job, book=a_book(60)) is None


@pytest.mark.parametrize(
    ("waiting", "wire"),
    [
        pytest.param(
            told(TALK, a_waiting_job("a"), book=a_book(60)),
            {
                "position": 2,
                "reason": "BehindOthers",
                "message": "One job of the profile 'gpu' goes first.",
                "estimatedStartTime": "2026-01-31T12:02:00Z",
            },
            id="all known",
        ),
        pytest.param(
            told(a_waiting_job("talk", suspend=True)),
            {"reason": "Suspended", "message": "The job is suspended; set spec.suspend to false to go on."},
            id="suspended",
        ),
    ],
)
def test_it_is_ready_for_json(waiting: Waiting, wire: dict[str, Any]) -> None:
    """Names are camelCase, times are Kubernetes', and what is not known is absent."""
    assert wire == waiting.to_wire()
    assert waiting == Waiting.model_validate(wire)
