"""Who waits stands in one queue, by priority, then creation, then name; nobody else does."""

import pytest

from steno_types import ConditionType, QueueKey, Reason, Standing, WaitingReason, standing, to_rfc3339
from support.builders import NAMESPACE, NOON, JobBuilder
from unit.waiting.jobs import (
    PROFILE,
    a_finished_job,
    a_queued_job,
    a_running_job,
    a_waiting_job,
    names,
    order_of,
)

GPU = QueueKey(PROFILE)


@pytest.mark.parametrize(
    ("jobs", "expected"),
    [
        pytest.param([a_waiting_job("b", created=1), a_waiting_job("a", created=2)], ["b", "a"], id="older first"),
        pytest.param([a_waiting_job("b"), a_waiting_job("a")], ["a", "b"], id="by name in the same second"),
        pytest.param(
            [a_waiting_job("old"), a_waiting_job("new", created=9, priority="high")],
            ["new", "old"],
            id="higher first",
        ),
        pytest.param(
            [a_waiting_job("low", priority="low"), a_waiting_job("none", created=9)], ["none", "low"], id="none is 0"
        ),
        pytest.param(
            [a_waiting_job("none", created=1), a_waiting_job("typo", created=0, priority="hihg")],
            ["typo", "none"],
            id="an unknown name is 0",
        ),
        pytest.param(
            [
                a_waiting_job("b", created=3, priority="high"),
                a_waiting_job("a", created=2, priority="high"),
                a_waiting_job("c", created=0, priority="low"),
            ],
            ["a", "b", "c"],
            id="older first within a priority",
        ),
        pytest.param(
            [a_waiting_job("unborn").with_metadata(creationTimestamp=None), a_waiting_job("talk", created=9)],
            ["talk", "unborn"],
            id="without a creation time last",
        ),
    ],
)
def test_the_order_of_a_queue(jobs: list[JobBuilder], expected: list[str]) -> None:
    """The order does not depend on the list's, and positions count from 1."""
    for listed in (jobs, jobs[::-1]):
        order = order_of(listed, high=100, low=-5)

        assert expected == names(order.queues[GPU].waiting)
        assert [1, 2, 3][: len(jobs)] == [order.position(job) for job in order.queues[GPU].waiting]


def test_each_queue_counts_for_itself() -> None:
    """A profile is a queue over all namespaces, a LocalQueue one of its own namespace, whatever its name."""
    elsewhere = a_waiting_job("e", created=5).with_metadata(namespace="radio")
    jobs = {
        "a": a_waiting_job("a"),
        "b": a_waiting_job("b", created=1, profile="cpu"),
        "c": a_waiting_job("c", created=2, queueName="gpu"),
        "d": a_waiting_job("d", created=3, queueName="gpu", profile="cpu"),
        "e": elsewhere,
        "f": a_waiting_job("f", created=4, queueName="gpu").with_metadata(namespace="radio"),
    }

    order = order_of(jobs.values())

    assert {
        QueueKey("gpu"): ["a", "e"],
        QueueKey("cpu"): ["b"],
        QueueKey("gpu", NAMESPACE): ["c", "d"],
        QueueKey("gpu", "radio"): ["f"],
    } == {key: names(queue.waiting) for key, queue in order.queues.items()}
    assert [1, 1, 1, 2, 2, 1] == [order.position(job.build()) for job in jobs.values()]


def test_a_job_that_names_no_profile_stands_in_the_defaults_queue() -> None:
    """Before its launch the default of now counts, after it the profile that it was launched with."""
    fresh, launched = a_waiting_job("fresh", profile=None), a_waiting_job("launched", profile=None, created=1)
    effective = {"profile": "cpu", "image": "worker:1", "engine": "faster-whisper", "model": "tiny"}

    order = order_of([fresh, launched.with_status(effective=effective)])

    assert ["fresh"] == names(order.queues[GPU].waiting)
    assert ["launched"] == names(order.queues[QueueKey("cpu")].waiting)


def test_a_repeated_job_counts_once_as_it_was_last() -> None:
    """A list that names a job twice, as two pages of one list may, has it once."""
    job = a_waiting_job("talk")

    assert [] == list(order_of([job, job.completed()]).queues)
    assert ["talk"] == names(order_of([job, job]).queues[GPU].waiting)


STOPPING = {"reason": Reason.DEADLINE_EXCEEDED, "message": "Too late.", "time": to_rfc3339(NOON)}


@pytest.mark.parametrize(
    ("job", "expected"),
    [
        pytest.param(a_waiting_job(), Standing.WAITING, id="fresh"),
        pytest.param(a_queued_job(reason=WaitingReason.NO_NODE_FITS), Standing.WAITING, id="no node"),
        pytest.param(a_queued_job(reason=WaitingReason.WORKER_ENDED), Standing.WAITING, id="between attempts"),
        pytest.param(a_running_job().condition(ConditionType.RUNNING, holds=False), Standing.WAITING, id="evicted"),
        pytest.param(a_queued_job(reason=WaitingReason.IMAGE_PULLING), Standing.PLACED, id="pulling"),
        pytest.param(
            a_waiting_job().condition(ConditionType.QUEUED, reason="ImagePulling", holds=False),
            Standing.WAITING,
            id="no longer pulling",
        ),
        pytest.param(
            a_running_job().condition(ConditionType.QUEUED, reason="ImagePulling", holds=False),
            Standing.RUNNING,
            id="running",
        ),
        pytest.param(a_waiting_job(suspend=True), Standing.SUSPENDED, id="suspended"),
        pytest.param(a_running_job(suspend=True), Standing.SUSPENDED, id="being suspended"),
        pytest.param(a_waiting_job().condition(ConditionType.SUSPENDED), Standing.WAITING, id="just resumed"),
        pytest.param(a_waiting_job(cancel=True), Standing.ENDING, id="cancelled"),
        pytest.param(a_waiting_job(suspend=True, cancel=True), Standing.ENDING, id="cancelled while suspended"),
        pytest.param(a_running_job().with_status(stopping=STOPPING), Standing.ENDING, id="out of time"),
        pytest.param(a_running_job().deleted(), Standing.ENDING, id="deleted"),
        pytest.param(a_finished_job("talk"), Standing.ENDING, id="complete"),
        pytest.param(a_running_job().failed(), Standing.ENDING, id="failed"),
    ],
)
def test_what_a_job_does_to_its_queue(job: JobBuilder, expected: Standing) -> None:
    """Those that wait have a position, those that run or have a node hold a place, and the others do neither."""
    order = order_of([job])
    queue = order.queues.get(GPU)

    assert expected is standing(job.build())
    assert (1 if expected is Standing.WAITING else None) == order.position(job.build())
    assert (expected in {Standing.PLACED, Standing.RUNNING}) == (queue is not None and bool(queue.served))


def test_a_job_that_is_not_known_has_no_position() -> None:
    """A job that was read after the list has none until the list has it too."""
    assert order_of([]).position(a_waiting_job().build()) is None
