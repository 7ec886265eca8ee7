"""Builders: a test says in one line what is special about its job, Job or pod; the rest is ordinary.

Used by the unit tests of decisions. Each method gives a changed copy, so that a builder may be kept and varied.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self

from steno_operator.batch_job import batch_job_name
from steno_operator.installation import Installation
from steno_operator.observed import BatchJob, Observed, WorkerPod
from steno_operator.profiles import WorkerProfiles
from steno_store import Layout, keys
from steno_types import (
    FINALIZER,
    RESULTS_PREFIX_ANNOTATION,
    ConditionType,
    Manifest,
    Media,
    Outcome,
    Reason,
    TerminationMessage,
    TranscriptionJob,
    failure_for,
    to_rfc3339,
)

NOON: Final = datetime(2026, 1, 31, 12, tzinfo=UTC)
NAMESPACE: Final = "speech"
BUCKET: Final = "steno"
UID: Final = "6f3d1c6e-9a41-4e0b-8d54-0c3f5b1a7d22"
BATCH_JOB_UID: Final = "b0b5a9d1-2f6c-4f62-9a37-51f6a1a0c9e4"
UPLOAD_ID: Final = "0123456789abcdef0123456789abcdef"
LAYOUT: Final = Layout("steno")

Raw = dict[str, Any]


@dataclass(frozen=True)
class JobBuilder:
    """A TranscriptionJob, as the API server would give it."""

    name: str = "talk"
    uid: str = UID
    spec: Raw = field(default_factory=lambda: {"source": {"s3": {"key": "recordings/talk.wav"}}})
    metadata: Raw = field(default_factory=dict)
    status: Raw = field(default_factory=dict)

    @property
    def results_prefix(self) -> str:
        """Where its results lie as long as nothing else is noted."""
        return LAYOUT.results(NAMESPACE, self.name, self.uid)

    def with_spec(self, **changes: Any) -> Self:
        """Set fields of the spec by their wire names."""
        return replace(self, spec={**self.spec, **changes})

    def with_metadata(self, **changes: Any) -> Self:
        """Set fields of the metadata by their wire names."""
        return replace(self, metadata={**self.metadata, **changes})

    def with_status(self, **changes: Any) -> Self:
        """Set fields of the status by their wire names."""
        return replace(self, status={**self.status, **changes})

    def from_upload(self, upload_id: str = UPLOAD_ID, *, sha256: str | None = None) -> Self:
        """Take the recording from an upload."""
        return self.with_spec(source={"upload": {"id": upload_id} | ({"sha256": sha256} if sha256 else {})})

    def from_s3(self, key: str, *, bucket: str | None = None) -> Self:
        """Take the recording from S3."""
        return self.with_spec(source={"s3": {"key": key} | ({"bucket": bucket} if bucket else {})})

    def from_url(self, url: str) -> Self:
        """Take the recording from an address."""
        return self.with_spec(source={"url": url})

    def delivered_to(self, prefix: str = "", *, bucket: str | None = None, formats: Sequence[str] = ()) -> Self:
        """Ask for a copy of the results."""
        place = {"prefix": prefix} | ({"bucket": bucket} if bucket else {})
        return self.with_spec(outputs={"destination": {"s3": place}} | ({"formats": [*formats]} if formats else {}))

    def ttl(self, seconds: int) -> Self:
        """Set a TTL of its own."""
        return self.with_spec(ttlSecondsAfterFinished=seconds)

    def annotated(self, prefix: str) -> Self:
        """Note where the results lie."""
        return self.with_metadata(annotations={RESULTS_PREFIX_ANNOTATION: prefix})

    def adopted(self) -> Self:
        """Give it what the operator puts on every job it takes on."""
        return self.annotated(self.results_prefix).with_metadata(finalizers=[FINALIZER])

    def deleted(self, at: datetime = NOON) -> Self:
        """Ask for its deletion."""
        return self.with_metadata(deletionTimestamp=to_rfc3339(at))

    def released(self, *, verified_empty: bool = True, objects: int = 4, at: datetime = NOON) -> Self:
        """Give it a receipt."""
        receipt = {"objects": objects, "bytes": 10, "verifiedEmpty": verified_empty, "time": to_rfc3339(at)}
        return self.with_status(release=receipt)

    def condition(self, kind: ConditionType, *, holds: bool = True, since: datetime = NOON, **more: str) -> Self:
        """Set one condition."""
        others = [c for c in self.status.get("conditions", []) if c["type"] != kind]
        new = {"type": kind, "status": "True" if holds else "False", "lastTransitionTime": to_rfc3339(since)}
        return self.with_status(conditions=[*others, {"reason": "Said", "message": "", **new, **more}])

    def completed(self, at: datetime = NOON) -> Self:
        """Let it have ended well."""
        return self.condition(ConditionType.COMPLETE, since=at).with_status(completionTime=to_rfc3339(at))

    def failed(self, at: datetime = NOON) -> Self:
        """Let it have ended badly."""
        return self.condition(ConditionType.FAILED, since=at).with_status(completionTime=to_rfc3339(at))

    def launched(self, number: int = 0) -> Self:
        """Note the Job of that number as the one that does the work."""
        name = batch_job_name(self.build(), number)
        return self.with_status(jobRef={"name": name, "uid": BATCH_JOB_UID}, launches=number + 1)

    def attempted(self, name: str, *, start: datetime = NOON, end: datetime | None = None, **more: Any) -> Self:
        """Note an attempt, after those before it."""
        attempt = {"name": name, "start": to_rfc3339(start), **({"end": to_rfc3339(end)} if end else {}), **more}
        return self.with_status(attempts=[*self.status.get("attempts", []), attempt])

    def build(self) -> TranscriptionJob:
        """Make it."""
        own: Raw = {
            "name": self.name,
            "namespace": NAMESPACE,
            "uid": self.uid,
            "resourceVersion": "7",
            "generation": 1,
        }
        own["creationTimestamp"] = to_rfc3339(NOON)
        raw = {"metadata": {**own, **self.metadata}, "spec": self.spec, "status": self.status}
        return TranscriptionJob.model_validate(raw)


def a_job(name: str = "talk") -> JobBuilder:
    """Begin a job whose recording lies in Steno's bucket, and that the operator has not seen yet."""
    return JobBuilder(name=name)


