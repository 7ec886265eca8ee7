"""The failure table is whole and its exit codes are those that the Job's rules can act on."""

import re
from collections import Counter

import pytest

from steno_types import FAILURES, Blame, Disposition, Failure, Reason, exit_codes, failure_for

OF_THE_CLUSTER = {Reason.PREEMPTED, Reason.DRAINED, Reason.EVICTED, Reason.NODE_LOST, Reason.SUSPENDED}
"""How a cluster, or whoever suspends, ends a worker."""

OF_THE_JOB = {
    Reason.PROFILE_UNKNOWN,
    Reason.ENGINE_UNAVAILABLE,
    Reason.QUEUE_PRIORITY_UNKNOWN,
    Reason.CANCELLED,
    Reason.DEADLINE_EXCEEDED,
}
"""What the job's own spec brings about."""

OF_THE_WORKER = {Reason.OUT_OF_MEMORY, Reason.WORKER_STALLED, Reason.JOB_LOST}
"""How a worker ends that cannot say so itself."""

OF_THE_LAUNCH = {
    Reason.IMAGE_PULL_FAILED,
    Reason.POD_CONFIG_INVALID,
    Reason.JOB_REFUSED,
    Reason.PENDING_DEADLINE_EXCEEDED,
    Reason.NAME_TAKEN,
}
"""Why no worker ever ran."""

by_reason = pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.reason)


def test_every_reason_stands_in_the_table_once() -> None:
    """No reason is missing and none is there twice."""
    assert dict.fromkeys(Reason, 1) == Counter(failure.reason for failure in FAILURES)


@pytest.mark.parametrize(
    ("disposition", "codes"),
    [
        pytest.param(Disposition.INTERRUPTED, (143,), id="interrupted"),
        pytest.param(Disposition.TERMINAL, (65, 66, 78), id="terminal"),
        pytest.param(Disposition.RETRYABLE, (69, 75), id="retryable"),
        pytest.param(Disposition.BUG, (70,), id="bug"),
    ],
)
def test_exit_codes_of_a_disposition(disposition: Disposition, codes: tuple[int, ...]) -> None:
    """The codes are the design's, section 3, ascending."""
    assert codes == exit_codes(disposition)


@pytest.mark.parametrize(
    ("blame", "codes"),
    [pytest.param(Blame.USER, {65, 66}, id="user"), pytest.param(Blame.PLATFORM, {78}, id="platform")],
)
def test_terminal_exit_codes_tell_whose_they_are(blame: Blame, codes: set[int]) -> None:
    """An alert on 78 never wakes anyone for a user's broken recording."""
    terminal = [f for f in FAILURES if f.disposition is Disposition.TERMINAL and f.blame is blame]

    assert codes == {failure.exit_code for failure in terminal} - {None}


def test_each_exit_code_has_one_disposition() -> None:
    """A Job's rule sees the code alone, so a code means one thing."""
    codes = [code for disposition in Disposition for code in exit_codes(disposition)]

    assert sorted(set(codes)) == sorted(codes)


def test_what_only_the_operator_sees_has_no_code() -> None:
    """Failures that no worker reports are in the table too, without an exit code."""
    without_code = {failure.reason for failure in FAILURES if failure.exit_code is None}

    assert without_code == {*OF_THE_CLUSTER, *OF_THE_JOB, *OF_THE_WORKER, *OF_THE_LAUNCH}


@pytest.mark.parametrize(
    ("reasons", "dispositions"),
    [
        pytest.param(OF_THE_CLUSTER, {Disposition.INTERRUPTED}, id="what the cluster does is free"),
        pytest.param(OF_THE_JOB, {Disposition.TERMINAL}, id="what the job asks for is final"),
        pytest.param(OF_THE_WORKER, {Disposition.RETRYABLE}, id="what a worker meets may pass"),
        pytest.param(OF_THE_LAUNCH, {Disposition.RETRYABLE, Disposition.TERMINAL}, id="what keeps it from starting"),
    ],
)
def test_what_the_operator_sees_has_its_price(reasons: set[Reason], dispositions: set[Disposition]) -> None:
    """Whether an attempt is free, counted or the last follows from who ended it."""
    assert dispositions == {failure_for(reason).disposition for reason in reasons}


def test_a_suspension_is_the_users_own() -> None:
    """Of what is free, only the suspension is nobody's trouble but the user's."""
    free = [failure for failure in FAILURES if failure.disposition is Disposition.INTERRUPTED]

    assert [Reason.SUSPENDED] == [failure.reason for failure in free if failure.blame is Blame.USER]


@by_reason
def test_a_reason_finds_its_row(failure: Failure) -> None:
    """The look-up gives the row of the table itself."""
    assert failure is failure_for(failure.reason)


@by_reason
def test_a_reason_is_a_condition_reason(failure: Failure) -> None:
    """Its word is CamelCase, as a Kubernetes condition's, and spells the constant's name."""
    assert re.fullmatch(r"([A-Z][a-z]+)+", failure.reason)
    assert failure.reason.name == re.sub(r"(?<=[a-z])(?=[A-Z])", "_", failure.reason).upper()


@by_reason
def test_a_reason_speaks_to_people(failure: Failure) -> None:
    """Meaning and remedy are one sentence each, short enough for a status message together."""
    for sentence in (failure.meaning, failure.remedy):
        assert re.fullmatch(r"[A-Z][^.]*(?:\.[a-z][^.]*)*\.", sentence), sentence
    assert len(failure.meaning) + len(failure.remedy) <= 512


@by_reason
def test_retryable_is_what_is_not_terminal(failure: Failure) -> None:
    """Whether a new job may succeed follows from the disposition alone."""
    assert (failure.disposition is not Disposition.TERMINAL) == failure.retryable
