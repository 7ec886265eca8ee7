"""Release: a deleted job takes its Job, its pods and its objects along, in that order, then leaves a receipt.

Pods go first so that nothing writes behind the deletion's back.
"""

from datetime import datetime

from steno_operator.installation import Installation
from steno_operator.observed import Observed
from steno_operator.plan import DeleteBatchJob, DeleteObjects, Plan, RemoveFinalizer
from steno_types import FINALIZER, TranscriptionJob

POD_POLL_SECONDS = 2.0
"""Between looks at pods that are on their way out; their events usually come first."""

REPEAT_SECONDS = 5.0
"""Between a deletion that left something behind, as its receipt says, and the next one."""


def decide(job: TranscriptionJob, observed: Observed, installation: Installation, now: datetime) -> Plan | None:
    """Take the next step of a release; an empty plan once there is nothing left for us to hold."""
    if job.metadata.deletion_timestamp is None:
        return None
    if FINALIZER not in job.metadata.finalizers:
        return Plan()
    receipt = job.status.release
    if receipt is not None and receipt.verified_empty:
        return Plan(actions=(RemoveFinalizer(),))
    if receipt is not None and (pause := (receipt.time - now).total_seconds() + REPEAT_SECONDS) > 0:
        return Plan(requeue_after_seconds=pause)
    batch_job = observed.batch_job
    # A stranger's Job of our name is not ours to delete, and none of the pods are its.
    own = batch_job if batch_job is not None and batch_job.owner_uid == job.metadata.uid else None
    if own is not None or observed.pods:
        actions = () if own is None or own.deleting else (DeleteBatchJob(name=own.name),)
        return Plan(actions=actions, requeue_after_seconds=POD_POLL_SECONDS)
    upload = job.spec.source.upload
    erase = DeleteObjects(
        results_prefix=installation.results_prefix(job), upload_id=upload.id if upload is not None else None
    )
    return Plan(actions=(erase,), requeue_after_seconds=0)
