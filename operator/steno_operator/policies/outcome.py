"""Outcome: how the job ended, read from its manifest; claimed for it where no worker could.

The manifest is the truth, not the pod's phase: a pod may end badly after its attempt has won, and a Job may end well
without one having written anything. So a Job that ended without a manifest is first given one, by the same
conditional PUT that workers use, and read again.

A job that wants a copy of its results is Complete once the copy is recorded, or once nothing is left that would make
it: then with a warning, as the transcript is there all the same.
"""

import posixpath
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final

from steno_operator.conditions import condition
from steno_operator.installation import Installation
from steno_operator.observed import Observed, WorkerPod
from steno_operator.plan import ClaimOutcome, Plan
from steno_operator.policies import waiting
from steno_operator.policies.expiry import expiration_time
from steno_types import (
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
    shorten,
)
from steno_types.status import MAX_WARNINGS, TranscriptionJobStatus

DELIVERY_POLL_SECONDS: Final = 30.0
"""Between looks for the record of a copy that is still being made; the pod's end usually comes first, as an event."""

BARE_CODES: Final = {
    65: Reason.AUDIO_UNDECODABLE,
    66: Reason.SOURCE_NOT_FOUND,
    69: Reason.STORAGE_UNAVAILABLE,
    70: Reason.INTERNAL_ERROR,
    75: Reason.DEVICE_OUT_OF_MEMORY,
    78: Reason.SETTINGS_INVALID,
    143: Reason.TERMINATED,
}
"""What an exit code stands for when the worker could not say more: of the reasons that share it, the likeliest to
leave a worker without a word."""


def decide(job: TranscriptionJob, observed: Observed, installation: Installation, now: datetime) -> Plan | None:
    """Write the status of an ended job, or claim its outcome first."""
    batch_job = observed.batch_job
    own = batch_job if batch_job is not None and batch_job.owner_uid == job.metadata.uid else None
    if observed.manifest is not None:
        at_work = (own is not None and not own.finished) or any(pod.running for pod in observed.pods)
        if at_work and _copy_is_owed(job, observed.manifest, observed):
            # Told of like any other attempt; where the Job is gone and its pod is not, there is nothing new to tell.
            meanwhile = waiting.decide(job, observed, installation, now) if own is not None else None
            return replace(meanwhile or Plan(), requeue_after_seconds=DELIVERY_POLL_SECONDS)
        return _conclude(job, observed.manifest, observed, installation)
    if own is None:
        return None
    if own.complete:
        said = TerminationMessage(
            reason=Reason.INTERNAL_ERROR, message="The worker ended well but left no manifest of its outputs."
        )
        return claim_failure(job, said, installation, now)
    if own.failed:
        pod = _last_ended(observed.pods)
        said = _reason_of(pod, own.failure_message)
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


def _copy_is_owed(job: TranscriptionJob, manifest: Manifest, observed: Observed) -> bool:
    return manifest.outcome is Outcome.COMPLETE and job.spec.outputs is not None and not observed.delivered


def _not_delivered(manifest: Manifest, pods: tuple[WorkerPod, ...], installation: Installation) -> str:
    """Say that there is no copy, where the results are all the same, and why as far as the last attempt told."""
    home = f"s3://{installation.bucket}/{posixpath.dirname(manifest.outputs[0].key)}/"
    pod = _last_ended(pods)
    said = pod.termination if pod is not None else None
    why = f" The last attempt said: {said.reason}: {said.message}" if said is not None else ""
    return shorten(
        "DeliveryFailed: The results were not copied to outputs.destination. They are in Steno's store, under "
        f"{home}, until the job is deleted.{why}"
    )


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
    row = failure_for(BARE_CODES.get(pod.exit_code or 0, Reason.INTERNAL_ERROR))
    return TerminationMessage(
        reason=row.reason, message=f"{row.meaning} (The worker ended with code {pod.exit_code} and no word.)"
    )


def _conclude(job: TranscriptionJob, manifest: Manifest, observed: Observed, installation: Installation) -> Plan:
    """Turn the manifest into the final status."""
    pods = observed.pods
    undelivered = (_not_delivered(manifest, pods, installation),) if _copy_is_owed(job, manifest, observed) else ()
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
        warnings=(*undelivered, *manifest.warnings)[:MAX_WARNINGS],
        failure=failure,
    ).with_conditions([*settled, final])
    # Zero: the next decision sees the terminal status and waits for the expiration.
    return Plan(status=status, requeue_after_seconds=0)
