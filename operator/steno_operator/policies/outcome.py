"""Outcome: how the job ended, read from its manifest; claimed for it where no worker could.

The manifest is the truth, not the pod's phase: a pod may end badly after its attempt has won, and a Job may end well
without one having written anything. So a Job that ended without a manifest is first given one, by the same
conditional PUT that workers use, and read again.
"""

from datetime import datetime
from functools import partial

from steno_operator.conditions import condition
from steno_operator.installation import Installation
from steno_operator.observed import Observed, WorkerPod
from steno_operator.plan import ClaimOutcome, Plan
from steno_operator.policies.expiry import expiration_time
from steno_types import (
    FAILURES,
    OPERATOR_ATTEMPT,
    ConditionType,
    FailureStatus,
    JobIdentity,
    Manifest,
    Outcome,
    Output,
    Progress,
    Reason,
    TerminationMessage,
    TranscriptionJob,
    failure_for,
)
from steno_types.status import TranscriptionJobStatus


def decide(job: TranscriptionJob, observed: Observed, installation: Installation, now: datetime) -> Plan | None:
    """Write the status of an ended job, or claim its outcome first."""
    if observed.manifest is not None:
        return _conclude(job, observed.manifest, observed.pods, installation)
    batch_job = observed.batch_job
    if batch_job is None or batch_job.owner_uid != job.metadata.uid:
        return None
    if batch_job.complete:
        said = TerminationMessage(
            reason=Reason.INTERNAL_ERROR, message="The worker ended well but left no manifest of its outputs."
        )
        return claim_failure(job, said, installation, now)
    if batch_job.failed:
        pod = _last_ended(observed.pods)
        said = _reason_of(pod, batch_job.failure_message)
        return claim_failure(job, said, installation, now, exit_code=pod.exit_code if pod else None)
    return None


def claim_failure(
    job: TranscriptionJob,
    said: TerminationMessage,
    installation: Installation,
    now: datetime,
    *,
    exit_code: int | None = None,
) -> Plan:
    """Claim that the job failed; the next decision then reads whichever manifest stands."""
    manifest = Manifest(
        job=JobIdentity(namespace=job.metadata.namespace, name=job.metadata.name, uid=job.metadata.uid),
        attempt=OPERATOR_ATTEMPT,
        outcome=Outcome.FAILED,
        time=now,
        failure=FailureStatus.of(said.reason, said.message, exit_code=exit_code),
    )
    claim = ClaimOutcome(results_prefix=installation.results_prefix(job), manifest=manifest)
    return Plan(actions=(claim,), requeue_after_seconds=0)


def _last_ended(pods: tuple[WorkerPod, ...]) -> WorkerPod | None:
    ended = [(pod.finished, pod) for pod in pods if pod.finished is not None]
    return max(ended, key=lambda entry: entry[0])[1] if ended else None


def _reason_of(pod: WorkerPod | None, job_message: str) -> TerminationMessage:
    """Say why the last attempt failed: its own word first, then what can be seen from outside."""
    if pod is None:
        return TerminationMessage(
            reason=Reason.INTERNAL_ERROR, message=f"No attempt left a trace. {job_message}".strip()
        )
    if pod.termination is not None:
        return pod.termination
    if pod.out_of_memory:
        return TerminationMessage(reason=Reason.OUT_OF_MEMORY, message=failure_for(Reason.OUT_OF_MEMORY).meaning)
    row = next((row for row in FAILURES if row.exit_code == pod.exit_code), failure_for(Reason.INTERNAL_ERROR))
    return TerminationMessage(
        reason=row.reason, message=f"{row.meaning} (The worker ended with code {pod.exit_code} and no word.)"
    )


def _conclude(
    job: TranscriptionJob, manifest: Manifest, pods: tuple[WorkerPod, ...], installation: Installation
) -> Plan:
    """Turn the manifest into the final status."""
    ended = manifest.time.replace(microsecond=0)
    failure = manifest.failure
    complete = manifest.outcome is Outcome.COMPLETE
    say = partial(condition, job, since=ended)
    settled = [
        say(kind, "JobEnded", "The job has ended.", holds=False)
        for kind in (ConditionType.QUEUED, ConditionType.RUNNING)
    ]
    final = (
        say(ConditionType.COMPLETE, "Transcribed", "The transcript is ready.", holds=True)
        if failure is None
        else say(ConditionType.FAILED, failure.reason, f"{failure.message} {failure.remedy}".rstrip(), holds=True)
    )
    media = manifest.media
    total_seconds = media.duration_seconds if media else 0.0
    status = TranscriptionJobStatus(
        conditions=job.status.conditions,
        observed_generation=job.metadata.generation,
        # A worker may have come and gone between two looks.
        start_time=job.status.start_time or min((pod.started for pod in pods if pod.started), default=None),
        completion_time=ended,
        expiration_time=expiration_time(job, ended, installation),
        job_ref=job.status.job_ref,
        progress=Progress(percent=100, processed_seconds=total_seconds, total_seconds=total_seconds, time=ended)
        if complete
        else job.status.progress,
        media=media,
        real_time_factor=manifest.real_time_factor,
        effective=manifest.effective or job.status.effective,
        outputs=tuple(
            Output(format=o.format, uri=f"s3://{installation.bucket}/{o.key}", bytes=o.bytes, sha256=o.sha256)
            for o in manifest.outputs
        ),
        warnings=manifest.warnings,
        failure=failure,
    ).with_conditions([*settled, final])
    # Zero: the next decision sees the terminal status and waits for the expiration.
    return Plan(status=status, requeue_after_seconds=0)
