"""Attempts: what became of each worker, kept in the status, as pods do not outlive their Job.

`reconcile` notes them before any policy decides, and writes them with whatever the decision writes. What an attempt
that ended without an outcome costs follows from its reason's row in the failure table::

    interrupted     free, 50 times at most; Suspended free without limit
    all others      counted against backoffLimit
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from steno_operator.observed import BatchJob, Observed, WorkerPod
from steno_types import (
    MAX_ATTEMPTS,
    Attempt,
    Disposition,
    EarlierAttempts,
    Manifest,
    Outcome,
    Reason,
    TerminationMessage,
    TranscriptionJob,
    TranscriptionJobStatus,
    failure_for,
)

MAX_INTERRUPTIONS: Final = 50
"""Attempts that the cluster may end free of charge; a job that it ends more often will never get through."""

STUCK_SECONDS: Final = 120.0
"""After a pod's time to go is over, until its node counts as lost: the kubelet itself needs seconds."""

POD_PREFIX_LENGTH: Final = 58
"""Most characters of its Job's name, and a hyphen, that begin a pod's name (Kubernetes, storage/names)."""

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

DISRUPTIONS: Final = {
    "PreemptionByScheduler": Reason.PREEMPTED,
    "EvictionByEvictionAPI": Reason.DRAINED,
    "TerminationByKubelet": Reason.EVICTED,
    "DeletionByTaintManager": Reason.NODE_LOST,
    "DeletionByPodGC": Reason.NODE_LOST,
}
"""Reasons of the pod condition DisruptionTarget (Kubernetes, "Pod disruption conditions")."""

POD_FAILURES: Final = {
    "Evicted": Reason.EVICTED,
    "Preempting": Reason.EVICTED,
    "NodeLost": Reason.NODE_LOST,
    "NodeShutdown": Reason.DRAINED,
    "Shutdown": Reason.DRAINED,
    "Terminated": Reason.DRAINED,
    "UnexpectedAdmissionError": Reason.NODE_LOST,
    "OutOfcpu": Reason.EVICTED,
    "OutOfmemory": Reason.EVICTED,
    "OutOfpods": Reason.EVICTED,
    "NodeAffinity": Reason.EVICTED,
}
"""Reasons of a pod's status, by kubelet and node controllers, where no container had a say; others that begin with
OutOf, an extended resource's, read as Evicted too."""

GIVEN_UP: Final = frozenset({Reason.SUSPENDED, Reason.WORKER_STALLED, Reason.NODE_LOST})
"""Reasons that an attempt may have before its worker is gone, which may win all the same."""

SILENT: Final = "The worker ended well but left no manifest of its outputs."
"""Said of an attempt that is no success though it says so."""

_DELETED_BY_HAND: Final = frozenset({137, 143})
"""Exit codes of a container that was told to end, in time or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a pod ended."""

    reason: Reason
    message: str
    exit_code: int | None


def ended(pod: WorkerPod) -> Ended:
    """Say why a pod that is over ended: the cluster's word first, then its own, then what is seen from outside."""
    if pod.disruption:
        return _without_word(DISRUPTIONS.get(pod.disruption, Reason.TERMINATED), pod)
    if pod.termination is not None:
        return Ended(reason=pod.termination.reason, message=pod.termination.message, exit_code=pod.exit_code)
    if pod.out_of_memory:
        return _without_word(Reason.OUT_OF_MEMORY, pod)
    if pod.deletion is not None and pod.exit_code in _DELETED_BY_HAND:
        return _without_word(Reason.TERMINATED, pod)
    if pod.exit_code is None:
        by_kubelet = POD_FAILURES.get(pod.failure_reason)
        if by_kubelet is None and pod.failure_reason.startswith("OutOf"):
            by_kubelet = Reason.EVICTED
        return _without_word(by_kubelet or Reason.INTERNAL_ERROR, pod)
    row = failure_for(BARE_CODES.get(pod.exit_code, Reason.INTERNAL_ERROR))
    message = f"{row.meaning} (The worker ended with code {pod.exit_code} and no word.)" if pod.exit_code else SILENT
    return Ended(reason=row.reason, message=message, exit_code=pod.exit_code)


def is_stuck(pod: WorkerPod, now: datetime) -> bool:
    """Whether a pod should have been gone long ago: nothing on its node does what it is told."""
    return pod.deletion is not None and not pod.ended and now - pod.deletion > timedelta(seconds=STUCK_SECONDS)


