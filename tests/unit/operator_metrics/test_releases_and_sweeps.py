"""What is measured of what leaves the store: releases by how they ended, sweeps by what they did."""

import pytest

from steno_operator.observed import Observed
from steno_operator.sweep import Sweep
from support.builders import JobBuilder, a_launched_job
from unit.operator_metrics.meter import Meter

GOING = a_launched_job().completed().deleted()
LEFT_SOMETHING = GOING.released(verified_empty=False)
VERIFIED = GOING.released()
GAVE_UP = GOING.with_status(
    release={"objects": 0, "bytes": 0, "verifiedEmpty": False, "gaveUp": True, "time": "2026-01-31T12:00:00Z"}
)


@pytest.mark.parametrize(
    ("before", "after", "result"),
    [
        pytest.param(GOING, VERIFIED, "verified", id="found empty"),
        pytest.param(LEFT_SOMETHING, VERIFIED, "verified", id="found empty at the second try"),
        pytest.param(GOING, GAVE_UP, "gave_up", id="given up"),
        pytest.param(GOING, LEFT_SOMETHING, None, id="something was left, and is tried again"),
        pytest.param(VERIFIED, VERIFIED, None, id="the finalizer goes"),
    ],
)
def test_a_release_is_counted_when_it_is_over(
    meter: Meter, before: JobBuilder, after: JobBuilder, result: str | None
) -> None:
    """One release, one count, however many tries it took."""
    meter.metrics.carried_out(before.build(), after.build(), Observed())

    assert ({f'steno_releases_total{{result="{result}"}}': 1} if result else {}) == meter.moved()


def test_a_sweep(meter: Meter) -> None:
    """It counts what it deleted, and shows what it left."""
    meter.metrics.swept(Sweep(owned=True, uploads=2, results=1, objects=7, size_bytes=4096, pending=3))

    assert {
        'steno_sweeps_total{result="complete"}': 1,
        "steno_swept_objects_total": 7,
        "steno_swept_bytes_total": 4096,
        "steno_sweep_pending": 3,
    } == meter.moved()

    meter.metrics.swept(Sweep(owned=True, pending=1))

    assert {'steno_sweeps_total{result="complete"}': 1, "steno_sweep_pending": -2} == meter.moved()


def test_a_sweep_that_fails_in_a_namespace(meter: Meter) -> None:
    """It is told apart, and what it did elsewhere counts."""
    meter.metrics.swept(Sweep(owned=True, results=1, objects=3, size_bytes=10, failed=["speech"]))

    assert {
        'steno_sweeps_total{result="partial"}': 1,
        "steno_swept_objects_total": 3,
        "steno_swept_bytes_total": 10,
    } == meter.moved()


def test_a_prefix_of_another_installation(meter: Meter) -> None:
    """Nothing is swept there, and that is said."""
    meter.metrics.swept(Sweep(owned=False))

    assert {'steno_sweeps_total{result="not_owned"}': 1} == meter.moved()
