"""Waiting and running: say of a job that has its Job whether a worker runs, and if not, what it waits for."""

from datetime import datetime, timedelta
from functools import partial
from typing import Final

from steno_operator.batch_job import batch_job_name, batch_job_number
from steno_operator.conditions import condition
from steno_operator.installation import Installation
from steno_operator.observed import BatchJob, Observed, WorkerPod
from steno_operator.plan import Plan, SetQueuePriority
from steno_operator.policies.deadlines import NEVER_STARTS
from steno_operator.policies.wanted import wanted
from steno_types import (
    ConditionType,
    Effective,
    JobReference,
    TranscriptionJob,
    TranscriptionJobStatus,
    WaitingReason,
    failure_for,
)

PULL_SECONDS: Final = 10.0
"""After a pod has its node, until its wait is called that for the image: one that is there needs a second or two."""

POD_SECONDS: Final = 30.0
"""After a Job was created, until it is remarkable that it has no pod."""

STARTING: Final = "Waiting for a worker to start."


def decide(job: TranscriptionJob, observed: Observed, installation: Installation, now: datetime) -> Plan | None:
    """Keep Queued and Running true to the pods; no plan when they are already."""
    batch_job = wanted(job, observed)
    if batch_job is None:
        return None
    launches = max(job.status.launches or 0, (batch_job_number(job, batch_job.name) or 0) + 1)
    if _is_remade(job, batch_job):
        # Wanted no more; `launch` makes the next one.
        remade = job.status.model_copy(update={"job_ref": None, "launches": launches})
        return Plan(status=remade, requeue_after_seconds=0)
    pods = tuple(pod for pod in observed.pods if pod.batch_job == batch_job.name)
    running = next((pod for pod in reversed(pods) if pod.running), None)
    say = partial(condition, job, since=now)
    requeue = None
    if running is not None:
        updates = [
            say(ConditionType.QUEUED, "WorkerStarted", "", holds=False),
            say(ConditionType.RUNNING, "WorkerStarted", f"The worker {running.name} is at it.", holds=True),
        ]
    else:
        reason, message, requeue = _waits_for(job, batch_job, pods, now)
        updates = [say(ConditionType.QUEUED, reason, message, holds=True)]
        if job.status.condition(ConditionType.RUNNING) is not None:
            updates.append(say(ConditionType.RUNNING, reason, message, holds=False))
    status = job.status.model_copy(
        update={
            "observed_generation": job.metadata.generation,
            "job_ref": JobReference(name=batch_job.name, uid=batch_job.uid),
            "launches": launches,
            "start_time": job.status.start_time or (running.started if running else None),
            "effective": job.status.effective or _effective(job, installation),
        }
    ).with_conditions(updates)
    actions = _reprioritised(job, batch_job)
    if status == job.status and not actions and requeue is None:
        return None
    return Plan(actions=actions, status=status if status != job.status else None, requeue_after_seconds=requeue)


def launched(job: TranscriptionJob, installation: Installation, now: datetime) -> TranscriptionJobStatus:
    """Give the status of a job whose next Job is created in this moment; `apply` adds which one."""
    number = job.status.launches or 0
    say = partial(condition, job, since=now)
    updates = [say(ConditionType.QUEUED, WaitingReason.WORKER_STARTING, STARTING, holds=True)]
    if job.status.condition(ConditionType.RUNNING) is not None:
        updates.append(say(ConditionType.RUNNING, WaitingReason.WORKER_STARTING, STARTING, holds=False))
    return job.status.model_copy(
        update={
            "observed_generation": job.metadata.generation,
            "job_ref": JobReference(name=batch_job_name(job, number), uid=""),
            "launches": number + 1,
            "effective": job.status.effective or _effective(job, installation),
        }
    ).with_conditions(updates)


def _effective(job: TranscriptionJob, installation: Installation) -> Effective | None:
    """Say what will run, as the Job was told."""
    name, profile = installation.profiles.find(job.spec)
    if profile is None:
        return None
    engine = profile.engine_settings(job.spec)
    return Effective(
        profile=name,
        image=profile.image,
        engine=engine.name,
        model=engine.model,
        compute_type=engine.compute_type,
        beam_size=engine.beam_size,
    )


