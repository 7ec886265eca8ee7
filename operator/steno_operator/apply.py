"""Carry a plan out: the one place where the operator changes anything.

Called by `controller`. Actions go in order, the status last; the first failure ends the plan, and the queue tries the
job again from fresh reads. Every action may be repeated without harm.
"""

import asyncio
import logging
from datetime import datetime

from steno_kube import AlreadyExistsError, ConflictError, ResourceNotFoundError
from steno_operator.context import Context
from steno_operator.plan import (
    Action,
    Adopt,
    ClaimOutcome,
    CreateBatchJob,
    DeleteBatchJob,
    DeleteJob,
    DeleteObjects,
    Plan,
    RemoveFinalizer,
)
from steno_operator.release import delete_objects
from steno_store import claim_outcome
from steno_types import FINALIZER, RESULTS_PREFIX_ANNOTATION, Release, TranscriptionJob

logger = logging.getLogger(__name__)


async def apply(plan: Plan, job: TranscriptionJob, context: Context, now: datetime) -> None:
    """Do what the plan says; `job` is as it was read for the decision."""
    for action in plan.actions:
        job = await _act(action, job, context, now)
    if plan.status is not None:
        await context.jobs.patch_status(job, plan.status)


async def _act(action: Action, job: TranscriptionJob, context: Context, now: datetime) -> TranscriptionJob:
    """Do one thing; gives the job as it is afterwards, for the next thing to build on."""
    namespace, name = job.metadata.namespace, job.metadata.name
    logger.info("%s: %s", job.key, type(action).__name__)
    match action:
        case Adopt(results_prefix=prefix):
            finalizers = [*job.metadata.finalizers, *({FINALIZER} - {*job.metadata.finalizers})]
            change = {"finalizers": finalizers, "annotations": {RESULTS_PREFIX_ANNOTATION: prefix}}
            return await context.jobs.patch_metadata(job, change)
        case CreateBatchJob(manifest=manifest):
            try:
                await context.batch_jobs.create(manifest)
            except AlreadyExistsError:
                # Ours, from a try whose answer was lost, or a stranger's: the next look tells, and says so.
                logger.info("%s: its Job exists already", job.key)
        case DeleteBatchJob(name=batch_job_name):
            await context.batch_jobs.delete(namespace, batch_job_name)
        case ClaimOutcome(results_prefix=prefix, manifest=manifest):
            await asyncio.to_thread(claim_outcome, context.store, prefix, manifest)
        case DeleteObjects():
            receipt = await delete_objects(job, action, context, now)
            logger.info("%s: released %d objects, %d bytes", job.key, receipt.objects, receipt.bytes)
            return await _write_receipt(job, receipt, context)
        case RemoveFinalizer():
            kept = [finalizer for finalizer in job.metadata.finalizers if finalizer != FINALIZER]
            return await context.jobs.patch_metadata(job, {"finalizers": kept})
        case DeleteJob():
            try:
                await context.jobs.delete(namespace, name)
            except ResourceNotFoundError:
                logger.info("%s: gone already", job.key)
    return job


async def _write_receipt(job: TranscriptionJob, receipt: Release, context: Context) -> TranscriptionJob:
    """Write down what was deleted, whoever else writes the job meanwhile: a second deletion would find nothing."""
    while True:
        try:
            return await context.jobs.patch_status(job, job.status.model_copy(update={"release": receipt}))
        except ConflictError:
            fresh = await context.jobs.get(job.metadata.namespace, job.metadata.name)
            if fresh.metadata.uid != job.metadata.uid:
                raise
            job = fresh
