"""Read what one decision needs, and no more.

Called by `controller` before each `reconcile`. The order matters: Job and pods first, manifest and delivery record
after, so that a pod seen to have ended has written whatever it was going to.
"""

import asyncio

from steno_operator.batch_job import batch_job_name
from steno_operator.client import BatchJobs
from steno_operator.installation import Installation
from steno_operator.observed import Observed
from steno_store import ObjectStore, keys, read_manifest
from steno_types import RESULTS_PREFIX_ANNOTATION, Outcome, TranscriptionJob


async def observe(
    job: TranscriptionJob, batch_jobs: BatchJobs, store: ObjectStore, installation: Installation
) -> Observed:
    """Read the job's Job, its pods, and its manifest and delivery record where there can be any."""
    deleting = job.metadata.deletion_timestamp is not None
    if job.status.terminal is not None and not deleting:
        return Observed()
    namespace = job.metadata.namespace
    batch_job = await batch_jobs.get(namespace, batch_job_name(job))
    # A job that was never adopted has no Job, so no pods and no manifest either: a launch costs two reads.
    known = batch_job is not None or RESULTS_PREFIX_ANNOTATION in job.metadata.annotations
    pods = await batch_jobs.pods(namespace, job.metadata.name, batch_job_name(job)) if known else ()
    own = batch_job if batch_job is not None and batch_job.owner_uid == job.metadata.uid else None
    # Nothing of ours is at work, or what was has ended: then there may be a manifest.
    ended = own is None or own.finished or any(pod.finished is not None for pod in pods)
    if not known or not ended or deleting:
        return Observed(batch_job=batch_job, pods=pods)
    prefix = installation.results_prefix(job)
    manifest = await asyncio.to_thread(read_manifest, store, prefix)
    complete = manifest is not None and manifest.outcome is Outcome.COMPLETE
    delivered = (
        complete and job.spec.outputs is not None and await asyncio.to_thread(store.exists, keys.delivery(prefix))
    )
    return Observed(batch_job=batch_job, pods=pods, manifest=manifest, delivered=delivered)
