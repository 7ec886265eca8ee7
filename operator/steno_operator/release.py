"""Delete a job's objects from the store and say what was deleted.

Called by `apply` once the job's Job and pods are gone. An upload may feed several jobs, so it is condemned first:
whoever would use it sees the marker, and only when no other job names it is it deleted (DESIGN, section 4)::

    put <upload>.condemned -> list the jobs afresh -> nobody names it: delete it -> delete the marker
"""

import asyncio
from datetime import datetime

from steno_operator.context import Context
from steno_operator.plan import DeleteObjects
from steno_store import Deleted
from steno_types import Release, TranscriptionJob


async def delete_objects(job: TranscriptionJob, action: DeleteObjects, context: Context, now: datetime) -> Release:
    """Delete results and upload, look again, and give the receipt.

    Raises
    ------
    StoreError, KubeError
        Something did not answer; all of it may be repeated.
    """
    store = context.store
    deleted = [await asyncio.to_thread(store.delete_prefix, action.results_prefix)]
    if action.upload_id is not None:
        deleted.append(await _delete_upload(job, action.upload_id, context))
    empty = await asyncio.to_thread(store.is_empty, action.results_prefix)
    return Release(
        objects=sum(part.objects for part in deleted),
        bytes=sum(part.size_bytes for part in deleted),
        verified_empty=empty,
        time=now,
    )


async def _delete_upload(job: TranscriptionJob, upload_id: str, context: Context) -> Deleted:
    namespace = job.metadata.namespace
    store, layout = context.store, context.installation.layout
    marker = layout.condemned(namespace, upload_id)
    await asyncio.to_thread(store.put, marker, b"")
    others = await context.jobs.list(namespace)
    wanted = any(_names(other, upload_id) for other in others if other.metadata.uid != job.metadata.uid)
    deleted = Deleted(objects=0, size_bytes=0)
    if not wanted:
        deleted = await asyncio.to_thread(store.delete, layout.upload(namespace, upload_id))
    await asyncio.to_thread(store.delete, marker)
    return deleted


def _names(job: TranscriptionJob, upload_id: str) -> bool:
    return job.spec.source.upload is not None and job.spec.source.upload.id == upload_id
