"""Which of a job's Jobs is wanted: the one the status names, or one so new that it does not know it yet."""

import pytest

from steno_operator.plan import DeleteBatchJob, DeletePod
from steno_operator.policies.wanted import (
    all_deletions,
    is_wanted,
    let_go,
    unwanted_deletions,
    wanted,
    working_deletions,
)
from support.builders import NOON, JobBuilder, a_job, a_launched_job, beside

LONGEST = "a" * 52
NEVER, FIRST, SECOND = a_job().adopted(), a_launched_job(), a_launched_job().launched(1)
BETWEEN = a_job().adopted().with_status(launches=1)
"""A job that is done with its first Job, and has no other yet."""


@pytest.mark.parametrize(
    ("job", "number", "is_it"),
    [
        pytest.param(NEVER, 0, True, id="created, and not yet written down"),
        pytest.param(FIRST, 0, True, id="named"),
        pytest.param(FIRST, 1, True, id="the next, not yet written down"),
        pytest.param(SECOND, 0, False, id="followed by another"),
        pytest.param(SECOND, 1, True, id="the follower"),
        pytest.param(BETWEEN, 0, False, id="let go"),
        pytest.param(BETWEEN, 1, True, id="the next after one that was let go"),
    ],
)
def test_the_status_says_which_job_is_wanted(job: JobBuilder, number: int, *, is_it: bool) -> None:
    """The one named there, or one whose number was never given: so no crash forgets a Job or revives one."""
    there = job.build()
    (batch_job,) = beside(there).with_batch_job(number).batch_jobs

    assert is_it == is_wanted(there, batch_job)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("talk-6f3d1c6e-x", id="no number"),
        pytest.param("talk-6f3d1c6e-01", id="a number spelled otherwise"),
        pytest.param("talk-6f3d1c6e-0", id="the first has none"),
        pytest.param("talk-0a0b0c0d", id="another job's of the name"),
        pytest.param("walk-6f3d1c6e", id="another name"),
    ],
)
def test_other_names_are_never_wanted(name: str) -> None:
    """A Job that bears the owner's uid under a name of its own is no child that Steno made."""
    job = NEVER.build()
    (batch_job,) = beside(job).with_batch_job(name=name).batch_jobs

    assert not is_wanted(job, batch_job)


def test_the_youngest_wanted_job_counts() -> None:
    """Where a crash left two, the later one is the one that was meant."""
    job = FIRST.build()

    found = wanted(job, beside(job).with_batch_job().with_batch_job(1).build())

    assert found is not None
    assert "talk-6f3d1c6e-1" == found.name


@pytest.mark.parametrize(
    ("job", "number", "launches"),
    [
        pytest.param(FIRST, 0, 1, id="named"),
        pytest.param(NEVER, 0, 1, id="created, and not yet written down"),
        pytest.param(FIRST, 1, 2, id="the next, not yet written down"),
        pytest.param(a_job(LONGEST).adopted().with_status(launches=11), 11, 12, id="a name cut to fit"),
    ],
)
def test_a_job_that_is_let_go_is_not_wanted_again(job: JobBuilder, number: int, launches: int) -> None:
    """Its number counts as given, so that it is neither taken up again nor made again."""
    there = job.build()
    (batch_job,) = beside(there).with_batch_job(number).batch_jobs

    status = let_go(there, batch_job)

    assert (None, launches) == (status.job_ref, status.launches)
    assert not is_wanted(there.model_copy(update={"status": status}), batch_job)


def test_a_job_that_is_only_named_is_let_go_too() -> None:
    """Where the Job is gone already, its name goes, and what was counted stays."""
    status = let_go(FIRST.build(), None)

    assert (None, 1) == (status.job_ref, status.launches)


def test_what_is_deleted_when() -> None:
    """Unwanted ones that work; all that work; or all: finished ones stay to be looked at, leaving ones leave."""
    job = SECOND.build()
    observed = (
        beside(job)
        .with_batch_job(0)
        .with_batch_job(1)
        .with_batch_job(2, failed=True)
        .with_batch_job(3, complete=True)
        .with_batch_job(4, deleting=True)
        .build()
    )
    first, second, failed, complete, _ = (DeleteBatchJob(name=found.name) for found in observed.batch_jobs)

    assert (first,) == unwanted_deletions(job, observed)
    assert (first, second) == working_deletions(observed)
    assert (first, second, failed, complete) == all_deletions(observed)


def test_pods_that_a_job_left_behind() -> None:
    """Where somebody deleted a Job without its pods, they are deleted by name; a worker may finish, if wanted."""
    job = BETWEEN.build()
    orphaned = (
        beside(job)
        .with_running_pod()
        .with_pod(waiting_reason="Unschedulable")
        .with_ended_pod(0)
        .with_pod(started=NOON, deletion=NOON)
        .build()
    )
    running, waiting, ended, _ = (DeletePod(name=pod.name) for pod in orphaned.pods)

    assert (waiting,) == unwanted_deletions(job, orphaned)
    assert (running, waiting) == working_deletions(orphaned)
    assert (running, waiting, ended) == all_deletions(orphaned)
