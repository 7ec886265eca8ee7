"""``POST /batches``: take many recordings in at once."""

from typing import Final

from fastapi import APIRouter, Request

from steno_gateway import problems
from steno_gateway.access.permission import Writer
from steno_gateway.batch_requests import BatchOfPrefix, parse_batch
from steno_gateway.context import ContextDependency
from steno_gateway.openapi import BATCH_BODY, IDEMPOTENCY_PARAMETER, problem_responses
from steno_gateway.refusals import problem_of
from steno_gateway.responses import BatchAccepted, BatchItem
from steno_gateway.routes.bodies import read_json, refuse_query
from steno_gateway.routes.tasks import LinksDependency
from steno_gateway.tasks import idempotency, views
from steno_gateway.tasks.batches import Outcome, keys_under, submit_items, submit_keys
from steno_gateway.tasks.creation import Submitted
from steno_gateway.tasks.views import Links

router = APIRouter(tags=["tasks"])

BATCH_MAX_BYTES: Final = 4 << 20
"""Of the JSON body: 1,000 items of 4 kB."""


@router.post(
    "/batches",
    summary="Transcribe many recordings",
    response_description="What came of each item, in their order",
    responses=problem_responses(
        problems.BODY_EMPTY,
        problems.BODY_MALFORMED,
        problems.BODY_TOO_LARGE,
        problems.CONTENT_TYPE_UNKNOWN,
        problems.SOURCE_REPEATED,
        problems.SOURCE_FORBIDDEN,
        problems.FIELD_UNKNOWN,
        problems.FIELD_INVALID,
        problems.STORE_AWAY,
    ),
    openapi_extra=BATCH_BODY | IDEMPOTENCY_PARAMETER,
)
async def batch(
    request: Request, caller: Writer, context: ContextDependency, links: LinksDependency
) -> BatchAccepted:
    """Take up to 1,000 recordings in, given as a list or as a prefix of an S3 bucket.

    Each item comes to a task or to a problem of its own, whatever the others come to; tasks that were made stay.
    With an `Idempotency-Key` the call may be repeated as a whole: items that have a task keep it.
    """
    refuse_query(request)
    key = idempotency.checked_key(request.headers.get(idempotency.HEADER))
    asked = parse_batch(await read_json(request, context, max_bytes=BATCH_MAX_BYTES))
    if isinstance(asked, BatchOfPrefix):
        page = await keys_under(context, caller, asked.s3_prefix)
        outcomes = await submit_keys(context, caller, asked, page.keys, idempotency_key=key)
        items = [
            _item(request, index, outcome, links, key=page.keys[index]) for index, outcome in enumerate(outcomes)
        ]
        return _answer(items, next_after=page.next_after)
    outcomes = await submit_items(context, caller, asked, idempotency_key=key)
    return _answer([_item(request, index, outcome, links) for index, outcome in enumerate(outcomes)])


def _item(request: Request, index: int, outcome: Outcome, links: Links, *, key: str | None = None) -> BatchItem:
    if isinstance(outcome, Submitted):
        task = views.accepted(outcome.job, links)
        return BatchItem(index=index, key=key, task=task, replayed=not outcome.created, problem=None)
    problem = problem_of(request, outcome).document()
    return BatchItem(index=index, key=key, task=None, replayed=False, problem=problem)


def _answer(items: list[BatchItem], *, next_after: str | None = None) -> BatchAccepted:
    accepted = sum(item.task is not None for item in items)
    return BatchAccepted(accepted=accepted, refused=len(items) - accepted, items=tuple(items), next_after=next_after)
