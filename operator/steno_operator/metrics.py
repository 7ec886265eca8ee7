"""What the operator measures, as Prometheus text; names and units are in the manner of Kueue's.

Fed by `controller` with each decision that was carried out, by `sweep` with what it did, by the API server's client
with each request, and by `process` with what is asked for at each scrape. No label has a job's name, a namespace or a
text of a user's: their number is bounded by profiles, engines and reasons. A standby replica shows the same metrics,
and few of them move there; `steno_leader` tells the replicas apart. Must not know kopf or HTTP.

What is counted was done: a status that could not be written counts for nothing, and what a process has counted ends
with it, as Prometheus expects.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Final

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from steno_operator.observed import Observed, WorkerPod
from steno_operator.roster import Roster, RosterStanding
from steno_operator.sweep import Sweep
from steno_types import Release, Stage, TranscriptionJob

SHORT_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""Seconds of a reconcile."""

WAIT_BUCKETS: Final = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600, 86_400)
"""Seconds of waiting, from at once to a day."""

START_BUCKETS: Final = (0.1, 0.5, 1, 2, 5, 10, 20, 40, 60, 120, 300, 600)
"""Seconds of one step from a pod to the first speech."""

RUN_BUCKETS: Final = (1, 5, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 28_800)
"""Seconds of running."""

FACTOR_BUCKETS: Final = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)
"""Processing seconds per second of audio."""

_PATH: Final = re.compile(
    r"/(api|apis/[^/]+)/[^/]+(/namespaces/[^/]+(?=/))?/(?P<plural>[^/]+)(/[^/]+(/(?P<subresource>[^/]+))?)?$"
)
"""Of an object or a list of the API server."""

VERBS: Final = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
"""What Kubernetes, and so a Role, calls the HTTP methods that change something."""

NO_ANSWER: Final = "none"
"""In place of a status code."""


