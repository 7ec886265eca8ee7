"""Delete an upload that no job names, so that no job which comes to use it is left without it.

Called by `routes.uploads`. Uploads that a job names are the operator's to delete, with the last such job. The way is
that of DESIGN, section 4, as the operator's (`steno_operator.condemnation`)::

    put a marker ── list the jobs afresh ── named: take the marker away, and refuse
                                         └─ not named: delete upload and plan, take the marker away

A job that the list does not show was created after it, and whoever creates one looks for markers afterwards
(`existing.whole`). Each deletion has a marker of its own, so that nobody, gateway or operator, takes away one that
another counts on.
"""

import asyncio
import secrets
from dataclasses import dataclass
from typing import Final

from starlette.concurrency import run_in_threadpool

from steno_gateway import problems
from steno_gateway.access.caller import Caller
from steno_gateway.context import Context
from steno_gateway.problems import ProblemError
from steno_gateway.uploads.direct import forget_plan, is_begun
from steno_gateway.uploads.existing import find, unknown_upload

NAMED_MOST: Final = 5
"""Tasks that a refusal names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedUpload:
    """What a deletion took away."""

    objects: int
    """Objects with their versions, and unfinished uploads with their parts."""
    size_bytes: int
    """Of what was whole."""


async def delete(context: Context, caller: Caller, upload_id: str) -> DeletedUpload:
    """Delete an upload, whole or not.

    Raises
    ------
    ProblemError
        There is no such upload, or a task names it.
    StoreError, KubeError
        It may be there still; the call may be repeated.
    """
    there = await find(context, caller.namespace, upload_id) is not None
    if not there and not await is_begun(context, caller, upload_id):
        raise unknown_upload(upload_id)
    await _refuse_if_named(context, caller, upload_id)
    # Shielded: a client that goes away leaves no marker behind.
    return await asyncio.shield(asyncio.ensure_future(_delete(context, caller, upload_id)))


async def _delete(context: Context, caller: Caller, upload_id: str) -> DeletedUpload:
    marker = context.layout.condemned_by(caller.namespace, upload_id, secrets.token_hex(4))
    await run_in_threadpool(context.store.put, marker, b"")
    try:
        await _refuse_if_named(context, caller, upload_id)
        key = context.layout.upload(caller.namespace, upload_id)
        deleted = await run_in_threadpool(context.store.delete, key)
        await forget_plan(context, caller, upload_id)
        await run_in_threadpool(_clear, context, caller, upload_id)
    finally:
        # After a failed deletion too: what is there still may be used still.
        await run_in_threadpool(context.store.delete, marker)
    return DeletedUpload(objects=deleted.objects, size_bytes=deleted.size_bytes)


async def _refuse_if_named(context: Context, caller: Caller, upload_id: str) -> None:
    jobs = await context.jobs.list(caller.namespace)
    named = sorted(
        job.metadata.name
        for job in jobs
        if job.spec.source.upload is not None and job.spec.source.upload.id == upload_id
    )
    if named:
        more = f" and {len(named) - NAMED_MOST} more" if len(named) > NAMED_MOST else ""
        raise ProblemError(
            problems.UPLOAD_NAMED,
            f"These tasks name the upload {upload_id}: {', '.join(named[:NAMED_MOST])}{more}.",
            field="upload",
            remedy="Release the tasks: the upload is deleted with the last of them.",
        )


def _clear(context: Context, caller: Caller, upload_id: str) -> None:
    """Delete the markers that gateways have left, which mean nothing once the upload is gone; blocks."""
    operators = context.layout.condemned(caller.namespace, upload_id)
    for found in [*context.store.list(f"{context.layout.upload(caller.namespace, upload_id)}.")]:
        if found.key != operators:
            context.store.delete(found.key)