def a_launched_job(name: str = "talk") -> JobBuilder:
    """Begin a job that the operator has adopted and given its first Job."""
    return a_job(name).adopted().launched()


@dataclass(frozen=True)
class ObservedBuilder:
    """What lies beside the job."""

    job: TranscriptionJob
    batch_jobs: tuple[BatchJob, ...] = ()
    pods: tuple[WorkerPod, ...] = ()
    manifest: Manifest | None = None
    delivered: bool = False
    admitted: bool = True
    leftovers: tuple[str, ...] = ()

    def with_batch_job(self, number: int = 0, **changes: Any) -> Self:
        """Let the job have a Job, by default its first."""
        own = BatchJob(name=batch_job_name(self.job, number), uid=BATCH_JOB_UID, owner_uid=self.job.metadata.uid)
        return replace(self, batch_jobs=(*self.batch_jobs, replace(own, **changes)))

    def with_pod(self, **changes: Any) -> Self:
        """Add a pod of the youngest Job, younger than those before it."""
        of = self.batch_jobs[-1].name if self.batch_jobs else batch_job_name(self.job)
        pod = WorkerPod(**{"name": f"{of}-{len(self.pods)}", "batch_job": of, "created": NOON, **changes})
        return replace(self, pods=(*self.pods, pod))

    def not_admitted(self) -> Self:
        """Let it be other jobs' turn."""
        return replace(self, admitted=False)

    def with_leftovers(self, *names: str) -> Self:
        """Let an ended job still have Jobs."""
        return replace(self, leftovers=names)

    def with_running_pod(self, *, since: datetime = NOON) -> Self:
        """Add a pod whose worker runs."""
        return self.with_pod(started=since)

    def with_ended_pod(
        self, exit_code: int, *, at: datetime = NOON, said: TerminationMessage | None = None, **changes: Any
    ) -> Self:
        """Add a pod whose worker ended after a minute."""
        ended = {"started": at - timedelta(minutes=1), "finished": at, "exit_code": exit_code, "termination": said}
        return self.with_pod(**ended, **changes)

    def with_manifest(self, manifest: Manifest) -> Self:
        """Let an outcome be claimed."""
        return replace(self, manifest=manifest)

    def with_delivery(self) -> Self:
        """Let the copy of the results be recorded as made."""
        return replace(self, delivered=True)

    def build(self) -> Observed:
        """Make it."""
        return Observed(
            batch_jobs=self.batch_jobs,
            pods=self.pods,
            manifest=self.manifest,
            delivered=self.delivered,
            admitted=self.admitted,
            leftovers=self.leftovers,
        )


def beside(job: TranscriptionJob) -> ObservedBuilder:
    """Begin with nothing beside the job."""
    return ObservedBuilder(job)


def a_complete_manifest(job: TranscriptionJob, *, at: datetime = NOON, **changes: Any) -> Manifest:
    """Give the manifest of an attempt that won."""
    prefix = LAYOUT.results(job.metadata.namespace, job.metadata.name, job.metadata.uid)
    output = {
        "format": "json",
        "key": keys.transcript(prefix, "pod-0", "json"),
        "bytes": 3,
        "sha256": "a" * 64,
        "content_type": "application/json",
    }
    fields = {
        "job": {"namespace": NAMESPACE, "name": job.metadata.name, "uid": job.metadata.uid},
        "attempt": "pod-0",
        "outcome": Outcome.COMPLETE,
        "time": at,
        "outputs": [output],
        "media": Media(duration_seconds=28.66, language="en"),
        "real_time_factor": 0.05,
    }
    return Manifest.model_validate({**fields, **changes})


def a_failed_manifest(
    job: TranscriptionJob, reason: Reason = Reason.AUDIO_UNDECODABLE, *, at: datetime = NOON
) -> Manifest:
    """Give the manifest of an attempt that gave up."""
    row = failure_for(reason)
    failure = {"reason": reason, "message": row.meaning, "exitCode": row.exit_code, "retryable": row.retryable}
    return a_complete_manifest(job, at=at, outcome=Outcome.FAILED, outputs=[], failure=failure)


PROFILES: Final = {
    "default": "cpu",
    "profiles": {
        "cpu": {
            "image": "registry.example/steno-worker:1",
            "engines": ["faster-whisper"],
            "engine": {"name": "faster-whisper", "model": "tiny", "computeType": "int8"},
        },
        "gpu": {
            "image": "registry.example/steno-worker-cuda:1",
            "engines": ["faster-whisper"],
            "engine": {"name": "faster-whisper", "model": "large-v3-turbo"},
            "gpu": {"count": 2},
        },
    },
}


def an_installation(**changes: Any) -> Installation:
    """Give an installation with a profile for the CPU and one for GPUs, and a TTL of an hour."""
    ordinary = {
        "profiles": WorkerProfiles.model_validate(PROFILES),
        "layout": LAYOUT,
        "bucket": BUCKET,
        "cache_expiry_seconds": 3600,
        "worker_service_account": "steno-worker",
    }
    return Installation(**{**ordinary, **changes})
