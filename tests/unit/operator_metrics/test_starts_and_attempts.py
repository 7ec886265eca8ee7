"""What is measured on the way to a worker's first speech, and of workers that end without an outcome."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from steno_operator.observed import Observed, WorkerPod
from steno_types import to_rfc3339
from support.builders import NOON, JobBuilder, a_launched_job
from unit.operator_metrics.meter import Meter

POD = "talk-6f3d1c6e-abcde"


def after(seconds: float) -> datetime:
    """Give a moment so long past noon."""
    return NOON + timedelta(seconds=seconds)


def created() -> JobBuilder:
    """Begin a job that was created at noon."""
    return a_launched_job().with_metadata(creationTimestamp=to_rfc3339(NOON))


def started(builder: JobBuilder, at: datetime) -> JobBuilder:
    """Let its first worker run."""
    return builder.attempted(POD, start=at).with_status(startTime=to_rfc3339(at))


def a_pod(**moments: Any) -> Observed:
    """Observe one pod."""
    return Observed(pods=(WorkerPod(name=POD, batch_job="talk-6f3d1c6e", **moments),))


def step(name: str, kind: str) -> str:
    """Spell a sample of the start's latency."""
    return f'steno_start_latency_seconds_{kind}{{profile="cpu",step="{name}"}}'


def test_a_first_worker_starts(meter: Meter) -> None:
    """The job's wait ends, and the way there is split into the scheduler's part and the kubelet's."""
    seen = a_pod(created=after(20), scheduled=after(25), started=after(65))

    meter.metrics.carried_out(created().build(), started(created(), after(65)).build(), seen)

    assert {
        'steno_queue_wait_seconds_count{profile="cpu"}': 1,
        'steno_queue_wait_seconds_sum{profile="cpu"}': 65,
        step("schedule", "count"): 1,
        step("schedule", "sum"): 5,
        step("pull", "count"): 1,
        step("pull", "sum"): 40,
    } == meter.moved()


def test_a_start_is_measured_once(meter: Meter) -> None:
    """A pod that is seen again, running or ended, is no second start."""
    job = started(created(), after(65))
    seen = a_pod(created=after(20), scheduled=after(25), started=after(65))

    meter.metrics.carried_out(job.build(), job.with_status(launches=2).build(), seen)

    assert {} == meter.moved()


def test_a_second_worker_starts(meter: Meter) -> None:
    """Its own way is measured, and the job's wait was over before."""
    before = started(created(), after(65))
    second = "talk-6f3d1c6e-fghij"
    pod = WorkerPod(name=second, created=after(100), scheduled=after(103), started=after(104))

    meter.metrics.carried_out(
        before.build(), before.attempted(second, start=after(104)).build(), Observed(pods=(pod,))
    )

    assert {
        step("schedule", "count"): 1,
        step("schedule", "sum"): 3,
        step("pull", "count"): 1,
        step("pull", "sum"): 1,
    } == meter.moved()


@pytest.mark.parametrize(
    "moments",
    [
        pytest.param({"created": NOON}, id="no node was seen"),
        pytest.param({"scheduled": NOON}, id="half of what there is to know"),
        pytest.param({}, id="nothing is known of it"),
    ],
)
def test_what_is_not_known_is_not_measured(meter: Meter, moments: dict[str, datetime]) -> None:
    """A pod that failed before it ran gives no latency."""
    job = created().attempted(POD, start=NOON)

    meter.metrics.carried_out(created().build(), job.build(), a_pod(**moments))

    assert {} == meter.moved()


def test_clocks_that_disagree_measure_nothing_negative(meter: Meter) -> None:
    """A node whose clock is behind the API server's has taken no time at all."""
    seen = a_pod(created=after(20), scheduled=after(18), started=after(10))

    meter.metrics.carried_out(created().build(), started(created(), after(-10)).build(), seen)

    assert [0.0, 0.0, 0.0] == [
        meter.read()[name]
        for name in ('steno_queue_wait_seconds_sum{profile="cpu"}', step("schedule", "sum"), step("pull", "sum"))
    ]


@pytest.mark.parametrize(
    ("before", "now", "moved"),
    [
        pytest.param({}, {"end": NOON, "reason": "Evicted"}, {"Evicted": 1}, id="interrupted"),
        pytest.param({}, {"end": NOON, "reason": "OutOfMemory", "counted": True}, {"OutOfMemory": 1}, id="failed"),
        pytest.param({}, {"end": NOON}, {}, id="it came to an outcome"),
        pytest.param({}, {}, {}, id="it runs on"),
        pytest.param({"end": NOON, "reason": "Evicted"}, {"end": NOON, "reason": "Evicted"}, {}, id="known before"),
    ],
)
def test_an_attempt_ends(meter: Meter, before: dict[str, Any], now: dict[str, Any], moved: dict[str, float]) -> None:
    """A worker that ends without an outcome is counted once, under its reason."""
    job = created()

    meter.metrics.carried_out(job.attempted(POD, **before).build(), job.attempted(POD, **now).build(), Observed())

    counter = 'steno_attempts_ended_total{{profile="cpu",reason="{}"}}'
    assert {counter.format(reason): count for reason, count in moved.items()} == meter.moved()


def test_an_attempt_that_was_never_seen_to_run(meter: Meter) -> None:
    """One that is noted and over in the same moment, as of a Job that was lost, is counted too."""
    job = created()

    meter.metrics.carried_out(
        job.build(), job.attempted("talk-6f3d1c6e", end=NOON, reason="JobLost", counted=True).build(), Observed()
    )

    assert {'steno_attempts_ended_total{profile="cpu",reason="JobLost"}': 1} == meter.moved()
