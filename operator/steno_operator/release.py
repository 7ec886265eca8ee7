"""Delete a job's objects from the store and say what was deleted.

Called by `apply` once the job's Job and pods are gone. An upload may feed several jobs, so it is condemned first:
whoever would use it sees the marker, and it is deleted only when no job that is to stay names it. Jobs that are being
deleted do not count, or the last two, released together, would each leave it to the other (DESIGN, section 4)::

    put <upload>.condemned -> list the jobs afresh -> nobody names it: delete it -> delete the marker
"""

import asyncio
from datetime import datetime

from steno_operator.context import Context
from steno_operator.plan import DeleteObjects
from steno_store import Deleted
from steno_types import Release, TranscriptionJob

_NOTHING = Deleted(objects=0, size_bytes=0)


async def delete_objects(job: TranscriptionJob, action: DeleteObjects, context: Context, now: datetime) -> Release:
    """Delete results and upload, look again, and give the receipt: of this try and those before it.

    Raises
    ------
    StoreError, KubeError
        Something did not answer; all of it may be repeated.
    """
    store, earlier = context.store, job.status.release
    results = await asyncio.to_thread(store.delete_prefix, action.results_prefix)
    upload = await _delete_upload(job, action.upload_id, context) if action.upload_id is not None else _NOTHING
    empty = await asyncio.to_thread(store.is_empty, action.results_prefix)
    return Release(
        objects=results.objects + upload.objects + (earlier.objects if earlier else 0),
        bytes=results.size_bytes + upload.size_bytes + (earlier.bytes if earlier else 0),
        verified_empty=empty,
        time=now,
    )


async def _delete_upload(job: TranscriptionJob, upload_id: str, context: Context) -> Deleted:
    namespace = job.metadata.namespace
    store, layout = context.store, context.installation.layout
    marker = layout.condemned(namespace, upload_id)
    await asyncio.to_thread(store.put, marker, b"")
    wanted = await context.upload_readers.of(namespace, upload_id)
    upload = layout.upload(namespace, upload_id)
    deleted = _NOTHING if wanted else await asyncio.to_thread(store.delete, upload)
    await asyncio.to_thread(store.delete, marker)
    return deleted