def noted(job: TranscriptionJob, observed: Observed, now: datetime) -> TranscriptionJob:
    """Give the job with its attempts as they are now, and without the mention of a Job that is lost."""
    status = job.status
    if status.terminal is not None or job.metadata.deletion_timestamp is not None:
        return job
    attempts = {attempt.name: attempt for attempt in status.attempts}
    for pod in observed.pods:
        attempt = attempts.get(pod.name)
        if attempt is None and (pod.started is not None or pod.ended):
            # One that never started has not run since its creation.
            attempt = Attempt(name=pod.name, start=pod.started or now)
            attempts[pod.name] = attempt
        if attempt is not None and attempt.end is None and (pod.ended or is_stuck(pod, now)):
            attempts[pod.name] = _closed(attempt, pod, job, observed, now)
    lost = _lost(job, observed)
    present = {pod.name for pod in observed.pods}
    for attempt in tuple(attempts.values()):
        if attempt.end is None and attempt.name not in present:
            attempts[attempt.name] = _vanished(attempt, job, observed, now)
    # A job whose attempts are spent only waited for its Job to say so.
    earlier = status.earlier_attempts
    spent = sum(a.counted for a in attempts.values()) + (earlier.counted if earlier else 0) > job.spec.backoff_limit
    if lost and not spent and status.job_ref is not None and not _tells_of_loss(attempts.values(), status):
        name = status.job_ref.name
        attempts[name] = _with_end(Attempt(name=name, start=now), Reason.JOB_LOST, now)
    changes: dict[str, object] = {"attempts": tuple(attempts.values())}
    if lost:
        changes["job_ref"] = None
    if changes == {"attempts": status.attempts}:
        return job
    return job.model_copy(update={"status": _bounded(status.model_copy(update=changes))})


def left_trace(status: TranscriptionJobStatus, batch_job: BatchJob) -> bool:
    """Whether an attempt of a Job's is known to be over, though its pod may be gone."""
    return any(attempt.end is not None and _is_of(attempt, batch_job.name) for attempt in status.attempts)


def given_up(job: TranscriptionJob, pod_name: str, reason: Reason, now: datetime) -> TranscriptionJobStatus:
    """Give the status in which a pod that still runs has had its chance, and its Job is wanted no more."""
    attempts = tuple(
        _with_end(attempt, reason, now) if attempt.name == pod_name and attempt.end is None else attempt
        for attempt in job.status.attempts
    )
    return job.status.model_copy(update={"attempts": attempts, "job_ref": None})


def all_given_up(job: TranscriptionJob, reason: Reason, now: datetime) -> TranscriptionJobStatus:
    """Give the status in which whatever runs has had its chance: once a pod is gone, nobody tells why any more."""
    attempts = tuple(
        _with_end(attempt, reason, now) if attempt.end is None else attempt for attempt in job.status.attempts
    )
    return job.status.model_copy(update={"attempts": attempts, "job_ref": None})


def with_outcome(attempt: Attempt, manifest: Manifest) -> Attempt:
    """Give an attempt as it stands once its job has ended: nobody looks again.

    One that is open still is closed; of one that was given up and has won all the same, that is taken back.
    """
    reason = manifest.failure.reason if manifest.failure else None
    end = attempt.end or max(manifest.time.replace(microsecond=0), attempt.start)
    if attempt.name == manifest.attempt and (attempt.end is None or attempt.reason in GIVEN_UP):
        return attempt.model_copy(update={"end": end, "reason": reason, "counted": False})
    if attempt.end is not None:
        return attempt
    return _with_end(attempt, reason, end) if reason else attempt.model_copy(update={"end": end})


def counted(status: TranscriptionJobStatus) -> int:
    """Count the attempts that went against backoffLimit."""
    earlier = status.earlier_attempts
    return sum(attempt.counted for attempt in status.attempts) + (earlier.counted if earlier else 0)


def interrupted(status: TranscriptionJobStatus) -> int:
    """Count the attempts that the cluster ended free of charge, without those that were suspended."""
    earlier = status.earlier_attempts
    return sum(map(_is_interruption, status.attempts)) + (earlier.interrupted if earlier else 0)


def active_seconds(status: TranscriptionJobStatus, now: datetime) -> float:
    """Say for how long workers ran, in all."""
    earlier = status.earlier_attempts
    spans = sum(max(0.0, ((attempt.end or now) - attempt.start).total_seconds()) for attempt in status.attempts)
    return spans + (earlier.active_seconds if earlier else 0.0)


def last_ended(pods: Iterable[WorkerPod]) -> WorkerPod | None:
    """Find the pod that ended last."""
    return max((pod for pod in pods if pod.ended), key=_end_of, default=None)


def told_of(status: TranscriptionJobStatus, observed: Observed) -> TerminationMessage:
    """Say why the last attempt failed: in its pod's words while it is there, else in the failure table's."""
    pod = last_ended(observed.pods)
    reasons = [attempt.reason for attempt in status.attempts if attempt.reason is not None]
    if pod is not None and (not reasons or status.attempts[-1].name == pod.name):
        word = ended(pod)
        return TerminationMessage(reason=word.reason, message=word.message)
    if not reasons:
        return untold(observed)
    return TerminationMessage(reason=reasons[-1], message=failure_for(reasons[-1]).meaning)


def untold(observed: Observed) -> TerminationMessage:
    """Say in the Job controller's words why a Job failed whose pods say nothing."""
    failure = next((b.failure_message for b in reversed(observed.batch_jobs) if b.failed), "")
    return TerminationMessage(reason=Reason.INTERNAL_ERROR, message=f"No attempt left a trace. {failure}".strip())


