"""What a client may ask for in one go: the REST models of ``POST /batches``.

A list of requests, each like one to ``POST /transcribe``, or all recordings under a prefix of a bucket, with options
that hold for each of them. Items are read one by one: what is wrong with one is that one's problem alone.
"""

from typing import Annotated, Any, Final

from pydantic import ConfigDict, Field, ValidationError

from steno_gateway import problems
from steno_gateway.problems import ProblemError
from steno_gateway.refusals import invalid_fields
from steno_gateway.requests import RequestModel, TranscribeOptions, TranscribeRequest, parse_item, parse_json
from steno_types.spec import BUCKET_PATTERN

MOST_ITEMS: Final = 1000
"""Of one batch; also a page of S3's own lists."""


class S3Prefix(RequestModel):
    """Recordings whose keys in an S3 bucket begin alike."""

    bucket: Annotated[str | None, Field(min_length=3, max_length=63, pattern=BUCKET_PATTERN)] = None
    """Bucket; default: Steno's own store."""
    prefix: Annotated[str, Field(min_length=1, max_length=1024, pattern=r"^[^\x00-\x1f]+$")]
    """What the keys begin with; keys that end with a slash, which stand for folders, are left out."""
    after: Annotated[str | None, Field(min_length=1, max_length=1024, pattern=r"^[^\x00-\x1f]+$")] = None
    """Key behind which to go on: `next_after` of the answer before."""


class BatchOfItems(RequestModel):
    """Recordings, each with options of its own."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"items": [{"s3": {"key": "a.flac"}}, {"url": "https://example.com/b.mp3"}]}]}
    )

    items: Annotated[tuple[TranscribeRequest, ...], Field(min_length=1, max_length=MOST_ITEMS)]
    """Requests, each like the JSON of POST /transcribe."""


class BatchOfPrefix(TranscribeOptions):
    """All recordings under a prefix of a bucket, 1,000 at a time, with options that hold for each of them."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"s3_prefix": {"bucket": "recordings", "prefix": "2026/"}, "language": "de"}]}
    )

    s3_prefix: S3Prefix
    """Where they lie."""


class _UnreadItems(RequestModel):
    """A list whose items are still to be read."""

    items: Annotated[tuple[Any, ...], Field(min_length=1, max_length=MOST_ITEMS)]


def parse_batch(body: bytes) -> BatchOfPrefix | list[TranscribeRequest | ProblemError]:
    """Read a JSON body: what lies under a prefix, or for each item the request or what is wrong with it."""
    asked = parse_json(body)
    try:
        if isinstance(asked, dict) and "s3_prefix" in asked:
            if "items" in asked:
                raise ProblemError(
                    problems.SOURCE_REPEATED,
                    "items and s3_prefix are given together.",
                    field="s3_prefix",
                    remedy="Send one request for the list and one for the prefix.",
                )
            return BatchOfPrefix.model_validate(asked)
        items = _UnreadItems.model_validate(asked).items
    except ValidationError as error:
        raise invalid_fields(error.errors(include_url=False, include_input=False)) from error
    return [_read(index, item) for index, item in enumerate(items)]


def _read(index: int, item: Any) -> TranscribeRequest | ProblemError:
    try:
        return parse_item(item)
    except ProblemError as problem:
        return inside(index, problem)


def inside(index: int, problem: ProblemError) -> ProblemError:
    """Name the field of an item's problem by where it stands in the batch."""
    if problem.field is not None:
        problem.field = f"items.{index}.{problem.field}"
    return problem
