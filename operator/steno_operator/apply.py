"""Carry a plan out: the one place where the operator changes anything.

Called by `controller`. Actions go in order, the status after them, what there is to tell last; the first failure ends
the plan, and the queue tries the job again from fresh reads. Every action may be repeated without harm.
"""

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from steno_kube import AlreadyExistsError, ConflictError, KubeError, ResourceNotFoundError
from steno_operator.context import Context
from steno_operator.observed import BatchJob
from steno_operator.plan import (
    Action,
    Adopt,
    ClaimOutcome,
    CreateBatchJob,
    DeleteBatchJob,
    DeleteJob,
    DeleteObjects,
    DeletePod,
    Plan,
    RemoveFinalizer,
    SetQueuePriority,
)
from steno_operator.release import delete_objects
from steno_store import StoreError, claim_outcome
from steno_types import FINALIZER, RESULTS_PREFIX_ANNOTATION, JobReference, Release, TranscriptionJob

RECEIPT_FIRST_PAUSE_SECONDS: Final = 0.02
"""Before the second try to write a receipt that somebody else's write came before; doubles from try to try."""

RECEIPT_LONGEST_PAUSE_SECONDS: Final = 3.0
"""After which a receipt is given up: nobody writes a job eight times within five seconds, so the server is ill."""

logger = logging.getLogger(__name__)


class ActionFailedError(Exception):
    """An action could not be done; its cause says why, and `setbacks` what that means for the job."""

    def __init__(self, action: Action, job: TranscriptionJob) -> None:
        super().__init__(f"{type(action).__name__} failed")
        self.action = action
        self.job = job
        """As it was when the action was tried."""


class NameTakenError(KubeError):
    """A Job of the name that is needed belongs to somebody else."""


class NameLeavingError(KubeError):
    """A Job of the name that is needed is on its way out."""


@dataclass(slots=True)
class _Progress:
    """What carrying a plan out has come to."""

    job: TranscriptionJob
    """As it is by now, for the next write to build on."""
    batch_job: BatchJob | None = None
    """The Job that was created."""


async def apply(plan: Plan, job: TranscriptionJob, context: Context, now: datetime) -> TranscriptionJob:
    """Do what the plan says; `job` is as it was read for the decision, and is given as it is afterwards.

    Raises
    ------
    ConflictError, ResourceNotFoundError
        Somebody else has changed the job meanwhile, or it is gone.
    ActionFailedError
        An action failed for a reason that may concern the job.
    KubeError
        The status could not be written.
    """
    done = _Progress(job)
    for action in plan.actions:
        try:
            await _act(action, done, context, now)
        except (ConflictError, ResourceNotFoundError):
            raise
        except (KubeError, StoreError) as error:
            raise ActionFailedError(action, done.job) from error
    if plan.status is not None:
        context.insist()
        status = plan.status
        if done.batch_job is not None:
            reference = JobReference(name=done.batch_job.name, uid=done.batch_job.uid)
            status = status.model_copy(update={"job_ref": reference})
        done.job = await context.jobs.patch_status(done.job, status)
        context.sightings.wrote(done.job)
    for announcement in plan.announcements:
        try:
            await context.events.announce(done.job, announcement)
        except KubeError as error:
            logger.warning("%s: the event %s could not be written: %s", job.key, announcement.reason, error)
    return done.job


async def _act(action: Action, done: _Progress, context: Context, now: datetime) -> None:
    """Do one thing."""
    context.insist()
    job, namespace = done.job, done.job.metadata.namespace
    logger.info("%s: %s", job.key, type(action).__name__)
    match action:
        case Adopt(results_prefix=prefix):
            finalizers = [*job.metadata.finalizers, *({FINALIZER} - {*job.metadata.finalizers})]
            change = {"finalizers": finalizers, "annotations": {RESULTS_PREFIX_ANNOTATION: prefix}}
            done.job = await context.jobs.patch_metadata(job, change)
            context.sightings.wrote(done.job)
        case CreateBatchJob():
            done.batch_job = await _create(action, job, context)
            context.sightings.created(job.key, done.batch_job.name)
        case DeleteBatchJob() | DeletePod() | DeleteJob():
            await _delete(action, job, context)
        case SetQueuePriority(name=batch_job_name, priority=priority):
            await context.batch_jobs.set_queue_priority(namespace, batch_job_name, priority)
        case ClaimOutcome(results_prefix=prefix, manifest=manifest):
            await asyncio.to_thread(claim_outcome, context.store, prefix, manifest)
        case DeleteObjects():
            receipt = await delete_objects(job, action, context, now)
            logger.info("%s: released %d objects, %d bytes", job.key, receipt.objects, receipt.bytes)
            done.job = await _write_receipt(job, receipt, context)
        case RemoveFinalizer():
            kept = [finalizer for finalizer in job.metadata.finalizers if finalizer != FINALIZER]
            done.job = await context.jobs.patch_metadata(job, {"finalizers": kept})
            if not kept:
                # With the last one it is gone, whether or not that is heard.
                context.sightings.lost("transcriptionjobs", job.key, job.metadata.name)
                context.roster.lost_job(job.key)


async def _delete(action: DeleteBatchJob | DeletePod | DeleteJob, job: TranscriptionJob, context: Context) -> None:
    """Delete something at the API server; what is gone already is no failure."""
    namespace = job.metadata.namespace
    match action:
        case DeleteBatchJob(name=name, waits_for_pods=waits_for_pods):
            await context.batch_jobs.delete(namespace, name, waits_for_pods=waits_for_pods)
        case DeletePod(name=name):
            await context.batch_jobs.delete_pod(namespace, name)
        case DeleteJob():
            try:
                await context.jobs.delete(namespace, job.metadata.name)
            except ResourceNotFoundError:
                logger.info("%s: gone already", job.key)


async def _create(action: CreateBatchJob, job: TranscriptionJob, context: Context) -> BatchJob:
    """Create the Job; one that is there is ours, from a try whose answer was lost, or a stranger's."""
    try:
        return await context.batch_jobs.create(action.manifest)
    except AlreadyExistsError as error:
        name = action.manifest["metadata"]["name"]
        present = await context.batch_jobs.get(job.metadata.namespace, name)
        if present is None or present.deleting:
            raise NameLeavingError(f"The Job {name!r} is on its way out.") from error
        if present.owner_uid != job.metadata.uid:
            raise NameTakenError(f"The Job {name!r} exists and belongs to someone else.") from error
        return present


async def _write_receipt(job: TranscriptionJob, receipt: Release, context: Context) -> TranscriptionJob:
    """Write down what was deleted, whoever else writes the job meanwhile: a second deletion would find nothing."""
    pause_seconds = RECEIPT_FIRST_PAUSE_SECONDS
    while True:
        try:
            return await context.jobs.patch_status(job, job.status.model_copy(update={"release": receipt}))
        except ConflictError:
            if pause_seconds > RECEIPT_LONGEST_PAUSE_SECONDS:
                raise
            await asyncio.sleep(pause_seconds)
            pause_seconds *= 2
            fresh = await context.jobs.get(job.metadata.namespace, job.metadata.name)
            if fresh.metadata.uid != job.metadata.uid:
                raise
            job = fresh
