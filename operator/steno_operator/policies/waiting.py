"""Waiting and running: say of a job that has its Job whether a worker runs, and if not, what it waits for."""

from datetime import datetime
from functools import partial

from steno_operator.conditions import condition
from steno_operator.installation import Installation
from steno_operator.observed import Observed, WorkerPod
from steno_operator.plan import Plan
from steno_types import ConditionType, Effective, JobReference, TranscriptionJob


def decide(job: TranscriptionJob, observed: Observed, installation: Installation, now: datetime) -> Plan | None:
    """Keep Queued and Running true to the pods; no plan when they are already."""
    batch_job = observed.batch_job
    if batch_job is None:
        return None
    running = next((pod for pod in reversed(observed.pods) if pod.running), None)
    say = partial(condition, job, since=now)
    if running is not None:
        updates = [
            say(ConditionType.QUEUED, "WorkerStarted", "", holds=False),
            say(ConditionType.RUNNING, "WorkerStarted", f"The worker {running.name} is at it.", holds=True),
        ]
    else:
        reason, message = _waits_for(observed.pods)
        updates = [say(ConditionType.QUEUED, reason, message, holds=True)]
        if job.status.condition(ConditionType.RUNNING) is not None:
            updates.append(say(ConditionType.RUNNING, reason, message, holds=False))
    first_start = job.status.start_time or (running.started if running else None)
    status = job.status.model_copy(
        update={
            "observed_generation": job.metadata.generation,
            "job_ref": JobReference(name=batch_job.name, uid=batch_job.uid),
            "start_time": first_start,
            "effective": job.status.effective or _effective(job, installation),
        }
    ).with_conditions(updates)
    return Plan(status=status) if status != job.status else None


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


def _waits_for(pods: tuple[WorkerPod, ...]) -> tuple[str, str]:
    """Give the reason and the words for it, from the youngest pod."""
    pod = pods[-1] if pods else None
    # One word for all of the way from the Job to the container: each step of it would be a write of its own.
    if pod is None or (pod.finished is None and pod.waiting_reason in {"", "ContainerCreating", "PodInitializing"}):
        return "WorkerStarting", "Waiting for a worker to start."
    if pod.finished is not None:
        return "WorkerEnded", "The last attempt has ended; its outcome is being read."
    return pod.waiting_reason, pod.waiting_message or f"The worker's pod waits: {pod.waiting_reason}."
