"""``GET /v2/transcript``: pages of the tenant's transcripts, the newest first.

Called by the routes. Pure. A page is named by the transcript beside it (``before_id``, ``after_id``), so that pages
stay what they are while new transcripts come in.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field

from steno_gateway.dialects.assemblyai import views
from steno_gateway.dialects.assemblyai.errors import refused
from steno_types import TranscriptionJob

MAX_LIMIT: Final = 200
"""AssemblyAI's."""

_Id = Annotated[str | None, Field(max_length=253)]


class ListQuery(BaseModel):
    """Which transcripts to list."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = 10
    """Transcripts on a page."""
    status: Annotated[str | None, Field(pattern="^(queued|processing|completed|error)$")] = None
    """Only those of this status."""
    created_on: date | None = None
    """Only those made on this day, in UTC."""
    before_id: _Id = None
    """Only those made before this one: older ones."""
    after_id: _Id = None
    """Only those made after this one: newer ones, and of these the nearest."""
    throttled_only: bool = False
    """Only those that wait for their tenant's limit; there are none, as such requests are refused."""


def page(jobs: Iterable[TranscriptionJob], query: ListQuery, *, base_url: str, bucket: str) -> dict[str, Any]:
    """Give the page that `query` asks for, of all jobs of a tenant.

    Raises
    ------
    ProblemError
        A transcript that the page should begin or end at is not among them.
    """
    present = sorted((job for job in jobs if job.metadata.deletion_timestamp is None), key=_age, reverse=True)
    matching = [job for job in present if _matches(job, query)]
    older = _age_of(present, "before_id", query.before_id)
    newer = _age_of(present, "after_id", query.after_id)
    within = [
        job for job in matching if (older is None or _age(job) < older) and (newer is None or _age(job) > newer)
    ]
    shown = within[-query.limit :] if newer is not None and older is None else within[: query.limit]
    has_newer = bool(shown) and _age(matching[0]) > _age(shown[0])
    has_older = bool(shown) and _age(matching[-1]) < _age(shown[-1])
    return {
        "page_details": {
            "limit": query.limit,
            "result_count": len(shown),
            "current_url": _url(base_url, query, before_id=query.before_id, after_id=query.after_id),
            "prev_url": _url(base_url, query, before_id=shown[-1].metadata.name) if has_older else None,
            "next_url": _url(base_url, query, after_id=shown[0].metadata.name) if has_newer else None,
        },
        "transcripts": [views.item(job, base_url=base_url, bucket=bucket) for job in shown],
    }


_BEGINNING: Final = datetime.min.replace(tzinfo=UTC)


def _age(job: TranscriptionJob) -> tuple[datetime, str]:
    """Order jobs by their creation; those of one second by name, so that the order is the same on every page."""
    return job.metadata.creation_timestamp or _BEGINNING, job.metadata.name


def _age_of(jobs: Iterable[TranscriptionJob], field: str, name: str | None) -> tuple[datetime, str] | None:
    if name is None:
        return None
    found = next((job for job in jobs if job.metadata.name == name), None)
    if found is None:
        raise refused(field, "names no transcript that there is", "Begin again at the newest page, without it.")
    return _age(found)


def _matches(job: TranscriptionJob, query: ListQuery) -> bool:
    return (
        not query.throttled_only
        and query.status in {None, views.status_of(job)}
        and query.created_on in {None, _age(job)[0].astimezone(UTC).date()}
    )


def _url(base_url: str, query: ListQuery, **beside: str | None) -> str:
    filters = query.model_dump(mode="json", include={"limit", "status", "created_on"})
    parameters = {name: value for name, value in (filters | beside).items() if value is not None}
    return f"{base_url}/v2/transcript?{urlencode(parameters)}"
