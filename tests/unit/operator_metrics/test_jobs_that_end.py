"""What is measured of a job when it ends: once, by result and reason, and what its worker told."""

from datetime import timedelta
from typing import Any

import pytest

from steno_operator.observed import Observed
from steno_types import Manifest, Reason, Telemetry, failure_for
from support.builders import NOON, JobBuilder, a_complete_manifest, a_launched_job, beside
from unit.operator_metrics.meter import Meter

EFFECTIVE = {"profile": "gpu", "image": "registry.example/worker:1", "engine": "faster-whisper", "model": "tiny"}
RAN = {"engine": "faster-whisper 1.2.1"}
MINUTE = timedelta(minutes=1)

LABELS = '{engine="faster-whisper",profile="gpu"}'


def launched() -> JobBuilder:
    """Begin a job that has a worker since noon."""
    return (
        a_launched_job().with_spec(profile="gpu").with_status(startTime="2026-01-31T12:00:00Z", effective=EFFECTIVE)
    )


def ended(builder: JobBuilder, **status: Any) -> JobBuilder:
    """Let the worker's word on what ran be in its status."""
    return builder.with_status(effective=EFFECTIVE | RAN, **status)


def failed(reason: Reason, **status: Any) -> JobBuilder:
    """Let the job fail a minute past noon."""
    row = failure_for(reason)
    failure = {"reason": reason, "message": row.meaning, "retryable": row.retryable}
    return ended(launched().failed(NOON + MINUTE), failure=failure, **status)


def finished(result: str, reason: str) -> str:
    """Spell the counter's sample."""
    return f'steno_jobs_finished_total{{engine="faster-whisper",profile="gpu",reason="{reason}",result="{result}"}}'


def test_a_job_that_completes(meter: Meter) -> None:
    """It is counted, and so are the seconds that it ran, its audio, and its real-time factor."""
    complete = ended(launched().completed(NOON + MINUTE), media={"durationSeconds": 600}, realTimeFactor=0.1).build()

    meter.metrics.carried_out(launched().build(), complete, Observed())

    assert {
        finished("Complete", ""): 1,
        f"steno_run_seconds_count{LABELS}": 1,
        f"steno_run_seconds_sum{LABELS}": 60,
        f"steno_audio_seconds_total{LABELS}": 600,
        f"steno_real_time_factor_count{LABELS}": 1,
        f"steno_real_time_factor_sum{LABELS}": 0.1,
    } == meter.moved()


@pytest.mark.parametrize("reason", [Reason.AUDIO_UNDECODABLE, Reason.CANCELLED, Reason.INTERNAL_ERROR])
def test_a_job_that_fails(meter: Meter, reason: Reason) -> None:
    """It is counted under its reason, and none of its audio is transcribed."""
    after = failed(reason, media={"durationSeconds": 600}).build()

    meter.metrics.carried_out(launched().build(), after, Observed())

    assert {
        finished("Failed", reason): 1,
        f"steno_run_seconds_count{LABELS}": 1,
        f"steno_run_seconds_sum{LABELS}": 60,
    } == meter.moved()


def test_a_job_that_never_ran(meter: Meter) -> None:
    """Refused before it had a worker, it is counted, and nothing is said of how long it ran."""
    reason = failure_for(Reason.OUTPUT_FORBIDDEN)
    failure = {"reason": reason.reason, "message": reason.meaning, "retryable": False}
    job = a_launched_job()

    meter.metrics.carried_out(job.build(), job.failed().with_status(failure=failure).build(), Observed())

    sample = 'steno_jobs_finished_total{engine="",profile="cpu",reason="OutputForbidden",result="Failed"}'
    assert {sample: 1} == meter.moved()


def test_an_end_is_counted_once(meter: Meter) -> None:
    """Whatever is written of a job that has ended, such as another expiration, counts no second end."""
    complete = ended(launched().completed(NOON + MINUTE), media={"durationSeconds": 600})
    later = complete.with_status(expirationTime="2026-02-07T12:00:00Z")

    meter.metrics.carried_out(complete.build(), later.build(), Observed())

    assert {} == meter.moved()


def manifest(job: JobBuilder, **stage_seconds: float) -> Manifest:
    """Give a manifest whose worker tells of its stages."""
    seconds = {name.replace("_", "-"): value for name, value in stage_seconds.items()}
    return a_complete_manifest(job.build(), telemetry=Telemetry(stage_seconds=seconds, peak_rss_bytes=1))


def test_the_model_is_loaded_in_so_many_seconds(meter: Meter) -> None:
    """The winner's manifest says how long its model took, and the job's end measures it."""
    complete = ended(launched().completed())
    told = manifest(complete, fetch=1, load_model=4.5, transcribe=60)

    meter.metrics.carried_out(launched().build(), complete.build(), Observed(manifest=told))

    moved = meter.moved()
    assert 4.5 == moved['steno_start_latency_seconds_sum{profile="gpu",step="load"}']
    assert 1 == moved['steno_start_latency_seconds_count{profile="gpu",step="load"}']


def test_a_worker_that_loaded_no_model(meter: Meter) -> None:
    """An attempt that ended before its model was there says nothing of how long models take."""
    complete = ended(launched().completed())

    meter.metrics.carried_out(launched().build(), complete.build(), Observed(manifest=manifest(complete, fetch=1)))

    assert [] == [name for name in meter.moved() if name.startswith("steno_start_latency")]


def test_a_profile_that_there_is_not_is_no_label(meter: Meter) -> None:
    """What a user writes into spec.profile does not become a series."""
    job = a_launched_job().with_spec(profile="my-own-idea")
    unknown = {"reason": "ProfileUnknown", "message": "There is none.", "retryable": False}
    meter.roster.saw_job("speech/talk", job.failed().build().to_wire())

    meter.metrics.carried_out(job.build(), job.failed().with_status(failure=unknown).build(), Observed())

    moved = meter.moved()
    assert 'steno_jobs_finished_total{engine="",profile="unknown",reason="ProfileUnknown",result="Failed"}' in moved
    assert 1 == moved['steno_jobs{profile="unknown",standing="failed"}']
    assert "my-own-idea" not in meter.metrics.text()[0].decode()


def test_a_manifest_alone_is_no_end(meter: Meter) -> None:
    """As long as the status does not say that the job has ended, it has not."""
    job = launched().build()

    meter.metrics.carried_out(job, job, beside(job).with_manifest(a_complete_manifest(job)).build())

    assert {} == meter.moved()
