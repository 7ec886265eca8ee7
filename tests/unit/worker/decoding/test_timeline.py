"""The arithmetic of a recording's clock: what it shows, what is there, and how much silence lies between."""

import pytest

from steno_worker.decoding.timeline import MAX_GAP_SECONDS, TOLERANCE_SECONDS, Timeline


@pytest.mark.parametrize(
    ("clock_seconds", "position_seconds", "silence_seconds"),
    [
        pytest.param(1.4, 0.0, 0.0, id="at the container's start"),
        pytest.param(1.45, 0.0, 0.05, id="a late start counts from the first sample"),
        pytest.param(3.9, 0.0, 2.5, id="a later one as well"),
        pytest.param(0.9, 0.0, 0.0, id="before the container's start"),
        pytest.param(11.4, 10.0, 0.0, id="on time"),
        pytest.param(11.45, 10.0, 0.0, id="jitter"),
        pytest.param(12.4, 10.0, 1.0, id="gap"),
        pytest.param(9.4, 10.0, 0.0, id="overlap"),
        pytest.param(1.4 + 10.0 + MAX_GAP_SECONDS + 1, 10.0, 0.0, id="beyond belief"),
    ],
)
def test_silence_fills_what_the_clock_has_passed(
    clock_seconds: float, position_seconds: float, silence_seconds: float
) -> None:
    """Of a clock that showed 1.4 s where a player's shows zero."""
    timeline = Timeline(start_seconds=1.4)

    assert pytest.approx(silence_seconds) == timeline.silence_before(clock_seconds, position_seconds)


def test_a_clock_that_starts_again_is_followed_from_there() -> None:
    """Behind the seam of two joined recordings, a gap is still a gap."""
    timeline = Timeline()

    silences = [timeline.silence_before(clock, position) for clock, position in ((0, 0), (0, 10), (1, 11), (5, 12))]

    assert [0, 0, 0, 3] == silences
    assert 1 == timeline.num_gaps
    assert 3 == timeline.gap_seconds


def test_a_jump_is_counted_and_followed() -> None:
    """What lies too far ahead is the clock's fault; afterwards its steps count again."""
    timeline = Timeline(max_gap_seconds=10.0)

    silences = [timeline.silence_before(clock, position) for clock, position in ((0, 0), (95_000, 5), (95_003, 6))]

    assert [0, 0, 2] == silences
    assert (1, 1) == (timeline.num_jumps, timeline.num_gaps)


def test_a_slow_drift_is_made_up_for_in_steps() -> None:
    """A clock that gains a thousandth stays within the tolerance of the player's for an hour."""
    timeline, position = Timeline(), 0.0
    for second in range(3600):
        position += timeline.silence_before(second * 1.001, position)
        assert abs(second * 1.001 - position) <= TOLERANCE_SECONDS
        position += 1.0
