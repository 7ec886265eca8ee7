"""Tries end, pauses grow, and progress is rewarded."""

import pytest

from steno_worker.intake.patience import PROGRESS_BYTES, RESTARTS, TRIES, Patience


def test_pauses_grow_until_patience_ends() -> None:
    """Failures in a row are waited out ever longer, and the last one ends the fetch."""
    patience = Patience()

    pauses = [patience.pause_seconds(new_bytes=0) for _ in range(TRIES)]

    assert [1.0, 2.0, 4.0, 8.0, 16.0, None] == pauses


def test_progress_begins_the_count_anew() -> None:
    """A try that brought much before it failed counts as the first; one byte less does not."""
    patience = Patience(failures=TRIES - 1)
    assert 1.0 == patience.pause_seconds(new_bytes=PROGRESS_BYTES)

    patience = Patience(failures=TRIES - 1)
    assert patience.pause_seconds(new_bytes=PROGRESS_BYTES - 1) is None


@pytest.mark.parametrize(
    ("requested_seconds", "expected"),
    [
        pytest.param(0.0, 1.0, id="nothing asked"),
        pytest.param(0.5, 1.0, id="less than our own"),
        pytest.param(20.0, 20.0, id="more"),
        pytest.param(86_400.0, 60.0, id="too much"),
    ],
)
def test_a_server_may_ask_for_longer(requested_seconds: float, expected: float) -> None:
    """A pause that the server asks for is granted up to a minute."""
    assert expected == Patience().pause_seconds(new_bytes=0, requested_seconds=requested_seconds)


def test_restarts_are_counted() -> None:
    """A fetch may start over a few times."""
    patience = Patience()

    assert [True] * RESTARTS + [False] == [patience.may_start_over() for _ in range(RESTARTS + 1)]
