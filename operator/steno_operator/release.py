"""Delete a job's objects from the store and say what was deleted.

Called by `apply` once the job's Job and pods are gone. An upload may feed several jobs, so it goes only when no job
that is to stay names it (`condemnation`). Jobs that are being deleted do not count, or the last two, released
together, would each leave it to the other.
"""

import asyncio
from datetime import datetime

from steno_operator.condemnation import delete_unless_named
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

    async def named() -> tuple[str, ...]:
        return (upload_id,) if await context.upload_readers.of(namespace, upload_id) else ()

    layout = context.installation.layout
    deleted = await delete_unless_named(
        context.store, layout, namespace, (upload_id,), named, locks=context.condemning
    )
    return deleted.get(upload_id, _NOTHING)
