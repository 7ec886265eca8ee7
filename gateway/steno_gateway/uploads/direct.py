"""Uploads in parts, which clients send straight to the store, or through the gateway, and may resume.

Called by `routes.uploads`. An upload is S3's own multipart upload and a plan beside it (`steno_store.direct_upload`):
any gateway goes on with it, and what nobody goes on with is deleted by the operator's sweep.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.concurrency import run_in_threadpool

from steno_gateway import problems
from steno_gateway.access.caller import Caller
from steno_gateway.context import Context
from steno_gateway.problems import ProblemError
from steno_gateway.uploads.existing import StoredUpload, find, metadata_of, unknown_upload
from steno_store import DirectUpload, MultipartUpload, ObjectNotFoundError, StoreError, new_upload_id
from steno_store.direct_upload import plan_key, read_plan

logger = logging.getLogger(__name__)

URLS_MOST: Final = 1000
"""URLs in one answer; whoever needs more asks again when those are used. Signing one takes 0.3 ms."""

NAMED_MOST: Final = 10
"""Missing parts that a refusal names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """What a client says of the recording that it is going to send."""

    size_bytes: int
    part_bytes: int
    sha256: str | None
    file_name: str | None
    """Cleaned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of an upload."""

    number: int
    size_bytes: int
    received: bool
    url: str | None = None
    """Takes its bytes by PUT, from whoever has it; None: they have come, or it is not signed in this answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """An upload that is not whole yet."""

    upload_id: str
    plan: DirectUpload
    parts: tuple[Part, ...]


async def begin(context: Context, caller: Caller, announced: Announced) -> Unfinished:
    """Begin an upload; one whose plan cannot be kept is given up at once."""
    upload_id = new_upload_id()
    key = context.layout.upload(caller.namespace, upload_id)

    def started() -> Unfinished:
        multipart = context.store.start_upload(key, metadata=metadata_of(announced.file_name, announced.sha256))
        plan = DirectUpload(
            store_upload_id=multipart.upload_id,
            size_bytes=announced.size_bytes,
            part_bytes=announced.part_bytes,
            sha256=announced.sha256,
            file_name=announced.file_name,
            begun=context.now(),
        )
        body = plan.model_dump_json(by_alias=True).encode()
        try:
            context.store.put(_plan_key(context, caller, upload_id), body, content_type="application/json")
        except StoreError:
            multipart.abort()
            raise
        return Unfinished(upload_id=upload_id, plan=plan, parts=_parts(context, plan, multipart, {}))

    # Shielded: a client that goes away meanwhile leaves no upload without a plan.
    return await asyncio.shield(asyncio.ensure_future(run_in_threadpool(started)))


async def look(context: Context, caller: Caller, upload_id: str) -> Unfinished | StoredUpload:
    """Say how far an upload is, with fresh URLs for what is missing.

    Raises
    ------
    ProblemError
        There is no such upload, or the store has forgotten it.
    """
    plan = await _plan(context, caller, upload_id)
    if plan is None:
        return await _stored(context, caller, upload_id)
    multipart = _multipart(context, caller, upload_id, plan)
    try:
        received = await run_in_threadpool(multipart.received)
    except ObjectNotFoundError:
        return await _stored(context, caller, upload_id)
    parts = await run_in_threadpool(_parts, context, plan, multipart, received)
    return Unfinished(upload_id=upload_id, plan=plan, parts=parts)


async def take_part(
    context: Context,
    caller: Caller,
    upload_id: str,
    number: int,
    *,
    claimed_bytes: int | None,
    body: Callable[[int], AsyncIterator[bytes]],
) -> int:
    """Take one part's bytes, and send them on once they have all come; gives how many they are.

    Parameters
    ----------
    claimed_bytes
        What the request says that it has; None: it does not say.
    body
        Reads the request, of so many bytes at most; called once there is memory for them.
    """
    plan = await _plan(context, caller, upload_id)
    if plan is None:
        await _stored(context, caller, upload_id)
        raise _is_whole(upload_id)
    if not 1 <= number <= plan.part_count:
        raise ProblemError(
            problems.FIELD_INVALID,
            f"The upload has the parts 1 to {plan.part_count}.",
            field="number",
            remedy=f"Send the parts that GET /uploads/{upload_id} lists as not received.",
        )
    size_bytes = plan.bytes_of(number)
    if claimed_bytes not in {None, size_bytes}:
        raise _wrong_size(number, size_bytes, claimed_bytes)
    async with context.upload_slots.hold(size_bytes):
        part = bytearray(size_bytes)
        filled = 0
        async for chunk in body(size_bytes):
            part[filled : filled + len(chunk)] = chunk
            filled += len(chunk)
        if filled != size_bytes:
            raise _wrong_size(number, size_bytes, filled)
        try:
            await run_in_threadpool(_multipart(context, caller, upload_id, plan).send, number, part)
        except ObjectNotFoundError as error:
            await _stored(context, caller, upload_id)
            raise _is_whole(upload_id) from error
    return size_bytes


async def complete(context: Context, caller: Caller, upload_id: str) -> StoredUpload:
    """Make an upload whole, of the parts that have come; twice is no error.

    Raises
    ------
    ProblemError
        There is no such upload, or parts of it are missing.
    """
    plan = await _plan(context, caller, upload_id)
    if plan is None:
        return await _stored(context, caller, upload_id)
    multipart = _multipart(context, caller, upload_id, plan)

    def completed() -> None:
        try:
            received = multipart.received()
        except ObjectNotFoundError:
            pass  # made whole before, or given up
        else:
            if missing := plan.missing(received):
                raise _incomplete(upload_id, missing)
            multipart.complete()

    # Shielded, like the deletion of the plan: both are over soon.
    await asyncio.shield(asyncio.ensure_future(run_in_threadpool(completed)))
    stored = await _stored(context, caller, upload_id)
    await asyncio.shield(asyncio.ensure_future(forget_plan(context, caller, upload_id)))
    return stored


async def forget_plan(context: Context, caller: Caller, upload_id: str) -> None:
    """Delete the plan of an upload that is whole, or gone; one that stays is swept."""
    try:
        await run_in_threadpool(context.store.delete, _plan_key(context, caller, upload_id))
    except StoreError as error:
        logger.warning("the plan of an upload stays in the store: %s", error)


async def is_begun(context: Context, caller: Caller, upload_id: str) -> bool:
    """Whether an upload was begun and has a plan still."""
    return await _plan(context, caller, upload_id) is not None


def _plan_key(context: Context, caller: Caller, upload_id: str) -> str:
    return plan_key(context.layout, caller.namespace, upload_id)


async def _plan(context: Context, caller: Caller, upload_id: str) -> DirectUpload | None:
    return await run_in_threadpool(read_plan, context.store, _plan_key(context, caller, upload_id))


async def _stored(context: Context, caller: Caller, upload_id: str) -> StoredUpload:
    stored = await find(context, caller.namespace, upload_id)
    if stored is None:
        raise unknown_upload(upload_id)
    return stored


def _multipart(context: Context, caller: Caller, upload_id: str, plan: DirectUpload) -> MultipartUpload:
    key = context.layout.upload(caller.namespace, upload_id)
    return context.store.resume_upload(key, plan.store_upload_id)


def _parts(
    context: Context, plan: DirectUpload, multipart: MultipartUpload, received: Mapping[int, int]
) -> tuple[Part, ...]:
    """List all parts, the first `URLS_MOST` missing ones with their URLs; blocks."""
    missing = set(plan.missing(received))
    to_sign = set(sorted(missing)[:URLS_MOST])
    expires_seconds = context.settings.upload_url_seconds
    return tuple(
        Part(
            number=number,
            size_bytes=plan.bytes_of(number),
            received=number not in missing,
            url=multipart.sign(number, size_bytes=plan.bytes_of(number), expires_seconds=expires_seconds)
            if number in to_sign
            else None,
        )
        for number in range(1, plan.part_count + 1)
    )


def _is_whole(upload_id: str) -> ProblemError:
    return ProblemError(
        problems.UPLOAD_WHOLE,
        f"The upload {upload_id} is whole and takes no more parts.",
        remedy='Make a task of it: POST /transcribe with "upload". Another recording is another upload.',
    )


def _incomplete(upload_id: str, missing: Sequence[int]) -> ProblemError:
    named = ", ".join(map(str, missing[:NAMED_MOST]))
    more = f" and {len(missing) - NAMED_MOST} more" if len(missing) > NAMED_MOST else ""
    return ProblemError(
        problems.UPLOAD_INCOMPLETE,
        f"These parts of the upload {upload_id} have not come in their size: {named}{more}.",
        field="parts",
        remedy=f"Send them to the URLs that GET /uploads/{upload_id} gives for them, then repeat this call.",
    )


def _wrong_size(number: int, size_bytes: int, came_bytes: int | None) -> ProblemError:
    return ProblemError(
        problems.FIELD_INVALID,
        f"Part {number} of the upload has {size_bytes} bytes; the body has {came_bytes}.",
        field="Content-Length",
        remedy="Cut the recording at multiples of part_bytes; every part but the last is as large as that.",
    )
