"""Make many jobs for one request: a list of recordings, or all under a prefix of a bucket.

Called by `routes.batch`. Each item comes to a job or to a problem, whatever the others come to; no job is taken back.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from steno_gateway import problems
from steno_gateway.access.caller import Caller
from steno_gateway.batch_requests import MOST_ITEMS, BatchOfPrefix, S3Prefix, inside
from steno_gateway.context import Context
from steno_gateway.problems import ProblemError
from steno_gateway.refusals import invalid_fields
from steno_gateway.requests import TranscribeRequest
from steno_gateway.tasks.creation import Submitted, create
from steno_gateway.tasks.submit import submit_request
from steno_kube import KubeError
from steno_store import BucketNotFoundError, StoreError
from steno_types import S3Source, Source

AT_ONCE: Final = 16
"""Jobs of one batch that are made at the same time; other requests come through between them."""

Outcome = Submitted | ProblemError | KubeError | StoreError
"""What came of one item."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Keys under a prefix, as many as one batch takes."""

    keys: tuple[str, ...]
    next_after: str | None
    """The last of them, if there may be more behind it."""


async def submit_items(
    context: Context,
    caller: Caller,
    items: Sequence[TranscribeRequest | ProblemError],
    *,
    idempotency_key: str | None,
) -> list[Outcome]:
    """Make a job for each item that could be read; the outcomes are in the items' order.

    The key of an item is ``<key>/<index>``.
    """

    async def submit(index: int) -> Outcome:
        item = items[index]
        if isinstance(item, ProblemError):
            return item
        try:
            return await submit_request(context, caller, item, idempotency_key=_key_of(idempotency_key, str(index)))
        except ProblemError as problem:
            return inside(index, problem)
        except (KubeError, StoreError) as error:
            return error

    return await _each(len(items), submit)


async def submit_keys(
    context: Context, caller: Caller, batch: BatchOfPrefix, keys: Sequence[str], *, idempotency_key: str | None
) -> list[Outcome]:
    """Make a job for each of `keys`, with the batch's options; the key of an item is ``<key>/<object key>``."""

    async def submit(index: int) -> Outcome:
        key = keys[index]
        try:
            spec = batch.spec_for(Source(s3=S3Source(bucket=batch.s3_prefix.bucket, key=key)))
            return await create(context, caller, spec, idempotency_key=_key_of(idempotency_key, key))
        except ValidationError as error:
            return invalid_fields(error.errors(include_url=False, include_input=False))
        except (ProblemError, KubeError, StoreError) as error:
            return error

    return await _each(len(keys), submit)


async def keys_under(context: Context, caller: Caller, place: S3Prefix) -> Page:
    """List what lies under a prefix, in the order of the keys.

    Raises
    ------
    ProblemError
        The caller may not look there, or there is no such bucket.
    StoreError
        The store did not answer.
    """
    _check_listing(context, caller, place)

    def read() -> list[str]:
        listed = context.store.list(place.prefix, bucket=place.bucket, after=place.after)
        return [found.key for found in islice(listed, MOST_ITEMS)]

    try:
        keys = await run_in_threadpool(read)
    except BucketNotFoundError as error:
        raise ProblemError(
            problems.FIELD_INVALID,
            f"There is no bucket {place.bucket!r}.",
            field="s3_prefix.bucket",
            remedy="Correct the field and send the request again.",
        ) from error
    return Page(
        keys=tuple(key for key in keys if not key.endswith("/")),
        next_after=keys[-1] if len(keys) == MOST_ITEMS else None,
    )


def _check_listing(context: Context, caller: Caller, place: S3Prefix) -> None:
    """Raise unless the caller may be told the keys there.

    The gateway lists with credentials of its own, which reach further than a tenant's: tenants other than that of the
    gateway's own namespace, whose workers have the same credentials, are shown their own part of Steno's store alone.
    """
    layout, bucket = context.layout, place.bucket or context.store.bucket
    own = layout.namespace(caller.namespace)
    is_own = bucket == context.store.bucket and place.prefix.startswith(own) and ".." not in place.prefix.split("/")
    # A prefix that Steno's own begins with would list every tenant's keys.
    is_stenos = bucket == context.store.bucket and (
        layout.holds(place.prefix) or layout.root.startswith(place.prefix) or ".." in place.prefix.split("/")
    )
    if is_own or (caller.namespace == context.settings.namespace and not is_stenos):
        return
    raise ProblemError(
        problems.SOURCE_FORBIDDEN,
        "The prefix reaches into what is not this tenant's.",
        field="s3_prefix.prefix",
        remedy=f"Choose a prefix below s3://{context.store.bucket}/{own}, or send the keys one by one as items.",
    )


def _key_of(idempotency_key: str | None, item: str) -> str | None:
    return None if idempotency_key is None else f"{idempotency_key}/{item}"


async def _each(count: int, submit: Callable[[int], Awaitable[Outcome]]) -> list[Outcome]:
    gate = asyncio.Semaphore(AT_ONCE)

    async def guarded(index: int) -> Outcome:
        async with gate:
            return await submit(index)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(guarded(index)) for index in range(count)]
    return [task.result() for task in tasks]
