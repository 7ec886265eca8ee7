"""The text that Prometheus reads: parsed, named after the conventions, and with labels that stay few."""

import re
from collections.abc import Mapping

import pytest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families

from steno_operator.heartbeat import KINDS, Heartbeat
from steno_operator.observed import Observed
from steno_operator.roster import RosterStanding
from steno_operator.sweep import Sweep
from support.builders import NAMESPACE, NOON, UID, JobBuilder, a_job, a_launched_job
from unit.operator_metrics.meter import Meter

LABELS = {
    "steno_jobs": {"profile", "standing"},
    "steno_jobs_finished": {"profile", "engine", "result", "reason"},
    "steno_attempts_ended": {"profile", "reason"},
    "steno_queue_wait_seconds": {"profile"},
    "steno_start_latency_seconds": {"profile", "step"},
    "steno_run_seconds": {"profile", "engine"},
    "steno_audio_seconds": {"profile", "engine"},
    "steno_real_time_factor": {"profile", "engine"},
    "steno_reconcile_seconds": {"result"},
    "steno_reconcile_queue_keys": set(),
    "steno_api_writes": {"verb", "resource", "code"},
    "steno_watch_age_seconds": {"kind"},
    "steno_leader": set(),
    "steno_releases": {"result"},
    "steno_sweeps": {"result"},
    "steno_swept_objects": set(),
    "steno_swept_bytes": set(),
    "steno_sweep_pending": set(),
}
"""Every metric of the operator's own, and its labels."""

UNITS = ("_seconds", "_bytes", "_factor", "_jobs", "_keys", "_leader", "_pending")
"""Ends of names that say what is measured, where it is no count of events."""


@pytest.fixture
def busy() -> Meter:
    """Metrics of an operator to which everything has happened that is measured."""
    meter = Meter()
    meter.metrics.watch(lambda: dict.fromkeys(KINDS, 1.0))
    meter.metrics.show("leader", "1 on the replica that acts.", lambda: 1.0)
    meter.metrics.show("reconcile_queue_keys", "Jobs that wait for a reconcile.", lambda: 0.0)
    job = a_launched_job().with_metadata(creationTimestamp="2026-01-31T11:59:00Z")
    done = (
        job.attempted("talk-1", end=NOON, reason="Evicted")
        .with_status(startTime="2026-01-31T12:00:00Z", media={"durationSeconds": 60}, realTimeFactor=0.5)
        .completed()
        .released()
    )
    meter.roster.saw_job(f"{NAMESPACE}/talk", done.build().to_wire())
    meter.metrics.carried_out(job.build(), done.build(), Observed())
    meter.metrics.reconciled(0.01, "success")
    meter.metrics.requested("POST", f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs", 201)
    meter.metrics.swept(Sweep(owned=True))
    return meter


def families(meter: Meter) -> dict[str, Metric]:
    """Parse the text; the families of the operator's own, by name."""
    body, _ = meter.metrics.text()
    return {
        family.name: family
        for family in text_string_to_metric_families(body.decode())
        if family.name.startswith("steno_")
    }


def labels_of(family: Metric) -> set[str]:
    """Give the names of a family's labels; the bounds of buckets are none."""
    return {label for sample in family.samples for label in sample.labels} - {"le"}


def test_each_metric_has_its_labels(busy: Meter) -> None:
    """All metrics are there, and none has a label besides those that stay few."""
    found = families(busy)

    assert LABELS.keys() == found.keys()
    shown = {name: labels_of(family) for name, family in found.items() if family.samples}
    assert {name: LABELS[name] for name in shown} == shown


def test_no_label_tells_whose_job_it_was(busy: Meter) -> None:
    """Neither the job's name nor its uid nor its namespace is anywhere in the text."""
    body = busy.metrics.text()[0].decode()

    assert [] == [word for word in (f'"{NAMESPACE}"', "talk", UID[:8]) if word in body]


def test_names_say_what_is_counted(busy: Meter) -> None:
    """Counters end in _total, all else in its unit or in what it counts, and each has a description."""
    for name, family in families(busy).items():
        assert re.fullmatch(r"steno_[a-z]+(_[a-z]+)*", name)
        assert family.documentation.endswith("."), name
        if family.type == "counter":
            assert {f"{name}_total"} == {sample.name for sample in family.samples}
        else:
            assert name.endswith(UNITS), name


def test_the_content_type_names_the_format(meter: Meter) -> None:
    """Prometheus is told how to read it."""
    _, content_type = meter.metrics.text()

    assert content_type.startswith("text/plain; version=1.0.0")


def test_the_process_tells_what_it_needs(meter: Meter) -> None:
    """Memory and processor time are there under the names that every program has them."""
    body = meter.metrics.text()[0].decode()

    assert {"process_resident_memory_bytes", "process_cpu_seconds_total"} <= {
        line.split()[0] for line in body.splitlines() if not line.startswith("#")
    }


def standings(meter: Meter, profile: str) -> Mapping[str, float]:
    """Give the gauge of one profile, by standing; those at zero are left out."""
    samples = families(meter)["steno_jobs"].samples
    return {s.labels["standing"]: s.value for s in samples if s.labels["profile"] == profile and s.value}


def test_jobs_are_shown_where_they_stand(meter: Meter) -> None:
    """The roster's count at the moment of the scrape, by profile."""
    jobs: dict[str, JobBuilder] = {
        "waits": a_job(),
        "waits-too": a_job(),
        "placed": a_launched_job(),
        "done": a_job().completed(),
        "other": a_job().with_spec(profile="gpu"),
    }
    for name, builder in jobs.items():
        meter.roster.saw_job(f"{NAMESPACE}/{name}", builder.build().to_wire())

    assert {"pending": 2, "launched": 1, "complete": 1} == standings(meter, "cpu")
    assert {"pending": 1} == standings(meter, "gpu")

    meter.roster.lost_job(f"{NAMESPACE}/done")

    assert {"pending": 2, "launched": 1} == standings(meter, "cpu")


def test_a_profile_without_jobs_is_shown_empty(meter: Meter) -> None:
    """Zero is a value, and a gauge that vanishes is none."""
    samples = families(meter)["steno_jobs"].samples

    assert {(profile, standing, 0.0) for profile in ("cpu", "gpu") for standing in RosterStanding} == {
        (sample.labels["profile"], sample.labels["standing"], sample.value) for sample in samples
    }


def test_watch_ages_are_asked_for_at_each_scrape(meter: Meter) -> None:
    """A watch grows older between two scrapes, and is young again once it is heard; a standby has none."""
    moment = 100.0
    heartbeat = Heartbeat(clock=lambda: moment)
    meter.metrics.watch(heartbeat.ages)
    standby = families(meter)["steno_watch_age_seconds"].samples
    heartbeat.begin(None)
    moment = 130.0
    heartbeat.heard(("pods", None))

    ages = {s.labels["kind"]: s.value for s in families(meter)["steno_watch_age_seconds"].samples}

    assert [] == standby
    assert {"transcriptionjobs": 30, "jobs": 30, "pods": 0} == ages


def test_the_leader_is_asked_for_at_each_scrape(meter: Meter) -> None:
    """What is shown is what holds now, not what held when the process began."""
    leading = False
    meter.metrics.show("leader", "1 on the replica that acts.", lambda: float(leading))
    before = meter.read()["steno_leader"]
    leading = True

    assert (0, 1) == (before, meter.read()["steno_leader"])