def _reprioritised(job: TranscriptionJob, batch_job: BatchJob) -> tuple[SetQueuePriority, ...]:
    """Carry a new priority to a Job that its queue still holds back; one that runs, runs."""
    if not _has_other_priority(job, batch_job):
        return ()
    return (SetQueuePriority(name=batch_job.name, priority=job.spec.queue_priority),)


def _is_remade(job: TranscriptionJob, batch_job: BatchJob) -> bool:
    """Whether a waiting Job cannot be given its new priority.

    Kueue (0.14) changes one class for another; it forbids to take the label away, and passes over one that comes
    later, as the Workload then has no class (jobframework/validation.go, reconciler.go).
    """
    return _has_other_priority(job, batch_job) and None in {job.spec.queue_priority, batch_job.queue_priority}


def _has_other_priority(job: TranscriptionJob, batch_job: BatchJob) -> bool:
    waits = job.spec.queue_name is not None and batch_job.suspended
    return waits and batch_job.queue_priority != job.spec.queue_priority


def _waits_for(
    job: TranscriptionJob, batch_job: BatchJob, pods: tuple[WorkerPod, ...], now: datetime
) -> tuple[WaitingReason, str, float | None]:
    """Give the reason and the words for it, from the youngest pod, and when time alone may change them."""
    if batch_job.suspended:
        # Which of them it is stands in Kueue's Workload alone, which the operator has no right to read.
        message = (
            f"Waiting for the queue {job.spec.queue_name!r} to have room for it, or to be there at all: "
            f"kubectl describe workload --selector=kueue.x-k8s.io/job-uid={batch_job.uid} says which."
        )
        return WaitingReason.QUOTA_EXHAUSTED, message, None
    pod = pods[-1] if pods else None
    if pod is None:
        return _waits_for_pod(batch_job, now)
    if pod.ended:
        return WaitingReason.WORKER_ENDED, "The last attempt has ended; another one follows, or its outcome.", None
    if pod.scheduled is None:
        return _waits_for_node(job, pod)
    return _waits_for_image(pod, pod.scheduled, now)


def _waits_for_pod(batch_job: BatchJob, now: datetime) -> tuple[WaitingReason, str, float | None]:
    left = POD_SECONDS - (now - batch_job.created).total_seconds() if batch_job.created else POD_SECONDS
    if left > 0:
        return WaitingReason.WORKER_STARTING, STARTING, left + 1
    message = (
        f"The Job {batch_job.name} has no pod. A quota may forbid it, or admission: "
        f"kubectl describe job {batch_job.name} says."
    )
    return WaitingReason.QUOTA_EXHAUSTED, message, None


def _waits_for_node(job: TranscriptionJob, pod: WorkerPod) -> tuple[WaitingReason, str, float | None]:
    if pod.waiting_reason:
        return WaitingReason.NO_NODE_FITS, _unschedulable(job, pod), None
    return WaitingReason.WORKER_STARTING, STARTING, None


def _waits_for_image(pod: WorkerPod, scheduled: datetime, now: datetime) -> tuple[WaitingReason, str, float | None]:
    if pod.waiting_reason in NEVER_STARTS:
        # The kubelet's own words change with every try, and each would be a write.
        return WaitingReason.IMAGE_PULLING, failure_for(NEVER_STARTS[pod.waiting_reason]).meaning, None
    left = timedelta(seconds=PULL_SECONDS) - (now - scheduled)
    if left > timedelta(0):
        return WaitingReason.WORKER_STARTING, STARTING, left.total_seconds() + 1
    return WaitingReason.IMAGE_PULLING, f"The node of {pod.name} fetches the worker's image, or its volumes.", None


def _unschedulable(job: TranscriptionJob, pod: WorkerPod) -> str:
    """Keep the scheduler's first word: it changes with every node that comes and goes, and each would be a write."""
    said = job.status.condition(ConditionType.QUEUED)
    if said is not None and said.is_true and said.reason == WaitingReason.NO_NODE_FITS:
        return said.message
    return pod.waiting_message or "No node has what the worker asks for."
