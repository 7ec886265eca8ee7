"""Deadlines: for how long a job may run, wait, and stand still, all of it counted by the operator.

::

    active    = sum of (end or now) - start over all attempts                        batch/v1's burns while Pending
    pending   = now - max(creation, last resumption, last attempt's end)             while no worker runs
    stalled   = now - max(the attempt's start, progress.time)                        while one does

A worker that stalls has had its chance: its attempt counts, and another one follows while there are retries left. The
same goes for a pod that cannot start where it is, except that all of its kind would fare alike: the job is stopped.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from steno_operator.installation import Installation
from steno_operator.observed import Observed, WorkerPod
from steno_operator.plan import Announcement, Plan
from steno_operator.policies import attempts
from steno_operator.policies.stopping import stop
from steno_operator.policies.wanted import wanted
from steno_types import ConditionType, Reason, TranscriptionJob, failure_for

NEVER_STARTS: Final = {
    "ErrImagePull": Reason.IMAGE_PULL_FAILED,
    "ImagePullBackOff": Reason.IMAGE_PULL_FAILED,
    "ImageInspectError": Reason.IMAGE_PULL_FAILED,
    "ErrImageNeverPull": Reason.IMAGE_PULL_FAILED,
    "RegistryUnavailable": Reason.IMAGE_PULL_FAILED,
    "SignatureValidationFailed": Reason.IMAGE_PULL_FAILED,
    "InvalidImageName": Reason.IMAGE_PULL_FAILED,
    "CreateContainerConfigError": Reason.POD_CONFIG_INVALID,
    "CreateContainerError": Reason.POD_CONFIG_INVALID,
    "RunContainerError": Reason.POD_CONFIG_INVALID,
}
"""Why a container waits that will hardly ever start (kubelet, pkg/kubelet/images and kuberuntime)."""

HOPELESS: Final = frozenset({"InvalidImageName"})
"""Those of them that time cannot heal."""


def decide(job: TranscriptionJob, observed: Observed, installation: Installation, now: datetime) -> Plan | None:
    """Stop a job whose time is over, and take the Job from a worker that stands still."""
    spec = job.spec
    running = _running(observed)
    if spec.active_deadline_seconds is not None:
        ran = attempts.active_seconds(job.status, now)
        if ran >= spec.active_deadline_seconds:
            message = f"Workers ran for {ran:.0f} s; spec.activeDeadlineSeconds is {spec.active_deadline_seconds}."
            return stop(job, Reason.DEADLINE_EXCEEDED, message, now)
    if running is None and spec.pending_deadline_seconds is not None:
        waited = (now - _waiting_since(job)).total_seconds()
        if waited >= spec.pending_deadline_seconds:
            why = job.status.condition(ConditionType.QUEUED)
            last_word = f" It waited for this: {why.message}" if why is not None and why.is_true else ""
            limit = spec.pending_deadline_seconds
            message = f"No worker ran for {waited:.0f} s; spec.pendingDeadlineSeconds is {limit}.{last_word}"
            return stop(job, Reason.PENDING_DEADLINE_EXCEEDED, message, now)
    for pod in observed.pods:
        if _wanted_pod(job, pod, observed) and (plan := _never_starts(job, pod, installation, now)) is not None:
            return plan
    return _gives_up(job, observed, running, now)


def next_due(job: TranscriptionJob, observed: Observed, installation: Installation, now: datetime) -> float | None:
    """Say in how many seconds the next deadline is due, if nothing else happens; None: none is set."""
    # What is due already has been decided on.
    ahead = [due for due in _dues(job, observed, installation) if due > now]
    return (min(ahead) - now).total_seconds() if ahead else None


def _dues(job: TranscriptionJob, observed: Observed, installation: Installation) -> Iterator[datetime]:
    spec, running = job.spec, _running(observed)
    if running is not None and spec.active_deadline_seconds is not None and running.started is not None:
        earlier = attempts.active_seconds(job.status, running.started)
        yield running.started + timedelta(seconds=max(0.0, spec.active_deadline_seconds - earlier))
    if running is None and not spec.suspend and spec.pending_deadline_seconds is not None:
        yield _waiting_since(job) + timedelta(seconds=spec.pending_deadline_seconds)
    if running is not None and spec.stall_seconds is not None:
        yield _got_on(job, running) + timedelta(seconds=spec.stall_seconds)
    for pod in observed.pods:
        if pod.deletion is not None and not pod.ended:
            yield pod.deletion + timedelta(seconds=attempts.STUCK_SECONDS + 1)
        if pod.waiting_reason in NEVER_STARTS:
            since = pod.scheduled or pod.created
            if since is not None:
                yield since + timedelta(seconds=installation.pod_start_timeout_seconds)


def _running(observed: Observed) -> WorkerPod | None:
    return next((pod for pod in reversed(observed.pods) if pod.running), None)


def _waiting_since(job: TranscriptionJob) -> datetime:
    moments = [attempt.end for attempt in job.status.attempts if attempt.end is not None]
    if job.metadata.creation_timestamp is not None:
        moments.append(job.metadata.creation_timestamp)
    suspended = job.status.condition(ConditionType.SUSPENDED)
    if suspended is not None and not suspended.is_true:
        moments.append(suspended.last_transition_time)
    return max(moments)


def _got_on(job: TranscriptionJob, running: WorkerPod) -> datetime:
    """Say when the work last got on; `progress.time` moves with the work alone."""
    progress = job.status.progress
    moments = [moment for moment in (running.started, progress.time if progress else None) if moment is not None]
    return max(moments)


def _wanted_pod(job: TranscriptionJob, pod: WorkerPod, observed: Observed) -> bool:
    batch_job = wanted(job, observed)
    return batch_job is not None and pod.batch_job == batch_job.name and pod.deletion is None


def _never_starts(job: TranscriptionJob, pod: WorkerPod, installation: Installation, now: datetime) -> Plan | None:
    reason = NEVER_STARTS.get(pod.waiting_reason)
    since = pod.scheduled or pod.created
    if reason is None or since is None:
        return None
    patience = timedelta(seconds=installation.pod_start_timeout_seconds)
    if pod.waiting_reason not in HOPELESS and now - since < patience:
        return None
    said = f"{pod.waiting_reason}: {pod.waiting_message}".rstrip(": ")
    return stop(job, reason, f"{failure_for(reason).meaning} ({said})", now)


def _gives_up(job: TranscriptionJob, observed: Observed, running: WorkerPod | None, now: datetime) -> Plan | None:
    """Take the Job away where its worker stands still, or its node is lost."""
    if job.status.job_ref is None:
        return None
    stall = job.spec.stall_seconds
    if running is not None and stall is not None and _wanted_pod(job, running, observed):
        still = (now - _got_on(job, running)).total_seconds()
        if still >= stall:
            said = f"The worker {running.name} got no further for {still:.0f} s; its attempt counts as failed."
            return _without_job(job, running, Reason.WORKER_STALLED, said, now)
    lost = next((pod for pod in observed.pods if attempts.is_stuck(pod, now)), None)
    if lost is not None and _is_of_wanted(job, lost, observed):
        said = f"The worker {lost.name} should be gone and is not: its node counts as lost."
        return _without_job(job, lost, Reason.NODE_LOST, said, now)
    return None


def _is_of_wanted(job: TranscriptionJob, pod: WorkerPod, observed: Observed) -> bool:
    batch_job = wanted(job, observed)
    return batch_job is not None and pod.batch_job == batch_job.name and not batch_job.finished


def _without_job(job: TranscriptionJob, pod: WorkerPod, reason: Reason, said: str, now: datetime) -> Plan:
    told = Announcement(kind="Warning", reason=reason, message=said)
    return Plan(status=attempts.given_up(job, pod.name, reason, now), announcements=(told,), requeue_after_seconds=0)