class Metrics:
    """The operator's metrics in a registry of their own."""

    def __init__(self, roster: Roster) -> None:
        # One more series for each, which says when it began: half of the text, and Prometheus has it from the resets.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library's one function without types
        self._roster = roster
        self.registry = CollectorRegistry()
        # Memory and processor time, under the names that every program has them.
        ProcessCollector(registry=self.registry)
        self._finished = Counter(
            "steno_jobs_finished",
            "Jobs that ended, by result and reason.",
            ("profile", "engine", "result", "reason"),
            registry=self.registry,
        )
        self._attempts = Counter(
            "steno_attempts_ended",
            "Workers that ended without an outcome, by reason.",
            ("profile", "reason"),
            registry=self.registry,
        )
        self._queue_wait = Histogram(
            "steno_queue_wait_seconds",
            "From a job's creation to its first worker.",
            ("profile",),
            buckets=WAIT_BUCKETS,
            registry=self.registry,
        )
        self._start = Histogram(
            "steno_start_latency_seconds",
            "From a worker's pod to its first speech: schedule until it has a node, pull until its container runs, "
            "load until its model is there.",
            ("profile", "step"),
            buckets=START_BUCKETS,
            registry=self.registry,
        )
        self._run = Histogram(
            "steno_run_seconds",
            "From a job's first worker to its end.",
            ("profile", "engine"),
            buckets=RUN_BUCKETS,
            registry=self.registry,
        )
        self._audio = Counter(
            "steno_audio_seconds", "Audio that was transcribed.", ("profile", "engine"), registry=self.registry
        )
        self._factor = Histogram(
            "steno_real_time_factor",
            "Processing seconds per second of audio.",
            ("profile", "engine"),
            buckets=FACTOR_BUCKETS,
            registry=self.registry,
        )
        self._reconcile = Histogram(
            "steno_reconcile_seconds",
            "One reconcile, by result.",
            ("result",),
            buckets=SHORT_BUCKETS,
            registry=self.registry,
        )
        self._writes = Counter(
            "steno_api_writes", "Writes to the API server.", ("verb", "resource", "code"), registry=self.registry
        )
        self._releases = Counter(
            "steno_releases", "Jobs that were released, by result.", ("result",), registry=self.registry
        )
        self._sweeps = Counter(
            "steno_sweeps",
            "Sweeps of the store that came to their end, by result.",
            ("result",),
            registry=self.registry,
        )
        self._swept_objects = Counter(
            "steno_swept_objects", "Objects that a sweep deleted, as no job named them.", registry=self.registry
        )
        self._swept_bytes = Counter("steno_swept_bytes", "Bytes of those objects.", registry=self.registry)
        self._unnamed = Gauge(
            "steno_sweep_pending",
            "Uploads and results that no job named at the last sweep, and that it left.",
            registry=self.registry,
        )
        # From zero, so that the first one is seen to have been added.
        for result in ("verified", "gave_up"):
            self._releases.labels(result)
        for result in ("complete", "partial", "not_owned"):
            self._sweeps.labels(result)
        self.registry.register(_Jobs(roster))

    def carried_out(self, before: TranscriptionJob, after: TranscriptionJob, observed: Observed) -> None:
        """Measure what a decision changed about a job."""
        was, status = before.status, after.status
        effective = status.effective
        profile = self._roster.profile_name(after.spec.profile)
        # A worker adds its engine's version.
        engine = effective.engine.partition(" ")[0] if effective is not None else ""
        known = {attempt.name: attempt for attempt in was.attempts}
        pods = {pod.name: pod for pod in observed.pods}
        for attempt in status.attempts:
            old = known.get(attempt.name)
            if old is None and attempt.name in pods:
                self._started(profile, pods[attempt.name])
            if attempt.reason is not None and (old is None or old.reason is None):
                self._attempts.labels(profile, attempt.reason).inc()
        if was.start_time is None and status.start_time is not None and after.metadata.creation_timestamp is not None:
            waited = (status.start_time - after.metadata.creation_timestamp).total_seconds()
            self._queue_wait.labels(profile).observe(max(0.0, waited))
        if was.terminal is None and status.terminal is not None:
            reason = status.failure.reason if status.failure is not None else ""
            self._finished.labels(profile, engine, status.terminal.type, reason).inc()
            self._ended(profile, engine, after, observed)
        if _release_result(was.release) is None and (result := _release_result(status.release)) is not None:
            self._releases.labels(result).inc()

    def swept(self, sweep: Sweep) -> None:
        """Measure a sweep that came to its end."""
        if not sweep.owned:
            self._sweeps.labels("not_owned").inc()
            return
        self._sweeps.labels("partial" if sweep.failed else "complete").inc()
        self._swept_objects.inc(sweep.objects)
        self._swept_bytes.inc(sweep.size_bytes)
        self._unnamed.set(sweep.pending)

    def reconciled(self, seconds: float, result: str) -> None:
        """Measure one reconcile; `result` is success, overtaken or error."""
        self._reconcile.labels(result).observe(seconds)

    def requested(self, method: str, path: str, code: int) -> None:
        """Count a request to the API server, if it is a write; `code` 0: no answer came."""
        if method in VERBS:
            self._writes.labels(VERBS[method], resource_of(path), str(code or NO_ANSWER)).inc()

    def watch(self, ages: Callable[[], Mapping[str, float]]) -> None:
        """Show at each scrape for how long each watch has said nothing."""
        self.registry.register(_Ages(ages))

    def show(self, name: str, description: str, value: Callable[[], float]) -> None:
        """Show at each scrape what `value` gives then."""
        Gauge(f"steno_{name}", description, registry=self.registry).set_function(value)

    def text(self) -> tuple[bytes, str]:
        """Give all of it as Prometheus text, and its content type."""
        return generate_latest(self.registry), CONTENT_TYPE_LATEST

    def _started(self, profile: str, pod: WorkerPod) -> None:
        self._step(profile, "schedule", pod.created, pod.scheduled)
        self._step(profile, "pull", pod.scheduled, pod.started)

    def _step(self, profile: str, step: str, since: datetime | None, until: datetime | None) -> None:
        if since is not None and until is not None:
            self._start.labels(profile, step).observe(max(0.0, (until - since).total_seconds()))

    def _ended(self, profile: str, engine: str, job: TranscriptionJob, observed: Observed) -> None:
        status = job.status
        if status.start_time is not None and status.completion_time is not None:
            ran = (status.completion_time - status.start_time).total_seconds()
            self._run.labels(profile, engine).observe(max(0.0, ran))
        if status.media is not None and status.failure is None:
            self._audio.labels(profile, engine).inc(status.media.duration_seconds)
        if status.real_time_factor is not None:
            self._factor.labels(profile, engine).observe(status.real_time_factor)
        telemetry = observed.manifest.telemetry if observed.manifest is not None else None
        if telemetry is not None and Stage.LOAD_MODEL in telemetry.stage_seconds:
            self._start.labels(profile, "load").observe(telemetry.stage_seconds[Stage.LOAD_MODEL])


class _Jobs(Collector):
    """The jobs as they stand when somebody asks."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster

    def collect(self) -> Iterable[Metric]:
        """Count the roster."""
        family = GaugeMetricFamily("steno_jobs", "Jobs by where they stand.", labels=("profile", "standing"))
        counts = self._roster.counts()
        for profile in sorted({profile for profile, _ in counts}):
            for standing in RosterStanding:
                family.add_metric((profile, standing), counts[profile, standing])
        yield family


class _Ages(Collector):
    """For how long each watch has been silent."""

    def __init__(self, ages: Callable[[], Mapping[str, float]]) -> None:
        self._ages = ages

    def collect(self) -> Iterable[Metric]:
        """Ask for the ages."""
        family = GaugeMetricFamily(
            "steno_watch_age_seconds",
            "Since a watch last said anything; bookmarks come every minute.",
            labels=("kind",),
        )
        for kind, seconds in sorted(self._ages().items()):
            family.add_metric((kind,), seconds)
        yield family


def _release_result(receipt: Release | None) -> str | None:
    """Say how a release ended; None: it has not."""
    if receipt is None:
        return None
    if receipt.verified_empty:
        return "verified"
    return "gave_up" if receipt.gave_up else None


def resource_of(path: str) -> str:
    """Give the resource of a path of the API server, with its subresource: ``transcriptionjobs/status``."""
    match = _PATH.search(path)
    if match is None:
        return "unknown"
    plural, subresource = match.group("plural", "subresource")
    return f"{plural}/{subresource}" if subresource else str(plural)