def _without_word(reason: Reason, pod: WorkerPod) -> Ended:
    said = f" ({pod.failure_message})" if pod.failure_message else ""
    return Ended(reason=reason, message=f"{failure_for(reason).meaning}{said}", exit_code=pod.exit_code)


def _end_of(pod: WorkerPod) -> float:
    moment = pod.finished or pod.started or pod.created
    return moment.timestamp() if moment is not None else 0.0


def _is_interruption(attempt: Attempt) -> bool:
    reason = attempt.reason
    return (
        reason is not None
        and reason is not Reason.SUSPENDED
        and failure_for(reason).disposition is Disposition.INTERRUPTED
    )


def _asked_for(job: TranscriptionJob, observed: Observed) -> Reason | None:
    """Say why Steno or a queue ends workers of this job just now, if so."""
    if job.status.stopping is not None:
        return job.status.stopping.reason
    if job.spec.cancel:
        return Reason.CANCELLED
    if job.spec.suspend or any(batch_job.suspended for batch_job in observed.batch_jobs):
        return Reason.SUSPENDED
    return None


def _lost(job: TranscriptionJob, observed: Observed) -> bool:
    """Whether somebody else has deleted the Job that the status names, before there was an outcome."""
    if job.status.job_ref is None or observed.manifest is not None or _asked_for(job, observed) is not None:
        return False
    name = job.status.job_ref.name
    return not any(batch_job.name == name and not batch_job.deleting for batch_job in observed.batch_jobs)


def _tells_of_loss(attempts: Iterable[Attempt], status: TranscriptionJobStatus) -> bool:
    known = {attempt.name for attempt in status.attempts if attempt.end is not None}
    return any(attempt.reason is Reason.JOB_LOST and attempt.name not in known for attempt in attempts)


def _closed(attempt: Attempt, pod: WorkerPod, job: TranscriptionJob, observed: Observed, now: datetime) -> Attempt:
    end = pod.finished or now
    manifest = observed.manifest
    if not pod.ended:
        return _with_end(attempt, Reason.NODE_LOST, now)
    if manifest is not None and manifest.attempt == pod.name and (pod.exit_code == 0 or observed.delivered):
        return attempt.model_copy(
            update={"end": end, "reason": manifest.failure.reason if manifest.failure else None}
        )
    if pod.exit_code == 0 and manifest is not None and (observed.delivered or not _copy_is_owed(job, observed)):
        return attempt.model_copy(update={"end": end})
    if pod.exit_code == 0:
        return _with_end(attempt, Reason.INTERNAL_ERROR, end)
    reason = ended(pod).reason
    final = failure_for(reason).disposition is Disposition.TERMINAL
    return _with_end(attempt, reason if final else _asked_for(job, observed) or reason, end)


def _vanished(attempt: Attempt, job: TranscriptionJob, observed: Observed, now: datetime) -> Attempt:
    """End an attempt whose pod is gone before it was seen to end."""
    if observed.manifest is not None and observed.manifest.attempt == attempt.name:
        return attempt.model_copy(update={"end": now})
    reference = job.status.job_ref
    # One of an earlier Job, whose loss has been counted, may go in the same moment.
    went_along = reference is not None and _is_of(attempt, reference.name) and _lost(job, observed)
    by_itself = Reason.JOB_LOST if went_along else Reason.TERMINATED
    return _with_end(attempt, _asked_for(job, observed) or by_itself, now)


def _is_of(attempt: Attempt, batch_job_name: str) -> bool:
    """Whether an attempt's pod was one of a Job's, by the name that the API server made up for it."""
    prefix = f"{batch_job_name}-"[:POD_PREFIX_LENGTH]
    return attempt.name.startswith(prefix) and "-" not in attempt.name.removeprefix(prefix)


def _copy_is_owed(job: TranscriptionJob, observed: Observed) -> bool:
    manifest = observed.manifest
    complete = manifest is not None and manifest.outcome is Outcome.COMPLETE
    return complete and job.spec.outputs is not None and not observed.delivered


def _with_end(attempt: Attempt, reason: Reason, end: datetime) -> Attempt:
    costs = failure_for(reason).disposition is not Disposition.INTERRUPTED
    # Clocks of two machines: an attempt does not end before it began.
    return attempt.model_copy(update={"end": max(end, attempt.start), "reason": reason, "counted": costs})


def _bounded(status: TranscriptionJobStatus) -> TranscriptionJobStatus:
    """Sum up the oldest attempts that are over where there are more than a status may list."""
    excess = len(status.attempts) - MAX_ATTEMPTS
    if excess <= 0:
        return status
    dropped, kept = status.attempts[:excess], status.attempts[excess:]
    before = status.earlier_attempts or EarlierAttempts()
    last_end = max(attempt.end or attempt.start for attempt in dropped)
    gone = TranscriptionJobStatus(attempts=dropped)
    earlier = EarlierAttempts(
        count=before.count + len(dropped),
        counted=before.counted + counted(gone),
        interrupted=before.interrupted + interrupted(gone),
        active_seconds=before.active_seconds + active_seconds(gone, last_end),
    )
    return status.model_copy(update={"attempts": kept, "earlier_attempts": earlier})
