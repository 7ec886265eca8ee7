"""``GET /jobs``: which of all jobs, in pages that stay stable while jobs come and go. Pure.

A page ends with the rank (creation time and name) of its last job, and the next one begins behind that rank, whatever
was made or deleted meanwhile: no job that was there all the time is left out or shown twice.
"""

import base64
import binascii
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import AwareDatetime, Field

from steno_gateway import problems
from steno_gateway.problems import ProblemError
from steno_gateway.reads.room import Record
from steno_gateway.requests import RequestModel
from steno_gateway.responses import TaskState
from steno_gateway.tasks.views import file_name_of, state_of
from steno_types import NAME_PATTERN, Phase, Reason, TranscriptionJob

LIMIT_MOST: Final = 500
"""Tasks of one page."""

CURSOR_MAX_LENGTH: Final = 200
"""Of a cursor; ours have some 110 characters at the most."""

Rank = tuple[datetime, str]


class JobsQuery(RequestModel):
    """Which tasks; several conditions must all hold."""

    status: TaskState | None = None
    """Those that stand at pending, processing, completed or failed."""
    phase: Phase | None = None
    """Those of a phase of the TranscriptionJob, which tells Pending from Queued."""
    profile: Annotated[str | None, Field(min_length=1, max_length=63, pattern=NAME_PATTERN)] = None
    """Those of a worker profile."""
    file_name: Annotated[str | None, Field(min_length=1, max_length=255)] = None
    """Those whose file name has this in it, in capitals or not."""
    created_after: AwareDatetime | None = None
    """Those made at this time or later (RFC 3339)."""
    created_before: AwareDatetime | None = None
    """Those made before this time (RFC 3339)."""
    reason: Reason | None = None
    """Those that failed for this reason."""
    limit: Annotated[int, Field(ge=1, le=LIMIT_MOST)] = 100
    """Tasks of one page, at the most."""
    cursor: Annotated[str | None, Field(min_length=1, max_length=CURSOR_MAX_LENGTH)] = None
    """Where to go on: `next_cursor` of the page before, with the same conditions."""


@dataclass(frozen=True, slots=True)
class Page:
    """A part of the list."""

    jobs: tuple[TranscriptionJob, ...]
    next_cursor: str | None


def page_of(newest_first: Iterable[Record], query: JobsQuery, profile_of: Callable[[TranscriptionJob], str]) -> Page:
    """Choose the page that a query asks for.

    Parameters
    ----------
    newest_first
        All jobs, by their ranks, backwards.
    query
        Which of them.
    profile_of
        Gives the worker profile of a job.

    Raises
    ------
    ProblemError
        The cursor is none of ours.
    """
    behind = rank_of(query.cursor) if query.cursor is not None else None
    chosen: list[Record] = []
    for record in newest_first:
        if behind is not None and record.rank >= behind:
            continue
        if not _matches(record, query, profile_of):
            continue
        if len(chosen) == query.limit:
            return Page(tuple(one.job for one in chosen), cursor_of(chosen[-1].rank))
        chosen.append(record)
    return Page(tuple(one.job for one in chosen), None)


def cursor_of(rank: Rank) -> str:
    """Spell a rank for a client to hand back."""
    created, name = rank
    return base64.urlsafe_b64encode(f"{created.astimezone(UTC).isoformat()}|{name}".encode()).decode().rstrip("=")


def rank_of(cursor: str) -> Rank:
    """Read a cursor; `ProblemError` when it is none."""
    try:
        told = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
        spelled, separator, name = told.partition("|")
        created = datetime.fromisoformat(spelled)
    except (binascii.Error, ValueError) as error:
        raise _no_cursor() from error
    if not separator or created.tzinfo is None:
        raise _no_cursor()
    return created, name


def _no_cursor() -> ProblemError:
    return ProblemError(
        problems.FIELD_INVALID,
        "The cursor is none that GET /jobs gave.",
        field="cursor",
        remedy="Give the next_cursor of the page before as it is, or leave it out to begin with the first page.",
    )


def _matches(record: Record, query: JobsQuery, profile_of: Callable[[TranscriptionJob], str]) -> bool:
    job, created = record.job, record.rank[0]
    failure = job.status.failure
    return (
        (query.phase is None or record.phase is query.phase)
        and (query.status is None or state_of(record.phase) is query.status)
        and (query.created_after is None or created >= query.created_after)
        and (query.created_before is None or created < query.created_before)
        and (query.reason is None or (failure is not None and failure.reason is query.reason))
        and (query.profile is None or profile_of(job) == query.profile)
        and (query.file_name is None or query.file_name.casefold() in (file_name_of(job) or "").casefold())
    )
