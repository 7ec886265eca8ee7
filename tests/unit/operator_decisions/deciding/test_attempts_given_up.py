"""Attempts that are given up before their worker is gone; and what is known of a Job by its attempts alone."""

from datetime import timedelta

import pytest

from steno_operator.batch_job import batch_job_name
from steno_operator.policies.attempts import all_given_up, given_up, left_trace
from steno_types import Reason
from support.builders import NOON, a_job, a_launched_job, beside

LATER = NOON + timedelta(minutes=5)
TWO = (
    a_launched_job()
    .attempted("before", end=NOON, reason="Preempted")
    .attempted("now", start=NOON)
    .attempted("ahead", start=LATER + timedelta(seconds=9))
)


def test_one_worker_is_given_up() -> None:
    """Its attempt ends now, and is counted as its reason says; the others stay as they are; no Job is wanted."""
    status = given_up(TWO.build(), "now", Reason.WORKER_STALLED, LATER)

    assert status.job_ref is None
    assert [
        ("before", NOON, Reason.PREEMPTED, False),
        ("now", LATER, Reason.WORKER_STALLED, True),
        ("ahead", None, None, False),
    ] == [(one.name, one.end, one.reason, one.counted) for one in status.attempts]


def test_all_workers_are_given_up() -> None:
    """Whatever is open ends, never before it began; what has ended keeps its reason."""
    status = all_given_up(TWO.build(), Reason.SUSPENDED, LATER)

    assert status.job_ref is None
    assert [
        (NOON, Reason.PREEMPTED),
        (LATER, Reason.SUSPENDED),
        (LATER + timedelta(seconds=9), Reason.SUSPENDED),
    ] == [(one.end, one.reason) for one in status.attempts]


LONGEST = a_job("a" * 52)


@pytest.mark.parametrize(
    ("pod", "number", "known"),
    [
        pytest.param("talk-6f3d1c6e-abcde", 0, True, id="its own"),
        pytest.param("talk-6f3d1c6e-1-abcde", 1, True, id="its own, of a later Job"),
        pytest.param("talk-6f3d1c6e-abcde", 1, False, id="an earlier Job's"),
        pytest.param("talk-6f3d1c6e", 0, False, id="told of by the Job's own name"),
    ],
)
def test_what_a_job_left(pod: str, number: int, *, known: bool) -> None:
    """The Job controller names a pod after its Job, so an attempt tells of a Job whose pods are gone."""
    job = a_job().attempted(pod, end=NOON, reason="Terminated").build()
    (batch_job,) = beside(job).with_batch_job(number).batch_jobs

    assert known is left_trace(job.status, batch_job)


def test_a_long_jobs_pod_bears_the_beginning_of_its_name() -> None:
    """Kubernetes cuts a generated name at 58 characters before its five random ones."""
    job = LONGEST.build()
    name = batch_job_name(job)
    (batch_job,) = beside(job).with_batch_job().batch_jobs
    told = LONGEST.attempted(f"{name[:58]}abcde", end=NOON, reason="Terminated").build()

    assert 61 == len(name)
    assert left_trace(told.status, batch_job)


def test_an_attempt_that_goes_on_is_no_trace() -> None:
    """Of a worker that may still run nothing is known yet."""
    job = a_job().attempted("talk-6f3d1c6e-abcde").build()
    (batch_job,) = beside(job).with_batch_job().batch_jobs

    assert not left_trace(job.status, batch_job)
